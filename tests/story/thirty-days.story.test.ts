import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tryOuts } from "@postd/connectors/try-outs";
import type { PlatformView } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { parse } from "csv-parse/sync";
import { publish, saidOf, samplePayload, type Try } from "../../tools/connectors/checks.ts";
import { uploadSample } from "../../tools/connectors/sample.ts";
import { stageOf } from "../../tools/connectors/simulated-stage.ts";

const minute = 60_000;
const hour = 60 * minute;
/** Everybody has posted within this time, so that each step comes that much late at most. */
const spread = 30 * minute;

/** LinkedIn leaves out posts nobody did anything about; nothing of a Page's stories is counted by its simulator. */
const tellsNone = ["linkedin", "facebook story"];

interface Account {
  readonly platform: PlatformView;
  readonly at: Try;
}
interface Post {
  readonly name: string;
  readonly platform: string;
  readonly postId: string;
}

describe("30 days of numbers on all platforms", () => {
  let system: System;
  let program: ApiSession;
  let key: string;
  const accounts: Account[] = [];

  before(async () => {
    system = await startSystem({ logLevel: "warn", env: { POSTD_NUMBERS: "on" } });
    const owner = await system.signUp();
    const { scopes } = await owner.must("GET", "/api/me");
    ({ key } = await owner.must("POST", "/api/api-keys", { name: "program", scopes }));
    program = Object.assign(system.visitor(key), { upload: system.visitor(key).upload });
    const stage = stageOf(system);
    const { items } = await owner.must("GET", "/api/platforms");
    for (const platform of items as readonly PlatformView[]) {
      const tryOut = tryOuts[platform.id] ?? {};
      const signIn = platform.auth.find(({ id }) => tryOut.without?.[id]?.numbers === undefined);
      assert.ok(signIn, platform.id);
      const opened = await stage.signIn?.(owner, platform, signIn);
      const account = opened?.accounts.find(({ blocked }) => blocked === undefined);
      assert.ok(opened && account, `${platform.id} opens an account`);
      const connectionId = await opened.connect(account);
      const words = (what: string) => `${what} ${platform.id} ${system.clock.now().toISOString()}`;
      const common = { stage, platform, tryOut, session: program, signIn: signIn.id, accounts: opened.accounts };
      accounts.push({ platform, at: { ...common, connectionId, words } });
    }
    assert.equal(accounts.length, items.length);
  });
  after(() => system?.close());

  async function post(at: Try, name: string, payload: Readonly<Record<string, unknown>>): Promise<Post> {
    const { job } = await publish(at, payload);
    assert.equal(job.state, "published", `${name}: ${saidOf(job)}`);
    return { name, platform: at.platform.id, postId: job.postId };
  }
  const story = async (format: string) => ({
    ...{ format, text: "" },
    mediaIds: await uploadSample(program, "picture", Math.floor(performance.now())),
  });

  /** Comes back when nothing is due and no look is at work. */
  async function read(): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const busy = await system.query<{ platform: string; failure: unknown }>(
        `select c.platform, r.failure from connections c left join number_readings r on r.connection_id = c.id
         where r.connection_id is null or (r.wait_until > domain_now() and r.failure is null)
           or (coalesce(r.wait_until, domain_now()) <= domain_now() and (r.next_at <= domain_now()
             or exists (select from account_posts p where p.connection_id = c.id and p.next_at <= domain_now())))`,
      );
      if (busy.length === 0) return;
      assert.ok(performance.now() < deadline, `not read: ${JSON.stringify(busy)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const calls = new Map<string, number>();
  /** Adds what was asked since; a simulator forgets all but the last requests. */
  async function count(since: Date): Promise<void> {
    for (const { platform } of accounts) {
      const { requests } = await system.sim("GET", `${platform.id}/requests`);
      const fresh = requests.filter(({ at }: { at: string }) => Date.parse(at) > since.getTime());
      calls.set(platform.id, (calls.get(platform.id) ?? 0) + fresh.length);
    }
  }

  it("are read at the planned ages, a story before its numbers end, within the stated calls, and told as CSV", async (t) => {
    const begun = performance.now();
    const posts: Post[] = [];
    const first = system.clock.now().getTime();
    for (const { at, platform } of accounts) {
      posts.push(await post(at, platform.id, await samplePayload(at, "Beans")));
      if (platform.id === "instagram") posts.push(await post(at, "instagram story", await story("story")));
      if (platform.id === "facebook") posts.push(await post(at, "facebook story", await story("photo_story")));
    }
    const base = system.clock.now().getTime();
    assert.ok(base - first < spread, `posting took ${base - first} ms of their time`);
    // Every day for a week, then the machine is off until the thirtieth day.
    const hours = [0, 1, 6, 23, 24, 48, 72, 96, 120, 144, 168, 24 * 30, 24 * 30 + 3];
    for (const at of hours) {
      const since = system.clock.now();
      await system.clock.advance(Math.max(0, base + at * hour + 1_000 - since.getTime()));
      await read();
      await count(since);
    }
    const failures = await system.query("select connection_id, failure from number_readings where failure is not null");
    assert.deepEqual(failures, []);

    const expected: Readonly<Record<string, string>> = {
      ...{ bluesky: "1 6 24 72 168 720", x: "1 6 24 72 168 720", mailchimp: "1 6 24 72 168 720" },
      ...{ facebook: "24 72 168 720", linkedin: "24 72 168 720", tiktok: "24 72 168 720" },
      ...{ instagram: "48 72 168 720", threads: "48 72 168 720", google_business_profile: "" },
      ...{ "instagram story": "23", "facebook story": "23" },
    };
    for (const { name, postId, platform } of posts) {
      const { targets } = await program.must("GET", `/api/analytics/${postId}`);
      const [target] = targets;
      type Planned = { ageMs: number; state: string; readAtAgeMs: number };
      const planned = target.plan as readonly Planned[];
      const actual = planned.map(({ readAtAgeMs }) => (readAtAgeMs / hour).toFixed(2));
      t.diagnostic(
        `${name.padEnd(24)} planned ${planned.map(({ ageMs }) => ageMs / hour).join(" ")} h | read at ${actual.join(" ")} h`,
      );
      assert.equal(planned.map(({ ageMs }) => ageMs / hour).join(" "), expected[name], name);
      for (const { ageMs, state, readAtAgeMs } of planned) {
        assert.equal(state, tellsNone.includes(name) ? "none" : "read", `${name} at ${ageMs / hour} h`);
        assert.ok(readAtAgeMs >= ageMs && readAtAgeMs <= ageMs + spread, `${name}: ${readAtAgeMs / hour}`);
      }
      const told = planned.filter(({ state }) => state === "read").length;
      assert.equal(target.history.length, told, `${name}: no reading but the planned ones`);
      if (planned.length === 0) assert.match(target.missing, /gives no numbers of single posts/);
      else assert.ok(target.metrics.length > 0 === told > 0 && target.nextReadingAt === undefined, name);
      assert.equal(target.platform, platform);
    }

    // Days the machine was off are made up for where the platform keeps days; totals of those days stay unknown.
    const daily = await system.query<{ platform: string; counted: number; twice: number; totals: number }>(
      `select c.platform, count(distinct n.at) filter (where n.since is not null)::int as counted,
         count(distinct date_trunc('day', n.at)) filter (where n.since is null)::int as totals,
         (count(*) filter (where n.since is not null) - count(distinct (n.platform_name, n.since)) filter (where n.since is not null))::int as twice
       from account_numbers n join connections c on c.id = n.connection_id group by 1`,
    );
    for (const { platform } of accounts) {
      const { counted = 0, totals = 0, twice = 0 } = daily.find((row) => row.platform === platform.id) ?? {};
      const made = calls.get(platform.id) ?? 0;
      const readings = posts.filter((post) => post.platform === platform.id).length * 6;
      const bound = 4 * hours.length + 3 * 34 + 3 * readings;
      t.diagnostic(
        `${platform.id.padEnd(24)} ${counted} whole days and totals of ${totals}, ${made} calls in 30 days, ${bound} at most`,
      );
      assert.ok(made <= bound, `${platform.id}: ${made} calls`);
      assert.equal(twice, 0, `${platform.id} counted a day twice`);
      assert.ok(counted === 0 || (counted >= 25 && counted <= 34), `${platform.id}: ${counted} days`);
      assert.ok(totals <= 11, `${platform.id}: ${totals} totals, and none of days nobody read`);
    }

    const table = await fetch(`${system.url}/api/analytics?by=post&from=2026-01-01`, {
      headers: { authorization: `Bearer ${key}`, accept: "text/csv" },
    });
    assert.deepEqual(
      [table.status, table.headers.get("content-type")],
      [200, "text/csv; charset=utf-8; header=present"],
    );
    const bytes = Buffer.from(await table.arrayBuffer());
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    const lines: readonly Record<string, string>[] = parse(bytes, { bom: true, columns: true });
    for (const { postId, name, platform } of posts) {
      const own = lines.filter((line) => line.post_id === postId);
      const { targets } = await program.must("GET", `/api/analytics/${postId}`);
      assert.ok(own.length > 0 && own.every((line) => line.platform === platform), name);
      assert.deepEqual(
        own.flatMap((line) => (line.value === "" ? [] : [[line.platform_name, Number(line.value)]])),
        targets[0].metrics.map((metric: { platformName: string; value: number }) => [
          metric.platformName,
          metric.value,
        ]),
        name,
      );
    }
    t.diagnostic(`30 days took ${Math.round(performance.now() - begun)} ms`);
  });
});
