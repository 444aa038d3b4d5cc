import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { asId, type BackfillDone, type BackfillInput, type ConnectionId } from "@postd/contracts";
import { type BackfillService, backfillByRule, type Caller, createBackfillService } from "@postd/core";
import { sql } from "drizzle-orm";
import pg from "pg";
import { createBackfillRepo } from "../adapters/postgres/backfill-repo.ts";
import { createConnectionsRepo } from "../adapters/postgres/connections-repo.ts";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { createHarness, leaseMs, type Script } from "./pipeline-harness.ts";

const hourMs = 3_600_000;
const seed = Number(process.env.POSTD_BACKFILL_SEED ?? randomInt(1_000_000));

describe("posts that missed their time are sent, spread or dropped", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let backfill: BackfillService;
  let caller: Caller;
  let connectionId: ConnectionId;
  let admin: pg.Client;

  before(async () => {
    h = await createHarness();
    admin = new pg.Client({ connectionString: h.database.url });
    await admin.connect();
    backfill = createBackfillService({
      store: createBackfillRepo(h.app.db, h.system.db),
      connections: createConnectionsRepo(h.app.db),
      registry: { get: () => h.platformFacets },
    });
  });
  after(async () => {
    await admin.end();
    await h.close();
  });
  beforeEach(async () => {
    await h.forget();
    const made = await h.tenant();
    caller = made.caller;
    connectionId = asId("connection", made.connectionId);
    Object.assign(h.platform, { live: [], script: [], listed: true, authority: "authoritative", calls: 0 });
  });

  const query = <T extends object>(statement: ReturnType<typeof sql>) => runSql<T>(h.admin, statement);
  /** Posts planned one after another, an hour apart, whose time passed while nothing ran; answered in that order. */
  async function missed(count: number, reason: "missed" | "outage" = "missed"): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const made = await h.service.publish(caller, {
        connectionId,
        payload: {
          text: `post ${n} of ${connectionId}`,
          scheduledFor: new Date(h.clock.now().getTime() + hourMs).toISOString(),
        },
      });
      assert.ok(made.ok, JSON.stringify(made));
      ids.push(made.value.view.id);
      await query(sql`update publish_jobs set state = 'held', held_reason = ${reason}, missed_at = domain_now(), wake_at = null,
        scheduled_for = domain_now() - ${count - n + 1} * interval '1 hour', created_at = domain_now() - interval '9 days' where id = ${made.value.view.id}`);
    }
    return ids;
  }
  const decide = async (input: BackfillInput, key?: string): Promise<BackfillDone> => {
    const done = await backfill.decide(caller, { connectionId }, input, key);
    assert.ok(done.ok, JSON.stringify(done));
    return done.value.view;
  };
  const live = () => h.platform.live.map(({ text }) => text);
  /** Everything that is planned within so many hours happens. */
  async function pass(hours: number): Promise<void> {
    const end = h.clock.now().getTime() + hours * hourMs;
    for (let round = 0; round < 2_000; round += 1) {
      if ((await h.work(`w${round % 3}`)) > 0) continue;
      const nextMs = await h.due.nextDueInMs();
      if (nextMs === undefined || h.clock.now().getTime() + nextMs > end) return;
      await h.advance(Math.ceil(nextMs) + 1);
    }
    throw new Error("it does not settle");
  }

  it("50 posts, wishes, workers and decisions cut at random points: each is live once, or was canceled and is not", async (t) => {
    let state = seed;
    const draw = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const ids = await missed(50);
    const canceled = new Set<string>();
    let cuts = 0;
    let crashes = 0;
    /** Ends whoever is in the middle of a change, as a killed process would be. */
    const cut = async (patience: number) => {
      for (let look = 0; look < patience; look += 1) {
        const { rowCount } = await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`);
        cuts += rowCount ?? 0;
        if (rowCount) return;
      }
    };
    const crashesAt: readonly Script[] = [
      "crash_before",
      "crash_after",
      "applied_unanswered",
      "lost",
      "ok",
      "ok",
      "ok",
    ];
    for (let turn = 0; turn < 16; turn += 1) {
      const jobs = ids.filter(() => draw(4) === 0).map((id) => asId("publishJob", id));
      const input: BackfillInput = draw(2) === 0 ? { action: "send_now" } : { action: "spread", over: 1 + draw(3) };
      const key = `turn-${seed}-${turn}`;
      const named: BackfillInput = jobs.length > 0 ? { ...input, jobs } : input;
      const ask = () => backfill.decide(caller, { connectionId }, named, key).catch(() => undefined);
      const wish = ids[draw(ids.length)] ?? "";
      const wants = draw(6) === 0;
      h.platform.script = Array.from({ length: 6 }, () => crashesAt[draw(crashesAt.length)] ?? "ok");
      const kills = draw(3) === 0;
      const [, , , said] = await Promise.all([
        ask(),
        ask(),
        h.work(`w${turn}`).catch(() => undefined),
        wants ? h.service.cancelJob(caller, asId("publishJob", wish)).catch(() => undefined) : undefined,
        kills ? cut(1 + draw(40)) : undefined,
      ]);
      if (said?.ok && !said.value.waits) canceled.add(wish);
      crashes += 6 - h.platform.script.length;
      // What the answer was nobody knows; the same key says it.
      await ask();
      await h.advance(leaseMs + draw(10) * 60_000);
    }
    h.platform.script = [];
    await decide({ action: "send_now" });
    await pass(12);
    const jobs = await Promise.all(ids.map((id) => h.service.getJob(caller, asId("publishJob", id))));
    const texts = live();
    const wrong = jobs.flatMap((job, n) => {
      if (!job.ok) return [`post ${n} is gone`];
      const times = texts.filter((text) => text === `post ${n} of ${connectionId}`).length;
      const isRight = job.value.state === "canceled" ? times === 0 : job.value.state === "published" && times === 1;
      return isRight ? [] : [`post ${n}: ${job.value.state} ${job.value.heldReason ?? ""}, live ${times} times`];
    });
    assert.deepEqual(wrong, [], `seed ${seed}`);
    for (const id of canceled)
      assert.equal(await h.state(caller, id), "canceled", `seed ${seed}: an answered cancel stands`);
    t.diagnostic(
      `seed ${seed}: 50 posts, ${50 - texts.length} canceled, ${texts.length} live once each; ${cuts} transactions cut, ${crashes} calls with drawn ends`,
    );
  });

  it("of two requests at one moment each post is decided by one; with one key both get one answer", async () => {
    await missed(20);
    const [a, b] = await Promise.all([decide({ action: "send_now" }), decide({ action: "spread", over: 2 })]);
    const ids = [...a.jobs, ...b.jobs].map(({ jobId }) => jobId);
    assert.deepEqual([ids.length, new Set(ids).size], [20, 20]);
    await missed(5);
    const same = await Promise.all([decide({ action: "drop" }, "k"), decide({ action: "drop" }, "k")]);
    assert.deepEqual(same[0], same[1]);
    assert.equal(same[0].decided, 5);
  });

  it("one request takes 500 at most, the oldest first, and says how many are left", async () => {
    const ids = await missed(1);
    await query(sql`insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, held_reason, scheduled_for, content, fingerprint, simulated, created_at, updated_at)
      select 'job_' || lpad(n::text, 32, '0'), tenant_id, post_id, connection_id, platform, 'held', 'missed', scheduled_for - n * interval '1 minute', content, 'f' || n, true, created_at, updated_at
      from publish_jobs, generate_series(1, 501) n where id = ${ids[0]}`);
    const done = await decide({ action: "spread", over: 72 });
    assert.deepEqual([done.decided, done.left], [500, 2]);
    const rest = await decide({ action: "send_now" });
    assert.deepEqual(rest.jobs.map(({ jobId }) => jobId).at(-1), ids[0], "the newest was left");
    await query(sql`delete from publish_jobs where connection_id = ${connectionId}`);
  });

  it("what may be live, was wished away, is paused or is still ahead is nobody's to backfill", async () => {
    const [live, wished, paused, ahead] = await missed(4);
    await query(
      sql`update publish_jobs set state = 'unknown', held_reason = null, may_be_live = true where id = ${live}`,
    );
    await query(
      sql`update publish_jobs set wish = '{"kind":"cancel","by":"usr_x","at":"2026-01-01T00:00:00.000Z"}' where id = ${wished}`,
    );
    await query(sql`update publish_jobs set held_reason = 'paused' where id = ${paused}`);
    await query(
      sql`update publish_jobs set held_reason = 'attention', scheduled_for = domain_now() + interval '1 hour' where id = ${ahead}`,
    );
    const offer = await backfill.offer(caller, { connectionId }, { limit: 50 });
    assert.ok(offer.ok);
    assert.deepEqual([offer.value.count, offer.value.items, offer.value.inDoubt, offer.value.ahead], [0, [], 1, 1]);
    const jobs = [live, wished, paused, ahead].map((id) => asId("publishJob", id ?? ""));
    const done = await decide({ action: "send_now", jobs });
    assert.deepEqual([done.decided, done.refused.length], [0, 4]);
  });

  it("an account works again: what is ahead goes on, what is less than an hour late goes out, what is later waits to be decided about", async () => {
    const ids = await missed(3);
    const lateMs = [-2 * hourMs, hourMs / 2, 61 * 60_000];
    for (const [n, id] of ids.entries())
      await query(sql`update publish_jobs set held_reason = 'attention', missed_at = null,
        scheduled_for = domain_now() - ${lateMs[n]} * interval '1 millisecond' where id = ${id}`);
    const key = { tenantId: caller.tenantId, connectionId };
    assert.equal(await h.holds.releaseConnection(key), 2);
    await h.work();
    assert.deepEqual(live(), [`post 1 of ${connectionId}`]);
    assert.deepEqual(await Promise.all(ids.map((id) => h.state(caller, id))), ["scheduled", "published", "held"]);
    const offer = await backfill.offer(caller, { connectionId }, { limit: 50 });
    assert.ok(offer.ok);
    assert.deepEqual([offer.value.items.map(({ jobId }) => jobId), offer.value.ahead], [[ids[2]], 1]);
    // A rule of the workspace would reach it: it was missed now.
    const { rows } = await query<{ late: boolean }>(
      sql`select missed_at > domain_now() - interval '1 minute' as late from publish_jobs where id = ${ids[2]}`,
    );
    assert.equal(rows[0]?.late, true);
    await pass(3);
    assert.deepEqual(live(), [`post 1 of ${connectionId}`, `post 0 of ${connectionId}`]);
  });

  it("posts a platform's outage holds are spread as well, and are not tried before", async () => {
    const ids = await missed(3, "outage");
    const done = await decide({ action: "spread", over: 2 });
    assert.deepEqual(
      done.jobs.map(({ jobId }) => jobId),
      ids,
    );
    await pass(0.5);
    assert.equal(h.platform.calls, 1);
    await pass(2);
    assert.deepEqual(
      live(),
      [0, 1, 2].map((n) => `post ${n} of ${connectionId}`),
    );
  });

  it("a post that needs an approver's word waits on, and the way out is named", async () => {
    const [id] = await missed(1);
    await query(
      sql`update posts set status = 'awaiting_approval', approval_asked = true where id = (select post_id from publish_jobs where id = ${id})`,
    );
    const editor: Caller = { ...caller, role: "editor" };
    const done = await backfill.decide(editor, { connectionId }, { action: "send_now" });
    assert.ok(done.ok);
    assert.deepEqual(done.value.view.refused, [{ jobId: id, reason: "Its post needs approval." }]);
  });

  describe("a workspace's rule", () => {
    const store = () => createBackfillRepo(h.app.db, h.system.db);
    const rule = (word: string) =>
      query(
        sql`update tenants set after_reconnect = ${word}, after_reconnect_at = domain_now() where id = ${caller.tenantId}`,
      );
    const run = () => backfillByRule({ store: store(), registry: { get: () => h.platformFacets } });

    it("decides about what is missed from then on, once nothing more is missed for a while, and about nothing older", async () => {
      const [old] = await missed(1);
      await h.advance(1_000);
      await rule("send");
      const ids = await missed(3);
      assert.equal(await run(), 0, "more may follow in a moment");
      await h.advance(31_000);
      assert.equal(await run(), 3);
      assert.equal(await run(), 0);
      await pass(0.5);
      assert.deepEqual(
        live(),
        [0, 1, 2].map((n) => `post ${n} of ${connectionId}`),
      );
      assert.equal(await h.state(caller, old ?? ""), "held");
      for (const id of ids) assert.equal(await h.state(caller, id), "published");
    });

    it("waits for the account, spreads, or drops with a reason", async () => {
      await rule("spread");
      const ids = await missed(7);
      await query(sql`update connections set status = 'attention' where id = ${connectionId}`);
      await h.advance(31_000);
      assert.equal(await run(), 0);
      await query(sql`update connections set status = 'healthy' where id = ${connectionId}`);
      assert.equal(await run(), 7);
      const job = await h.service.getJob(caller, asId("publishJob", ids.at(-1) ?? ""));
      assert.ok(job.ok);
      const inMs = Date.parse(job.value.scheduledFor) - h.clock.now().getTime();
      assert.ok(inMs > 1.9 * hourMs && inMs <= 2 * hourMs, `${inMs}`);
      await rule("drop");
      const [dropped] = await missed(1);
      await h.advance(31_000);
      assert.equal(await run(), 1);
      const gone = await h.service.getJob(caller, asId("publishJob", dropped ?? ""));
      assert.ok(gone.ok);
      assert.deepEqual(
        [gone.value.state, gone.value.decisions?.[0]?.by, gone.value.decisions?.[0]?.reason],
        ["canceled", "system", "no_longer_needed"],
      );
    });
  });
});
