import assert from "node:assert/strict";
import { meet, type Wish } from "@postd/core";
import type { Case } from "./cases.ts";
import { lateAfterMs } from "./scene.ts";

/** Holding and releasing, and what is due. */
export const holds: readonly Case[] = [
  [
    "holds what is surely not sent, and nothing that may be live, is live, or the platform holds",
    async (s) => {
      const input = { tenantId: s.tenantId, connectionId: s.connectionId };
      const unsent = await s.publishOne("unsent");
      const doubt = await s.inDoubt("in doubt");
      const live = await s.live("live");
      const planned = await s.publishOne("planned");
      const { fence } = await s.taken(planned);
      const held = { state: "handed_over", wake: 60_000, mayBeLive: false, published: { externalId: "p9" } } as const;
      await s.settle(planned, fence, held);
      assert.equal(await s.world.holds.holdConnection(input), 1);
      assert.equal((await s.row(unsent)).held_reason, "attention");
      assert.equal((await s.row(doubt)).state, "unknown");
      assert.equal((await s.row(live)).state, "published");
      assert.equal((await s.row(planned)).state, "handed_over");
      assert.equal(await s.world.holds.handedOver(input), 1);
      assert.equal(await s.world.holds.inDoubt(input), 1);
    },
  ],
  [
    "needs the sign-in as long as a wish for a live post is under way, and looks after it at once",
    async (s) => {
      const input = { tenantId: s.tenantId, connectionId: s.connectionId };
      const key = await s.live("live");
      assert.equal(await s.world.holds.inDoubt(input), 0);
      await s.wish(key, "remove");
      assert.deepEqual([await s.world.holds.inDoubt(input), await s.world.holds.lookAtOnce(input)], [1, 1]);
      const { fence, admission, wish } = await s.taken(key);
      assert.ok(admission === "grant" && wish);
      const outcome = { kind: "remove", outcome: "done", at: s.at(0).toISOString(), message: "Gone." } as const;
      await s.settle(key, fence, { state: "removed", wake: null, mayBeLive: false, granted: { wish, outcome } });
      assert.equal(await s.world.holds.inDoubt(input), 0);
    },
  ],
  [
    "wakes what it holds where a wish stands on it, so that the wish is still done",
    async (s) => {
      const key = await s.publishOne();
      await s.wish(key);
      await s.world.holds.holdConnection({ tenantId: s.tenantId, connectionId: s.connectionId });
      assert.equal((await s.row(key)).wake_at?.getTime(), s.at(0).getTime());
      await s.claim(key);
      assert.equal((await s.row(key)).state, "canceled");
    },
  ],
  [
    "a held job's worker can write nothing more",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.settle(key, fence, { state: "retrying", wake: 1_000 });
      await s.world.holds.holdConnection({ tenantId: s.tenantId, connectionId: s.connectionId });
      assert.equal(await s.intend(key, fence), "lost");
    },
  ],
  [
    "asks about what is in doubt when nobody can look any more, once there can be an answer",
    async (s) => {
      const input = { tenantId: s.tenantId, connectionId: s.connectionId };
      const key = await s.inDoubt();
      await s.world.connections
        .forTenant(s.tenantId)
        .markDisconnected(s.connectionId, { actor: "usr_1", action: "x", detail: {} });
      assert.equal(await s.world.holds.askAboutConnection(input), 1);
      assert.deepEqual(await s.claim(key), { refused: "in doubt until looked at" });
      await s.world.advance(35_000);
      assert.deepEqual(await s.claim(key), { refused: "a person is asked" });
      const row = await s.row(key);
      assert.equal(row.needs_person, true);
      assert.equal(row.wake_at, null);
      assert.equal(await s.world.holds.inDoubt(input), 0);
    },
  ],
  [
    "looks again at what a person was asked about when somebody signs in",
    async (s) => {
      const input = { tenantId: s.tenantId, connectionId: s.connectionId };
      const key = await s.inDoubt();
      await s.world.advance(35_000);
      const { fence } = await s.taken(key);
      await s.settle(key, fence, { state: "unknown", wake: null, needsPerson: true });
      await s.world.holds.releaseConnection(input);
      const row = await s.row(key);
      assert.equal(row.needs_person, false);
      assert.equal(row.wake_at?.getTime(), s.at(0).getTime());
    },
  ],
  [
    "releases what is in time, and keeps what is late as missed",
    async (s) => {
      const input = { tenantId: s.tenantId, connectionId: s.connectionId };
      const late = await s.publishOne("late");
      await s.world.advance(lateAfterMs);
      const inTime = await s.publishOne("in time");
      await s.world.holds.holdConnection(input);
      await s.world.advance(1);
      assert.equal(await s.world.holds.releaseConnection(input), 1);
      assert.equal((await s.row(inTime)).state, "scheduled");
      assert.equal((await s.row(late)).held_reason, "missed");
    },
  ],
  [
    "pauses and resumes an account, a tenant and the whole instance, holding what is not sent",
    async (s) => {
      for (const scope of ["connection", "tenant", "instance"] as const) {
        const named = { scope, ...(scope === "connection" ? { connectionId: s.connectionId } : {}) };
        const key = await s.publishOne(scope);
        assert.equal(await s.store.pause({ ...named, by: "usr_1" }), true);
        assert.deepEqual(await s.claim(key), { refused: "held: paused" });
        assert.equal((await s.row(key)).wake_at?.getTime(), s.at(60_000).getTime());
        assert.equal(await s.store.resume(named), 1);
        assert.equal((await s.taken(key)).admission, "publish");
      }
    },
  ],
  [
    "looks at what is in doubt though publishing is paused",
    async (s) => {
      const key = await s.inDoubt();
      await s.store.pause({ scope: "tenant", by: "usr_1" });
      await s.world.advance(35_000);
      assert.equal((await s.taken(key)).admission, "probe");
    },
  ],
  [
    "lets nothing of an account, or of an app, start before the platform said",
    async (s) => {
      const theirs = await s.elsewhere();
      const repo = s.world.connections.forTenant(s.tenantId);
      await repo.blockUntil(s.connectionId, s.at(10_000), true);
      await repo.blockUntil(s.connectionId, s.at(5_000), false);
      for (const scene of [s, theirs]) {
        const key = await scene.publishOne();
        assert.deepEqual(await scene.claim(key), { refused: "blocked" });
        assert.equal((await scene.row(key)).wake_at?.getTime(), s.at(10_000).getTime());
      }
    },
  ],
  [
    "never sends before its new time what was moved while it waited for a platform, a quota or a pause, however it wakes",
    async (s) => {
      const repo = s.world.connections.forTenant(s.tenantId);
      const key = await s.publishOne();
      const moveTo = (at: Date) =>
        s.store.act({
          jobId: key.jobId,
          decide: ({ facts }) => {
            const move: Wish = {
              kind: "move",
              by: "usr_test0001",
              at: facts.now.toISOString(),
              scheduledFor: at.toISOString(),
            };
            return {
              patch: meet({ ...facts, can: { remove: false, editWords: false } }, move).patch ?? { raiseFence: false },
            };
          },
        });
      await repo.blockUntil(s.connectionId, s.at(20 * 60_000), false);
      await s.claim(key);
      assert.deepEqual([(await s.row(key)).state, (await s.row(key)).held_reason], ["held", "quota"]);
      const day = s.at(24 * 60 * 60_000);
      await moveTo(day);
      await s.world.advance(21 * 60_000);
      assert.deepEqual(await s.claim(key), { refused: "early" });
      // Moved to where it may not go yet, it waits on for what it waits for.
      await s.world.advance(day.getTime() - s.at(0).getTime());
      await repo.blockUntil(s.connectionId, s.at(60 * 60_000), false);
      await s.claim(key);
      await moveTo(s.at(60_000));
      assert.deepEqual(await s.claim(key), { refused: "early" });
      await s.world.advance(2 * 60_000);
      assert.deepEqual(await s.claim(key), { refused: "blocked" });
      await s.world.advance(60 * 60_000);
      assert.equal((await s.taken(key)).admission, "publish");
    },
  ],
  [
    "hands a due job out once, and again when the hint was lost",
    async (s) => {
      const key = await s.publishOne();
      await s.publishOne("later", { scheduledFor: s.at(90_000), wakeAt: s.at(90_000) });
      assert.partialDeepStrictEqual(await s.world.due.takeDue(10), [key]);
      await s.world.advance(1);
      await s.world.due.takeDue(10);
      assert.deepEqual(await s.world.due.takeDue(10), []);
      assert.equal(await s.world.due.nextDueInMs(), 89_999);
      await s.world.advance(30_002);
      assert.partialDeepStrictEqual(await s.world.due.takeDue(10), [key]);
    },
  ],
  [
    "names the accounts that are being disconnected, and no others",
    async (s) => {
      const repo = s.world.connections.forTenant(s.tenantId);
      const audit = { actor: "usr_1", action: "disconnecting", detail: {} };
      assert.deepEqual(await s.world.due.endingConnections(), []);
      assert.ok(await repo.markEnding(s.connectionId, audit));
      assert.equal(await repo.markEnding(s.connectionId, audit), undefined);
      const ending = [{ tenantId: s.tenantId, connectionId: s.connectionId }];
      assert.deepEqual(await s.world.due.endingConnections(), ending);
      await repo.markDisconnected(s.connectionId, audit);
      assert.deepEqual(await s.world.due.endingConnections(), []);
    },
  ],
];
