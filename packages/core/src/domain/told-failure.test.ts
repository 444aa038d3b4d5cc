import assert from "node:assert/strict";
import { test } from "node:test";
import { storedTrouble, toldFailure } from "./explain.ts";

const at = new Date("2026-11-20T10:00:00Z");
const told = (failure: Parameters<typeof storedTrouble>[0]["failure"]) =>
  toldFailure(storedTrouble({ failure, step: "publish", post: "not_sent" }, { at }));

test("a failure tells its status, whether the same again may work, and what is kept of the platform's answer", () => {
  const { retryable, httpStatus, raw } = told({
    kind: "rate_limited",
    message: "Slow down.",
    status: 429,
    platformCode: "4",
    requestId: "trace-1",
  });
  assert.equal(retryable, true);
  assert.equal(httpStatus, 429);
  assert.deepEqual(raw, { message: "Slow down.", platformCode: "4", httpStatus: 429, requestId: "trace-1" });
});

test("what a person or the author has to mend is not tried again by itself", () => {
  assert.equal(told({ kind: "content_rejected", field: "text", reason: "x", message: "No." }).retryable, false);
  assert.equal(told({ kind: "auth_revoked", message: "Signed out." }).retryable, false);
  assert.equal(told({ kind: "outcome_unknown", message: "Cut." }).retryable, false);
});
