import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { asId, fail, type NoticeKind, ok, type TenantId, type UserId } from "@postd/contracts";
import { type Chat, type NoticesDeps, newId, type OutgoingMail, planDeliveries, sendDeliveries } from "@postd/core";
import { createNotices, createNoticesRepo } from "./notices-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

let fixture: Fixture;
let system: RolePool;
let tenantId: TenantId;
let mails: OutgoingMail[];
let said: { readonly kind: string; readonly title: string; readonly link: string | undefined }[];
let chatAnswers: Awaited<ReturnType<Chat["send"]>>[];
let mailTakes: boolean;
let nowMs: number;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

before(async () => {
  fixture = await createFixture();
  system = openRolePool({ url: fixture.url, role: "postd_system", max: 4 });
  nowMs = Date.now();
});
after(async () => {
  await system.close();
  await fixture.close();
});
beforeEach(async () => {
  tenantId = await fixture.tenant();
  [mails, said, chatAnswers, mailTakes] = [[], [], [], true];
});

const sql = (text: string, values: readonly unknown[] = []) => fixture.admin.pool.query(text, [...values]);
const advance = async (ms: number) => {
  nowMs += ms;
  await fixture.moveClock(ms);
};
/** The domain clock, as the database has it. */
const moveTo = async (at: string) => {
  const { rows } = await sql("select domain_now() as now");
  await fixture.moveClock(new Date(at).getTime() - rows[0].now.getTime());
};

/** One worker's side of it; all share the database. */
function worker(over: Partial<NoticesDeps> = {}): NoticesDeps {
  const vault = fixture.process().deps.vault;
  return {
    repo: createNoticesRepo(fixture.app.db, system.db),
    notices: createNotices(fixture.app.db),
    vault,
    mail: { send: async (mail) => mailTakes && mails.push(mail) > 0 },
    mailed: true,
    chat: {
      async send(kind, _address, { title, link }) {
        said.push({ kind, title, link: link?.url });
        return chatAnswers.shift() ?? ok(undefined);
      },
    },
    links: { linkFor: async ({ recipient }) => `https://postd.example.org/links/reconnect/${recipient}` },
    clock: { now: () => new Date(nowMs) },
    log: { debug() {}, info() {}, warn() {} },
    newId,
    platformName: () => "Blog",
    publicUrl: "https://postd.example.org",
    ...over,
  };
}
const turn = async (deps = worker()) => {
  await deps.repo.tellOfPosts();
  await planDeliveries(deps);
  await sendDeliveries(deps);
};

async function member(role = "owner", zone?: string): Promise<UserId> {
  const id = newId("user");
  await sql(
    "insert into users (id, name, email, email_verified, created_at, updated_at) values ($1, 'Ida', $2, true, domain_now(), domain_now())",
    [id, `${id}@example.com`],
  );
  await sql(
    "insert into members (id, tenant_id, user_id, role, created_at) values ($1, $2, $3, $4, domain_now() - interval '30 days')",
    [newId("member"), tenantId, id, role],
  );
  if (zone)
    await createNoticesRepo(fixture.app.db, system.db)
      .forTenant(tenantId)
      .saveSettings(id, { app: {}, mail: { connection_expiring: "daily" }, digestHour: 8, timeZone: zone });
  return id;
}
async function chat(kind: "slack" | "discord" = "slack"): Promise<string> {
  const { vault, repo } = worker();
  const { secret } = await import("@postd/connector-kit");
  const id = newId("noticeChannel");
  await vault.put({ tenantId, ownerId: id, name: "address" }, secret("https://hooks.slack.com/services/T/B/secret"));
  const row = {
    id,
    kind,
    name: "Team",
    host: "hooks.slack.com",
    lastCharacters: "cret",
    choices: {},
    broken: undefined,
  };
  await repo.forTenant(tenantId).addChannel({ ...row, createdBy: "usr_00000001" }, 20);
  return id;
}
const raise = (kind: NoticeKind = "platform_outage", key = `${kind}:${randomUUID()}`) =>
  createNotices(fixture.app.db).raise({ tenantId, kind, subject: { kind: "platform", id: "blog" }, dedupeKey: key });

