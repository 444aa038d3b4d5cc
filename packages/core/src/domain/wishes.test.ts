import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meet, settledWish, type Wish, type WishFacts } from "./wishes.ts";

const now = new Date("2027-01-04T09:00:00Z");
const by = { by: "usr_test0001", at: now.toISOString() };
const facts: WishFacts = {
  now,
  state: "retrying",
  heldReason: undefined,
  mayBeLive: false,
  externalPostId: undefined,
  firstClaimedAt: now,
  nativeSchedule: false,
  sleepsUntil: undefined,
  wish: undefined,
  can: { remove: true, editWords: true },
};
/** A thread whose first part is live, and whose rest is still to be sent. */
const part: WishFacts = { ...facts, externalPostId: "p1" };
const removal: Wish = { kind: "remove", ...by };

describe("a wish that meets a thread whose first part is live", () => {
  it("stops the rest when the post is deleted, whether or not live parts go too", () => {
    const kept = meet(part, { kind: "delete", ...by, alsoLive: false });
    assert.equal(kept.change, "left_live");
    assert.equal(kept.patch?.state, "published");
    assert.equal(kept.patch?.wakeAt, null);
    const cannot = { ...part, can: { remove: false, editWords: false } };
    assert.equal(meet(cannot, { kind: "delete", ...by, alsoLive: true }).patch?.state, "partly_published");
  });

  it("stops a rest that waits by itself, and finds nothing to stop where a person was asked", () => {
    const waits: WishFacts = { ...part, state: "partly_published", heldReason: "quota" };
    assert.equal(meet(waits, { kind: "cancel", ...by }).change, "canceled");
    assert.equal(meet({ ...waits, heldReason: undefined }, { kind: "cancel", ...by }).change, "too_late");
  });

  it("stops the rest when a kept cancel came too late for the first part, and goes on after a kept move", () => {
    const stopped = settledWish(part, { kind: "cancel", ...by });
    assert.equal(stopped.state, "partly_published");
    assert.equal(stopped.wishOutcome?.outcome, "too_late");
    const moved = settledWish(part, { kind: "move", ...by, scheduledFor: by.at });
    assert.equal(moved.state, undefined);
    assert.equal(moved.wakeAt, now);
  });
});

describe("a rest that waits for its time", () => {
  const at = new Date("2027-01-04T09:15:00Z");
  const waits: WishFacts = { ...part, state: "partly_published", heldReason: "outage", sleepsUntil: at };
  const edit: Wish = {
    kind: "edit",
    ...by,
    post: { text: "New", media: [], options: {}, format: "text" },
    fingerprint: "new",
    wordsOnly: true,
  };

  it("is woken for an edit of what is live, and keeps its time, however many wishes take each other's place", () => {
    const first = meet(waits, edit).patch;
    assert.deepEqual([first?.wakeAt, first?.wish?.restAt], [now, at.toISOString()]);
    const second = meet({ ...waits, sleepsUntil: now, wish: first?.wish ?? undefined }, { ...edit, fingerprint: "b" });
    assert.equal(second.patch?.wish?.restAt, at.toISOString());
    assert.equal(
      meet({ ...waits, sleepsUntil: now, wish: first?.wish ?? undefined }, removal).patch?.wish?.restAt,
      at.toISOString(),
    );
  });

  it("goes on at its time after a wish that came too late", () => {
    const late: Wish = { kind: "move", ...by, scheduledFor: by.at, restAt: at.toISOString() };
    assert.deepEqual(settledWish(waits, late).wakeAt, at);
  });

  it("has no time where nothing of it is left, or a person was asked", () => {
    for (const rests of [{ state: "published" }, { state: "partly_published", heldReason: undefined }] as const)
      assert.equal(meet({ ...waits, sleepsUntil: undefined, ...rests }, edit).patch?.wish?.restAt, undefined);
  });
});

it("a removal that takes the place of a change of the live text remembers it, also through another removal", () => {
  const post = { text: "New", media: [], options: {}, format: "text" };
  const edit: Wish = { kind: "edit", ...by, post, fingerprint: "new", wordsOnly: true };
  const live: WishFacts = { ...part, state: "published" };
  const first = meet({ ...live, wish: edit }, removal).patch?.wish;
  assert.deepEqual(first, { ...removal, mayBeEdited: true });
  assert.deepEqual(meet({ ...live, wish: first ?? undefined }, removal).patch?.wish, first);
  assert.deepEqual(meet(live, removal).patch?.wish, removal);
});

