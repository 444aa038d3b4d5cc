import assert from "node:assert/strict";
import { canceled, meet } from "@postd/core";
import type { Case } from "./cases.ts";
import { accept, newJob } from "./scene.ts";

const claim = { operation: "publish", key: "k1", bodyHash: "h1" } as const;

/** Accepting, keys, twins, changing and deleting posts. */
export const requests: readonly Case[] = [
  [
    "answers the first answer to the same key, and refuses another body",
    async (s) => {
      const jobs = () => [newJob(s.connectionId, "hello", s.at(0))];
      const first = await accept(s.world, s.store, { jobs: jobs(), idempotency: claim });
      assert.equal(first.kind, "new");
      const second = await accept(s.world, s.store, { jobs: jobs(), idempotency: claim });
      assert.equal(second.kind, "replay");
      assert.ok(second.kind === "replay" && first.kind === "new" && second.response.id === first.view.id);
      assert.equal((await s.store.seen({ ...claim, bodyHash: "h2" })).kind, "differs");
      assert.equal((await s.world.rows()).length, 1);
    },
  ],
  [
    "frees a key with its post only where nothing of it was ever sent",
    async (s) => {
      for (const [key, wasSent] of [
        ["k-unsent", false],
        ["k-sent", true],
      ] as const) {
        const named = { ...claim, key };
        const job = newJob(s.connectionId, key, s.at(0));
        await accept(s.world, s.store, { jobs: [job], idempotency: named });
        const jobKey = { tenantId: s.tenantId, jobId: job.id };
        if (wasSent) {
          const { fence } = await s.taken(jobKey);
          await s.intend(jobKey, fence);
          await s.settle(jobKey, fence, { state: "failed", wake: null, mayBeLive: false });
        }
        const { post_id: postId } = await s.row(jobKey);
        const found = await s.store.post(postId);
        assert.ok(found);
        const decided = [{ jobId: job.id, meeting: { change: "canceled", message: "", patch: canceled } }] as const;
        const decide = () => ({ decided, jobs: [], remove: "now" as const });
        await s.store.change({ id: found.post.id, ifVersion: found.post.version, decide });
        assert.equal(await s.store.post(postId), undefined);
        assert.equal((await s.store.seen(named)).kind, wasSent ? "replay" : "new");
      }
    },
  ],
  [
    "refuses a twin of what is on its way, live, or may be live, and takes one of what is over",
    async (s) => {
      const again = (text: string) =>
        accept(s.world, s.store, { jobs: [newJob(s.connectionId, text, s.at(0))], refuseTwins: true });
      const waiting = await s.publishOne("waiting");
      const twin = await again("waiting");
      assert.ok(twin.kind === "twin" && twin.jobId === waiting.jobId);
      await s.live("is live");
      assert.equal((await again("is live")).kind, "twin");
      const left = await s.inDoubt("left");
      await s.store.act({ jobId: left.jobId, decide: () => ({ patch: { ...canceled, state: "discarded" } }) });
      assert.equal((await again("left")).kind, "twin");
      const over = await s.publishOne("over");
      await s.store.act({ jobId: over.jobId, decide: () => ({ patch: canceled }) });
      assert.equal((await again("over")).kind, "new");
    },
  ],
  [
    "refuses one of two identical requests of the same moment, and every other job of the refused one",
    async (s) => {
      const other = await s.connect(s.tenantId, "page-2");
      const request = () => [newJob(s.connectionId, "hello", s.at(0)), newJob(other, "hello", s.at(0))];
      const answers = await Promise.all(
        [request(), request()].map((jobs) => accept(s.world, s.store, { jobs, refuseTwins: true })),
      );
      assert.deepEqual(answers.map(({ kind }) => kind).sort(), ["new", "twin"]);
      assert.equal((await s.world.rows()).length, 2);
    },
  ],
  [
    "takes the same words for another account, another time and another tenant",
    async (s) => {
      await s.publishOne();
      const take = (job: ReturnType<typeof newJob>, store = s.store) =>
        accept(s.world, store, { jobs: [job], refuseTwins: true });
      assert.equal((await take(newJob(await s.connect(s.tenantId, "page-2"), "hello", s.at(0)))).kind, "new");
      assert.equal((await take(newJob(s.connectionId, "hello", s.at(11 * 60_000)))).kind, "new");
      const theirs = await s.elsewhere();
      assert.equal((await take(newJob(theirs.connectionId, "hello", s.at(0)), theirs.store)).kind, "new");
    },
  ],
  [
    "decides each job as it is now, and changes all or nothing",
    async (s) => {
      const other = await s.connect(s.tenantId, "page-2");
      const [first, second] = await s.publish("hello", { on: [s.connectionId, other] });
      assert.ok(first && second);
      const found = await s.store.post((await s.row(first)).post_id);
      assert.ok(found);
      const { fence } = await s.taken(first);
      await s.intend(first, fence);
      const wish = { kind: "cancel", by: "usr_test0001", at: s.at(0).toISOString() } as const;
      const changed = await s.store.change({
        id: found.post.id,
        ifVersion: found.post.version,
        decide: (jobs) => ({
          decided: jobs.map(({ job, facts }) => ({
            jobId: job.id,
            meeting: meet({ ...facts, can: { remove: true, editWords: true } }, wish),
          })),
          jobs: [],
          remove: "when_settled",
        }),
      });
      assert.deepEqual(
        changed?.decided.map(({ meeting }) => meeting.change),
        ["waiting", "canceled"],
      );
      assert.equal(changed?.post.deleting, true);
      assert.equal((await s.row(second)).state, "canceled");
      assert.equal((await s.row(first)).fence, String(fence));
      assert.equal(
        await s.store.change({ id: found.post.id, ifVersion: 1, decide: () => ({ decided: [], jobs: [] }) }),
        undefined,
      );
      const breaks = () => {
        throw new Error("no");
      };
      await assert.rejects(() => s.store.change({ id: found.post.id, ifVersion: 2, decide: breaks }));
    },
  ],
  [
    "deletes a post when its last job is settled, and never before",
    async (s) => {
      const key = await s.inDoubt();
      const found = await s.store.post((await s.row(key)).post_id);
      assert.ok(found);
      const wish = { kind: "delete", alsoLive: true, by: "usr_test0001", at: s.at(0).toISOString() } as const;
      await s.store.change({
        id: found.post.id,
        ifVersion: 1,
        decide: ([one]) => ({
          decided: one
            ? [{ jobId: one.job.id, meeting: meet({ ...one.facts, can: { remove: true, editWords: false } }, wish) }]
            : [],
          jobs: [],
          remove: "when_settled",
        }),
      });
      assert.ok(await s.store.post(found.post.id));
      await s.world.advance(35_000);
      const { fence } = await s.taken(key);
      const absent = { state: "retrying", wake: 0, mayBeLive: false, knownWish: wish } as const;
      await s.settle(key, fence, { ...absent, pending: "answered" });
      assert.deepEqual(await s.claim(key), { refused: "a wish was settled" });
      assert.equal(await s.store.post(found.post.id), undefined);
      assert.equal((await s.row(key)).state, "canceled");
    },
  ],
  [
    "sends nothing of a deleted post, whatever wakes its job",
    async (s) => {
      const key = await s.publishOne();
      const found = await s.store.post((await s.row(key)).post_id);
      assert.ok(found);
      await s.store.change({
        id: found.post.id,
        ifVersion: 1,
        decide: () => ({ decided: [], jobs: [], remove: "now" }),
      });
      assert.deepEqual(await s.claim(key), { refused: "a wish was settled" });
      assert.equal((await s.row(key)).state, "canceled");
    },
  ],
  [
    "keeps a post whose job is sent after all",
    async (s) => {
      const key = await s.publishOne();
      const { post_id: postId } = await s.row(key);
      const found = await s.store.post(postId);
      assert.ok(found);
      await s.store.change({
        id: found.post.id,
        ifVersion: 1,
        decide: () => ({ decided: [], jobs: [], remove: "when_settled" }),
      });
      await s.store.act({ jobId: key.jobId, decide: () => ({ patch: { keepsPost: true, raiseFence: false } }) });
      assert.equal((await s.store.post(postId))?.post.deleting, false);
    },
  ],
  [
    "names the job that takes a canceled one's place",
    async (s) => {
      const key = await s.publishOne();
      const found = await s.store.post((await s.row(key)).post_id);
      assert.ok(found);
      const successor = newJob(s.connectionId, "better", s.at(0));
      await s.store.act({ jobId: key.jobId, decide: () => ({ patch: canceled }) });
      await s.store.change({ id: found.post.id, ifVersion: 1, decide: () => ({ decided: [], jobs: [successor] }) });
      assert.equal((await s.row(key)).successor_id, successor.id);
    },
  ],
  [
    "takes no link to a post that another job owns",
    async (s) => {
      await s.live("hello", "p1");
      const key = await s.inDoubt("good news");
      const patch = { state: "published", mayBeLive: false, externalPostId: "p1", raiseFence: true } as const;
      assert.equal(await s.store.act({ jobId: key.jobId, decide: () => ({ patch }) }), "taken");
      assert.equal((await s.row(key)).state, "unknown");
    },
  ],
  [
    "a patch that raises the fence ends what a worker may write; a wish does not",
    async (s) => {
      const key = await s.publishOne();
      const { fence } = await s.taken(key);
      await s.wish(key);
      assert.equal(await s.settle(key, fence, { state: "publishing", wake: "lease" }), "written");
      await s.store.act({ jobId: key.jobId, decide: () => ({ patch: canceled }) });
      assert.equal(await s.settle(key, fence, { state: "publishing", wake: "lease" }), "lost");
    },
  ],
];