async function connection(): Promise<string> {
  const { service } = fixture.process();
  const caller = fixture.caller(tenantId);
  fixture.platform.subject = randomUUID();
  const started = await service.startOAuth(caller, { provider: "blog", authKind: "login" });
  assert.ok(started.ok);
  const { state } = started.value;
  const done = await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } });
  assert.ok(done.ok);
  const made = await service.connectFromGrant(caller, {
    grantId: done.value.grantId,
    accounts: [{ platform: "blog", externalId: "acc-1" }],
  });
  assert.ok(made.ok);
  return made.value.connections[0]?.id ?? "";
}
/** Posts that the platform refused. */
async function failedPosts(connectionId: string, count: number, kind = "content_rejected"): Promise<void> {
  await sql(
    `with post as (insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
        values ($1, $2, 'approved', '{"text":"Beans","media":[],"options":{}}', '[]', '{}', 'usr_00000001', domain_now(), domain_now()) returning id)
      insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, failure, simulated, created_at, updated_at)
      select 'job_' || md5($1 || n), $2, post.id, $3, 'blog', 'failed', domain_now(), jsonb_build_object('kind', $5::text, 'message', 'Too long.'), true, domain_now(), domain_now()
      from post, generate_series(1, $4::int) n`,
    [newId("post"), tenantId, connectionId, count, kind],
  );
}
const notices = async () =>
  (
    await sql(
      "select kind, settled_at is null as open, (data ->> 'count')::int as count from notifications where tenant_id = $1 order by raised_at, kind, data ->> 'cause'",
      [tenantId],
    )
  ).rows;
const deliveries = async () =>
  (
    await sql(
      "select channel, state, tries, error from notification_deliveries where tenant_id = $1 and notification_id is not null order by channel, id",
      [tenantId],
    )
  ).rows;

test("200 failing posts are one notice for each cause with its count, one mail and one message", async () => {
  await member();
  await chat();
  const account = await connection();
  await failedPosts(account, 120);
  await turn();
  await failedPosts(account, 80);
  await failedPosts(account, 5, "scope_missing");
  await turn();
  assert.deepEqual([mails.length, said.length], [0, 0], "they are gathered for a minute first");
  await advance(minuteMs);
  await turn();
  await turn();
  assert.deepEqual(await notices(), [
    { kind: "posts_failed", open: true, count: 200 },
    { kind: "posts_failed", open: true, count: 5 },
  ]);
  assert.deepEqual(mails.map(({ subject }) => subject).sort(), [
    "POSTD: Blog: 200 posts not sent",
    "POSTD: Blog: 5 posts not sent",
  ]);
  assert.equal(said.length, 2);
  await advance(hourMs);
  await failedPosts(account, 1);
  await turn();
  assert.equal(mails.length, 2, "more of the same within a day says the newest count and tells nobody anew");
  await advance(24 * hourMs);
  await failedPosts(account, 1);
  await turn();
  await advance(minuteMs);
  await turn();
  assert.equal(mails.length, 3);
  await sql("update publish_jobs set state = 'discarded' where tenant_id = $1", [tenantId]);
  await turn();
  assert.deepEqual(
    (await notices()).filter(({ open }) => open),
    [],
  );
});

test("ten workers at once send each delivery once", async () => {
  await member();
  await member("admin");
  await chat();
  for (let at = 0; at < 5; at += 1) await raise("dead_letter_daily");
  await Promise.all(Array.from({ length: 10 }, () => turn()));
  console.log(`ten workers, 5 notices, 3 recipients: ${mails.length} mails, ${said.length} messages`);
  assert.deepEqual([mails.length, said.length], [10, 5]);
  assert.equal(new Set(mails.map(({ messageId }) => messageId)).size, 10);
});

test("a worker that dies with a delivery in its hand leaves it to another, which says it under the same Message-ID", async () => {
  await member();
  await raise("dead_letter_daily");
  const dying = worker({ mail: { send: () => new Promise(() => {}) } });
  await planDeliveries(dying);
  void sendDeliveries(dying);
  for (let looks = 0; (await deliveries())[0]?.tries !== 1; looks += 1) assert.ok(looks < 500, "it was never taken");
  await turn();
  assert.equal(mails.length, 0, "while its lease runs nobody else sends it");
  await advance(2 * minuteMs + 1);
  await turn();
  await turn();
  assert.equal(mails.length, 1);
  const [delivery] = (
    await sql("select id, state, tries from notification_deliveries where tenant_id = $1", [tenantId])
  ).rows;
  assert.equal(mails[0]?.messageId, `<${delivery.id}@postd.example.org>`);
  assert.deepEqual([delivery.state, delivery.tries], ["sent", 2]);
});