describe("a removal that a worker may be at", () => {
  const removing: WishFacts = { ...part, state: "published", wish: removal };

  it("is not taken back by a wish that would treat the post as live", () => {
    for (const wish of [
      { kind: "cancel", ...by },
      { kind: "delete", ...by, alsoLive: false },
      { kind: "move", ...by, scheduledFor: by.at },
    ] as const) {
      const meeting = meet({ ...removing, state: "retrying" }, wish);
      assert.equal(meeting.change, "removing_live", wish.kind);
      assert.equal(meeting.patch, undefined, wish.kind);
    }
  });

  it("is wished again without harm", () => {
    assert.deepEqual(meet(removing, removal).patch?.wish, removal);
  });
});

it("a wish on a job that another wish has ended is told to be too late, and never that it is live", () => {
  const settled = settledWish({ ...part, state: "removed" }, { kind: "move", ...by, scheduledFor: by.at });
  assert.equal(settled.wish, null);
  assert.equal(settled.wishOutcome?.message, "It was removed before this could be done.");
});

it("a post the platform was to show at its time is begun anew when it is moved before it was handed over", () => {
  const at = new Date(now.getTime() + 60_000).toISOString();
  const move: Wish = { kind: "move", ...by, scheduledFor: at };
  assert.equal(meet({ ...facts, nativeSchedule: true }, move).patch?.forgetSteps, true);
  assert.equal(meet(facts, move).patch?.forgetSteps, undefined);
});

describe("a post that was moved while it waited", () => {
  const later = new Date(now.getTime() + 24 * 60 * 60_000);
  const soon = new Date(now.getTime() + 60_000);
  const move: Wish = { kind: "move", ...by, scheduledFor: later.toISOString() };
  const edit: Wish = {
    kind: "edit",
    ...by,
    post: { text: "New", media: [], options: {}, format: "text" },
    fingerprint: "new",
    wordsOnly: true,
  };

  it("sleeps until its new time where it would have gone on by itself, and is not woken where a person was asked", () => {
    for (const heldReason of ["quota", "outage", "paused", "disabled"] as const) {
      const met = meet({ ...facts, state: "held", heldReason, sleepsUntil: soon }, move);
      assert.deepEqual([met.patch?.state, met.patch?.heldReason, met.patch?.wakeAt], ["retrying", null, later]);
    }
    // An account that is looked at again by itself still needs somebody's word.
    const blocked = meet({ ...facts, state: "held", heldReason: "attention", sleepsUntil: soon }, move);
    assert.deepEqual([blocked.patch?.state, blocked.patch?.wakeAt], [undefined, later]);
    const asks: WishFacts = { ...facts, state: "held", heldReason: "attention" };
    assert.equal(meet(asks, move).patch?.wakeAt, undefined);
    assert.equal(meet({ ...asks, state: "failed", heldReason: undefined }, move).patch?.wakeAt, undefined);
  });

  it("keeps its new time when its words are changed after that", () => {
    const patchOf = (sleepsUntil: Date | undefined) => meet({ ...facts, sleepsUntil }, edit).patch;
    assert.deepEqual([patchOf(later)?.state, patchOf(later)?.wakeAt], ["retrying", later]);
    assert.equal(patchOf(new Date(now.getTime() - 60_000))?.wakeAt, now);
    assert.equal(patchOf(undefined)?.wakeAt, now);
  });
});

describe("a draft that waits in the platform's app", () => {
  const draft: WishFacts = { ...facts, state: "handed_over" };
  const move: Wish = { kind: "move", ...by, scheduledFor: by.at };

  it("is left there by whatever stops a post, and POSTD looks for it no more", () => {
    for (const wish of [{ kind: "cancel", ...by }, { kind: "delete", ...by, alsoLive: true }, removal] as const) {
      const met = meet(draft, wish);
      assert.deepEqual([met.change, met.patch?.state, met.patch?.wakeAt], ["canceled", "canceled", null]);
      assert.match(met.message, /discard it there/);
    }
  });

  it("keeps its words and its time", () => {
    const met = meet(draft, move);
    assert.deepEqual([met.change, met.patch], ["too_late", undefined]);
  });

  it("ends a wish that waited while it became one", () => {
    const canceled = settledWish(draft, { kind: "cancel", ...by });
    assert.deepEqual([canceled.state, canceled.wishOutcome?.outcome], ["canceled", "done"]);
    const late = settledWish(draft, move);
    assert.deepEqual(
      [late.state, late.wakeAt, late.wish, late.wishOutcome?.outcome],
      [undefined, now, null, "too_late"],
    );
  });

  it("is another thing than a post the platform shows at its time", () => {
    assert.equal(meet({ ...draft, externalPostId: "p1" }, { kind: "cancel", ...by }).change, "waiting");
  });
});
