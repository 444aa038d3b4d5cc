import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { PostEdit, Publishing } from "@postd/connector-kit";
import { asId, type PostInput, type PostPatch } from "@postd/contracts";
import { type Caller, newId } from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { createLedger } from "../adapters/postgres/ledger/ledger.ts";
import { createMediaRepo } from "../adapters/postgres/media-repo.ts";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { forTenant } from "../adapters/postgres/tenant-tx.ts";
import { createHarness } from "./pipeline-harness.ts";

describe("an edit that names no targets", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connections: readonly string[];
  const tooLong = "x".repeat(501);
  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());

  const post = async (input: Partial<PostInput> = {}) => {
    const first = await h.tenant();
    caller = first.caller;
    const second = newId("connection");
    await runSql(
      forTenant(h.app.db, caller.tenantId),
      sql`insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
        select ${second}, tenant_id, platform, auth_kind, ${second}, account_kind, 'Second', extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at
        from connections where id = ${first.connectionId}`,
    );
    connections = [first.connectionId, second];
    const made = await h.service.createPost(caller, {
      content: "short",
      targets: connections.map((id) => ({ connectionId: asId("connection", id) })),
      scheduledFor: new Date(h.clock.now().getTime() + 3_600_000).toISOString(),
      ...input,
    });
    assert.ok(made.ok, JSON.stringify(made));
    return asId("post", made.value.view.id);
  };
  const disconnect = (id: string | undefined) =>
    runSql(
      forTenant(h.app.db, caller.tenantId),
      sql`update connections set disconnected_at = domain_now() where id = ${id}`,
    );

  for (const mode of ["publish", "ask"] as const)
    it(`is refused by field and account where its text is too long, as a new post is (${mode})`, async () => {
      const id = await post({ mode });
      const edited = await h.service.updatePost(caller, id, { content: tooLong });
      assert.ok(!edited.ok, JSON.stringify(edited));
      assert.equal(edited.error.code, "post_has_problems");
      assert.deepEqual(
        edited.error.problems?.map(({ field }) => field),
        ["targets.0.text", "targets.1.text"],
      );
      const kept = await h.service.getPost(caller, id);
      assert.ok(kept.ok && kept.value.content.text === "short");
    });

  it("is refused for what is live and can be changed, and not for an account it comes too late for", async () => {
    const id = await post();
    await h.settle(2 * 3_600_000);
    const [one] = connections;
    const refused = await h.service.updatePost(caller, id, { content: tooLong });
    assert.ok(!refused.ok && refused.error.code === "post_has_problems", JSON.stringify(refused));
    // Of the first nothing can be changed any more, and its limit refuses nothing.
    await runSql(
      forTenant(h.app.db, caller.tenantId),
      sql`update publish_jobs set state = 'removed' where connection_id = ${one}`,
    );
    const still = await h.service.updatePost(caller, id, { content: tooLong });
    assert.ok(!still.ok);
    assert.deepEqual(
      still.error.problems?.map(({ field }) => field),
      ["targets.1.text"],
    );
  });

  it("reaches the other accounts though one was disconnected since", async () => {
    const id = await post();
    await disconnect(connections[0]);
    const edited = await h.service.updatePost(caller, id, { content: "new words" });
    assert.ok(edited.ok, JSON.stringify(edited));
    await h.settle(2 * 3_600_000);
    assert.ok(h.platform.live.some(({ text }) => text === "new words"));
    // A new account must be there.
    const more = await post();
    await disconnect(connections[0]);
    const targets = connections.map((it) => ({ connectionId: asId("connection", it) }));
    const alone = await h.service.createPost(caller, { content: "another", targets });
    assert.ok(!alone.ok && alone.error.field === "targets.0.connectionId");
    assert.ok((await h.service.getPost(caller, more)).ok);
  });

  it("is no condition of a rejection: an account may be gone by then", async () => {
    const id = await post({ mode: "ask" });
    await disconnect(connections[0]);
    const approved = await h.service.decidePost(caller, id, { approve: true });
    assert.ok(!approved.ok && approved.error.field === "targets.0.connectionId", JSON.stringify(approved));
    const rejected = await h.service.decidePost(caller, id, { approve: false, note: "Not now." });
    assert.ok(rejected.ok && rejected.value.view.status === "rejected", JSON.stringify(rejected));
  });

  it("sends nothing that was rejected on an editor's word, not by way of a draft either", async () => {
    const id = await post({ mode: "ask" });
    assert.ok((await h.service.decidePost(caller, id, { approve: false })).ok);
    const editor = { ...caller, role: "editor" } as const;
    for (const patch of [{ mode: "publish" }, { mode: "draft" }, { mode: "draft", content: "new words" }] as const) {
      const tried = await h.service.updatePost(editor, id, patch);
      assert.ok(!tried.ok && tried.error.code === "forbidden", JSON.stringify(tried));
    }
    const words = await h.service.updatePost(editor, id, { content: "new words" });
    assert.ok(words.ok && words.value.view.status === "rejected", JSON.stringify(words));
    const asked = await h.service.updatePost(editor, id, { mode: "ask" });
    assert.ok(asked.ok && asked.value.view.status === "awaiting_approval", JSON.stringify(asked));
    assert.ok((await h.service.decidePost(caller, id, { approve: false })).ok);
    const drafted = await h.service.updatePost(caller, id, { mode: "draft" });
    assert.ok(drafted.ok && drafted.value.view.status === "draft", JSON.stringify(drafted));
  });

  it("goes out unseen by no way round an approver: not as a draft, not after the word, not live, not by a retry", async () => {
    const id = await post({ mode: "ask" });
    const editor = { ...caller, role: "editor", actorId: newId("user") } as const;
    const approver = { ...caller, role: "approver", actorId: newId("user") } as const;
    const refused = async (tried: Promise<{ readonly ok: boolean; readonly error?: { readonly code: string } }>) => {
      const answer = await tried;
      assert.equal(answer.error?.code, "forbidden", JSON.stringify(answer));
    };
    assert.ok((await h.service.updatePost(editor, id, { mode: "draft" })).ok);
    await refused(h.service.updatePost(editor, id, { mode: "publish" }));
    await refused(h.service.updatePost(editor, id, { mode: "publish", content: "new words" }));
    assert.ok((await h.service.updatePost(editor, id, { mode: "ask" })).ok);
    const approved = await h.service.decidePost(approver, id, { approve: true });
    assert.ok(approved.ok && approved.value.view.status === "approved", JSON.stringify(approved));
    const moved = await h.service.updatePost(editor, id, {
      scheduledFor: new Date(h.clock.now().getTime() + 60_000).toISOString(),
    });
    assert.ok(moved.ok && moved.value.view.status === "approved", JSON.stringify(moved));
    const changed = await h.service.updatePost(editor, id, { content: "unseen words" });
    assert.ok(changed.ok && changed.value.view.status === "awaiting_approval", JSON.stringify(changed));
    assert.ok(changed.value.view.changedBy === editor.actorId);
    assert.deepEqual(
      changed.value.view.changes?.map(({ change }) => change),
      ["canceled", "canceled"],
    );
    await refused(h.service.decidePost(editor, id, { approve: true }));
    assert.ok((await h.service.decidePost(approver, id, { approve: true })).ok);
    await h.settle(2 * 3_600_000);
    assert.ok(h.platform.live.some(({ text }) => text === "unseen words"));
    const live = await h.service.updatePost(editor, id, { content: "unseen again" });
    assert.ok(live.ok && live.value.view.status === "awaiting_approval", JSON.stringify(live));
    await h.settle();
    assert.ok(!h.platform.live.some(({ text }) => text === "unseen again"));
    assert.ok((await h.service.decidePost(approver, id, { approve: true })).ok);
    await h.settle();
    assert.ok(h.platform.live.some(({ text }) => text === "unseen again"));
  });

  it("asks again for an editor's words though an owner changed the approved post meanwhile", async () => {
    const id = await post({ mode: "ask" });
    const editor = { ...caller, role: "editor", actorId: newId("user") } as const;
    const approver = { ...caller, role: "approver", actorId: newId("user") } as const;
    assert.ok((await h.service.decidePost(approver, id, { approve: true })).ok);
    const later = new Date(h.clock.now().getTime() + 60_000).toISOString();
    for (const patch of [{}, { scheduledFor: later }, { content: "an owner's comma" }, { mode: "publish" }] as const) {
      const mended = await h.service.updatePost(caller, id, patch);
      assert.ok(mended.ok && mended.value.view.status === "approved", JSON.stringify(mended));
      const changed = await h.service.updatePost(editor, id, { content: `unseen after ${JSON.stringify(patch)}` });
      assert.ok(changed.ok && changed.value.view.status === "awaiting_approval", JSON.stringify(changed));
      assert.ok((await h.service.decidePost(approver, id, { approve: true })).ok);
    }
    // Taking it back in so many words is what ends the asking.
    assert.ok((await h.service.updatePost(caller, id, { mode: "draft" })).ok);
    const sent = await h.service.updatePost(editor, id, { mode: "publish" });
    assert.ok(sent.ok && sent.value.view.status === "approved", JSON.stringify(sent));
  });

  it("is approved by no key whose words it has, though somebody else changed its time since", async () => {
    const id = await post({ mode: "ask" });
    const key = { ...caller, role: "admin", actorId: newId("apiKey") } as const;
    const editor = { ...caller, role: "editor", actorId: newId("user") } as const;
    assert.ok((await h.service.updatePost(key, id, { content: "by a program" })).ok);
    const at = new Date(h.clock.now().getTime() + 60_000).toISOString();
    assert.ok((await h.service.updatePost(editor, id, { scheduledFor: at })).ok);
    const own = await h.service.decidePost(key, id, { approve: true });
    assert.ok(!own.ok && own.error.code === "forbidden", JSON.stringify(own));
  });

  it("is approved by no key that wrote it or changed it last, whatever the key may do", async () => {
    const id = await post({ mode: "ask" });
    const key = { ...caller, role: "admin", actorId: newId("apiKey") } as const;
    const other = { ...key, actorId: newId("apiKey") } as const;
    assert.ok((await h.service.updatePost(key, id, { content: "by a program" })).ok);
    const own = await h.service.decidePost(key, id, { approve: true });
    assert.ok(!own.ok && own.error.code === "forbidden", JSON.stringify(own));
    const sent = await h.service.updatePost(key, id, { mode: "publish" });
    assert.ok(!sent.ok && sent.error.code === "forbidden", JSON.stringify(sent));
    assert.ok((await h.service.decidePost(other, id, { approve: true })).ok);
  });

  it("is everybody's way where the workspace wants it, but an owner's in person", async () => {
    const id = await post();
    await runSql(
      forTenant(h.app.db, caller.tenantId),
      sql`update tenants set requires_approval = true where id = ${caller.tenantId}`,
    );
    const targets = connections.map((it) => ({ connectionId: asId("connection", it) }));
    const editor = { ...caller, role: "editor" } as const;
    const key = { ...caller, role: "admin", actorId: newId("apiKey") } as const;
    for (const asker of [editor, key]) {
      const direct = await h.service.createPost(asker, { content: "directly", targets });
      assert.ok(!direct.ok && direct.error.code === "forbidden" && direct.error.field === "mode");
      const one = await h.service.publish(asker, {
        connectionId: asId("connection", connections[0] ?? ""),
        payload: { text: "directly" },
      });
      assert.ok(!one.ok && one.error.code === "forbidden", JSON.stringify(one));
      const edit = await h.service.updatePost(asker, id, { content: `edited by ${asker.actorId}` });
      assert.ok(edit.ok && edit.value.view.status === "awaiting_approval", JSON.stringify(edit));
    }
    const owner = await h.service.createPost(caller, { content: "as owner", targets });
    assert.ok(owner.ok && owner.value.view.status === "approved");
  });

  it("answers a target as it was given, with the platform's own clock", async () => {
    const first = await h.tenant();
    const targets = [{ connectionId: asId("connection", first.connectionId), nativeSchedule: true }];
    const scheduledFor = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const made = await h.service.createPost(first.caller, { content: "on time", targets, scheduledFor });
    assert.ok(made.ok, JSON.stringify(made));
    assert.deepEqual(made.value.view.targets, targets);
  });

  it("changes the text of what is live though its picture was deleted since", async () => {
    const first = await h.tenant();
    caller = first.caller;
    const mediaId = newId("media");
    await createMediaRepo(h.app.db)
      .forTenant(caller.tenantId)
      .insert({
        id: mediaId,
        kind: "image",
        mimeType: "image/jpeg",
        sizeBytes: 10,
        sha256: "0".repeat(64),
        blobKey: mediaId,
        createdBy: "usr_1",
        createdAt: h.clock.now(),
      });
    const targets = [{ connectionId: asId("connection", first.connectionId) }];
    const made = await h.service.createPost(caller, { content: "with a picture", mediaIds: [mediaId], targets });
    assert.ok(made.ok, JSON.stringify(made));
    await h.settle();
    assert.equal((await createMediaRepo(h.app.db).forTenant(caller.tenantId).remove(mediaId)).kind, "removed");
    const id = asId("post", made.value.view.id);
    const edited = await h.service.updatePost(caller, id, { content: "other words" });
    assert.ok(edited.ok && edited.value.view.changes?.[0]?.change === "changing_live", JSON.stringify(edited));
    const again = await h.service.createPost(caller, { content: "with it again", mediaIds: [mediaId], targets });
    assert.ok(!again.ok && again.error.code === "not_found");
  });
});

