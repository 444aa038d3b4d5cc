import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { z } from "zod";
import { brokenContainer, failures } from "./failures.ts";
import { documentedErrors } from "./simulator/documented-errors.ts";

const clock = { now: () => new Date("2026-11-27T12:00:00Z") };

/** The answer that tells of a broken container is itself a success. */
const Status = z.object({ status: z.literal("ERROR"), error_message: z.string().optional() });
const ofContainer = (json: unknown) => {
  const told = Status.safeParse(json).data;
  return told && brokenContainer(told.error_message).failure;
};

describeDocumentedErrors("threads", documentedErrors, (res) => failures.failureOf(res, clock) ?? ofContainer(res.json));

/** What an error object means for a call of this effect. */
function meant(error: object, effect: "none" | "visible", hint: object = {}) {
  const json = { error: { message: "refused", type: "THApiException", ...error } };
  const failure = failures.failureOf(
    { status: 400, headers: {}, text: JSON.stringify(json), json, effect },
    clock,
    hint,
  );
  assert.ok(failure);
  return failure;
}

test("what Threads does not offer to an account is this post's trouble: to sign in again would not help", () => {
  for (const error of [
    { code: 100, message: "THREADS_API__FEATURE_NOT_AVAILABLE: x" },
    { code: "THREADS_API__FEATURE_NOT_AVAILABLE" },
  ])
    assert.deepEqual([meant(error, "visible").kind, meant(error, "visible").refused], ["content_rejected", true]);
});

test("an allowance that is used up is not said to be one of posts where it may be one of answers or deletions", () => {
  const failure = meant({ code: 9, error_subcode: 2207042 }, "visible", { did: "delete the post" });
  assert.ok(failure.kind === "rate_limited" && failure.quota);
  assert.match(failure.message, /posts, answers and deletions/);
});

test("a call Threads no longer knows is ours to mend", () => {
  for (const [code, error_subcode] of [[200, 2069030], [200, 2069031], [200, 2069033], [12], [2500]])
    assert.equal(meant({ code, error_subcode }, "none").kind, "operator_must_act", `${code}/${error_subcode}`);
});
