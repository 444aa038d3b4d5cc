import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { clampWaitMs, parseJson, refusedBy, retryAfterMs, serverFailure } from "./server-failure.ts";

const clock = { now: () => new Date("2026-11-20T12:00:00Z") };
const res = (status: number, effect: "none" | "invisible" | "visible", headers = {}) => ({ status, effect, headers });

test("an error of the server's own on a read is unavailable, on a changing call its outcome is unknown", () => {
  for (const status of [500, 502, 503, 504, 408]) {
    assert.equal(serverFailure(res(status, "none"), { clock }).kind, "unavailable");
    assert.equal(serverFailure(res(status, "invisible"), { clock }).kind, "outcome_unknown");
    assert.equal(serverFailure(res(status, "visible"), { clock }).kind, "outcome_unknown");
  }
});

test("429 is rate_limited, with the wait only where the platform names one", () => {
  const told = serverFailure(res(429, "visible", { "retry-after": "30" }), { clock });
  assert.deepEqual(told.kind === "rate_limited" && told.retryAfterMs, 30_000);
  const silent = serverFailure(res(429, "visible"), { clock });
  assert.ok(!("retryAfterMs" in silent));
  const own = serverFailure(res(429, "none"), { clock, retryAfterMs: 7, platformCode: "4" });
  assert.deepEqual(own.kind === "rate_limited" && own.retryAfterMs, 7);
  assert.equal(own.platformCode, "4");
});

test("a status with no meaning of its own is an unexpected response", () => {
  const failure = serverFailure(res(418, "visible"), { clock, message: "Teapot" });
  assert.deepEqual(failure, { kind: "unexpected_response", status: 418, message: "Teapot" });
});

test("Retry-After is read as seconds or as a date on our clock, and nothing else", () => {
  const cases: [string | undefined, number | undefined][] = [
    ["0", undefined],
    ["0.0001", 1],
    ["120", 120_000],
    [" 1.5 ", 1500],
    ["Fri, 20 Nov 2026 12:01:00 GMT", 60_000],
    ["Fri, 20 Nov 2026 11:59:00 GMT", undefined],
    ["999999999", 86_400_000],
    ["9".repeat(400), 86_400_000],
    ["1e300", undefined],
    ["-1", undefined],
    ["NaN", undefined],
    ["soon", undefined],
    ["-5x", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [header, expected] of cases)
    assert.equal(retryAfterMs({ headers: { "retry-after": header } }, clock), expected, String(header));
});

test("a body of another shape is an unexpected response naming fields, never values", () => {
  const schema = z.object({ id: z.string(), nested: z.object({ n: z.number() }) });
  const good = parseJson({ status: 200, json: { id: "a", nested: { n: 1 } } }, schema);
  assert.deepEqual(good, { ok: true, value: { id: "a", nested: { n: 1 } } });
  const bad = parseJson({ status: 200, json: { id: 5, nested: { n: "hush-hush" } } }, schema);
  assert.ok(!bad.ok && bad.error.kind === "unexpected_response");
  assert.match(bad.error.cause ?? "", /id: .*nested\.n/);
  assert.ok(!JSON.stringify(bad).includes("hush-hush"));
  const html = parseJson({ status: 502, json: undefined }, schema);
  assert.ok(!html.ok && html.error.cause === "body: not JSON");
});

test("a wait no calendar has is cut to 30 days, and no wait is left to the pipeline's own schedule", () => {
  const cases: [number | undefined, number | undefined][] = [
    [undefined, undefined],
    [Number.NaN, undefined],
    [Number.NEGATIVE_INFINITY, undefined],
    [-1, undefined],
    [0, undefined],
    [0.2, 1],
    [5000, 5000],
    [1e300, 30 * 86_400_000],
    [Number.POSITIVE_INFINITY, 30 * 86_400_000],
  ];
  for (const [told, expected] of cases) assert.equal(clampWaitMs(told), expected, String(told));
  const own = serverFailure(res(429, "none", { "retry-after": "7" }), { clock, retryAfterMs: 1e300 });
  assert.equal(own.kind === "rate_limited" && own.retryAfterMs, 30 * 86_400_000);
  const zero = serverFailure(res(429, "none", { "retry-after": "7" }), { clock, retryAfterMs: 0 });
  assert.equal(zero.kind === "rate_limited" && zero.retryAfterMs, 7000);
});

test("only an answer to a change that is no server's own error can be a refusal", () => {
  assert.deepEqual(refusedBy({ status: 400, effect: "visible" }), { refused: true });
  assert.deepEqual(refusedBy({ status: 429, effect: "invisible" }), { refused: true });
  for (const status of [408, 500, 503]) assert.deepEqual(refusedBy({ status, effect: "visible" }), {});
  assert.deepEqual(refusedBy({ status: 400, effect: "none" }), {});
});
