import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { startSimulatorProcess } from "@postd/testkit/simulator-process";
import { type System, startSystem } from "@postd/testkit/system";

const perKind = 100;
const atOnce = 24;
describe("two hundred posts over ten accounts of four tenants, on platforms that take their time", () => {
  let system: System;
  let simulators: Awaited<ReturnType<typeof startSimulatorProcess>>;
  const accounts: { readonly session: ApiSession; readonly connectionId: string }[] = [];

  before(async () => {
    simulators = await startSimulatorProcess({ latency: "50-300" });
    system = await startSystem({ simulatorUrl: simulators.url, logLevel: "warn" });
    const perTenant = [3, 3, 2, 2].map(async (count, index) => {
      const session = await system.signUp({ name: `Tenant ${index}` });
      const made = await Promise.all(Array.from({ length: count }, () => connectBluesky(system, session)));
      return made.map(({ id }) => ({ session, connectionId: id }));
    });
    accounts.push(...(await Promise.all(perTenant)).flat());
  });
  after(async () => {
    await system?.close();
    await simulators?.close();
  });

  it("each goes out once, none before its time, and no later than the platforms' own slowness explains", async (t) => {
    const submit = (kind: string, more: object, count = perKind) =>
      Promise.all(
        Array.from({ length: count }, (_, i) => {
          const { session, connectionId } = accounts[i % accounts.length] ?? assert.fail();
          return session.must("POST", "/api/publish", { connectionId, payload: { content: `${kind} ${i}`, ...more } });
        }),
      );
    // How fast this machine is just now, with nothing else to do: as many posts as are under way at a time.
    const begunMs = performance.now();
    await submit("first", {}, atOnce);
    const submitMs = (performance.now() - begunMs) * ((2 * perKind) / atOnce);
    await published(system, atOnce);
    const [quiet = assert.fail()] = await latenessByKind(system);
    const waves = Math.ceil(perKind / atOnce);
    const limitMs = 4 * Math.max(waves * 175, waves * quiet.at(0.5));

    const leadMs = Math.max(8_000, 4 * submitMs);
    const planned = new Date(Math.ceil((system.clock.now().getTime() + leadMs) / 1_000) * 1_000);
    await submit("planned", { scheduledFor: planned.toISOString() });
    await submit("at once", {});
    assert.ok(system.clock.now() < planned, "submitting took longer than the lead; the test proves nothing");
    await published(system, atOnce + perKind * 2);

    const { posts } = await system.sim("GET", "bluesky/posts");
    const counts = { first: atOnce, planned: perKind, "at once": perKind };
    const expected = Object.entries(counts).flatMap(([kind, length]) =>
      Array.from({ length }, (_, i) => `${kind} ${i}`),
    );
    assert.deepEqual(posts.map((post: { text: string }) => post.text).sort(), expected.sort());

    for (const post of posts as { text: string; createdAt: string }[])
      if (post.text.startsWith("planned"))
        assert.ok(new Date(post.createdAt) >= planned, `${post.text} went out early`);
    // The platform's own record of calls: before the planned second it saw the immediate ones at most.
    const { applied } = await system.sim("GET", "bluesky/log");
    const writes = applied.filter(({ path }: { path: string }) => /putRecord|createRecord|applyWrites/.test(path));
    assert.equal(writes.length, atOnce + perKind * 2, "each post took exactly one write");
    assert.ok(writes.filter(({ at }: { at: string }) => new Date(at) < planned).length <= atOnce + perKind);

    for (const { kind, at } of await latenessByKind(system)) {
      t.diagnostic(`${kind}: lateness p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
      assert.ok(at(0.01) >= 0, "early");
      assert.ok(
        at(0.99) < limitMs,
        `p99 ${at(0.99)} ms; ${atOnce} alone took ${quiet.at(0.5)} ms, the platform 175 ms each`,
      );
    }
  });
});

/** How late posts went out, by the first word of their text; `at(0.99)`: what all but a hundredth stay under. */
async function latenessByKind(
  system: System,
): Promise<readonly { readonly kind: string; readonly at: (share: number) => number }[]> {
  const rows = await system.query<{ kind: string; late: readonly number[] }>(
    `select kind, array_agg(ms order by ms) as late from (
       select split_part(content ->> 'text', ' ', 1) as kind,
         (extract(epoch from published_at - greatest(scheduled_for, created_at)) * 1000)::float8 as ms from publish_jobs
     ) each group by kind order by kind`,
  );
  return rows.map(({ kind, late }) => ({
    kind,
    at: (share) => Math.round(late[Math.ceil(late.length * share) - 1] ?? Number.NaN),
  }));
}

async function published(system: System, count: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const rows = await system.query<{ state: string; n: number }>(
      "select state, count(*)::int as n from publish_jobs group by 1 order by 1",
    );
    if (rows.length === 1 && rows[0]?.state === "published" && rows[0].n === count) return;
    assert.ok(performance.now() < deadline, `not everything went out: ${JSON.stringify(rows)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
