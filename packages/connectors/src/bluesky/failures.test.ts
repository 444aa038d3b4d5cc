import assert from "node:assert/strict";
import { test } from "node:test";
import { xrpcFailure } from "./failures.ts";
import fixture from "./fixtures/errors.json" with { type: "json" };

const clock = { now: () => new Date("2026-11-20T12:00:00Z") };
type Effect = "none" | "invisible" | "visible";
const answer = (status: number, json: unknown, effect: Effect = "visible", headers: Record<string, string> = {}) => ({
  status,
  headers,
  json,
  effect,
  text: JSON.stringify(json),
});

for (const { status, error, message, effect, kind, field } of fixture.cases)
  test(`${status} ${error ?? "without a name"} on ${effect === "none" ? "a read" : `a call with ${effect} effect`} is ${kind}`, () => {
    const failure = xrpcFailure(answer(status, error ? { error, message } : undefined, effect as Effect), clock);
    assert.equal(failure.kind, kind);
    assert.equal(failure.platformCode, error);
    assert.equal(failure.kind === "content_rejected" ? failure.field : undefined, field);
  });

test("an error named like a part of every object is one we do not know", () => {
  const failure = xrpcFailure(answer(400, { error: "constructor" }, "none"), clock);
  assert.equal(failure.kind, "unexpected_response");
});

test("the wait is read from Retry-After, else from RateLimit-Reset, else left open", () => {
  const wait = (headers: Record<string, string>) => {
    const failure = xrpcFailure(answer(429, { error: "RateLimitExceeded" }, "visible", headers), clock);
    return failure.kind === "rate_limited" ? [failure.retryAfterMs, failure.quota] : failure.kind;
  };
  const reset = String(clock.now().getTime() / 1000 + 90);
  assert.deepEqual(wait({ "retry-after": "5", "ratelimit-reset": reset }), [5000, undefined]);
  assert.deepEqual(wait({ "ratelimit-reset": reset, "ratelimit-policy": "3000;w=300" }), [90_000, undefined]);
  assert.deepEqual(wait({ "ratelimit-reset": reset, "ratelimit-policy": "35000;w=86400" }), [90_000, true]);
  assert.deepEqual(wait({}), [undefined, undefined]);
});

test("what a server says about a token is never passed on", () => {
  for (const error of ["ExpiredToken", "InvalidToken", "AuthMissing"]) {
    const failure = xrpcFailure(answer(400, { error, message: "bad token eyJhbGciPLANTED" }), clock);
    assert.ok(!JSON.stringify(failure).includes("PLANTED"), error);
  }
});
