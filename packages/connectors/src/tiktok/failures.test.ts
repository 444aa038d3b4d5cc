import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { failReasons, failures } from "./failures.ts";
import { documentedErrors } from "./simulator/documented-errors.ts";

const clock = { now: () => new Date("2026-11-26T12:00:00Z") };

describeDocumentedErrors(
  "tiktok",
  documentedErrors,
  (res) => failures.failureOf(res, clock) ?? failReasons.failureOf(res, clock),
);

test("an answer that says ok is no failure, whatever else it holds", () => {
  const json = { data: {}, error: { code: "ok", message: "", log_id: "1" } };
  const res = { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "visible" } as const;
  assert.equal(failures.failureOf(res, clock), undefined);
});
