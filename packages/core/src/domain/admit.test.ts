import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdmitInput, admit } from "./admit.ts";

const hour = 3_600_000;
const now = new Date("2026-11-21T12:00:00.000Z");
const at = (ms: number) => new Date(now.getTime() + ms);
const due: AdmitInput = {
  now,
  state: "scheduled",
  heldReason: undefined,
  wakeAt: now,
  scheduledFor: now,
  createdAt: at(-hour / 2),
  releasedAt: undefined,
  firstClaimedAt: undefined,
  leaseUntil: undefined,
  open: undefined,
  pausedBy: undefined,
  connectionStatus: "healthy",
  disconnected: false,
  blockedUntil: undefined,
  twin: undefined,
  isLive: false,
  lateAfterMs: hour,
};
const visible = { effect: "visible", repeatable: false, timeoutMs: 30_000, settleMs: 5_000 } as const;

const cases: readonly (readonly [string, Partial<AdmitInput>, string])[] = [
  ["a due job goes", {}, "publish"],
  ["a hint a millisecond early is refused", { wakeAt: at(1) }, "no early"],
  ["what sleeps for good is settled", { wakeAt: undefined }, "no settled"],
  ["a published job is settled", { state: "published" }, "no settled"],
  ["a leased job is busy", { state: "publishing", leaseUntil: at(1) }, "no busy"],
  ["a crash without an open call goes on", { state: "publishing", leaseUntil: at(-1), wakeAt: at(-1) }, "publish"],
  [
    "a crash inside a repeatable call goes on",
    { state: "publishing", leaseUntil: at(-1), open: { ...visible, repeatable: true } },
    "publish",
  ],
  [
    "a crash inside an invisible call goes on",
    { state: "publishing", leaseUntil: at(-1), open: { ...visible, effect: "invisible" } },
    "publish",
  ],
  ["a crash inside a visible call is unknown", { state: "publishing", leaseUntil: at(-1), open: visible }, "unknown"],
  ["an unknown job is looked up", { state: "unknown" }, "probe"],
  [
    "an unknown job is looked up even while paused and broken",
    { state: "unknown", pausedBy: "tenant", connectionStatus: "attention" },
    "probe",
  ],
  ["a handed over job is verified", { state: "handed_over" }, "verify"],
  ["a broken account holds", { connectionStatus: "attention" }, "hold attention"],
  ["a disconnected account holds", { disconnected: true }, "hold attention"],
  ["a pause holds", { pausedBy: "instance" }, "hold paused"],
  ["a retry of a paused tenant holds", { state: "retrying", pausedBy: "tenant" }, "hold paused"],
  ["an account near its end still publishes", { connectionStatus: "expiring_soon" }, "publish"],
  ["an hour late goes", { scheduledFor: at(-hour), createdAt: at(-hour), wakeAt: at(-hour) }, "publish"],
  [
    "a moment more than an hour late is missed",
    { scheduledFor: at(-hour - 1), createdAt: at(-2 * hour), wakeAt: at(-hour - 1) },
    "hold missed",
  ],
  [
    "one that waited for a twin beyond its hour is missed",
    { scheduledFor: at(-2 * hour), createdAt: at(-2 * hour), wakeAt: now },
    "hold missed",
  ],
  [
    "a released one goes however late",
    { scheduledFor: at(-72 * hour), createdAt: at(-72 * hour), releasedAt: at(-1), wakeAt: at(-1) },
    "publish",
  ],
  [
    "a retry nobody looked at for an hour is missed",
    { state: "retrying", firstClaimedAt: at(-72 * hour), wakeAt: at(-hour - 1) },
    "hold missed",
  ],
  [
    "a retry in time goes though its plan is old",
    { state: "retrying", firstClaimedAt: at(-3 * hour), scheduledFor: at(-3 * hour), createdAt: at(-4 * hour) },
    "publish",
  ],
  ["a blocked account waits", { blockedUntil: at(10) }, "wait blocked"],
  ["a twin in flight is waited for", { twin: "in_flight" }, "wait twin"],
  [
    "what is live is finished in spite of everything",
    { state: "retrying", isLive: true, pausedBy: "tenant", connectionStatus: "attention" },
    "publish",
  ],
];

describe("admit", () => {
  for (const [name, change, expected] of cases) {
    it(name, () => {
      const admission = admit({ ...due, ...change });
      const detail = "why" in admission ? ` ${admission.why}` : "reason" in admission ? ` ${admission.reason}` : "";
      assert.equal(`${admission.go}${detail}`, expected);
    });
  }

  it("looks only after the lease, the call's time-out and the platform's settling have passed", () => {
    const admission = admit({ ...due, state: "publishing", leaseUntil: at(-1_000), open: visible });
    assert.ok(admission.go === "unknown");
    assert.equal(admission.lookAt.getTime(), now.getTime() - 1_000 + 30_000 + 5_000);
  });
});
