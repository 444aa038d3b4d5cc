import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdmitInput, admit, type VisibleCall } from "./admit.ts";
import type { Wish } from "./wishes.ts";

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
  mayBeLive: false,
  visible: undefined,
  wish: undefined,
  pausedBy: undefined,
  connectionStatus: "healthy",
  connection: "connected",
  blockedUntil: undefined,
  twin: undefined,
  isLive: false,
  lateAfterMs: hour,
};
const call: VisibleCall = { repeatable: false, endsBy: at(-10_000), settleMs: 5_000, open: true };
const lost = { mayBeLive: true, visible: call } as const;
const keyed = { mayBeLive: true, visible: { ...call, repeatable: true } } as const;
const guarded = { mayBeLive: true, visible: { ...call, repeatBy: at(1) } } as const;
const answered = { mayBeLive: true, visible: { ...call, open: false } } as const;
const by = { by: "usr_1", at: now.toISOString() };
const cancel: Wish = { kind: "cancel", ...by };
const remove: Wish = { kind: "remove", ...by };
const deleteAll: Wish = { kind: "delete", ...by, alsoLive: true };
const deleteOurs: Wish = { kind: "delete", ...by, alsoLive: false };

const cases: readonly (readonly [string, Partial<AdmitInput>, string])[] = [
  ["a due job goes", {}, "publish"],
  ["a hint a millisecond early is refused", { wakeAt: at(1) }, "no early"],
  ["what sleeps for good is settled", { wakeAt: undefined }, "no settled"],
  ["a published job is settled", { state: "published" }, "no settled"],
  ["a leased job is busy", { state: "publishing", leaseUntil: at(1) }, "no busy"],
  ["a crash without an open call goes on", { state: "publishing", leaseUntil: at(-1), wakeAt: at(-1) }, "publish"],
  ["a crash inside a repeatable call goes on", { state: "publishing", leaseUntil: at(-1), ...keyed }, "publish"],
  ["a crash inside a visible call is looked up", { state: "publishing", leaseUntil: at(-1), ...lost }, "probe"],
  ["a crash after an answered visible call goes on", { state: "publishing", ...answered }, "publish"],
  ["a lost repeatable call is sent again", { state: "retrying", ...keyed }, "publish"],
  [
    "a part whose answer was lost is looked up though the first is live",
    { state: "processing", isLive: true, ...lost },
    "probe",
  ],
  ["a failed job with a wish has it settled", { state: "failed", wish: cancel }, "settle_wish"],
  ["a removed job with a newer wish has it settled", { state: "removed", wish: cancel }, "settle_wish"],
  [
    "a thread with its root live is taken down by the worker",
    { state: "retrying", isLive: true, wish: remove },
    "grant",
  ],
  [
    "a thread with its root live is stopped on the row",
    { state: "retrying", isLive: true, wish: cancel },
    "settle_wish",
  ],
  ["but not while paused: it is looked up", { state: "retrying", ...keyed, pausedBy: "tenant" }, "probe"],
  ["nor on a broken account", { state: "retrying", ...keyed, connectionStatus: "attention" }, "probe"],
  ["nor when its time is long over", { state: "retrying", ...keyed, wakeAt: at(-hour - 1) }, "probe"],
  ["nor when somebody wants it canceled", { state: "retrying", ...keyed, wish: cancel }, "probe"],
  ["nor on an account that is being disconnected", { state: "retrying", ...keyed, connection: "ending" }, "probe"],
  ["a lost call is sent again while the platform refuses a second", { state: "retrying", ...guarded }, "publish"],
  [
    "but not when that time is over",
    { state: "retrying", mayBeLive: true, visible: { ...call, repeatBy: now } },
    "probe",
  ],
  ["nor while paused", { state: "retrying", ...guarded, pausedBy: "instance" }, "probe"],
  ["nor when somebody wants it canceled", { state: "retrying", ...guarded, wish: cancel }, "probe"],
  ["nor on a broken account", { state: "retrying", ...guarded, connectionStatus: "attention" }, "probe"],
  ["nor before a twin has ended", { state: "retrying", ...guarded, twin: "in_flight" }, "wait twin"],
  ["nor without a look that said so", { state: "unknown", ...guarded }, "probe"],
  [
    "what the platform still works on is asked about though paused",
    { state: "processing", ...answered, pausedBy: "tenant" },
    "finish",
  ],
  [
    "so is what it still worked on when the machine went off for days",
    { state: "publishing", ...answered, wakeAt: at(-72 * hour), firstClaimedAt: at(-72 * hour) },
    "finish",
  ],
  [
    "what may be live on a disconnected account asks a person",
    { state: "unknown", ...lost, connection: "disconnected" },
    "ask",
  ],
  ["a wish to cancel what may be live waits for a look", { state: "unknown", ...lost, wish: cancel }, "probe"],
  ["a wish on what is surely not live is settled", { state: "retrying", wish: cancel }, "settle_wish"],
  ["a wish to remove what is live is the worker's", { state: "published", isLive: true, wish: remove }, "grant"],
  ["so is a deletion that names live posts", { state: "published", isLive: true, wish: deleteAll }, "grant"],
  ["one that does not came too late", { state: "published", isLive: true, wish: deleteOurs }, "settle_wish"],
  ["a wish to cancel what is live came too late", { state: "published", isLive: true, wish: cancel }, "settle_wish"],
  [
    "a post whose first part is live is taken down though parts are owed",
    { state: "retrying", isLive: true, wish: remove },
    "grant",
  ],
  [
    "the rest of a post whose first part is live is stopped",
    { state: "processing", isLive: true, wish: cancel },
    "settle_wish",
  ],
  ["a wish on what failed meanwhile is settled", { state: "failed", wish: cancel }, "settle_wish"],
  ["what the platform holds is taken back by the worker", { state: "handed_over", wish: cancel }, "grant"],
  [
    "a draft in the platform's app is nobody's to take back",
    { state: "handed_over", isDraft: true, wish: cancel },
    "settle_wish",
  ],
  ["a draft in the platform's app is looked at", { state: "handed_over", isDraft: true }, "verify"],
  ["an unknown job is looked up", { state: "unknown", ...lost }, "probe"],
  [
    "an unknown job is looked up even while paused and broken",
    { state: "unknown", ...lost, pausedBy: "tenant", connectionStatus: "attention" },
    "probe",
  ],
  ["a handed over job is verified", { state: "handed_over" }, "verify"],
  ["a broken account holds", { connectionStatus: "attention" }, "hold attention"],
  ["a disconnected account holds", { connection: "disconnected" }, "hold attention"],
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
  ["what is live is finished in spite of a pause", { state: "retrying", isLive: true, pausedBy: "tenant" }, "publish"],
];

