import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { asId, type ConnectionId } from "@postd/contracts";
import { auditDesks, type Caller, createDeskService } from "@postd/core";
import { sql } from "drizzle-orm";
import { createHarness } from "../../worker/pipeline-harness.ts";
import { createDeskRepo } from "./desk-repo.ts";
import { runSql } from "./run-sql.ts";
import { forTenant } from "./tenant-tx.ts";

const dayMs = 24 * 3_600_000;

describe("the desk tells what waits, since when and why it ended", () => {
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
  });

  const store = () => createDeskRepo(h.app.db, h.system.db);
  const desk = () => createDeskService({ store: store(), clock: h.clock });
  const query = <T extends object>(statement: ReturnType<typeof sql>) => runSql<T>(h.admin, statement);
  const planned = async (): Promise<string> => {
    texts += 1;
    const scheduledFor = new Date(h.clock.now().getTime() + dayMs).toISOString();
    const made = await h.service.publish(caller, { connectionId, payload: { text: `desk ${texts}`, scheduledFor } });
    assert.ok(made.ok, JSON.stringify(made));
    return made.value.view.id;
  };
  /** Held since before its time, which passed so many days ago. */
  const held = async (reason: string, days: number): Promise<string> => {
    const id = await planned();
    await query(sql`update publish_jobs set state = 'held', held_reason = ${reason}, wake_at = null,
      scheduled_for = domain_now() - ${days} * interval '1 day', created_at = domain_now() - interval '30 days' where id = ${id}`);
    return id;
  };
  const failed = async (): Promise<string> => {
    const id = await planned();
    await query(sql`update publish_jobs set state = 'failed', wake_at = null,
      failure = '{"kind":"content_rejected","field":"text","message":"No.","effect":"x","actor":"you","at":"2026-01-01T00:00:00.000Z"}' where id = ${id}`);
    return id;
  };
  const groups = async () => {
    const listed = await h.service.listDlq(caller);
    assert.ok(listed.ok);
    return listed.value.groups;
  };
  const causes = async () => (await groups()).map(({ cause, count }) => `${cause} ${count}`).sort();

  it("what was due over a week ago stands there whatever it waits for, and stays held as it was", async () => {
    const ids = [await held("attention", 8), await held("paused", 9), await held("missed", 10)];
    await held("attention", 6);
    await held("missed", 6);
    assert.deepEqual(await causes(), ["scripted:held_missed 1", "scripted:overdue 3"]);
    const [overdue] = (await groups()).filter(({ kind }) => kind === "overdue");
    assert.deepEqual([overdue?.action, overdue?.jobs.map(({ id }) => id).sort()], ["backfill", ids.sort()]);
    assert.deepEqual(overdue?.jobs.map(({ heldReason }) => heldReason).sort(), ["attention", "missed", "paused"]);
    const { rows } = await runSql<{ overdue: string; hours: string }>(
      forTenant(h.app.db, caller.tenantId),
      sql`select sum(overdue)::text as overdue, max(hours_in_queue)::text as hours from api_dlq_status`,
    );
    assert.deepEqual([rows[0]?.overdue, Math.round(Number(rows[0]?.hours))], ["3", 240]);
  });

  it("reasons are kept with the decision, shown with the job and counted, each workspace's by itself", async () => {
    const [first, second] = [await failed(), await failed()];
    const words = { outcome: "leave", reason: "duplicate", note: "Ola posted it by hand." } as const;
    for (const [id, input] of [
      [first, words],
      [second, { outcome: "leave" }],
    ] as const) {
      const left = await h.service.resolveJob(caller, asId("publishJob", id), input);
      assert.ok(left.ok, JSON.stringify(left));
    }
    const job = await h.service.getJob(caller, asId("publishJob", first));
    assert.ok(job.ok);
    const { at: _at, ...decision } = job.value.decisions?.[0] ?? assert.fail();
    assert.deepEqual(decision, { by: caller.actorId, cause: "scripted:content_rejected:text", ...words });
    const counted = await desk().reasons(caller, {});
    assert.ok(counted.ok);
    assert.equal(counted.value.total, 2);
    assert.deepEqual(
      counted.value.reasons.map(({ reason, count, byOutcome }) => [reason, count, byOutcome]),
      [
        ["duplicate", 1, { leave: 1 }],
        ["not_given", 1, { leave: 1 }],
      ],
    );
    const long = await desk().reasons(caller, { until: new Date(h.clock.now().getTime() - dayMs).toISOString() });
    assert.ok(long.ok && long.value.total === 0);
    const { caller: other } = await h.tenant();
    const others = await desk().reasons(other, {});
    assert.ok(others.ok && others.value.total === 0);
    const { rows } = await runSql<{ reasons: object }>(
      forTenant(h.app.db, caller.tenantId),
      sql`select reasons from api_dlq_status`,
    );
    assert.deepEqual(rows, [], "nothing stands there any more");
    await failed();
    const shown = await runSql<{ reasons: object }>(
      forTenant(h.app.db, caller.tenantId),
      sql`select reasons from api_dlq_status`,
    );
    assert.deepEqual(shown.rows[0]?.reasons, { duplicate: 1, not_given: 1 });
  });

  it("a refused resolve keeps no decision, and none is ever changed", async () => {
    const id = await planned();
    const refused = await h.service.resolveJob(caller, asId("publishJob", id), { outcome: "leave", reason: "other" });
    assert.equal(refused.ok, false);
    const { rows } = await query(sql`select 1 from desk_decisions where job_id = ${id}`);
    assert.deepEqual(rows, []);
    for (const change of [sql`update desk_decisions set note = 'x'`, sql`delete from desk_decisions`])
      await assert.rejects(runSql(forTenant(h.app.db, caller.tenantId), change));
  });

  describe("once a day", () => {
    /** To this hour of the next day in Oslo, where the workspace is; in winter an hour ahead of UTC. */
    const toHour = async (hour: number) => {
      const now = h.clock.now();
      const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1, hour - 1, 0, 1);
      await h.advance(next - now.getTime());
    };
    const run = () => auditDesks(store());
    /** What people were told, newest first. */
    const told = async () => {
      const { rows } = await query<{ data: { count: number; message: string } }>(
        sql`select data from notifications where tenant_id = ${caller.tenantId} and kind = 'dead_letter_daily' order by id desc`,
      );
      return rows.map(({ data }) => data);
    };
    beforeEach(() => query(sql`update tenants set time_zone = 'Europe/Oslo' where id = ${caller.tenantId}`));

    it("in the morning the desk is counted, what changed is told, and told once by two at it", async () => {
      await failed();
      await failed();
      await held("missed", 2);
      await toHour(6);
      await run();
      assert.deepEqual(await told(), [], "it is not morning yet");
      await h.advance(3_600_000);
      await Promise.all([run(), run()]);
      await run();
      const [notice, ...others] = await told();
      assert.deepEqual(others, [], "once a day");
      assert.equal(notice?.count, 3);
      assert.equal(notice?.message, "scripted:content_rejected:text: 2 (+2); scripted:held_missed: 1 (+1)");

      await query(
        sql`update publish_jobs set state = 'discarded' where connection_id = ${connectionId} and state = 'failed'`,
      );
      await failed();
      await toHour(8);
      await run();
      const [next] = await told();
      assert.equal(next?.message, "scripted:content_rejected:text: 1 (-1); scripted:held_missed: 1");
      const audits = await desk().audits(caller);
      assert.ok(audits.ok);
      assert.deepEqual(
        audits.value.items.map(({ jobs, causes: counted }) => [
          jobs,
          counted.map(({ cause, count, change }) => `${cause} ${count} ${change}`),
        ]),
        [
          [2, ["scripted:content_rejected:text 1 -1", "scripted:held_missed 1 0"]],
          [3, ["scripted:content_rejected:text 2 2", "scripted:held_missed 1 1"]],
        ],
      );
    });

    it("an empty desk is counted and nobody is told", async () => {
      await toHour(9);
      await run();
      assert.deepEqual(await told(), []);
      const audits = await desk().audits(caller);
      assert.ok(audits.ok);
      assert.deepEqual(
        audits.value.items.map(({ jobs, causes: counted }) => [jobs, counted]),
        [[0, []]],
      );
    });
  });
});