test("what cannot be sent is tried again after 1, 3, 9 and 27 minutes, and then given up", async () => {
  await member();
  await raise("dead_letter_daily");
  mailTakes = false;
  const triedAt: number[] = [];
  let lastTries = 0;
  let minute = 0;
  for (const next of [0, 1, 3, 4, 12, 13, 39, 40, 200]) {
    await advance((next - minute) * minuteMs);
    minute = next;
    await sendDeliveries(worker());
    if (minute === 0) await turn();
    const [row] = await deliveries();
    if (row.tries !== lastTries) triedAt.push(minute);
    lastTries = row.tries;
  }
  console.log(`tries at minutes ${triedAt.join(", ")}`);
  assert.deepEqual(triedAt, [0, 1, 4, 13, 40]);
  assert.deepEqual(await deliveries(), [
    { channel: "mail", state: "dead", tries: 5, error: "The mail server did not take it." },
  ]);
});

test("a chat that refuses for good is told in the app and left alone; one that asks to wait is tried then", async () => {
  const id = await chat();
  await raise("dead_letter_daily");
  chatAnswers = [fail({ again: true, message: "Slack asks to wait.", retryAfterMs: 5 * minuteMs })];
  await turn();
  await advance(4 * minuteMs);
  await turn();
  assert.equal(said.length, 1);
  chatAnswers = [fail({ again: false, message: "Slack refused with 404 (no_service)." })];
  await advance(minuteMs);
  await turn();
  assert.equal(said.length, 2);
  assert.deepEqual(
    (await notices()).map(({ kind, open }) => [kind, open]),
    [
      ["dead_letter_daily", true],
      ["channel_broken", true],
    ],
  );
  await raise("dead_letter_daily");
  await turn();
  assert.equal(said.length, 2, "nothing more is sent to it");
  const { repo } = worker();
  assert.match(
    (await repo.forTenant(tenantId).findChannel(asId("noticeChannel", id)))?.broken?.message ?? "",
    /no_service/,
  );
});

test("an answer of a chat that was lost is not asked for a second time", async () => {
  await chat();
  await raise("dead_letter_daily");
  chatAnswers = [fail({ again: true, lost: true, message: "Slack could not be reached." })];
  await turn();
  await advance(hourMs);
  await turn();
  assert.equal(said.length, 1);
});

test("what has ended before anybody was told is not told", async () => {
  await member();
  await chat();
  await raise("dead_letter_daily", "dead_letter_daily:x");
  await createNotices(fixture.app.db).settle({ tenantId, dedupeKey: "dead_letter_daily:x" });
  await turn();
  assert.deepEqual([mails.length, said.length, await deliveries()], [0, 0, []]);
});

test("people get what they chose: at once, once a day, or not at all", async () => {
  const { repo } = worker();
  const [owner, editor, quiet] = [await member(), await member("editor"), await member()];
  await repo.forTenant(tenantId).saveSettings(quiet, { app: {}, mail: { connection_attention: "off" }, digestHour: 8 });
  await raise("connection_attention");
  await turn();
  assert.deepEqual(
    mails.map(({ to }) => to),
    [`${owner}@example.com`],
  );
  await repo
    .forTenant(tenantId)
    .saveSettings(editor, { app: {}, mail: { connection_attention: "at_once" }, digestHour: 8 });
  await raise("connection_attention");
  await turn();
  assert.deepEqual(
    mails
      .slice(1)
      .map(({ to }) => to)
      .sort(),
    [`${editor}@example.com`, `${owner}@example.com`].sort(),
  );
});