describe("an edit of what is live", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let whole: Publishing;
  let caller: Caller;
  let connectionId: ReturnType<typeof asId<"connection">>;
  const changes: { readonly ref: object; readonly change: PostEdit }[] = [];
  let texts = 0;
  before(async () => {
    h = await createHarness();
    whole = { ...h.platformFacets.publishing };
  });
  after(() => h.close());
  beforeEach(async () => {
    const made = await h.tenant();
    caller = made.caller;
    connectionId = asId("connection", made.connectionId);
    changes.length = 0;
    h.platform.deeds = [];
    Object.assign(h.platformFacets.publishing, {
      options: z.object({ audience: z.string().optional(), pinned: z.boolean().optional() }),
      hashtags: {},
      mentions: { write: (handle: string) => `@${handle}` },
      edit: {
        formats: ["text"],
        options: ["audience"],
        run: async (ref: object, change: PostEdit) => {
          changes.push({ ref, change });
          return { ok: true, value: undefined };
        },
      },
    });
  });

  const live = async (input: Partial<PostInput> = {}) => {
    texts += 1;
    const made = await h.service.createPost(caller, { text: `live ${texts}`, targets: [{ connectionId }], ...input });
    assert.ok(made.ok, JSON.stringify(made));
    await h.settle();
    return asId("post", made.value.view.id);
  };
  const edit = async (id: ReturnType<typeof asId<"post">>, patch: PostPatch) => {
    const edited = await h.service.updatePost(caller, id, patch);
    assert.ok(edited.ok, JSON.stringify(edited));
    await h.settle();
    return edited.value.view.changes?.[0];
  };
  const jobOf = async (id: ReturnType<typeof asId<"post">>) => {
    const found = await h.service.getPost(caller, id);
    assert.ok(found.ok && found.value.jobs[0]);
    return found.value.jobs[0];
  };

  it("takes hashtags, mentions and the options a platform lets be changed, with the text that comes of them", async () => {
    const id = await live({ hashtags: ["bread"], options: { audience: "all" } });
    const mentions = [{ name: "Nordlys", handles: { scripted: "nordlys" } }];
    const text = "Now with @Nordlys";
    const change = await edit(id, { text, mentions, hashtags: ["buns"], options: { audience: "friends" } });
    assert.equal(change?.change, "changing_live");
    assert.deepEqual(
      changes.map(({ change: { text: said, options } }) => [said, options]),
      [["Now with @nordlys\n\n#buns", { audience: "friends" }]],
    );
    // Stored with the job: the same again is no change.
    assert.equal((await edit(id, { hashtags: ["buns"] }))?.change, "unchanged");
    assert.equal((await edit(id, { hashtags: [] }))?.change, "changing_live");
    assert.equal(changes.at(-1)?.change.text, "Now with @nordlys");
  });

  it("comes too late, and says what could be changed, where an option is not among them", async () => {
    const id = await live();
    const late = await edit(id, { options: { pinned: true } });
    assert.equal(late?.change, "too_late");
    assert.match(late.message, /text, mentions and hashtags and audience/);
    assert.equal(changes.length, 0);
  });

  it("leaves a post that the platform replaced under its new name, with the old one in its history and no other job's", async () => {
    const id = await live();
    const before = await jobOf(id);
    const named = { externalId: `new ${before.externalPostId}`, permalink: "https://scripted.test/new" };
    Object.assign(h.platformFacets.publishing.edit ?? {}, {
      replaces: true,
      run: async () => ({ ok: true, value: named }),
    });
    await edit(id, { text: "replaced" });
    const after = await jobOf(id);
    assert.deepEqual(
      [after.state, after.externalPostId, after.permalink],
      ["published", named.externalId, named.permalink],
    );
    assert.deepEqual(
      after.earlierPosts?.map(({ externalPostId, permalink }) => ({ externalPostId, permalink })),
      [{ externalPostId: before.externalPostId, permalink: before.permalink }],
    );
    const other = await jobOf(await live());
    const { owned } = await createLedger(h.app.db).owners({
      tenantId: caller.tenantId,
      jobId: asId("publishJob", other.id),
      externalIds: [before.externalPostId ?? "", named.externalId, "free"],
    });
    assert.deepEqual([...owned].sort(), [before.externalPostId, named.externalId].sort());
  });

  it("is not told to have ended a post that the platform may have replaced when no answer could be read", async () => {
    const id = await live();
    const { externalPostId } = await jobOf(id);
    const lost = { kind: "outcome_unknown", message: "No answer." } as const;
    Object.assign(h.platformFacets.publishing.edit ?? {}, {
      replaces: true,
      run: async () => ({ ok: false, error: lost }),
    });
    h.platform.live.splice(0);
    await edit(id, { text: "perhaps" });
    const job = await jobOf(id);
    assert.deepEqual(
      [job.state, job.externalPostId, job.wishOutcome?.outcome],
      ["published", externalPostId, "failed"],
    );
    assert.match(job.wishOutcome?.message ?? "", /Look there/);
    Object.assign(h.platformFacets.publishing, whole);
  });
});
