import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { asId, type ConnectionId, EventTypeName, eventTypes, type TenantId } from "@postd/contracts";
import type { Caller } from "@postd/core";
import { sql } from "drizzle-orm";
import { createHarness } from "../../worker/pipeline-harness.ts";
import { createEventFeed } from "./events-repo.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, withTenant } from "./tenant-tx.ts";

describe("what happens is written where somebody listens, and read in the order it was committed", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let tenantId: TenantId;
  let connectionId: ConnectionId;
  let texts = 0;

  before(async () => {
    h = await createHarness();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    await runSql(h.admin, sql`delete from events`);
    await runSql(h.admin, sql`delete from event_listeners`);
    const made = await h.tenant();
    caller = made.caller;
    tenantId = caller.tenantId;
    connectionId = asId("connection", made.connectionId);
  });

  const feed = () => createEventFeed(h.app.db, h.system.db);
  const written = async () =>
    (await runSql<{ n: number }>(h.admin, sql`select count(*)::int as n from events`)).rows[0]?.n;
  const plan = async () => {
    texts += 1;
    const scheduledFor = new Date(h.clock.now().getTime() + 86_400_000).toISOString();
    const made = await h.service.publish(caller, { connectionId, payload: { text: `event ${texts}`, scheduledFor } });
    assert.ok(made.ok, JSON.stringify(made));
    return made.value.view.id;
  };
  const raise = (text: string) => sql`select raise_event(${tenantId}, 'report.issued', 'report', ${text}, '{}'::jsonb)`;

  it("a workspace nobody listens to has none, and one with a listener whose time has ended neither", async () => {
    await plan();
    await feed()
      .forTenant(tenantId)
      .listen("stream", new Date(h.clock.now().getTime() - 1_000));
    await plan();
    assert.equal(await written(), 0);
  });

  it("every event has a known word, and carries what the word says", async () => {
    const own = feed().forTenant(tenantId);
    const from = await feed().head();
    await own.listen("test");
    const jobId = await plan();
    await runSql(h.admin, sql`update publish_jobs set state = 'held', held_reason = 'paused' where id = ${jobId}`);
    await runSql(h.admin, sql`update publish_jobs set wake_at = domain_now() where id = ${jobId}`);
    await runSql(
      h.admin,
      sql`update connections set status = 'attention', status_reason = '{"code":"signed_out"}' where id = ${connectionId}`,
    );
    await feed().number();
    const seen = await own.after(from, 100);
    assert.deepEqual(seen.map((it) => it.type).sort(), [
      "connection.attention",
      "job.held",
      "job.scheduled",
      "post.created",
    ]);
    for (const event of seen) eventTypes[EventTypeName.parse(event.type)].parse(event.data);
    assert.ok(seen.every((it) => /^evt_[0-9a-f]{32}$/.test(it.id)));
    assert.ok(!JSON.stringify(seen).includes("event "), "an event carries no content");
  });

  it("an event is gone with the change that is rolled back", async () => {
    await feed().forTenant(tenantId).listen("test");
    await withTenant(h.app.db, tenantId, async (tx) => {
      await runSql(tx, raise("undone"));
      throw new Error("undone");
    }).catch(() => {});
    assert.equal(await written(), 0);
  });

  it("a transaction that commits after a later one is not skipped", async () => {
    const own = feed().forTenant(tenantId);
    await own.listen("test");
    const from = await feed().head();
    const slow = await h.admin.$client.connect();
    try {
      await slow.query("begin");
      await slow.query("select raise_event($1, 'report.issued', 'report', 'slow', '{}')", [tenantId]);
      await runSql(forTenant(h.app.db, tenantId), raise("quick"));
      await feed().number();
      const first = await own.after(from, 10);
      assert.deepEqual(
        first.map((it) => it.subjectId),
        ["quick"],
      );
      await slow.query("commit");
      await feed().number();
      const then = await own.after(first[0]?.position ?? 0, 10);
      assert.deepEqual(
        then.map((it) => it.subjectId),
        ["slow"],
      );
    } finally {
      slow.release();
    }
  });

  it("many writers and numberers at once: positions without a gap, nothing twice", async () => {
    const own = feed().forTenant(tenantId);
    await own.listen("test");
    const from = await feed().head();
    const numbering = Array.from({ length: 40 }, () => feed().number());
    await Promise.all([
      ...Array.from({ length: 100 }, (_, n) => runSql(forTenant(h.app.db, tenantId), raise(String(n)))),
      ...numbering,
    ]);
    while ((await feed().number()) > 0);
    const seen = await own.after(from, 1_000);
    assert.deepEqual(
      seen.map((it) => it.position),
      Array.from({ length: 100 }, (_, n) => from + 1 + n),
    );
    assert.equal(new Set(seen.map((it) => it.subjectId)).size, 100);
  });

  it("another workspace's events are never seen", async () => {
    await feed().forTenant(tenantId).listen("test");
    await plan();
    await feed().number();
    const [place] = await feed().after(0, 1, [tenantId]);
    assert.ok(place);
    const stranger = feed().forTenant((await h.tenant()).caller.tenantId);
    assert.equal(await stranger.get(place.id), undefined);
    assert.deepEqual(await stranger.after(0, 100), []);
  });

  it("of two readers of one name, one moves the cursor", async () => {
    const at = await feed().cursor("test");
    const moved = await Promise.all([feed().moveCursor("test", at, at + 1), feed().moveCursor("test", at, at + 1)]);
    assert.deepEqual(moved.toSorted(), [false, true]);
  });
});
