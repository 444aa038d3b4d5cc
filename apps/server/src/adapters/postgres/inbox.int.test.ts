import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { createRegistry, type InboundEvent } from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { type FanOutDeps, fanOutInbox, type Inbox, type InboxWork } from "@postd/core";
import pg from "pg";
import { z } from "zod";
import { checkDatabase } from "../../commands/check-database.ts";
import { createConnectionsRepo } from "./connections-repo.ts";
import { createInbox } from "./inbox.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { retryInbound } from "./retry-inbound.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

let database: TestDatabase;
let app: RolePool;
let system: RolePool;
let admin: pg.Pool;
let inbox: Inbox;
let offsetMs = 0;
let broken: string[];
let lines: string[];

const close = async () => {
  await Promise.all([admin?.end(), app?.close(), system?.close()]);
  await database?.drop();
};
after(close);
beforeEach(async () => {
  await close();
  offsetMs = 0;
  broken = [];
  lines = [];
  database = await createTestDatabase();
  const onError = () => {};
  app = openRolePool({ url: database.url, role: "postd_app", max: 4, onError });
  system = openRolePool({ url: database.url, role: "postd_system", max: 2, onError });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  // A connection that was being closed when its database went away.
  admin.on("error", onError);
  inbox = createInbox(app.db, system.db);
  for (const t of ["a", "b"])
    await admin.query(`
      insert into tenants (id, name, slug, created_at) values ('ten_${t}', '${t}', '${t}', now());
      insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes,
        missing_scopes, status, simulated, created_by, created_at, updated_at)
      values ('con_${t}', 'ten_${t}', 'made_up', 'x', 'acc_${t}', 'page', '${t}', '{"personId":"person"}', '{}', '{}', 'healthy', false, 'usr_x',
        now() - interval '1 day', now());`);
});

