import assert from "node:assert/strict";
import { test } from "node:test";
import { failures } from "./failures.ts";
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

function xrpcFailure(...[res, at]: Parameters<typeof failures.failureOf>) {
  const failure = failures.failureOf(res, at);
  assert.ok(failure);
  return failure;
}

for (const { status, error, message, effect, kind, field, refused } of fixture.cases)
  test(`${status} ${error ?? "without a name"} on ${effect === "none" ? "a read" : `a call with ${effect} effect`} is ${kind}`, () => {
    const failure = xrpcFailure(answer(status, error ? { error, message } : undefined, effect as Effect), clock);
    assert.equal(failure.kind, kind);
    assert.equal(failure.platformCode, error);
    assert.equal(failure.kind === "content_rejected" ? failure.field : undefined, field);
    assert.equal(failure.refused ?? false, refused);
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

test("a wait no calendar has is cut to a day, and none is left to the pipeline", () => {
  const wait = (headers: Record<string, string>) => {
    const failure = xrpcFailure(answer(429, { error: "RateLimitExceeded" }, "visible", headers), clock);
    return failure.kind === "rate_limited" ? failure.retryAfterMs : failure.kind;
  };
  const day = 86_400_000;
  assert.equal(wait({ "ratelimit-reset": "1e300" }), day);
  assert.equal(wait({ "ratelimit-reset": "Infinity" }), day);
  assert.equal(wait({ "retry-after": "9".repeat(300) }), day);
  for (const none of ["-5", "NaN", "soon", "", "0"]) {
    assert.equal(wait({ "ratelimit-reset": none }), undefined, none);
    assert.equal(wait({ "retry-after": none }), undefined, none);
  }
});

test("words of a server are cut between characters and can be stored; a name that is none is not one", () => {
  const hostile = `${"x ".repeat(149)}👨‍👩‍👧‍👦👨‍👩‍👧‍👦\u0000\ud83d tail`;
  const failure = xrpcFailure(answer(400, { error: "InvalidRequest", message: hostile }), clock);
  const text = JSON.stringify(failure);
  assert.ok(!/\\u0000|\\ud83d/i.test(text) && text.isWellFormed(), text);
  assert.match(failure.message, /👨‍👩‍👧‍👦…$/);
  const unnamed = xrpcFailure(answer(400, { error: "Bad\u0000Name" }), clock);
  assert.deepEqual([unnamed.platformCode, unnamed.refused], [undefined, undefined]);
});

test("what a server says about a token is never passed on", () => {
  for (const error of ["ExpiredToken", "InvalidToken", "AuthMissing"]) {
    const failure = xrpcFailure(answer(400, { error, message: "bad token eyJhbGciPLANTED" }), clock);
    assert.ok(!JSON.stringify(failure).includes("PLANTED"), error);
  }
});
