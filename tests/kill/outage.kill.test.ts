import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { HealthView, type QueueView } from "@postd/contracts";
import { circuitRules } from "@postd/core";
import { type ApiSession, signUp } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { mostProbes, resumeAfterMs } from "@postd/testkit/outage";
import { createProcessSystem, type ProcessSystem } from "@postd/testkit/processes";

const outageMs = 10 * 60_000;
const workers = 3;
const accounts = 6;
const dueAtOnce = 30;
const dueMeanwhile = 30;
const posts = dueAtOnce + dueMeanwhile;
const concurrency = 5;
/** Jobs one worker may be at: what tenants share, and what is kept for other platforms. */
const slots = 8;
/** The simulator puts accounts on two servers, and each of them is known to be down by itself. */
const servers = 2;
/** The call that shows the post, and the look for what became of it. */
const callsPerTry = 2;
/** Tries before anybody knows: those that open a circuit, and those under way then. */
const mostBefore = servers * (circuitRules.failures + workers * slots) * callsPerTry;
const mostAfter = servers * mostProbes(outageMs) * callsPerTry;
/** The try itself, again after 1, 3, 9 and 27 s, and each minute from then on. */
const callsAlone = (dueAtOnce * (5 + 9) + dueMeanwhile * (5 + 4)) * callsPerTry;
const patienceMs = 60_000;

let system: ProcessSystem;
before(async () => {
  system = await createProcessSystem({ workerConcurrency: concurrency });
  await system.startHttp();
  await Promise.all(Array.from({ length: workers }, () => system.startWorker()));
});
after(() => system?.close());

const used = async (): Promise<number> => (await system.sim("GET", "bluesky/faults")).faults[0]?.used ?? 0;

interface Now {
  /** Jobs a worker is at, or that are due. */
  readonly busy: number;
  /** Circuits whose probe is due or under way. */
  readonly asking: number;
  /** Domain milliseconds until the next thing happens. */
  readonly inMs: number | null;
}

async function now(): Promise<Now> {
  const [row] = await system.query<Now>(`select
      (select count(*)::int from publish_jobs where wake_at <= domain_now() or lease_until > domain_now()) as busy,
      (select count(*)::int from circuits where state = 'half_open' or state = 'open' and probe_at <= domain_now()
        and exists (select 1 from publish_jobs where waits_for = key)) as asking,
      (select extract(epoch from least(
        (select min(wake_at) from publish_jobs where wake_at > domain_now()),
        (select min(probe_at) from circuits where state = 'open' and probe_at > domain_now()
          and exists (select 1 from publish_jobs where waits_for = key))) - domain_now()) * 1000)::float8 as "inMs"`);
  if (!row) throw new Error("the database said nothing");
  return row;
}

/** Nothing is due, nobody works, and no platform is to be asked this moment. */
async function rest(): Promise<Now> {
  for (const begun = performance.now(); ; await delay(100)) {
    const found = await now();
    if (found.busy === 0 && found.asking === 0) return found;
    if (performance.now() - begun > patienceMs) throw new Error(`does not come to rest: ${JSON.stringify(found)}`);
  }
}

async function publish(session: ApiSession, connectionId: string, content: string, inMs = 0): Promise<void> {
  const scheduledFor = inMs > 0 ? { scheduledFor: new Date((await domainNow()) + inMs).toISOString() } : {};
  await session.must("POST", "/api/publish", { connectionId, payload: { content, ...scheduledFor } });
}

const domainNow = async (): Promise<number> =>
  (await system.query<{ ms: number }>("select (extract(epoch from domain_now()) * 1000)::float8 as ms"))[0]?.ms ?? 0;