const Sent = z.object({
  events: z.array(
    z.object({
      type: z.string().default("post.changed"),
      account: z.string().default("acc_a"),
      key: z.string(),
      at: z.number().optional(),
      isNewPost: z.boolean().default(false),
      data: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

/** Reads requests that say which events they hold; a body that is not JSON makes it throw. */
const provider = bareProvider([barePlatform({ id: "made_up" })], {
  webhooks: {
    verify: () => ({ kind: "accepted" }),
    parse: ({ rawBody }) =>
      Sent.parse(JSON.parse(new TextDecoder().decode(rawBody))).events.map(
        ({ type, account, key, at, data, isNewPost }): InboundEvent => ({
          type,
          platform: "made_up",
          accountExternalId: account,
          dedupeKey: key,
          data: data as JsonObject,
          ...(isNewPost && { isNewPost }),
          ...(at === undefined ? {} : { occurredAt: new Date(at) }),
        }),
      ),
  },
});

function deps(change: { inbox?: Inbox; markBroken?: () => Promise<void> } = {}): FanOutDeps {
  const say = (fields: object, message: string) => lines.push(`${JSON.stringify(fields)} ${message}`);
  return {
    registry: createRegistry([provider]),
    inbox,
    connections: createConnectionsRepo(app.db),
    access: {
      markBroken: async ({ connectionId }) => {
        broken.push(connectionId);
        await change.markBroken?.();
      },
    },
    holds: { holdConnection: async () => 0, handedOver: async () => 0, askAboutConnection: async () => 0 },
    log: { warn: say, error: say },
    ...(change.inbox ? { inbox: change.inbox } : {}),
  };
}

/** The inbox, where something happens after each effect on an event. */
const disturbed = (disturb: () => Promise<void>): Inbox => ({
  ...inbox,
  processNext: (work) =>
    inbox.processNext((item, effects) => {
      const after =
        <A extends unknown[], T>(effect: (...args: A) => Promise<T>) =>
        async (...args: A) => {
          const done = await effect(...args);
          await disturb();
          return done;
        };
      return work(item, {
        ...effects,
        keepEvent: after(effects.keepEvent),
        keepUnmatched: after(effects.keepUnmatched),
      } satisfies InboxWork);
    }),
});

let number = 0;
async function arrive(body: unknown, query: Record<string, string> = {}): Promise<string> {
  number += 1;
  const id = `whe_${String(number).padStart(8, "0")}`;
  const bytes =
    typeof body === "string"
      ? Buffer.from(body)
      : body instanceof Uint8Array
        ? body
        : Buffer.from(JSON.stringify(body));
  await inbox.store({ id, appId: "instance", clientIds: [], provider: "made_up", headers: {}, query, body: bytes });
  return id;
}
const one = (key: string, more: object = {}) => ({ events: [{ key, ...more }] });
const rows = async <T extends pg.QueryResultRow>(text: string) => (await admin.query<T>(text)).rows;
const keys = async () =>
  (await rows<{ k: string }>("select dedupe_key as k from webhook_events order by id")).map(({ k }) => k);
const request = async (id: string) =>
  (
    await rows<{ tries: number; faults: number; done: boolean; dead: boolean; error: string | null; wait: string }>(
      `select tries, faults, processed_at is not null as done, dead_at is not null as dead, error,
         round(extract(epoch from next_try_at - domain_now())) as wait from webhook_inbox where id = '${id}'`,
    )
  )[0];
const advance = async (ms: number) => {
  offsetMs += ms;
  await setClockOffset(admin, offsetMs);
};
/** What an operator's restart of the database does to a worker in the middle of a transaction. */
const killWorkers = () =>
  admin.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state like 'idle in%'",
  );

test("a database that is lost in the middle loses no event, however often, and leaves none half stored", async () => {
  const id = await arrive({
    events: [{ key: "k1" }, { key: "k2", account: "acc_b" }, { key: "k3", account: "nobody" }],
  });
  const failing = disturbed(async () => {
    await killWorkers();
  });
  let last = 0;
  for (let round = 1; round <= 12; round += 1) {
    const beganMs = performance.now();
    assert.equal(await fanOutInbox(deps({ inbox: failing })), 1);
    const now = await request(id);
    // The database's clock runs on until it is asked, and answers in whole seconds.
    const passedMs = performance.now() - beganMs + 1_000;
    assert.deepEqual([now?.tries, now?.faults, now?.done, now?.dead], [round, 0, false, false]);
    assert.deepEqual(await keys(), []);
    const waitMs = Number(now?.wait) * 1_000;
    assert.ok(waitMs >= last - passedMs && waitMs <= 3_600_000, `${waitMs} after ${last}`);
    last = waitMs;
    assert.equal(await fanOutInbox(deps()), 0, "it waits for its pause");
    await advance(waitMs + 1_000);
  }
  assert.equal(await fanOutInbox(deps()), 1);
  assert.deepEqual([(await request(id))?.done, await keys()], [true, ["k1", "k2"]]);
  assert.equal((await rows("select 1 from webhook_unmatched")).length, 1);
});

test("a request whose commit was cut off is worked on again, and its events are there once", async () => {
  const id = await arrive(one("k1"));
  await fanOutInbox(deps());
  await admin.query(`update webhook_inbox set processed_at = null, next_try_at = null where id = '${id}'`);
  await fanOutInbox(deps());
  assert.deepEqual([(await request(id))?.done, await keys()], [true, ["k1"]]);
});

test("while the database refuses everybody nothing is marked, and the worker hears of it", async () => {
  const id = await arrive(one("k1"));
  const away = openRolePool({
    url: "postgres://nobody@127.0.0.1:1/none",
    role: "postd_app",
    max: 1,
    onError: () => {},
  });
  await assert.rejects(fanOutInbox(deps({ inbox: createInbox(away.db, system.db) })), { code: "ECONNREFUSED" });
  await away.close();
  assert.equal((await request(id))?.tries, 0);
  await fanOutInbox(deps());
  assert.equal((await request(id))?.done, true);
});

test("a request that always fails is put aside after six tries, says why, and never holds up those behind it", async () => {
  const poison = await arrive("this is not JSON");
  const behind = await arrive(one("k1"));
  assert.equal(await fanOutInbox(deps()), 2);
  assert.equal((await request(behind))?.done, true);
  for (let round = 2; round <= 6; round += 1) {
    await advance(3_700_000);
    await fanOutInbox(deps());
  }
  const now = await request(poison);
  assert.deepEqual([now?.tries, now?.faults, now?.done, now?.dead], [6, 6, false, true]);
  assert.match(now?.error ?? "", /JSON/);
  assert.match(lines.at(-1) ?? "", /put aside/);
  await advance(86_400_000);
  assert.equal(await fanOutInbox(deps()), 0);

  const check = async () =>
    (await checkDatabase(database.url, { masterKeys: undefined, dataDir: "" })).find(({ what }) => what === "inbound");
  assert.match((await check())?.detail ?? "", /put aside: 1; npm run db -- retry-inbound/);
  await admin.query(`update webhook_inbox set body = '${JSON.stringify(one("mended"))}' where id = '${poison}'`);
  assert.equal(await retryInbound(database.url), 1);
  await fanOutInbox(deps());
  assert.deepEqual([(await request(poison))?.done, await keys()], [true, ["k1", "mended"]]);
  assert.equal((await check())?.ok, true);
});

test("one event that cannot be stored keeps none of the others from its receivers, and no repeat doubles them", async () => {
  const id = await arrive({
    events: [
      { key: "k1" },
      { key: "bad", data: { n: "x" } },
      { key: "k2", account: "acc_b" },
      { key: "k3", account: "nobody" },
    ],
  });
  const refusing: Inbox = {
    ...inbox,
    processNext: (work) =>
      inbox.processNext((item, effects) =>
        work(item, {
          ...effects,
          // The database itself refuses a row of a tenant that is not there.
          keepEvent: (to, event) =>
            effects.keepEvent(event.dedupeKey === "bad" ? { ...to, tenantId: "ten_gone" } : to, event),
        }),
      ),
  };
  for (let round = 1; round <= 3; round += 1) {
    await fanOutInbox(deps({ inbox: refusing }));
    assert.deepEqual(await keys(), ["k1", "k2"]);
    assert.equal((await rows("select 1 from webhook_unmatched")).length, 1);
    assert.deepEqual([(await request(id))?.faults, (await request(id))?.done], [round, false]);
    await advance(3_700_000);
  }
  await fanOutInbox(deps());
  assert.deepEqual([(await request(id))?.done, await keys()], [true, ["k1", "k2", "bad"]]);
});

test("a try that ended the process is counted and made again, and one that always does so is put aside", async () => {
  const id = await arrive(one("k1"));
  await admin.query(
    `update webhook_inbox set tries = 3, next_try_at = domain_now() + interval '1 minute' where id = '${id}'`,
  );
  assert.equal(await fanOutInbox(deps()), 0);
  await advance(61_000);
  assert.equal(await fanOutInbox(deps()), 1);
  assert.equal((await request(id))?.done, true);
  const killer = await arrive(one("k2"));
  await admin.query(`update webhook_inbox set tries = 50 where id = '${killer}'`);
  await fanOutInbox(deps());
  assert.deepEqual([(await request(killer))?.dead, await keys()], [true, ["k1"]]);
});

for (const [what, odd, kept] of [
  ["a null character", "a\u0000b", "ab"],
  ["half an emoji", "a\ud83db", "a\ufffdb"],
  ["the other half", "\ude00", "\ufffd"],
  ["control characters", "a\u0001\u001f\u007fb", "ab"],
] as const)
  test(`${what} in any text of an event is made storable, and the raw bytes stay as they came`, async () => {
    const sent = {
      events: [
        { key: `k${odd}`, type: `t${odd}`, data: { [`n${odd}`]: odd, deep: [{ list: [odd] }] } },
        { key: "u", account: `nobody${odd}` },
        { key: "other", account: `acc_a${odd}` },
      ],
    };
    const id = await arrive(sent, { event: odd, [odd]: "x" });
    assert.equal(await fanOutInbox(deps()), 1);
    const now = await request(id);
    assert.deepEqual([now?.done, now?.faults, now?.error], [true, 0, null]);
    const [event] = await rows("select dedupe_key, type, data from webhook_events");
    assert.deepEqual(event, {
      dedupe_key: `k${kept}`,
      type: `t${kept}`,
      data: { [`n${kept}`]: kept, deep: [{ list: [kept] }] },
    });
    const unmatched = await rows("select account_external_id as a from webhook_unmatched order by id");
    assert.deepEqual(
      unmatched.map(({ a }) => a),
      [`nobody${kept}`, `acc_a${kept}`],
      "an id that had to be changed is nobody's",
    );
    const [raw] = await rows<{ body: Buffer }>(`select body from webhook_inbox where id = '${id}'`);
    assert.equal(raw?.body.toString(), JSON.stringify(sent));
  });

test("bytes that are no text at all are kept as they came and put aside in the end", async () => {
  const bytes = Uint8Array.from([0, 0xff, 0xfe, 0xed, 0xa0, 0x80]);
  const id = await arrive(bytes);
  await fanOutInbox(deps());
  const [raw] = await rows<{ body: Buffer }>(`select body from webhook_inbox where id = '${id}'`);
  assert.deepEqual([Uint8Array.from(raw?.body ?? []), (await request(id))?.faults], [bytes, 1]);
});

test("a time that is none is left out, the event stays", async () => {
  await arrive({ events: [8.64e15, -8.64e15, 1e300, 253_402_300_800_000].map((at, n) => ({ key: `k${n}`, at })) });
  await fanOutInbox(deps());
  const found = await rows<{ at: Date | null }>("select occurred_at as at from webhook_events");
  assert.deepEqual(
    found.map(({ at }) => at),
    [null, null, null, null],
  );
});

test("a sign-in that ended at the platform is marked although the first try failed behind the mark", async () => {
  const id = await arrive(one("gone", { type: "account.deauthorized", account: "person" }));
  await fanOutInbox(deps({ markBroken: async () => void (await killWorkers()) }));
  assert.deepEqual([(await request(id))?.done, await keys()], [false, []]);
  broken = [];
  await advance(60_000);
  await fanOutInbox(deps());
  assert.deepEqual([broken.sort(), (await request(id))?.done], [["con_a", "con_b"], true]);
  // The platform sends it again: known already, so a sign-in made meanwhile is left alone.
  broken = [];
  await arrive(one("gone", { type: "account.deauthorized", account: "person" }));
  await fanOutInbox(deps());
  assert.deepEqual(broken, []);
});

test("a sign-in made by a tenant's own app hears nothing that the instance's app signed", async () => {
  await admin.query(`
    insert into platform_sign_ins (id, tenant_id, provider, auth_kind, app_id, simulated, subject, secret_owner, scopes, status, granted_at,
      created_by, created_at, updated_at)
    values ('sgn_own', 'ten_a', 'made_up', 'x', 'app_00000001', false, 'person', 'sgn_own', '{}', 'healthy', now(), 'usr_x', now(), now());
    update connections set sign_in_id = 'sgn_own', app_id = 'app_00000001' where id = 'con_a';
    delete from platform_sign_ins where secret_owner = 'con_a'`);
  await arrive({
    events: [
      { key: "post" },
      { key: "end", type: "account.deauthorized", account: "person" },
      { key: "other", account: "acc_b" },
    ],
  });
  await fanOutInbox(deps());
  const { rows } = await admin.query("select connection_id, dedupe_key from webhook_events order by dedupe_key");
  assert.deepEqual(rows, [
    { connection_id: "con_b", dedupe_key: "end" },
    { connection_id: "con_b", dedupe_key: "other" },
  ]);
  assert.deepEqual(broken, ["con_b"], "nothing happened to the other app's account");
});

test("news of a post brings the next look of the job that waits for it forward, and of no other", async () => {
  await admin.query(`
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      select 'post_' || t, 'ten_' || t, 'approved', '{}', '[]', '{}', 'u', now(), now() from unnest(array['a', 'b']) as t;
    insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, step_state, native_schedule, probe,
        lease_until, may_be_live, simulated, created_at, updated_at)
      select id, 'ten_' || t, 'post_' || t, 'con_' || t, 'made_up', state, now(), now() + interval '1 hour', jsonb_build_object('connector', state_of::jsonb),
        native, probe::jsonb, lease, state <> 'handed_over', false, now(), now()
      from (values
        ('job_waits', 'a', 'processing', '{"campaignId": "p1"}', false, null, null::timestamptz),
        ('job_draft', 'a', 'handed_over', '{"publishId": "v1"}', false, null, null),
        ('job_other', 'a', 'processing', '{"campaignId": "p2"}', false, null, null),
        ('job_planned', 'a', 'handed_over', '{"campaignId": "p1"}', true, null, null),
        ('job_doubt', 'a', 'unknown', '{"campaignId": "p1"}', false, null, null),
        ('job_looked', 'a', 'processing', '{"campaignId": "p1"}', false, '{"looks": 1}', null),
        ('job_worked', 'a', 'processing', '{"campaignId": "p1"}', false, null, now() + interval '1 minute'),
        ('job_theirs', 'b', 'processing', '{"campaignId": "p1"}', false, null, null)
      ) as v(id, t, state, state_of, native, probe, lease);`);
  const due = async () =>
    (await rows<{ id: string }>("select id from publish_jobs where wake_at <= domain_now() order by id")).map(
      ({ id }) => id,
    );
  await arrive({ events: [{ key: "e1", type: "comment.created", data: { post: "p1" } }] });
  await arrive(one("e2", { data: {} }));
  await fanOutInbox(deps());
  assert.deepEqual(await due(), [], "nothing is named, or it is no news of a post");
  await arrive(one("e3", { data: { post: "p1", publishId: "v1" } }));
  await fanOutInbox(deps());
  assert.deepEqual(await due(), ["job_draft", "job_waits"]);
  await admin.query("update publish_jobs set wake_at = now() + interval '1 hour'");
  await arrive(one("live", { data: { post: "somebody's" }, isNewPost: true }));
  await fanOutInbox(deps());
  assert.deepEqual(
    await due(),
    ["job_looked"],
    "one that looked before looks whether the post that went live is its own",
  );
  await admin.query("update publish_jobs set wake_at = now() + interval '1 hour'");
  await arrive(one("e3", { data: { post: "p1" } }));
  await fanOutInbox(deps());
  assert.deepEqual(await due(), [], "what was told before is no news");
});

test("an account whose rights or settings changed is looked at now, but not twice within a minute, and on every platform of the person", async () => {
  const next = async () =>
    Object.fromEntries(
      (
        await rows<{ id: string; ms: number }>(
          "select id, round(extract(epoch from next_check_at - domain_now()))::int as ms from connections order by id",
        )
      ).map(({ id, ms }) => [id, ms]),
    );
  const rest = () =>
    admin.query("update connections set next_check_at = domain_now() + interval '6 hours', checked_at = null");
  await rest();
  await arrive(one("k1", { type: "post.changed" }));
  await fanOutInbox(deps());
  assert.deepEqual(
    Object.values(await next()).filter((s) => s < 21_000),
    [],
    "a post says nothing of the account",
  );
  await arrive(one("k2", { type: "account.changed" }));
  await fanOutInbox(deps());
  const one_ = await next();
  assert.ok((one_.con_a ?? 1) <= 0 && (one_.con_b ?? 0) > 21_000, JSON.stringify(one_));
  await rest();
  await arrive(one("k3", { type: "permissions.changed", account: "person" }));
  await fanOutInbox(deps());
  const all = await next();
  assert.ok((all.con_a ?? 1) <= 0 && (all.con_b ?? 1) <= 0, JSON.stringify(all));
  await rest();
  await admin.query("update connections set checked_at = domain_now()");
  await arrive(one("k4", { type: "permissions.changed", account: "person" }));
  await fanOutInbox(deps());
  const soon = await next();
  assert.ok((soon.con_a ?? 0) > 50 && (soon.con_a ?? 100) <= 61, JSON.stringify(soon));
});
