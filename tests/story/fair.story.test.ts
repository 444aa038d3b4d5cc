import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { startSimulatorProcess } from "@postd/testkit/simulator-process";
import { type System, startSystem } from "@postd/testkit/system";

const crowd = 5_000;
const soonMs = 5_000;
const patienceMs = 60_000;

interface Account {
  readonly session: ApiSession;
  readonly id: string;
  readonly account: string;
}

describe("nobody waits for somebody else's trouble", () => {
  let system: System;
  let simulators: Awaited<ReturnType<typeof startSimulatorProcess>>;

  before(async () => {
    // As slow as a platform is.
    simulators = await startSimulatorProcess({ latency: "50-300" });
    system = await startSystem({ simulatorUrl: simulators.url, logLevel: "warn" });
  });
  after(async () => {
    await system?.close();
    await simulators?.close();
  });

  const connect = async (session: ApiSession): Promise<Account> => ({
    session,
    ...(await connectBluesky(system, session)),
  });
  const publish = async ({ session, id }: Account, content: string): Promise<string> =>
    (await session.must("POST", "/api/publish", { connectionId: id, payload: { content } })).id;
  const tookMs = async (jobId: string): Promise<number | undefined> => {
    const [row] = await system.query<{ ms: number | null }>(
      "select (extract(epoch from published_at - created_at) * 1000)::float8 as ms from publish_jobs where id = $1",
      [jobId],
    );
    return row?.ms ?? undefined;
  };
  async function published(jobIds: readonly string[]): Promise<number[]> {
    for (const begun = performance.now(); ; await delay(20)) {
      const all = await Promise.all(jobIds.map(tookMs));
      const done = all.filter((ms) => ms !== undefined);
      if (done.length === jobIds.length) return done;
      if (performance.now() - begun > patienceMs) throw new Error(`${jobIds.length - done.length} are not out`);
    }
  }
  const most = (times: readonly number[]): number => Math.round(Math.max(...times));

  it(`one tenant has ${crowd} posts due, another one: that one is out within ${soonMs / 1_000} s`, async (t) => {
    const [big, small] = [await system.signUp({ name: "Big" }), await system.signUp({ name: "Small" })];
    const [many, one] = [await connect(big), await connect(small)];
    const first = await publish(many, "the first of many");
    await published([first]);
    // What the machine takes with nobody else at it: one that is busy otherwise proves nothing.
    const quiet: number[] = [];
    for (let i = 0; i < 5; i += 1) quiet.push(...(await published([await publish(one, `before ${i}`)])));
    await system.query(
      `with twin as (select p.id as post, j.id as job, n, md5(n || j.id) as code from publish_jobs j join posts p on p.id = j.post_id, generate_series(1, $2) n where j.id = $1),
        made as (insert into posts select (jsonb_populate_record(p, jsonb_build_object('id', 'post_' || code, 'created_at', domain_now()))).*
          from twin join posts p on p.id = twin.post returning id)
      insert into publish_jobs select (jsonb_populate_record(j, jsonb_build_object('id', 'job_' || code, 'post_id', 'post_' || code, 'state', 'scheduled',
          'wake_at', domain_now(), 'scheduled_for', domain_now(), 'created_at', domain_now(), 'handed_at', null, 'lease_until', null, 'fence', 0,
          'content', jsonb_set(j.content, '{text}', to_jsonb('one of many ' || n)), 'step_state', null, 'fingerprint', code, 'in_flight', null,
          'external_post_id', null, 'permalink', null, 'published_at', null, 'first_claimed_at', null, 'open_attempt_id', null))).*
        from twin join publish_jobs j on j.id = twin.job where (select count(*) from made) > 0`,
      [first, crowd],
    );
    const left = async () =>
      (
        await system.query<{ n: number }>(
          "select count(*)::int as n from publish_jobs where connection_id = $1 and published_at is null",
          [many.id],
        )
      )[0]?.n ?? 0;
    while ((await left()) > crowd - 40) await delay(20);
    const times: number[] = [];
    const waiting = await left();
    for (let i = 0; i < 5; i += 1) times.push(...(await published([await publish(one, `mine ${i}`)])));
    const still = await left();
    await system.query("update publish_jobs set wake_at = null where connection_id = $1 and state = 'scheduled'", [
      many.id,
    ]);
    t.diagnostic(
      `with ${waiting} to ${still} of another tenant due, each of 5 posts went out after ${times.map(Math.round).join(", ")} ms; with nobody else ${quiet.map(Math.round).join(", ")} ms`,
    );
    assert.ok(still > crowd / 2, "the others were all out before");
    // A machine on which one post alone takes long proves nothing about seconds.
    const soon = Math.max(soonMs, 10 * most(quiet));
    assert.ok(most(times) < soon, `${times} ms, ${soon} at most`);
    await system.settle();
  });

  it("a 429 for one account delays no other, of its tenant or of another", async (t) => {
    const [ada, bob] = [await system.signUp({ name: "Ada" }), await system.signUp({ name: "Bob" })];
    const [limited, beside, elsewhere] = [await connect(ada), await connect(ada), await connect(bob)];
    const send = async (kind: string) => {
      const ids = Array.from({ length: 10 }, async (_, i) => [
        await publish(beside, `${kind} beside ${i}`),
        await publish(elsewhere, `${kind} elsewhere ${i}`),
      ]);
      return published((await Promise.all(ids)).flat());
    };
    const quiet = await send("quiet");
    const waitSeconds = 600;
    await system.sim("POST", "bluesky/faults", {
      fault: "rateLimited",
      times: "always",
      match: { account: limited.account },
      params: { retryAfterSeconds: waitSeconds },
    });
    const held = await Promise.all(Array.from({ length: 20 }, (_, i) => publish(limited, `limited ${i}`)));
    const busy = await send("busy");
    await system.settle();
    const [fault] = (await system.sim("GET", "bluesky/faults")).faults;
    const view = await ada.must("GET", `/api/connections/${limited.id}`);
    const others = await ada.must("GET", `/api/connections/${beside.id}`);
    t.diagnostic(
      `20 posts of the limited account made ${fault.used} calls; 20 of the others went out after ${most(busy)} ms at most, ${most(quiet)} ms without it`,
    );
    assert.deepEqual([view.waitsBecause, others.waitsBecause], ["rate_limit", undefined]);
    assert.ok(fault.used <= 18, "what was under way, and then nobody asks");
    assert.ok(most(busy) < Math.max(2_000, 4 * most(quiet)), `${most(busy)} ms`);
    assert.deepEqual(await system.query("select key from circuits where state <> 'closed'"), [], "429 is an answer");

    await system.sim("DELETE", "bluesky/faults");
    for (let round = 0; round < 4; round += 1) {
      await system.clock.advance(waitSeconds * 1_000);
      await system.settle();
    }
    await published(held);
    const live: { readonly text: string }[] = (await system.sim("GET", "bluesky/posts")).posts;
    const texts = live.map(({ text }) => text).filter((text) => text.startsWith("limited"));
    assert.deepEqual([texts.length, new Set(texts).size], [20, 20]);
  });
});