test("a platform that is down for ten minutes is asked a few times by three workers, and then every post goes out, once", async (t) => {
  const sessions = [await signUp(system.url), await signUp(system.url)];
  const connected: { readonly session: ApiSession; readonly id: string }[] = [];
  for (let i = 0; i < accounts; i += 1) {
    const session = sessions[i % 2];
    if (session) connected.push({ session, id: (await connectBluesky(system, session)).id });
  }
  const to = (i: number) => connected[i % accounts] ?? assert.fail("no account");
  await system.sim("POST", "bluesky/faults", { fault: "replace", at: "before", status: 503, times: "always" });
  const beganMs = await domainNow();
  for (let i = 0; i < dueMeanwhile; i += 1) await publish(to(i).session, to(i).id, `meanwhile ${i}`, outageMs / 2);
  for (let i = 0; i < dueAtOnce; i += 10)
    await Promise.all(
      Array.from({ length: 10 }, (_, k) => publish(to(i + k).session, to(i + k).id, `at once ${i + k}`)),
    );

  const asked: string[] = [];
  let calls = 0;
  for (;;) {
    const { inMs } = await rest();
    const passedMs = (await domainNow()) - beganMs;
    const more = (await used()) - calls;
    calls += more;
    if (more > 0) asked.push(`${more} by ${Math.round(passedMs / 1_000)} s`);
    if (passedMs >= outageMs) break;
    await system.advance(Math.min(inMs ?? outageMs, outageMs - passedMs) + 200);
  }
  const opening = Number(asked[0]?.split(" ")[0]);
  t.diagnostic(
    `${dueAtOnce} posts due at once and ${dueMeanwhile} after 5 min, 3 workers: ${calls} calls in 10 min, ${asked.join(", ")}`,
  );
  t.diagnostic(
    `at most ${mostBefore} before it is known and ${mostAfter} after (${servers} servers, ${mostProbes(outageMs)} probes each, ${callsPerTry} calls a try); ${callsAlone} were each post tried for itself`,
  );
  assert.ok(opening <= mostBefore, `${opening} calls`);
  assert.ok(calls - opening <= mostAfter, `one asks for all, and ${calls - opening} calls were made`);
  const health = HealthView.parse(await (await fetch(`${system.url}/api/health`)).json());
  const { status, note, circuit } = health.platforms.find(({ id }) => id === "bluesky") ?? assert.fail("no platform");
  t.diagnostic(`bluesky is ${status}: ${note}`);
  assert.deepEqual([status, circuit?.waiting], ["degraded", posts / servers]);
  for (const session of sessions) {
    const { outages }: QueueView = await session.must("GET", "/api/health/queue");
    const waiting = outages.reduce((sum, outage) => sum + outage.waiting, 0);
    assert.deepEqual([outages.length, waiting], [servers, posts / sessions.length], "its own and nobody else's");
  }
  const [held] = (await to(0).session.must("GET", "/api/jobs?state=held")).items;
  t.diagnostic(`a post that waits: ${held.waitsFor.message}`);

  await system.sim("DELETE", "bluesky/faults");
  for (const begun = performance.now(); performance.now() - begun < patienceMs; await delay(100)) {
    const [left] = await system.query<{ n: number }>(
      "select count(*)::int as n from publish_jobs where published_at is null",
    );
    if (left?.n === 0) break;
    // What is about to happen is waited for, as the pace at which posts go out is what is looked at.
    const { busy, inMs } = await now();
    if (busy === 0 && inMs !== null && inMs > 3_000) await system.advance(inMs + 100);
  }
  const shown = await system.query<{ state: string; server: string; ms: number }>(
    `select j.state, c.extras ->> 'pds' as server,
        (extract(epoch from published_at - min(published_at) over (partition by c.extras ->> 'pds')) * 1000)::float8 as ms
      from publish_jobs j join connections c on c.id = j.connection_id order by published_at`,
  );
  assert.deepEqual([...new Set(shown.map(({ state }) => state))], ["published"]);
  for (const [server, own] of Map.groupBy(shown, (row) => row.server)) {
    const rates: number[] = [];
    for (const { ms } of own) rates[Math.floor(ms / 1_000)] = (rates[Math.floor(ms / 1_000)] ?? 0) + 1;
    t.diagnostic(
      `${new URL(server).host} answers: ${Array.from(rates, (n) => n ?? 0).join(", ")} posts in each second`,
    );
    // The probe, then by the rule: late by what a call takes, never early.
    for (const [place, { ms }] of own.slice(1).entries())
      assert.ok(ms >= resumeAfterMs(place) - 250, `${place} after ${ms} ms`);
  }
  const live: { readonly text: string }[] = (await system.sim("GET", "bluesky/posts")).posts;
  assert.equal(live.length, posts);
  assert.equal(new Set(live.map(({ text }) => text)).size, posts, "none twice");
});
