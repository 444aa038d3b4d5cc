import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { type ConnectionStatus, connectionStatuses } from "@postd/contracts";
import { checkOutcome, nextCheck, type Seen } from "./check-outcome.ts";

const message = "It says so.";
const failed = (failure: PlatformFailure): Seen => ({ kind: "failed", failure });
const well: Seen = { kind: "answered", lacks: false, endsSoon: false };

const said: readonly [string, Seen, ConnectionStatus][] = [
  ["it works", well, "healthy"],
  ["it works and its sign-in ends within days", { ...well, endsSoon: true }, "expiring_soon"],
  ["a needed right is lacking, though it ends soon", { ...well, lacks: true, endsSoon: true }, "attention"],
  ["its sign-in has ended", failed({ kind: "auth_expired", message }), "attention"],
  ["its sign-in is refused", failed({ kind: "auth_revoked", message }), "attention"],
  ["access was taken back", failed({ kind: "auth_revoked", message, withdrawn: true }), "revoked"],
  ["a right is refused", failed({ kind: "scope_missing", message, scopes: ["post"] }), "attention"],
  ["the account is restricted", failed({ kind: "account_blocked", message }), "attention"],
];
const nothing: readonly [string, PlatformFailure][] = [
  ["is down", { kind: "unavailable", message }],
  ["lost an answer", { kind: "outcome_unknown", message }],
  ["is busy", { kind: "rate_limited", message }],
  ["refuses our app", { kind: "operator_must_act", what: "key", message }],
  ["refuses what was asked", { kind: "content_rejected", field: "text", reason: "no", message }],
];

for (const before of connectionStatuses) {
  for (const [what, seen, status] of said)
    test(`an account that was ${before}: ${what}, so it is ${status}`, () => {
      assert.deepEqual(checkOutcome(before, 2, seen), { status, about: "said", unread: 0 });
    });
  for (const [what, failure] of nothing)
    test(`an account that was ${before} stays so while its platform ${what}`, () => {
      assert.deepEqual(checkOutcome(before, 1, failed(failure)), { status: before, about: undefined, unread: 1 });
    });
}

test("an answer that is not understood never makes an account healthy, and the third in a row needs somebody", () => {
  const odd = failed({ kind: "unexpected_response", status: 200, message });
  assert.deepEqual(checkOutcome("attention", 0, odd), { status: "attention", about: undefined, unread: 1 });
  assert.deepEqual(checkOutcome("healthy", 0, odd), { status: "healthy", about: undefined, unread: 1 });
  assert.deepEqual(checkOutcome("healthy", 1, odd), { status: "healthy", about: undefined, unread: 2 });
  assert.deepEqual(checkOutcome("healthy", 2, odd), { status: "attention", about: "unread", unread: 3 });
});

const now = new Date("2026-03-01T08:00:00.000Z");
const hours = (status: ConnectionStatus, failure?: PlatformFailure, id = "con_1") =>
  (nextCheck(id, status, failure, now).getTime() - now.getTime()) / 3_600_000;

test("an account is looked at every 6 hours, up to half an hour earlier, and not all at once", () => {
  const waits = Array.from({ length: 1_000 }, (_, at) => hours("healthy", undefined, `con_${at}`));
  assert.ok(waits.every((wait) => wait > 5.5 && wait <= 6));
  assert.ok(new Set(waits.map((wait) => wait.toFixed(3))).size > 400);
});

test("it is looked at sooner where nothing was learned and when a restriction ends, later where access was taken back", () => {
  assert.equal(hours("healthy", { kind: "unavailable", message }), 0.5);
  assert.equal(hours("healthy", { kind: "rate_limited", message, retryAfterMs: 2 * 3_600_000 }), 2);
  assert.ok(hours("healthy", { kind: "rate_limited", message, retryAfterMs: 90 * 3_600_000 }) <= 6);
  const until = new Date(now.getTime() + 3_600_000);
  assert.equal(hours("attention", { kind: "account_blocked", message, until }), 1);
  assert.ok(hours("revoked") > 23);
});
