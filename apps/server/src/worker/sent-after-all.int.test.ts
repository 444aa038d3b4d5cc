import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { asId, type ConnectionId, type PostId, type PostPatch, type PostView } from "@postd/contracts";
import { type Caller, newId } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { forTenant } from "../adapters/postgres/tenant-tx.ts";
import { createHarness, type Script } from "./pipeline-harness.ts";

describe("a post that was taken back and is sent after all", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: ConnectionId;
  let texts = 0;

  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    const made = await h.tenant();
    caller = made.caller;
    connectionId = asId("connection", made.connectionId);
    Object.assign(h.platform, { live: [], containers: 0, script: [], listed: true, authority: "list", calls: 0 });
  });

  const write = async (mode: "publish" | "ask" = "publish") => {
    texts += 1;
    const made = await h.service.createPost(caller, {
      content: `after all ${texts}`,
      targets: [{ connectionId }],
      mode,
    });
    assert.ok(made.ok, JSON.stringify(made));
    return made.value.view;
  };
  const change = async (id: string, patch: PostPatch): Promise<PostView> => {
    const changed = await h.service.updatePost(caller, asId("post", id), patch);
    assert.ok(changed.ok, JSON.stringify(changed));
    return changed.value.view;
  };
  const states = async (id: string) => {
    const found = await h.service.getPost(caller, asId("post", id));
    assert.ok(found.ok);
    return found.value.jobs.map(({ state }) => state);
  };
  /** Its visible call was made, with this answer, and nothing looked at since. */
  const sent = async (script: Script) => {
    h.platform.script = [script];
    const post = await write();
    await h.work();
    return post;
  };

  const again: readonly [string, (id: string) => Promise<unknown>][] = [
    ["published again", (id) => change(id, { mode: "publish" })],
    [
      "asked for and approved",
      async (id) => {
        await change(id, { mode: "ask" });
        const approved = await h.service.decidePost(caller, asId("post", id), { approve: true });
        assert.ok(approved.ok, JSON.stringify(approved));
      },
    ],
  ];
  for (const [name, send] of again) {
    it(`a live post made a draft and ${name} stays one post`, async () => {
      const post = await write();
      await h.settle();
      await change(post.id, { mode: "draft" });
      await send(post.id);
      await h.settle();
      assert.deepEqual([await states(post.id), h.platform.live.length], [["published"], 1]);
    });

    for (const script of ["applied_unanswered", "lost", "crash_after", "crash_before"] as const)
      it(`a post in doubt (${script}) made a draft and ${name} is live once: the word to stop it is taken back`, async () => {
        h.platform.authority = "authoritative";
        const post = await sent(script);
        const draft = await change(post.id, { mode: "draft" });
        assert.deepEqual(
          draft.changes?.map((it) => it.change),
          ["waiting"],
        );
        await send(post.id);
        await h.settle();
        assert.deepEqual([await states(post.id), h.platform.live.length], [["published"], 1]);
      });
  }

  it("a post in doubt that was asked for since, or rejected, is sent on no editor's retry", async () => {
    h.platform.authority = "authoritative";
    const editor = { ...caller, role: "editor", actorId: newId("user") } as const;
    const post = await sent("lost");
    const [job] = post.jobs;
    assert.ok(job);
    for (const mode of ["draft", "ask"] as const)
      assert.ok((await h.service.updatePost(editor, asId("post", post.id), { mode })).ok);
    const tried = await h.service.retryJob(editor, asId("publishJob", job.id), {});
    assert.ok(!tried.ok && tried.error.code === "state_conflict", JSON.stringify(tried));
    assert.ok((await h.service.decidePost(caller, asId("post", post.id), { approve: false })).ok);
    assert.ok(!(await h.service.retryJob(editor, asId("publishJob", job.id), {})).ok);
    await h.settle();
    assert.deepEqual([await states(post.id), h.platform.live.length], [["canceled"], 0]);
  });

  it("a post in doubt that its owner made a draft is sent on no editor's retry where every post needs a word", async () => {
    h.platform.authority = "authoritative";
    await runSql(
      forTenant(h.app.db, caller.tenantId),
      sql`update tenants set requires_approval = true where id = ${caller.tenantId}`,
    );
    const editor = { ...caller, role: "editor", actorId: newId("user") } as const;
    const post = await sent("lost");
    const job = asId("publishJob", post.jobs[0]?.id ?? "");
    await change(post.id, { mode: "draft" });
    const tried = await h.service.retryJob(editor, job, {});
    assert.ok(!tried.ok && tried.error.code === "state_conflict", JSON.stringify(tried));
    await h.settle();
    assert.deepEqual([await states(post.id), h.platform.live.length], [["canceled"], 0]);
  });

  it("an edit of what is being canceled does not send it", async () => {
    h.platform.authority = "authoritative";
    const post = await sent("lost");
    const [job] = post.jobs;
    assert.ok(job);
    assert.ok((await h.service.cancelJob(caller, asId("publishJob", job.id))).ok);
    const edited = await change(post.id, { content: "an edit is no word to send" });
    assert.deepEqual(
      edited.changes?.map((it) => it.change),
      ["waiting"],
    );
    await h.settle();
    assert.deepEqual([await states(post.id), h.platform.live.length], [["canceled"], 0]);
  });

  it("an edit of the text does not send what was canceled; a word to publish does", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const made = await h.service.createPost(caller, {
      content: "a plan",
      targets: [{ connectionId }],
      scheduledFor: at,
    });
    assert.ok(made.ok);
    const { id, jobs } = made.value.view;
    assert.ok((await h.service.cancelJob(caller, asId("publishJob", jobs[0]?.id ?? ""))).ok);
    await change(id, { content: "a better plan" });
    await h.settle(2 * 3_600_000);
    assert.deepEqual([await states(id), h.platform.live], [["canceled"], []]);
    await change(id, { mode: "publish" });
    await h.settle(2 * 3_600_000);
    assert.deepEqual(
      [await states(id), h.platform.live.map(({ text }) => text)],
      [["canceled", "published"], ["a better plan"]],
    );
  });

  it("an approver's word counts for the post as it was read: an edit in between is no part of it", async () => {
    const post = await write("ask");
    const id: PostId = asId("post", post.id);
    const [approved, edited] = await Promise.all([
      h.service.decidePost(caller, id, { approve: true }),
      h.service.updatePost(caller, id, { content: "words nobody approved" }),
    ]);
    await h.settle();
    const shown = await h.service.getPost(caller, id);
    assert.ok(shown.ok);
    const live = h.platform.live.map(({ text }) => text);
    // Both may be taken, one after the other; then the edit is of an approved post, and what is shown is what is live.
    if (!approved.ok) assert.deepEqual([shown.value.status, live], ["awaiting_approval", []]);
    else if (!edited.ok) assert.deepEqual(live, [post.content.text]);
    else assert.deepEqual([shown.value.status, ...live], ["approved", shown.value.content.text]);
  });

  it("two approvers at once make one post", async () => {
    const post = await write("ask");
    const answers = await Promise.all(
      [1, 2, 3].map(() => h.service.decidePost(caller, asId("post", post.id), { approve: true })),
    );
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    await h.settle();
    assert.deepEqual([await states(post.id), h.platform.live.length], [["published"], 1]);
  });
});
