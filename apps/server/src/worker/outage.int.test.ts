import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { asId } from "@postd/contracts";
import { circuitRules, runJob } from "@postd/core";
import { mostProbes, resumeAfterMs } from "@postd/testkit/outage";
import { sql } from "drizzle-orm";
import { createCircuits } from "../adapters/postgres/circuits.ts";
import { runSql } from "../adapters/postgres/run-sql.ts";
import { withTenant } from "../adapters/postgres/tenant-tx.ts";
import { createHarness, keyOf, type Script } from "./pipeline-harness.ts";

const down = { kind: "unavailable", message: "Down." } as const;
const workers = ["w1", "w2", "w3"];
const minuteMs = 60_000;

describe("a platform that does not answer", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let tenants: Awaited<ReturnType<typeof h.tenant>>[];
  let isDown = false;
  const circuitsOf = new Map<string, ReturnType<typeof createCircuits>>();

  before(async () => {
    h = await createHarness();
    tenants = [];
    for (let i = 0; i < 8; i += 1) tenants.push(await h.tenant());
    // Every process has its own memory, and all have the same rows.
    for (const name of workers)
      circuitsOf.set(name, createCircuits({ system: h.system.db, app: h.app.db, log: { warn() {} }, random: () => 0 }));
    h.platform.script = { shift: (): Script => (isDown ? down : "ok") } as unknown as Script[];
  });
  after(() => h.close());

  async function publish(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const tenant = tenants[i % tenants.length];
      assert.ok(tenant);
      const { connectionId, caller } = tenant;
      const made = await h.service.publish(caller, {
        connectionId: asId("connection", connectionId),
        payload: { content: `post ${i} ${h.clock.now().getTime()}` },
      });
      assert.ok(made.ok, JSON.stringify(made));
      ids.push(made.value.view.id);
    }
    return ids;
  }

  /** Three workers at once take what is due, again and again, until nothing is. */
  async function work(): Promise<void> {
    await circuitsOf.get("w1")?.wakeProbes();
    for (;;) {
      const tasks = [...(await h.due.takeDue(1_000))];
      if (tasks.length === 0) return;
      const lanes = workers.map(async (name) => {
        const circuits = circuitsOf.get(name);
        for (;;) {
          const task = tasks.shift();
          if (!task) return;
          await runJob(keyOf(task), { ...h.deps(name), ...(circuits && { circuits }) });
        }
      });
      await Promise.all(lanes);
    }
  }

  const circuit = async () =>
    (await runSql<Record<string, unknown>>(h.admin, sql`select * from circuits where scope = 'platform'`)).rows[0];
  const states = async () =>
    Object.fromEntries(
      (
        await runSql<{ state: string; count: number }>(
          h.admin,
          sql`select state || coalesce(' ' || held_reason, '') as state, count(*)::int as count from publish_jobs group by 1 order by 1`,
        )
      ).rows.map(({ state, count }) => [state, count]),
    );

  it("for ten minutes is asked a few times by three workers, and all that waited goes out at a rising rate, each once", async (t) => {
    isDown = true;
    const begunMs = h.clock.now().getTime();
    await publish(120);
    await work();
    const opening = h.platform.calls;
    assert.equal((await circuit())?.state, "open");
    let sinceOpen = h.platform.calls;
    const probedAtMs: number[] = [];
    while (h.clock.now().getTime() - begunMs < 10 * minuteMs) {
      await h.advance(2_000);
      await work();
      if (h.platform.calls > sinceOpen) {
        assert.equal(h.platform.calls, sinceOpen + 1, "one asks for all");
        sinceOpen = h.platform.calls;
        probedAtMs.push(h.clock.now().getTime() - begunMs);
      }
    }
    const most = circuitRules.failures + workers.length - 1;
    t.diagnostic(
      `120 posts of 8 accounts: ${opening} calls until the circuit opened (at most ${most}: ${circuitRules.failures}, and one under way for each other worker), then ${probedAtMs.length} probes in 10 min (at most ${mostProbes(10 * minuteMs)}), after ${probedAtMs.map((ms) => Math.round(ms / 1_000)).join(", ")} s`,
    );
    assert.ok(opening <= most, `${opening} calls`);
    const notices = async () =>
      (
        await runSql<{ notice: string }>(
          h.admin,
          sql`select tenant_id || ' ' || (data ->> 'count') || case when settled_at is null then ' open' else ' settled' end as notice
            from notifications where kind = 'platform_outage' order by 1`,
        )
      ).rows.map(({ notice }) => notice);
    const told = (is: string) => tenants.map(({ caller }) => `${caller.tenantId} 15 ${is}`).sort();
    assert.equal(await circuitsOf.get("w1")?.tellOfOutages(), tenants.length);
    assert.equal(await circuitsOf.get("w2")?.tellOfOutages(), 0, "once");
    assert.deepEqual(await notices(), told("open"));
    assert.ok(probedAtMs.length >= 3 && probedAtMs.length <= mostProbes(10 * minuteMs));
    assert.deepEqual(await states(), { "held outage": 120 });
    assert.equal(h.platform.live.length, 0);

    isDown = false;
    for (let waitedMs = 0; h.platform.live.length < 120 && waitedMs < 10 * minuteMs; waitedMs += 1_000) {
      await h.advance(1_000);
      await work();
    }
    const shownMs = h.platform.live.map(({ at }) => at.getTime()).sort((a, b) => a - b);
    const [closedMs = 0] = shownMs;
    const rates: number[] = [];
    for (const ms of shownMs) {
      const second = Math.floor((ms - closedMs) / 1_000);
      rates[second] = (rates[second] ?? 0) + 1;
    }
    t.diagnostic(
      `asked again and answered after ${Math.round((closedMs - begunMs) / 1_000)} s, then ${Array.from(rates, (n) => n ?? 0).join(", ")} posts in each second`,
    );
    assert.deepEqual(await states(), { published: 120 });
    await circuitsOf.get("w1")?.tellOfOutages();
    assert.deepEqual(await notices(), told("settled"));
    const texts = h.platform.live.map(({ text }) => text);
    assert.equal(new Set(texts).size, 120, "none twice");
    // The probe, and then never more than the rule lets go: some are late, none early.
    for (const [place, ms] of shownMs.slice(1).entries())
      assert.ok(ms - closedMs >= resumeAfterMs(place) - 50, `${place} after ${ms - closedMs} ms`);
    const { rows } = await runSql<{ tries: number; waits: string | null }>(
      h.admin,
      sql`select max(tries)::int as tries, max(waits_for) as waits from publish_jobs`,
    );
    assert.deepEqual(rows, [{ tries: 0, waits: null }]);
  });

  it("of one account that fails alone nobody else waits, and nobody else reads it", async () => {
    const [bad, good] = [await h.tenant(), await h.tenant()];
    const circuits = circuitsOf.get("w1");
    assert.ok(circuits);
    const tried = (of: typeof bad, end: "answered" | "failed") =>
      circuits.heard({
        tenantId: of.caller.tenantId,
        connectionId: asId("connection", of.connectionId),
        ...{ platform: "scripted", simulated: true, end, circuits: { server: "" } },
      });
    await h.advance(10 * minuteMs);
    for (let i = 0; i < 9; i += 1) await tried(bad, "failed");
    const rows = async (tenantId: string) =>
      (
        await withTenant(h.app.db, tenantId, (tx) =>
          runSql<{ key: string; state: string }>(
            tx,
            sql`select key, state from circuits where failures > 0 or state <> 'closed' order by key`,
          ),
        )
      ).rows.map(({ key, state }) => `${key} ${state}`);
    assert.deepEqual(
      await rows(bad.caller.tenantId),
      [`${bad.connectionId} open`, "scripted:simulated: closed"].sort(),
    );
    assert.deepEqual(await rows(good.caller.tenantId), ["scripted:simulated: closed"]);
    tenants = [bad, good];
    const [held, sent] = await publish(2);
    await work();
    assert.ok(held && sent);
    assert.deepEqual([await h.state(bad.caller, held), await h.state(good.caller, sent)], ["held", "published"]);
  });

  it("of many that are due when it is time to ask again, one asks and the others wait", async (t) => {
    tenants = [await h.tenant()];
    const [{ caller, connectionId } = assert.fail()] = tenants;
    const circuits = circuitsOf.get("w1");
    // What others met before is no longer counted.
    await h.advance(10 * minuteMs);
    for (let i = 0; i < 5; i += 1)
      await circuits?.heard({
        tenantId: caller.tenantId,
        connectionId: asId("connection", connectionId),
        ...{ platform: "scripted", simulated: true, end: "failed", circuits: { server: "" } },
      });
    await h.advance(minuteMs);
    const ids = await publish(20);
    const claims = await Promise.all(
      ids.map((jobId, i) =>
        h.deps(`w${i % 3}`).ledger.claim({
          ...keyOf({ tenantId: caller.tenantId, jobId }),
          owner: `w${i}`,
          leaseMs: 60_000,
          lateAfterMs: 60 * minuteMs,
        }),
      ),
    );
    const asking = claims.filter((claim) => !("refused" in claim));
    t.diagnostic(`20 claims in one moment: ${asking.length} asks, ${claims.length - asking.length} wait`);
    assert.deepEqual([asking.length, asking.every((claim) => "asksForAll" in claim)], [1, true]);
    const { rows } = await runSql(
      h.admin,
      sql`select state, held_reason, waits_for, wake_at > domain_now() as sleeps, count(*)::int as count from publish_jobs
        where connection_id = ${connectionId} group by 1, 2, 3, 4 order by count`,
    );
    assert.deepEqual(rows, [
      { state: "publishing", held_reason: null, waits_for: null, sleeps: true, count: 1 },
      { state: "held", held_reason: "outage", waits_for: connectionId, sleeps: true, count: 19 },
    ]);
  });

  it("keeps none waiting that read its circuit as open a moment before it closed", async () => {
    isDown = false;
    tenants = [await h.tenant()];
    const [{ caller, connectionId } = assert.fail()] = tenants;
    const [id] = await publish(1);
    assert.ok(id);
    const left = async (job: string) =>
      (
        await runSql<{ waits_for: string | null; soon: boolean }>(
          h.admin,
          sql`select waits_for, wake_at < domain_now() + interval '2 seconds' as soon from publish_jobs where id = ${job}`,
        )
      ).rows;
    // What such a claim leaves behind: a wait for a circuit that is closed, or of which nothing is known.
    for (const waitsFor of [connectionId, "scripted:simulated:"] as readonly string[]) {
      await runSql(
        h.admin,
        sql`update publish_jobs set state = 'retrying', waits_for = ${waitsFor}, wake_at = domain_now() + interval '12 minutes', in_flight = null
          where id = ${id} and published_at is null`,
      );
      await runSql(h.admin, sql`update circuits set state = 'closed' where key = ${waitsFor}`);
      await circuitsOf.get("w2")?.wakeProbes();
      assert.deepEqual(await left(id), [{ waits_for: null, soon: true }], waitsFor);
    }
    await h.advance(1_000);
    await work();
    assert.equal(await h.state(caller, id), "published");
  });
});
