import assert from "node:assert/strict";
import type { Case } from "./cases.ts";
import { newIntent, wishOf } from "./scene.ts";

/** Claims, leases, fences, intents and what is settled. */
export const claims: readonly Case[] = [
  [
    "gives a due job to one of two workers, with a fence and a lease",
    async (s) => {
      const key = await s.publishOne();
      const first = await s.taken(key);
      assert.deepEqual(await s.claim(key), { refused: "busy" });
      assert.equal(first.fence, 1);
      assert.equal(first.leaseUntil.getTime(), s.at(30_000).getTime());
      assert.equal((await s.row(key)).state, "publishing");
    },
  ],
  [
    "leaves steps of a version the worker does not know as they are, and gives them to one that does",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      const work = { ...key, fence, connectorState: { a: 1 }, leaseMs: 30_000 };
      await s.world.ledger.intend({ ...work, stateVersion: 2, intent: newIntent({ effect: "invisible" }) });
      await s.world.advance(30_001);
      const before = await s.row(key);
      const claim = (known: number) =>
        s.world.ledger.claim({
          ...{ ...key, owner: "w", leaseMs: 30_000, lateAfterMs: 60 * 60_000 },
          readsSteps: ({ platform, version }) => platform === "model" && version === known,
        });
      assert.deepEqual(await claim(1), { refused: "steps of another version" });
      assert.deepEqual(await s.row(key), before);
      const claimed = await claim(2);
      assert.ok(!("refused" in claimed) && claimed.stateVersion === 2);
      // What needs no step is done by every worker.
      await s.wish(key);
      await s.world.advance(30_001);
      assert.deepEqual(await claim(1), { refused: "a wish was settled" });
    },
  ],
  [
    "answers gone for another tenant's job",
    async (s) => {
      const key = await s.publishOne();
      assert.deepEqual(await s.claim({ ...key, tenantId: await s.world.addTenant() }), { refused: "gone" });
    },
  ],
  [
    "gives a job again when its lease has ended, and the first worker can intend nothing more",
    async (s) => {
      const key = await s.publishOne();
      const first = await s.taken(key);
      await s.world.advance(30_001);
      const second = await s.taken(key);
      assert.equal(second.fence, 2);
      assert.equal(await s.intend(key, first.fence), "lost");
      assert.equal(await s.settle(key, first.fence, { state: "failed", wake: null }), "lost");
    },
  ],
  [
    "refuses an intent of a worker whose lease has ended though nobody else came",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.world.advance(30_001);
      assert.equal(await s.intend(key, fence), "lost");
      assert.equal((await s.row(key)).may_be_live, false);
    },
  ],
  [
    "says with a visible intent that the job may be live, since when and until when",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.world.advance(1_000);
      await s.intend(key, fence);
      const row = await s.row(key);
      assert.equal(row.may_be_live, true);
      assert.equal(row.in_flight, "hello");
      assert.equal(row.step_state?.visible?.intentAt, s.at(0).toISOString());
      assert.equal(row.step_state?.visible?.endsBy, s.at(30_000).toISOString());
    },
  ],
  [
    "keeps the first intent of a visible call through its repeats, and its end moves",
    async (s) => {
      const key = await s.publishOne();
      const first = await s.taken(key);
      await s.intend(key, first.fence, { repeatable: true });
      const begun = s.at(0).toISOString();
      const answered = { state: "retrying", wake: 1_000, pending: "answered" } as const;
      await s.settle(key, first.fence, answered, { outcome: "unknown" });
      await s.world.advance(1_000);
      const again = await s.taken(key);
      assert.equal(again.admission, "publish");
      await s.intend(key, again.fence, { repeatable: true });
      const { visible } = (await s.row(key)).step_state ?? {};
      assert.equal(visible?.intentAt, begun);
      assert.equal(visible?.endsBy, s.at(30_000).toISOString());
      assert.equal(visible?.open, true);
    },
  ],
  [
    "says nothing of the kind with an invisible intent, nor with a removal",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.intend(key, fence, { effect: "invisible", step: "make" });
      assert.equal((await s.row(key)).may_be_live, false);
      await s.intend(key, fence, { kind: "remove", step: "remove" });
      assert.equal((await s.row(key)).may_be_live, false);
    },
  ],
  [
    "refuses a visible intent where a wish stands, and takes an invisible one",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.wish(key);
      assert.equal(await s.intend(key, fence), "wished");
      assert.notEqual(typeof (await s.intend(key, fence, { effect: "invisible" })), "string");
    },
  ],
  [
    "moves the end of an open call along with the lease, so that nobody looks while it may be under way",
    async (s) => {
      const key = await s.sent();
      await s.world.advance(20_000);
      const until = await s.world.ledger.renew({ ...key, leaseMs: 30_000 });
      assert.equal(until?.getTime(), s.at(30_000).getTime());
      assert.equal((await s.row(key)).step_state?.visible?.endsBy, s.at(30_000).toISOString());
    },
  ],
  [
    "renews no lease that has ended or that another fence holds",
    async (s) => {
      const key = await s.publishOne();
      await s.taken(key);
      assert.equal(await s.world.ledger.renew({ ...key, fence: 7, leaseMs: 1_000 }), undefined);
      await s.world.advance(30_001);
      assert.equal(await s.world.ledger.renew({ ...key, fence: 1, leaseMs: 1_000 }), undefined);
    },
  ],
  [
    "waits with a look until the call's lease and the settle time have ended",
    async (s) => {
      const key = await s.inDoubt();
      await s.world.advance(5_000);
      assert.deepEqual(await s.claim(key), { refused: "in doubt until looked at" });
      await s.world.advance(29_999);
      assert.deepEqual(await s.claim(key), { refused: "early" });
      await s.world.advance(1);
      assert.equal((await s.taken(key)).admission, "probe");
    },
  ],
  [
    "goes on from what the platform has said that it took",
    async (s) => {
      const key = await s.sent();
      await s.settle(key, key.fence, { state: "processing", wake: 1_000, pending: null }, { outcome: "ok" });
      await s.world.advance(1_000);
      assert.equal((await s.taken(key)).admission, "publish");
    },
  ],
  [
    "looks for a part whose answer was lost though the first one is live",
    async (s) => {
      const key = await s.sent();
      const named = { state: "publishing", wake: "lease", pending: null, mayBeLive: false } as const;
      await s.settle(key, key.fence, { ...named, published: { externalId: "p1" } }, { outcome: "ok" });
      await s.intend(key, key.fence, { step: "second" });
      const lost = { state: "processing", wake: 5_000, pending: "answered" } as const;
      await s.settle(key, key.fence, lost, { outcome: "unknown" });
      await s.world.advance(35_000);
      assert.equal((await s.taken(key)).admission, "probe");
    },
  ],
  [
    "refuses every state that means not sent while something may be live",
    async (s) => {
      for (const state of ["failed", "canceled", "held", "scheduled", "removed", "handed_over"] as const) {
        const key = await s.sent(`as ${state}`);
        await assert.rejects(() => s.settle(key, key.fence, { state, wake: null }), state);
        assert.equal((await s.row(key)).state, "publishing");
      }
    },
  ],
  [
    "settles what was sent by a post with a name, and frees its twins",
    async (s) => {
      const row = await s.row(await s.live("hello", "p1"));
      assert.equal(row.state, "published");
      assert.equal(row.may_be_live, false);
      assert.equal(row.external_post_id, "p1");
      assert.equal(row.in_flight, null);
      assert.equal(row.lease_until, null);
      assert.equal(row.step_state?.visible, undefined);
      assert.equal(row.published_at?.getTime(), s.at(0).getTime());
    },
  ],
  [
    "writes nothing where another tenant's job owns the post that was named",
    async (s) => {
      await (await s.elsewhere()).live("hello", "p1");
      const key = await s.sent();
      const change = { state: "published", wake: null, pending: null, mayBeLive: false } as const;
      const named = { ...change, published: { externalId: "p1" } };
      assert.equal(await s.settle(key, key.fence, named), "owned_elsewhere");
      assert.equal((await s.row(key)).state, "publishing");
      assert.equal((await s.row(key)).may_be_live, true);
    },
  ],
  [
    "tells which posts others own and whether a rival sent the same, over tenants and sign-ins",
    async (s) => {
      const theirs = await s.elsewhere();
      await theirs.live("hello", "p1");
      const asking = await s.inDoubt("good news");
      const alone = await s.world.ledger.owners({ ...asking, externalIds: ["p1", "p2"] });
      assert.deepEqual([...alone.owned], ["p1"]);
      assert.equal(alone.hasRival, false);
      await theirs.inDoubt("good news");
      assert.equal((await s.world.ledger.owners({ ...asking, externalIds: [] })).hasRival, true);
    },
  ],
  [
    "sees no rival in a job for another account or with other words",
    async (s) => {
      const asking = await s.inDoubt("good news");
      await s.inDoubt("good news", { connectionId: await s.connect(s.tenantId, "page-2") });
      await s.inDoubt("other words", { fingerprint: "other words" });
      assert.equal((await s.world.ledger.owners({ ...asking, externalIds: [] })).hasRival, false);
    },
  ],
  [
    "lets a twin wait while the first is in flight, and longer while it is unknown",
    async (s) => {
      const [first, second] = [await s.publishOne(), await s.publishOne()];
      const { fence } = await s.taken(first);
      assert.deepEqual(await s.claim(second), { refused: "twin" });
      assert.equal((await s.row(second)).wake_at?.getTime(), s.at(2_000).getTime());
      await s.settle(first, fence, { state: "unknown", wake: null, mayBeLive: true });
      await s.world.advance(2_000);
      await s.claim(second);
      assert.equal((await s.row(second)).wake_at?.getTime(), s.at(60_000).getTime());
    },
  ],
  [
    "wakes a job whose wish came while it was worked on, and leaves one whose wish was known to its time",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.wish(key);
      await s.settle(key, fence, { state: "retrying", wake: 9_000, mayBeLive: false });
      assert.equal((await s.row(key)).wake_at?.getTime(), s.at(0).getTime());
      const known = await s.sent("good news");
      await s.wish(known);
      const knownWish = wishOf("cancel", s.at(0));
      await s.settle(known, known.fence, { state: "unknown", wake: 9_000, knownWish });
      assert.equal((await s.row(known)).wake_at?.getTime(), s.at(9_000).getTime());
    },
  ],
  [
    "wakes a job that comes to rest with a wish on it and nothing in doubt",
    async (s) => {
      for (const state of ["failed", "held", "published"] as const) {
        const key = await s.sent(`as ${state}`);
        await s.wish(key);
        await s.settle(key, key.fence, { state, wake: null, mayBeLive: false, knownWish: wishOf("cancel", s.at(0)) });
        assert.equal((await s.row(key)).wake_at?.getTime(), s.at(0).getTime(), state);
      }
    },
  ],
  [
    "ends a granted wish, and keeps the one that took its place",
    async (s) => {
      const key = await s.live();
      await s.wish(key, "remove");
      const first = wishOf("remove", s.at(0));
      const outcome = { kind: "remove", outcome: "failed", at: s.at(0).toISOString(), message: "No." } as const;
      await s.world.advance(10);
      await s.wish(key, "remove");
      const { fence } = await s.taken(key);
      const rests = { state: "published", wake: null, knownWish: first } as const;
      await s.settle(key, fence, { ...rests, granted: { wish: first, outcome } });
      const row = await s.row(key);
      assert.deepEqual(row.wish, wishOf("remove", s.at(0)));
      assert.deepEqual(row.wish_outcome, outcome);
      assert.equal(row.wake_at?.getTime(), s.at(0).getTime());
    },
  ],
  [
    "wakes at once what a late worker settled as still being worked on",
    async (s) => {
      const key = await s.inDoubt();
      await s.world.advance(5_000);
      await s.claim(key);
      const named = { state: "publishing", wake: "lease", pending: null, mayBeLive: false } as const;
      assert.equal(await s.settle(key, key.fence, { ...named, published: { externalId: "p1" } }), "written");
      assert.equal((await s.row(key)).wake_at?.getTime(), s.at(0).getTime());
    },
  ],
  [
    "cancels a wished job once nothing is in doubt, without a call",
    async (s) => {
      const key = await s.publishOne();
      await s.wish(key);
      assert.deepEqual(await s.claim(key), { refused: "a wish was settled" });
      const row = await s.row(key);
      assert.equal(row.state, "canceled");
      assert.equal(row.wish, null);
      assert.equal(row.wish_outcome?.outcome, "done");
    },
  ],
  [
    "closes the attempt that a dead worker left open",
    async (s) => {
      const key = await s.sent();
      await s.world.advance(30_001);
      await s.claim(key);
      const found = await s.store.job(key.jobId);
      assert.deepEqual(
        found?.attempts.map(({ outcome }) => outcome),
        ["lost"],
      );
      assert.equal(found?.job.mayBeLive, true);
    },
  ],
];
