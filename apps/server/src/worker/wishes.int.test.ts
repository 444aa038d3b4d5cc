import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { asId, type JobView, type PublishRequest } from "@postd/contracts";
import { type Caller, runJob } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { withTenant } from "../adapters/postgres/tenant-tx.ts";
import { createHarness, keyOf, leaseMs, type Script } from "./pipeline-harness.ts";

/** Answers nobody can read, as a proxy or a broken server gives them. */
const unreadable: readonly PlatformFailure[] = [
  ...[200, 204, 301, 400, 403, 404, 409, 410, 418, 422, 499, 500, 502, 503, 504].map(
    (status): PlatformFailure => ({ kind: "unexpected_response", status, message: "An answer we do not know." }),
  ),
  { kind: "rate_limited", status: 429, message: "Slow down." },
  { kind: "auth_expired", status: 401, message: "Expired." },
  { kind: "auth_revoked", status: 401, message: "Revoked." },
  { kind: "content_rejected", field: "text", reason: "no", message: "No." },
  { kind: "outcome_unknown", message: "Cut." },
  { kind: "scope_missing", scopes: [], message: "Forbidden." },
];

describe("what people ask of a post that may be live", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: string;
  let texts = 0;

  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    ({ caller, connectionId } = await h.tenant());
    Object.assign(h.platform, {
      live: [],
      planned: [],
      containers: 0,
      script: [],
      listed: true,
      authority: "list",
      calls: 0,
      removed: [],
      deeds: [],
    });
  });

  const nextText = () => {
    texts += 1;
    return `wish ${texts}`;
  };
  const request = (text: string, payload: Partial<PublishRequest["payload"]> = {}): PublishRequest => ({
    connectionId: asId("connection", connectionId),
    payload: { content: text, ...payload },
  });
  const publish = async (payload: Partial<PublishRequest["payload"]> = {}, text = nextText(), key?: string) => {
    const made = await h.service.publish(caller, request(text, payload), key);
    assert.ok(made.ok, JSON.stringify(made));
    return asId("publishJob", made.value.view.id);
  };
  const job = async (id: string): Promise<JobView> => {
    const found = await h.service.getJob(caller, asId("publishJob", id));
    assert.ok(found.ok);
    return found.value;
  };
  const postOf = async (id: string) => asId("post", (await job(id)).postId);
  const liveTexts = () => h.platform.live.map(({ text }) => text);
  /** A job whose visible call was made, with this answer, and nothing looked at since. */
  const sent = async (script: Script, payload: Partial<PublishRequest["payload"]> = {}, text = nextText()) => {
    h.platform.script = [script];
    const id = await publish(payload, text);
    await h.work();
    assert.equal((await job(id)).mayBeLive, true);
    return id;
  };
  const setConnection = (assignment: string) =>
    withTenant(h.app.db, caller.tenantId, (tx) =>
      runSql(tx, sql`update connections set ${sql.raw(assignment)} where id = ${connectionId}`),
    );

  for (const script of ["applied_unanswered", "lost", "crash_after", "crash_before"] as const) {
    const isLive = script === "applied_unanswered" || script === "crash_after";
    for (const authority of ["list", "authoritative"] as const) {
      it(`cancel after ${script}, where the platform answers by ${authority}: told to wait, and true in the end`, async () => {
        h.platform.authority = authority;
        const id = await sent(script);
        const asked = await h.service.cancelJob(caller, id);
        assert.ok(asked.ok && asked.value.waits, JSON.stringify(asked));
        assert.equal(asked.value.view.wish?.kind, "cancel");
        await h.settle();
        const view = await job(id);
        if (isLive) {
          assert.deepEqual(
            [view.state, view.wishOutcome?.outcome, h.platform.live.length],
            ["published", "too_late", 1],
          );
        } else if (authority === "authoritative") {
          assert.deepEqual([view.state, view.wishOutcome?.outcome, h.platform.live.length], ["canceled", "done", 0]);
        } else {
          // Nobody can know: a person is asked, and "not live" completes the cancel without sending.
          assert.deepEqual([view.state, view.probe?.needsPerson], ["unknown", true]);
          assert.ok((await h.service.resolveJob(caller, id, { outcome: "not_live" })).ok);
          await h.settle();
          assert.deepEqual([await h.state(caller, id), h.platform.live.length, h.platform.calls], ["canceled", 0, 1]);
        }
      });

      it(`delete with live posts after ${script}, by ${authority}: nothing is live in the end, or a person is asked`, async () => {
        h.platform.authority = authority;
        const id = await sent(script);
        const postId = await postOf(id);
        const asked = await h.service.deletePost(caller, postId, { alsoLive: true });
        assert.ok(asked.ok && asked.value.waits && asked.value.view.deleting);
        await h.settle();
        const view = await job(id);
        if (view.state === "unknown") {
          assert.equal(authority, "list");
          assert.equal(view.probe?.needsPerson, true);
          return;
        }
        assert.equal(view.state, isLive ? "removed" : "canceled");
        assert.deepEqual(liveTexts(), []);
        if (isLive) assert.ok(view.removedAt && view.removedBy === caller.actorId);
        const gone = await h.service.getPost(caller, postId);
        assert.ok(!gone.ok && gone.error.code === "not_found");
      });
    }
  }

  it("a wish met by a call under way waits for its end, and the job tells what came of it", async () => {
    const id = await publish();
    const key = keyOf({ tenantId: caller.tenantId, jobId: id });
    const deps = h.deps("w1");
    const ledger = {
      ...deps.ledger,
      // Between the intent of the visible call and the call itself.
      intend: async (input: Parameters<typeof deps.ledger.intend>[0]) => {
        const written = await deps.ledger.intend(input);
        if (input.intent.effect === "visible") assert.ok((await h.service.cancelJob(caller, id)).ok);
        return written;
      },
    };
    await runJob(key, { ...deps, ledger });
    await h.settle();
    const view = await job(id);
    assert.deepEqual([view.state, view.wishOutcome?.outcome, h.platform.live.length], ["published", "too_late", 1]);
  });

  it("a wish that comes before the intent stops the visible call", async () => {
    const id = await publish();
    const key = keyOf({ tenantId: caller.tenantId, jobId: id });
    const deps = h.deps("w1");
    const ledger = {
      ...deps.ledger,
      intend: async (input: Parameters<typeof deps.ledger.intend>[0]) => {
        if (input.intent.effect === "visible") {
          const asked = await h.service.cancelJob(caller, id);
          assert.ok(asked.ok && !asked.value.waits);
        }
        return deps.ledger.intend(input);
      },
    };
    await runJob(key, { ...deps, ledger });
    await h.settle();
    assert.deepEqual([await h.state(caller, id), h.platform.calls, h.platform.live.length], ["canceled", 0, 0]);
  });

  it("deleting while a worker begins: whoever is first, an answer of 200 means that nothing goes live", async () => {
    for (let round = 0; round < 40; round += 1) {
      h.platform.live.length = 0;
      const id = await publish();
      const postId = await postOf(id);
      const key = keyOf({ tenantId: caller.tenantId, jobId: id });
      const [deleted] = await Promise.all([
        h.service.deletePost(caller, postId, { alsoLive: false }),
        runJob(key, h.deps("w1")),
      ]);
      assert.ok(deleted.ok);
      const [change] = deleted.value.view.changes ?? [];
      await h.settle();
      const view = await job(id);
      if (change?.change === "canceled") assert.deepEqual([view.state, liveTexts()], ["canceled", []]);
      else assert.deepEqual([view.state, h.platform.live.length], ["published", 1], JSON.stringify(change));
    }
  });

  it("an unknown job whose post is deleted is never sent", async () => {
    h.platform.authority = "authoritative";
    const id = await sent("lost");
    assert.ok((await h.service.deletePost(caller, await postOf(id), { alsoLive: false })).ok);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), h.platform.live.length, h.platform.calls], ["canceled", 0, 1]);
  });

  it("a live post that was deleted without its live copy is found and shown, not hidden", async () => {
    const id = await sent("applied_unanswered");
    const postId = await postOf(id);
    const asked = await h.service.deletePost(caller, postId, { alsoLive: false });
    assert.ok(asked.ok && asked.value.waits);
    await h.settle();
    const shown = await h.service.getPost(caller, postId);
    assert.ok(shown.ok && shown.value.deleting === undefined);
    assert.deepEqual(
      [shown.value.jobs[0]?.state, shown.value.jobs[0]?.wishOutcome?.outcome],
      ["published", "too_late"],
    );
    const removed = await h.service.removeJob(caller, id);
    assert.ok(removed.ok && removed.value.waits);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), liveTexts()], ["removed", []]);
  });

  it("the same key after deleting a live post makes no second one, and does where nothing was ever sent", async () => {
    const text = nextText();
    const id = await publish({}, text, "key-live");
    await h.settle();
    assert.ok((await h.service.deletePost(caller, await postOf(id), { alsoLive: true })).ok);
    await h.settle();
    const again = await h.service.publish(caller, request(text), "key-live");
    assert.ok(again.ok && again.value.replayed && again.value.view.id === id);
    await h.settle();
    assert.deepEqual([liveTexts(), h.platform.removed], [[], [text]]);

    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const planned = nextText();
    const first = await publish({ scheduledFor: at }, planned, "key-planned");
    assert.ok((await h.service.deletePost(caller, await postOf(first), { alsoLive: false })).ok);
    const second = await publish({ scheduledFor: at }, planned, "key-planned");
    assert.notEqual(second, first);
  });

  it("nothing that may be live is called held while paused: looking goes on", async () => {
    for (const script of ["applied_unanswered", "lost"] as const) {
      const id = await sent(script);
      assert.ok((await h.service.pause(caller, { scope: "tenant" })).ok);
      await h.settle();
      const view = await job(id);
      assert.equal(view.state, script === "lost" ? "unknown" : "published");
      assert.ok((await h.service.resume(caller, { scope: "tenant" })).ok);
    }
  });

  it("what may be live on an account that is gone asks a person and never says that it is safe", async () => {
    const id = await sent("applied_unanswered");
    await setConnection("disconnected_at = domain_now()");
    const key = { tenantId: caller.tenantId, connectionId: asId("connection", connectionId) };
    assert.equal(await h.holds.holdConnection(key), 0);
    await h.settle();
    const view = await job(id);
    assert.deepEqual([view.state, view.probe?.needsPerson, view.mayBeLive], ["unknown", true, true]);
    assert.ok(!JSON.stringify(view.failure ?? {}).includes("held and safe"));
    await setConnection("disconnected_at = null");
    await h.holds.releaseConnection(key);
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
  });

  it("an edit decides for each target by itself and says so", async () => {
    const { rows } = await withTenant(h.app.db, caller.tenantId, (tx) =>
      runSql<{ id: string }>(
        tx,
        sql`insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
          select 'con_second' || substr(id, 11), tenant_id, platform, auth_kind, 'second' || external_id, account_kind, 'Second', extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at
          from connections where id = ${connectionId} returning id`,
      ),
    );
    const second = asId("connection", rows[0]?.id ?? "");
    h.platform.script = ["lost"];
    const made = await h.service.createPost(caller, {
      content: nextText(),
      targets: [{ connectionId: asId("connection", connectionId) }, { connectionId: second }],
    });
    assert.ok(made.ok);
    const [first, other] = made.value.view.jobs;
    assert.ok(first && other);
    await runJob(keyOf({ tenantId: caller.tenantId, jobId: first.id }), h.deps("w1"));
    const edited = await h.service.updatePost(caller, asId("post", made.value.view.id), { content: "edited words" });
    assert.ok(edited.ok && edited.value.waits, JSON.stringify(edited));
    assert.deepEqual(
      edited.value.view.changes?.map(({ jobId, change }) => [jobId, change]).sort(),
      [
        [first.id, "waiting"],
        [other.id, "changed"],
      ].sort(),
    );
    await h.settle();
    assert.deepEqual(liveTexts(), ["edited words"]);
    assert.equal(await h.state(caller, other.id), "published");
    // The first one stays in doubt; once a person says that it is not live, the new words go out.
    assert.ok((await h.service.resolveJob(caller, asId("publishJob", first.id), { outcome: "not_live" })).ok);
    await h.settle();
    assert.deepEqual(liveTexts(), ["edited words", "edited words"]);
  });

  it("a text edit is no word to send what was missed", async () => {
    const at = new Date(h.clock.now().getTime() + 60_000).toISOString();
    const id = await publish({ scheduledFor: at });
    await h.advance(3 * 3_600_000);
    await h.settle();
    assert.equal((await job(id)).heldReason, "missed");
    const edited = await h.service.updatePost(caller, await postOf(id), { content: "later words" });
    assert.ok(edited.ok);
    await h.settle();
    assert.deepEqual([(await job(id)).heldReason, liveTexts()], ["missed", []]);
    const later = new Date(h.clock.now().getTime() + 60_000).toISOString();
    assert.ok((await h.service.updatePost(caller, await postOf(id), { scheduledFor: later })).ok);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), liveTexts()], ["published", ["later words"]]);
  });

  it("taking the time away makes a draft; its canceled jobs name the ones that follow", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const id = await publish({ scheduledFor: at });
    const postId = await postOf(id);
    const cleared = await h.service.updatePost(caller, postId, { scheduledFor: null });
    assert.ok(cleared.ok);
    assert.deepEqual([cleared.value.view.status, cleared.value.view.jobs[0]?.state], ["draft", "canceled"]);
    await h.settle(2 * 3_600_000);
    assert.deepEqual(liveTexts(), []);
    const sentAgain = await h.service.updatePost(caller, postId, { mode: "publish" });
    assert.ok(sentAgain.ok && sentAgain.value.view.status === "approved");
    await h.settle();
    const successor = (await job(id)).successorId;
    assert.ok(successor);
    assert.deepEqual([await h.state(caller, successor), h.platform.live.length], ["published", 1]);
  });

  it("every answer carries the version that an edit gives back", async () => {
    const at = new Date(h.clock.now().getTime() + 3_600_000).toISOString();
    const postId = await postOf(await publish({ scheduledFor: at }));
    const shown = await h.service.getPost(caller, postId);
    assert.ok(shown.ok);
    const first = await h.service.updatePost(caller, postId, { content: nextText(), ifVersion: shown.value.version });
    assert.ok(first.ok && first.value.view.version === shown.value.version + 1);
    const stale = await h.service.updatePost(caller, postId, { content: nextText(), ifVersion: shown.value.version });
    assert.ok(!stale.ok && stale.error.code === "conflict");
  });

  it("a job never adopts a post that belongs to another one, in whatever workspace", async () => {
    // Two workspaces share one account of the platform and post the same words at the same moment.
    const other = await h.tenant();
    const account = `shared_${connectionId}`;
    await setConnection(`external_id = '${account}'`);
    await withTenant(h.app.db, other.caller.tenantId, (tx) =>
      runSql(tx, sql`update connections set external_id = ${account} where id = ${other.connectionId}`),
    );
    const words = nextText();
    const id = await publish({}, words);
    await h.settle();
    h.platform.script = ["lost"];
    const theirs = await h.service.publish(other.caller, {
      connectionId: asId("connection", other.connectionId),
      payload: { content: words },
    });
    assert.ok(theirs.ok);
    await h.settle();
    const lost = await h.service.getJob(other.caller, asId("publishJob", theirs.value.view.id));
    assert.ok(lost.ok);
    assert.deepEqual([lost.value.state, lost.value.externalPostId], ["unknown", undefined]);
    assert.equal(await h.state(caller, id), "published");
    // Nor can a person link it.
    const linked = await h.service.resolveJob(other.caller, asId("publishJob", lost.value.id), {
      outcome: "live",
      externalPostId: (await job(id)).externalPostId ?? "",
    });
    assert.ok(!linked.ok && linked.error.code === "state_conflict");
  });

  it("of two jobs in doubt about one post, neither takes it by guessing", async () => {
    const other = await h.tenant();
    const account = `twins_${connectionId}`;
    await setConnection(`external_id = '${account}'`);
    await withTenant(h.app.db, other.caller.tenantId, (tx) =>
      runSql(tx, sql`update connections set external_id = ${account} where id = ${other.connectionId}`),
    );
    const words = nextText();
    h.platform.script = ["applied_unanswered", "lost"];
    const mine = await publish({}, words);
    const theirs = await h.service.publish(other.caller, {
      connectionId: asId("connection", other.connectionId),
      payload: { content: words },
    });
    assert.ok(theirs.ok);
    await h.settle();
    assert.deepEqual([(await job(mine)).state, (await job(mine)).probe?.needsPerson], ["unknown", true]);
    assert.equal(h.platform.live.length, 1);
  });

  it("two identical requests without a key at the same moment: one is taken", async () => {
    for (let round = 0; round < 20; round += 1) {
      const words = nextText();
      const both = await Promise.all([1, 2, 3].map(() => h.service.publish(caller, request(words))));
      assert.equal(both.filter(({ ok }) => ok).length, 1);
      for (const one of both) if (!one.ok) assert.equal(one.error.code, "conflict");
    }
    await h.settle();
    assert.equal(h.platform.live.length, 20);
  });

  for (const failure of unreadable) {
    it(`an answer nobody can read (${failure.kind} ${failure.status ?? ""}) is looked up, live or not`, async () => {
      h.platform.script = [{ appliedUnread: failure }];
      const live = await publish();
      await h.settle();
      assert.deepEqual([await h.state(caller, live), h.platform.live.length], ["published", 1]);
      h.platform.authority = "authoritative";
      h.platform.script = [{ unread: failure }];
      await setConnection("status = 'healthy'");
      const absent = await publish();
      await h.settle();
      await setConnection("status = 'healthy'");
      await h.holds.releaseConnection({ tenantId: caller.tenantId, connectionId: asId("connection", connectionId) });
      await h.settle(20 * 60_000);
      assert.deepEqual([await h.state(caller, absent), h.platform.live.length], ["published", 2]);
    });
  }

  it("a later look is waited for before a person is asked", async () => {
    h.platform.listed = false;
    const id = await sent("applied_unanswered");
    await h.advance(10_000);
    await h.work();
    assert.deepEqual([await h.state(caller, id), (await job(id)).probe?.needsPerson], ["unknown", false]);
    h.platform.listed = true;
    await h.settle();
    assert.equal(await h.state(caller, id), "published");
  });

  it("a lost part that may be repeated can be resolved while it is tried again", async () => {
    h.platform.script = ["ok", "lost"];
    const id = await publish({ format: "thread" });
    await h.work();
    const view = await job(id);
    assert.deepEqual([view.state, view.mayBeLive], ["retrying", true]);
    assert.ok(view.permalink);
  });

  it("a person's word is not taken while the call itself may still arrive", async () => {
    const id = await sent("crash_before");
    const early = await h.service.resolveJob(caller, id, { outcome: "not_live" });
    assert.ok(!early.ok && early.error.code === "state_conflict");
    await h.advance(leaseMs + 6_000);
    await h.settle();
    assert.ok((await h.service.resolveJob(caller, id, { outcome: "not_live" })).ok);
  });

  it("an id a person gives is read at the platform before it counts", async () => {
    const id = await sent("lost");
    await h.settle();
    const wrong = await h.service.resolveJob(caller, id, { outcome: "live", externalPostId: "p999999" });
    assert.ok(!wrong.ok && wrong.error.code === "invalid_input" && wrong.error.field === "externalPostId");
    assert.equal(await h.state(caller, id), "unknown");
  });

  it("a connector that throws while somebody waits is told as a failure, with a line in the log", async () => {
    const id = await sent("lost");
    await h.settle();
    h.platform.breaksLookUp = true;
    try {
      const asked = await h.service.resolveJob(caller, id, { outcome: "live", externalPostId: "p999999" });
      assert.ok(!asked.ok);
      assert.equal(asked.error.code, "platform_unavailable");
      assert.match(asked.error.detail, /POSTD itself failed/);
      assert.doesNotMatch(asked.error.detail, /undefined is no post/);
      assert.match(h.warnings.at(-1) ?? "", /a connector threw .*"call":"lookUp"/);
    } finally {
      h.platform.breaksLookUp = false;
    }
    assert.equal(await h.state(caller, id), "unknown");
  });

  it("a fault in a connector never leaves a job without a state that says so", async () => {
    h.platform.script = ["throws", "throws", "throws", "throws", "throws"];
    const id = await publish();
    await h.settle();
    const view = await job(id);
    assert.deepEqual([view.state, view.failure?.actor, view.mayBeLive], ["failed", "operator", false]);
    assert.ok((await h.service.retryJob(caller, id, {})).ok);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), h.platform.live.length], ["published", 1]);
  });

  it("half a character and NUL in a platform's words are stored as something that can be", async () => {
    const message = "\ud83d half \u0000 and a tail \ude00".repeat(60);
    h.platform.script = [
      { kind: "content_rejected", field: "te\u0000xt", reason: "\ud83d", platformCode: "\ude00", message },
    ];
    const id = await publish();
    await h.settle();
    const view = await job(id);
    assert.equal(view.state, "failed");
    assert.ok(view.failure?.message.isWellFormed());
  });

  it("a platform that asks for no wait is not asked again and again", async () => {
    const now = { kind: "rate_limited", retryAfterMs: 0, message: "Slow down." } as const;
    h.platform.script = Array.from({ length: 50 }, () => now);
    await publish();
    for (let second = 0; second < 10; second += 1) {
      await h.work();
      await h.advance(1_000);
    }
    assert.ok(h.platform.calls <= 4, `${h.platform.calls} calls in 10 s`);
  });

  it("a used-up allowance stops the account's other posts before they ask for themselves", async () => {
    h.platform.script = [{ kind: "rate_limited", quota: true, retryAfterMs: 3_600_000, message: "Used up." }];
    await publish();
    await h.work();
    for (let index = 0; index < 30; index += 1) await publish();
    await h.work();
    assert.equal(h.platform.calls, 1);
    await h.settle(2 * 3_600_000);
    assert.equal(h.platform.live.length, 31);
  });
});
