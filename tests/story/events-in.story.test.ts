import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import pg from "pg";
import { testServerUrl } from "../../apps/server/src/adapters/postgres/testing/test-database.ts";

const secrets = Object.assign({}, ...simulatorDefinitions.map(({ appCredentials }) => appCredentials));
let system: System;
let session: ApiSession;
let operator: ApiSession;
let pageId: string;
let connectionId: string;
before(async () => {
  system = await startSystem({ logLevel: "info" });
  session = await system.signUp();
  const link = (await system.operatorLink()).split("/").at(-1) ?? "";
  operator = await system.signUp({ name: "Operator", link });
  const page = await system.sim("POST", "meta/accounts", { kind: "page" });
  pageId = page.id;
  const { grantId } = await grantThroughBrowser(session, "facebook", "facebook_login", { person: page.extra.personId });
  const accounts = [{ platform: "facebook", externalId: pageId }];
  connectionId = (await session.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
});
after(() => system?.close());

const json = { "content-type": "application/json" };
const feed = (post: string) =>
  JSON.stringify({
    object: "page",
    entry: [
      {
        id: pageId,
        time: 1_790_000_000,
        changes: [{ field: "feed", value: { item: "status", verb: "add", post_id: post } }],
      },
    ],
  });
const signed = (body: string, key: string = secrets.meta.app_secret) => ({
  ...json,
  "x-hub-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}`,
});
async function send(at: string, body: string, headers: Readonly<Record<string, string>>) {
  const beganMs = performance.now();
  const answer = await fetch(`${system.url}/api/webhooks/${at}`, { method: "POST", body, headers });
  await answer.arrayBuffer();
  return { status: answer.status, ms: performance.now() - beganMs, retryAfter: answer.headers.get("retry-after") };
}
const statusOf = async (...input: Parameters<typeof send>) => (await send(...input)).status;
const eventsOf = async (post: string) =>
  (
    await system.query<{ n: number }>(
      "select count(*)::int as n from webhook_events where connection_id = $1 and data ->> 'postId' = $2",
      [connectionId, post],
    )
  )[0]?.n;

/** What TikTok signs, at a moment. */
function tiktok(at: Date, key: string = secrets.tiktok.client_secret) {
  const body = JSON.stringify({
    client_key: "k",
    event: "post.publish.complete",
    create_time: 1,
    user_openid: "u",
    content: "{}",
  });
  const t = Math.floor(at.getTime() / 1_000);
  return {
    body,
    headers: {
      ...json,
      "tiktok-signature": `t=${t},s=${createHmac("sha256", key).update(`${t}.${body}`).digest("hex")}`,
    },
  };
}

test("forged, replayed, oversized, of a wrong type, for an unknown platform: each is answered what it is", async (t) => {
  const body = feed("statuses");
  const now = system.clock.now();
  const [fresh, stale] = [tiktok(now), tiktok(new Date(now.getTime() - 6 * 60_000))];
  const large = "x".repeat(10_000_000);
  const answers = {
    genuine: await statusOf("meta", body, signed(body)),
    replayed: await statusOf("meta", body, signed(body)),
    "no signature": await statusOf("meta", body, json),
    forged: await statusOf("meta", body, signed(body, "guessed")),
    "changed after signing": await statusOf("meta", body.replace("statuses", "others"), signed(body)),
    "10 MB": await statusOf("meta", large, signed(large)),
    "wrong type": await statusOf("meta", body, { ...signed(body), "content-type": "text/xml" }),
    "type of another platform": await statusOf("tiktok", "a=b", {
      "content-type": "application/x-www-form-urlencoded",
    }),
    "unknown platform": await statusOf("nowhere", body, signed(body)),
    "platform without events": await statusOf("bluesky", body, signed(body)),
    "unknown app": await statusOf("meta/app_00000001", body, signed(body)),
    "signed now": await statusOf("tiktok", fresh.body, fresh.headers),
    "signed six minutes ago": await statusOf("tiktok", stale.body, stale.headers),
  };
  t.diagnostic(JSON.stringify(answers));
  assert.deepEqual(answers, {
    genuine: 200,
    replayed: 200,
    "no signature": 401,
    forged: 401,
    "changed after signing": 401,
    "10 MB": 413,
    "wrong type": 415,
    "type of another platform": 415,
    "unknown platform": 404,
    "platform without events": 404,
    "unknown app": 404,
    "signed now": 200,
    "signed six minutes ago": 401,
  });
  await system.settle();
  assert.equal(await eventsOf("statuses"), 1, "the replayed one is there once");
});

test("an account's events are read a page at a time by its tenant, and by nobody else", async () => {
  for (const post of ["read-1", "read-2", "read-3"]) await statusOf("meta", feed(post), signed(feed(post)));
  await system.settle();
  const first = await session.must("GET", `/api/connections/${connectionId}/events?limit=2`);
  assert.deepEqual(
    first.items.map((it: { data: { postId: string }; type: string }) => [it.type, it.data.postId]),
    [
      ["post.changed", "read-3"],
      ["post.changed", "read-2"],
    ],
  );
  const next = await session.must("GET", `/api/connections/${connectionId}/events?limit=1&cursor=${first.nextCursor}`);
  assert.equal(next.items[0].data.postId, "read-1");
  assert.equal((await (await system.signUp()).call("GET", `/api/connections/${connectionId}/events`)).status, 404);
});

test("a request that was put aside is an operator's to see and to send again, alone or with others, and its events are told once", async () => {
  const body = feed("aside");
  await statusOf("meta", body, signed(body));
  await system.settle();
  const [row] = await system.query<{ id: string }>("select id from webhook_inbox order by id desc limit 1");
  const bury = () =>
    system.query(
      "update webhook_inbox set processed_at = null, dead_at = domain_now(), faults = 6, error = 'broken' where id = $1",
      [row?.id],
    );
  await bury();
  assert.equal((await session.call("GET", "/api/inbound/dead")).status, 403);
  assert.equal((await session.call("POST", `/api/inbound/${row?.id}/replay`)).status, 403);
  assert.equal((await session.call("POST", "/api/inbound/replay", {})).status, 403);
  const { items } = await operator.must("GET", "/api/inbound/dead");
  assert.deepEqual(
    items.map((it: Record<string, unknown>) => [it.id, it.provider, it.app, it.error, it.sizeBytes]),
    [[row?.id, "meta", "instance", "broken", body.length]],
  );
  assert.deepEqual((await operator.must("GET", "/api/inbound/dead?provider=tiktok")).items, []);
  const health = await system.visitor().call("GET", "/api/health");
  assert.deepEqual([health.body.inbound.dead, health.body.inbound.waiting], [1, 0]);
  assert.match(await (await fetch(`${system.url}/metrics`)).text(), /^postd_inbound_dead\{?.* 1$/m);

  assert.deepEqual(await operator.must("POST", `/api/inbound/${row?.id}/replay`), { replayed: 1 });
  await system.settle();
  assert.equal(await eventsOf("aside"), 1);
  assert.deepEqual((await operator.must("GET", "/api/inbound/dead")).items, []);
  assert.equal((await operator.call("POST", "/api/inbound/wev_00000000/replay")).status, 404);

  await bury();
  const later = new Date(system.clock.now().getTime() + 60_000).toISOString();
  assert.deepEqual(await operator.must("POST", "/api/inbound/replay", { from: later }), { replayed: 0, more: false });
  assert.deepEqual(await operator.must("POST", "/api/inbound/replay", { provider: "tiktok" }), {
    replayed: 0,
    more: false,
  });
  assert.deepEqual(await operator.must("POST", "/api/inbound/replay", { provider: "meta", to: later }), {
    replayed: 1,
    more: false,
  });
  await system.settle();
  const all = await operator.must("POST", "/api/inbound/replay", { all: true });
  assert.ok(all.replayed >= 5, `${all.replayed}`);
  await system.settle();
  assert.equal(await eventsOf("aside"), 1, "known events are not told again");
});

test("what a person lets the app do has changed: each of their accounts is looked at within a turn", async () => {
  const nextCheck = async () =>
    (
      await system.query<{ due: boolean }>(
        "select next_check_at <= domain_now() as due from connections where id = $1",
        [connectionId],
      )
    )[0]?.due;
  assert.equal(await nextCheck(), false);
  await system.clock.advance(61_000);
  const [row] = await system.query<{ person: string }>("select person_id as person from connections where id = $1", [
    connectionId,
  ]);
  const body = JSON.stringify({
    object: "permissions",
    entry: [{ id: row?.person, time: 1, changes: [{ field: "pages_manage_posts", value: { verb: "revoked" } }] }],
  });
  assert.equal(await statusOf("meta", body, signed(body)), 200);
  await system.settle();
  assert.equal(await nextCheck(), true);
  await system.turn("health_check");
  assert.equal(await nextCheck(), false);
  const { items } = await session.must("GET", `/api/connections/${connectionId}/health?limit=5`);
  assert.ok(items.length > 0);
});

test("events of a LinkedIn page that two workspaces share go on when the one goes whose address LinkedIn was told", async () => {
  const made = await system.sim("POST", "linkedin/accounts", { kind: "page" });
  const join = async (who: ApiSession): Promise<string> => {
    const { grantId } = await grantThroughBrowser(who, "linkedin", "linkedin_page", { person: made.extra.subject });
    const accounts = [{ platform: "linkedin", externalId: made.id }];
    return (await who.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
  };
  const other = await system.signUp();
  const [first, second] = [await join(session), await join(other)];
  const types = async (id: string) =>
    (await system.query<{ type: string }>("select type from webhook_events where connection_id = $1", [id])).map(
      ({ type }) => type,
    );
  // As an earlier version named it: the subscription of one of the two, which is gone with its account.
  const comment = async (notificationId: number) => {
    const notification = { notificationId, organizationalEntity: made.id, action: "COMMENT", lastModifiedAt: 1 };
    const body = JSON.stringify({ notifications: [notification] });
    const digest = createHmac("sha256", secrets.linkedin_page.client_secret).update(`hmacsha256=${body}`).digest("hex");
    return statusOf("linkedin?subscription=whs_00000000", body, { ...json, "x-li-signature": digest });
  };
  assert.equal(await comment(1), 200);
  await system.settle();
  assert.deepEqual([await types(first), await types(second)], [["comment.created"], ["comment.created"]]);
  assert.equal((await other.call("DELETE", `/api/connections/${second}`)).status, 200);
  assert.equal(await comment(2), 200);
  await system.settle();
  assert.deepEqual([(await types(first)).length, (await types(second)).length], [2, 1]);
});

test("of 1,000 requests in a burst, a third of them repeats, with the database away for 10 s in the middle, each is answered 200 and each event is there once", async (t) => {
  const name = new URL(system.databaseUrl).pathname.slice(1);
  const server = new pg.Client({ connectionString: testServerUrl() });
  await server.connect();
  const away = async () => {
    await server.query(`alter database ${name} with allow_connections false`);
    await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
  };
  const back = () => server.query(`alter database ${name} with allow_connections true`);
  const latencies: Record<"before" | "away" | "after", number[]> = { before: [], away: [], after: [] };
  const statuses = new Map<number, number>();
  let sent = 0;
  /** `count` requests over 20 connections; every third repeats one of the last. */
  const burst = async (phase: keyof typeof latencies, count: number, pauseMs = 0) => {
    const end = sent + count;
    const line = async () => {
      while (sent < end) {
        const n = sent;
        sent += 1;
        const post = `burst-${n % 3 === 2 ? n - 1 : n}`;
        const { status, ms } = await send("meta", feed(post), signed(feed(post)));
        latencies[phase].push(ms);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (pauseMs > 0) await delay(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: 20 }, line));
  };
  try {
    await burst("before", 400);
    await away();
    const beganMs = performance.now();
    await burst("away", 300, 660);
    await delay(Math.max(0, 10_000 - (performance.now() - beganMs)));
    await back();
    await burst("after", 300);
  } finally {
    await back();
    await server.end();
  }
  const count = async (sql: string) =>
    (await system.query<{ n: number }>(`select count(*)::int as n from ${sql}`))[0]?.n;
  const distinct = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => n % 3 !== 2).length;
  for (
    let looks = 0;
    looks < 500 &&
    (await count("webhook_inbox where body::text like '%' || encode('burst-', 'hex') || '%'")) !== distinct;
    looks += 1
  )
    await delay(20);
  await system.settle();
  const told = await system.query<{ n: number; all: number }>(
    "select count(distinct data ->> 'postId')::int as n, count(*)::int as all from webhook_events where connection_id = $1 and data ->> 'postId' like 'burst-%'",
    [connectionId],
  );
  const at = (values: number[], share: number) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]?.toFixed(1);
  for (const [phase, values] of Object.entries(latencies))
    t.diagnostic(
      `${phase}: ${values.length} requests, p50 ${at(values, 0.5)} ms, p99 ${at(values, 0.99)} ms, in one process with client and worker`,
    );
  t.diagnostic(`statuses ${JSON.stringify([...statuses])}, events ${JSON.stringify(told[0])} of ${distinct}`);
  assert.deepEqual([...statuses], [[200, 1_000]]);
  assert.deepEqual(told[0], { n: distinct, all: distinct });
});
