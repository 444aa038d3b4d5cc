import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobState } from "@postd/contracts";
import { meet, settledWish, type Wish, type WishFacts } from "./wishes.ts";

const now = new Date("2026-03-01T09:00:00Z");
const said = { by: "usr_1", at: now.toISOString() } as const;
const cancel: Wish = { kind: "cancel", ...said };
const deleteOurs: Wish = { kind: "delete", ...said, alsoLive: false };
const move: Wish = { kind: "move", ...said, scheduledFor: "2026-03-01T10:00:00Z" };
const post = { text: "New", media: [], options: {}, format: "text" };
const edit: Wish = { kind: "edit", ...said, post, fingerprint: "new", wordsOnly: true };

/** A thread whose first part is live and known. */
const begun: WishFacts = {
  now,
  state: "processing",
  heldReason: undefined,
  mayBeLive: false,
  externalPostId: "1",
  firstClaimedAt: now,
  nativeSchedule: false,
  sleepsUntil: undefined,
  wish: undefined,
  can: { remove: true, editWords: true },
};
const states: readonly JobState[] = ["publishing", "processing", "retrying", "unknown"];

describe("wishes on a post whose first part is live", () => {
  for (const state of states) {
    it(`${state}: canceling or deleting after a look stops the rest and says that the first part is live`, () => {
      for (const wish of [cancel, deleteOurs]) {
        const patch = settledWish({ ...begun, state }, wish);
        assert.deepEqual([patch.state, patch.wakeAt, patch.wish], ["partly_published", null, null]);
        assert.equal(patch.wishOutcome?.outcome, "too_late");
        assert.match(patch.wishOutcome.message, /first part .* is live; the rest is not sent/);
      }
    });

    it(`${state}: a wish that came too late leaves the rest going on`, () => {
      for (const wish of [move, edit]) {
        const patch = settledWish({ ...begun, state }, wish);
        assert.deepEqual([patch.state, patch.wakeAt], [undefined, now]);
        assert.equal(patch.wishOutcome?.outcome, "too_late");
      }
    });

    it(`${state}: deleting it in POSTD alone sends nothing more`, () => {
      const { change, patch } = meet({ ...begun, state }, deleteOurs);
      assert.equal(change, "left_live");
      assert.deepEqual([patch?.state, patch?.wakeAt, patch?.raiseFence], ["published", null, true]);
    });
  }

  it("a wish settled on what failed or is held never says that it goes out", () => {
    for (const standing of [{ state: "failed" }, { state: "held", heldReason: "attention" }] as const)
      for (const wish of [move, edit]) {
        const patch = settledWish({ ...begun, externalPostId: undefined, ...standing }, wish);
        assert.equal(patch.state, undefined);
        assert.match(patch.wishOutcome?.message ?? "", /waits for you/);
      }
  });

  it("one that the platform was to show and did not is not live", () => {
    const failed = { ...begun, state: "failed", nativeSchedule: true } as const;
    assert.equal(meet(failed, cancel).change, "canceled");
    assert.equal(settledWish(failed, cancel).state, "canceled");
  });
});