test("the day's mail comes at the person's hour in their time zone, once, also where the clock is put forward", async () => {
  await moveTo("2027-03-26T12:00:00Z");
  await member("owner", "Europe/Oslo");
  await member("owner", "America/New_York");
  const sentAt: string[] = [];
  let hour = 0;
  const stops = [...[0, 1, 2].flatMap((day) => [0, 17, 18, 19, 23].map((at) => day * 24 + at)), 72];
  for (const next of stops) {
    await advance((next - hour) * hourMs);
    hour = next;
    if (hour % 24 === 0 && hour < 72) await raise("connection_expiring", `connection_expiring:${hour}:${mails.length}`);
    const before = mails.length;
    await turn();
    const { rows } = await sql("select to_char(domain_now() at time zone 'UTC', 'MM-DD HH24') as now");
    for (const mail of mails.slice(before)) sentAt.push(`${rows[0].now} ${mail.subject}`);
  }
  console.log(sentAt.join("; "));
  // Oslo is at UTC+1 until 28 March, then at UTC+2; New York at UTC-4 all the while.
  assert.deepEqual(sentAt, [
    "03-27 07 POSTD: 1 notice of 2027-03-27",
    "03-27 12 POSTD: 1 notice of 2027-03-27",
    "03-28 06 POSTD: 1 notice of 2027-03-28",
    "03-28 12 POSTD: 1 notice of 2027-03-28",
    "03-29 06 POSTD: 1 notice of 2027-03-29",
    "03-29 12 POSTD: 1 notice of 2027-03-29",
  ]);
  assert.match(mails[0]?.text ?? "", /ends soon/);
});

test("no word that somebody outside chose stands in a subject, and none is a link or a tag in the mail", async () => {
  await member();
  fixture.platform.accounts = [
    { id: "acc-1", name: "Win at evil.example <b>now</b> https://evil.example/x\r\nBcc: all@example.com" },
  ];
  const account = await connection();
  await sql(
    'update connections set status = \'attention\', status_reason = \'{"code":"signed_out","message":"Ended","actor":"account_owner","since":"2026-01-01T00:00:00Z"}\' where id = $1',
    [account],
  );
  await turn();
  const [mail] = mails;
  assert.equal(mail?.subject, "POSTD: Blog: an account needs to be signed in to again");
  for (const text of [mail?.text ?? "", mail?.html ?? ""]) {
    assert.doesNotMatch(text, /<b>|Bcc:|evil\.example|:\/\/evil/);
    assert.match(text, /https:\/\/postd\.example\.org\/links\/reconnect\/usr_/);
  }
});

test("a sign-in that ends within a week is told once for all its accounts, and no more once it is renewed", async () => {
  const account = await connection();
  const { repo } = worker();
  const standing = async () => (await notices()).map(({ kind, open }) => `${kind}${open ? " open" : ""}`);
  const ends = (inDays: number) =>
    sql(
      "update connections set renews = false, token_expires_at = domain_now() + $2 * interval '1 day' where id = $1",
      [account, inDays],
    );
  await ends(8);
  await repo.tellOfAccounts();
  assert.deepEqual(await standing(), []);
  await advance(25 * hourMs);
  for (let looks = 0; looks < 3; looks += 1) await repo.tellOfAccounts();
  assert.deepEqual(await standing(), ["connection_expiring open"]);
  await ends(60);
  await repo.tellOfAccounts();
  assert.deepEqual(await standing(), ["connection_expiring"]);
});

test("posts that are held for over a week are told with their number", async () => {
  const account = await connection();
  await failedPosts(account, 3);
  await sql("update publish_jobs set state = 'held', held_reason = 'paused', failure = null where tenant_id = $1", [
    tenantId,
  ]);
  const { repo } = worker();
  await repo.tellOfPosts();
  assert.deepEqual(await notices(), []);
  await advance(7 * 24 * hourMs + minuteMs);
  await repo.tellOfPosts();
  assert.deepEqual(await notices(), [{ kind: "posts_overdue", open: true, count: 3 }]);
});

test("posts that wait for a quota or for the operator are told while they wait", async () => {
  const account = await connection();
  await failedPosts(account, 2);
  const hold = (reason: string, wake: string) =>
    sql(
      `update publish_jobs set state = 'held', held_reason = $2, failure = null, wake_at = ${wake} where tenant_id = $1`,
      [tenantId, reason],
    );
  const { repo } = worker();
  await hold("quota", "domain_now() + interval '2 hours'");
  await repo.tellOfPosts();
  await hold("operator", "null");
  await repo.tellOfPosts();
  assert.deepEqual(await notices(), [
    { kind: "budget_spent", open: false, count: 2 },
    { kind: "operator_must_act", open: true, count: 2 },
  ]);
});