describe("admit", () => {
  for (const [name, change, expected] of cases) {
    it(name, () => {
      const admission = admit({ ...due, ...change });
      const detail = "why" in admission ? ` ${admission.why}` : "reason" in admission ? ` ${admission.reason}` : "";
      assert.equal(`${admission.go}${detail}`, expected);
    });
  }

  it("looks only after the call's lease and the platform's settling have passed", () => {
    const visible = { ...call, endsBy: at(-1_000) };
    const admission = admit({ ...due, state: "publishing", leaseUntil: at(-1_000), mayBeLive: true, visible });
    assert.ok(admission.go === "look_later");
    assert.equal(admission.at.getTime(), now.getTime() - 1_000 + 5_000);
  });

  it("never holds, cancels or ends what may be live without a look, in any state and whatever stands in the way", () => {
    const barriers: readonly Partial<AdmitInput>[] = [
      {},
      { pausedBy: "instance" },
      { connectionStatus: "attention" },
      { connection: "ending" },
      { connection: "disconnected" },
      { twin: "unknown" },
      { wakeAt: at(-hour * 99), scheduledFor: at(-hour * 99) },
    ];
    for (const state of ["publishing", "processing", "retrying", "unknown", "partly_published"] as const)
      for (const doubt of [lost, keyed, answered, { mayBeLive: true }])
        for (const barrier of barriers)
          for (const wish of [undefined, cancel, remove, deleteAll, deleteOurs]) {
            const { go } = admit({ ...due, ...doubt, ...barrier, state, wish });
            assert.ok(!["hold", "settle_wish", "no", "grant"].includes(go), `${state} ${go}`);
            if (wish) assert.notEqual(go, "publish");
          }
  });
});
