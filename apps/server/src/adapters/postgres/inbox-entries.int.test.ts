import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { InboxEntry } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { InboxEntriesRepo, TenantInboxEntries } from "@postd/core";
import pg from "pg";
import { createInboxEntriesRepo, readSoon } from "./inbox-entries-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { forTenant } from "./tenant-tx.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const tenant = asId("tenant", "ten_a");
const account = asId("connection", "con_page");
const hourMs = 3_600_000;
const now = Date.now();
const ago = (hours: number) => new Date(now - hours * hourMs);
const never = { unreadSince: ago(1_000_000) };

let database: TestDatabase;
let app: RolePool;
let system: RolePool;
let admin: pg.Pool;
let repo: InboxEntriesRepo;
let entries: TenantInboxEntries;

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  await admin.query(`
    insert into tenants (id, name, slug, created_at) values ('ten_a', 'a', 'a', domain_now());
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      select 'con_' || kind, 'ten_a', 'model', 'keys', kind, kind, 'A', '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now()
      from (values ('page'), ('member')) as v(kind);`);
  repo = createInboxEntriesRepo(app.db, system.db);
  entries = repo.forTenant(tenant);
});
beforeEach(() => admin.query("delete from inbox_entries; delete from inbox_readings"));
after(async () => {
  await admin?.end();
  await app?.close();
  await system?.close();
  await database?.drop();
});

const entry = (externalId: string, more: Partial<InboxEntry> = {}): InboxEntry => ({
  ...{ externalId, kind: "comment", text: externalId, createdAt: ago(1) },
  ...more,
});
const keep = (...all: InboxEntry[]) => entries.keep(account, all, never);
const listed = async () => (await entries.list({ limit: 50 })).rows;
const idOf = async (externalId: string) => {
  const found = (await listed()).find((row) => row.externalId === externalId);
  assert.ok(found, externalId);
  return found.id;
};
const due = async (onlyAsked = false, kinds?: readonly string[]) =>
  (await repo.due({ platforms: [{ id: "model", ...(kinds && { kinds }) }], limit: 10, onlyAsked }))
    .map(({ connectionId }) => connectionId as string)
    .sort();

test("an account is due until it is read, of the kinds that have an inbox alone, and asked ones only where that is wished", async () => {
  assert.deepEqual(
    [await due(), await due(false, ["page"]), await due(true)],
    [["con_member", "con_page"], ["con_page"], []],
  );
  await entries.putOff(account, ago(-1));
  assert.deepEqual(await due(), ["con_member"]);
  await entries.hasten(account);
  assert.deepEqual([await due(), await due(true)], [["con_member", "con_page"], ["con_page"]]);
});

test("what comes in during a look is looked at again at once, and not lost with the end of that look", async () => {
  const told = () => readSoon(forTenant(app.db, tenant), { tenantId: tenant, connectionId: account });
  for (const cause of [told, () => entries.hasten(account)]) {
    await entries.putOff(account, ago(-6));
    await cause();
    await entries.ended(account, { at: ago(-6), whole: true });
    assert.ok((await due(false, ["page"])).includes(account));
    await entries.putOff(account, ago(-6));
    await entries.ended(account, { at: ago(-6), whole: true });
    assert.deepEqual(await due(false, ["page"]), []);
  }
});

test("a look that failed says why, and keeps when the last good one was", async () => {
  await entries.ended(account, { at: ago(-1), whole: true });
  const { readAt, wholeAt } = await entries.reading(account);
  assert.ok(readAt && wholeAt);
  await entries.ended(account, { at: ago(-1), whole: true, failure: { kind: "unavailable", message: "Away." } });
  const after = await entries.reading(account);
  assert.deepEqual([after.readAt, after.wholeAt], [readAt, wholeAt]);
  assert.deepEqual((await admin.query("select failure from inbox_readings")).rows, [
    { failure: { kind: "unavailable", message: "Away." } },
  ]);
});

test("only what is new or says something else counts as news", async () => {
  const review = { kind: "review", rating: 4, author: { name: "Nora" } } as const;
  assert.equal(await keep(entry("a", review), entry("b")), 2);
  assert.equal(await keep(entry("a", review), entry("b"), entry("b")), 0);
  assert.equal(await keep(entry("a", { ...review, answer: { text: "Thanks" } })), 1);
  assert.equal(await keep(entry("a", { ...review, rating: 2, answer: { text: "Thanks" } }), entry("c")), 2);
  const kept = (await listed()).find(({ externalId }) => externalId === "a");
  assert.deepEqual([kept?.rating, kept?.answer, kept?.author], [2, { text: "Thanks" }, { name: "Nora" }]);
});

test("changed words are unread again; own ones, old ones and what another list leaves out are not", async () => {
  await keep(entry("a", { postId: "p1", author: { name: "Nora" }, isHidden: true }), entry("own", { isOwn: true }));
  await entries.keep(account, [entry("old", { createdAt: ago(50) })], { unreadSince: ago(40) });
  const unread = async () => (await entries.list({ limit: 10, unread: true })).rows.map(({ externalId }) => externalId);
  assert.deepEqual(await unread(), ["a"]);
  await entries.mark(await idOf("a"), true);
  await keep(entry("a"));
  assert.deepEqual(await unread(), []);
  const [kept] = (await entries.list({ limit: 10, unread: false })).rows;
  assert.deepEqual([kept?.post?.externalId, kept?.author, kept?.hidden], ["p1", { name: "Nora" }, true]);
  await keep(entry("a", { text: "Something else" }));
  assert.deepEqual(await unread(), ["a"]);
});

test("gone is what a whole list should show and lacks: not what is older, hidden or of another post, and it may come back", async () => {
  await keep(
    entry("seen", { postId: "p1" }),
    entry("lost", { postId: "p1" }),
    entry("older", { postId: "p1", createdAt: ago(200) }),
    entry("hidden", { postId: "p1", isHidden: true }),
    entry("elsewhere", { postId: "p2" }),
  );
  await entries.markGone(account, { postExternalId: "p1", since: ago(100), seen: ["seen"] });
  const gone = async () => (await listed()).filter(({ goneAt }) => goneAt).map(({ externalId }) => externalId);
  assert.deepEqual(await gone(), ["lost"]);
  assert.equal(await keep(entry("lost", { postId: "p1" })), 1);
  assert.deepEqual(await gone(), []);
});

test("a talk is shown whole from its topmost known entry, whichever of it is asked for, and nothing of another", async () => {
  await keep(
    entry("top", { createdAt: ago(5) }),
    entry("one", { parentId: "top", createdAt: ago(4) }),
    entry("two", { parentId: "one", createdAt: ago(3) }),
    entry("side", { parentId: "top", createdAt: ago(2) }),
    entry("other", { parentId: "unknown" }),
    // A platform's mistake must not send anybody round for ever.
    entry("x", { parentId: "y" }),
    entry("y", { parentId: "x" }),
  );
  const talk = async (externalId: string) =>
    (await entries.thread(await idOf(externalId))).map((row) => row.externalId);
  for (const asked of ["top", "one", "two", "side"]) assert.deepEqual(await talk(asked), ["top", "one", "two", "side"]);
  assert.deepEqual(await talk("other"), ["other"]);
  assert.deepEqual((await talk("x")).sort(), ["x", "y"]);
});

test("posts that may be written below are those of either kind, youngest first, and no answers", async () => {
  await admin.query(`
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_i', 'ten_a', 'approved', '{}', '[]', '{}', 'u', domain_now(), domain_now());
    insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, content, scheduled_for, simulated, created_at, updated_at, published_at, external_post_id)
      select 'job_' || ref, 'ten_a', 'post_i', 'con_page', 'model', 'published', jsonb_build_object('format', format), domain_now(), true, domain_now(), domain_now(),
        domain_now() - hours * interval '1 hour', ref
      from (values ('young', 'text', 1), ('answer', 'reply', 1), ('listed', 'text', 2), ('old', 'text', 2000)) as v(ref, format, hours);
    insert into account_posts (id, tenant_id, connection_id, external_id, format, job_id, made_at, seen_at) values
      ('acp_1', 'ten_a', 'con_page', 'listed-as', 'text', 'job_listed', domain_now() - interval '2 hours', domain_now()),
      ('acp_2', 'ten_a', 'con_page', 'foreign', 'text', null, domain_now() - interval '100 hours', domain_now());`);
  const posts = (more: object = {}) => entries.posts(account, { since: ago(700), limit: 10, ...more });
  assert.deepEqual(await posts(), ["young", "listed-as", "foreign"]);
  assert.deepEqual(await posts({ limit: 1 }), ["young"]);
  assert.deepEqual(await posts({ readSince: ago(72) }), ["young", "listed-as"]);
  await keep(entry("a", { postId: "foreign" }));
  assert.deepEqual(await posts({ readSince: ago(72) }), ["young", "listed-as", "foreign"]);
});

test("an entry is given to a member, put off until its time, settled, and open again where its words change", async () => {
  await admin.query(`
    insert into tenants (id, name, slug, created_at) values ('ten_b', 'b', 'b', domain_now());
    insert into users (id, name, email, email_verified, created_at, updated_at)
      select 'usr_' || n, n, n || '@example.com', true, domain_now(), domain_now() from (values ('ida'), ('bo')) as v(n);
    insert into members (id, tenant_id, user_id, role, created_at)
      values ('mbr_ida', 'ten_a', 'usr_ida', 'owner', domain_now()), ('mbr_bo', 'ten_b', 'usr_bo', 'owner', domain_now());`);
  await keep(entry("a"), entry("b"), entry("own", { isOwn: true }));
  const id = await idOf("a");
  const ida = asId("member", "mbr_ida");
  const soon = new Date(Date.now() + hourMs);
  const counts = (actorId = "usr_ida") => entries.counts({ connectionId: account, actorId });
  const state = async () => (await entries.find(id))?.state;

  assert.equal(await entries.tend(id, { assigneeId: asId("member", "mbr_bo") }), "no_member", "of another workspace");
  assert.equal(await entries.tend(id, { snoozedUntil: ago(1), assigneeId: ida }), "past");
  assert.equal((await entries.find(id))?.assigneeId, undefined, "what is refused changes nothing");
  assert.equal(await entries.tend(asId("inboxEntry", "inb_none"), { done: true }), "no_entry");
  assert.equal(await repo.forTenant(asId("tenant", "ten_b")).tend(id, { done: true }), "no_entry");

  assert.equal(await entries.tend(id, { assigneeId: ida, snoozedUntil: soon }), "done");
  assert.equal(await state(), "snoozed");
  assert.deepEqual(await counts(), { open: 1, snoozed: 1, done: 0, unread: 1, mine: 0, unassigned: 1 });
  await admin.query("update inbox_entries set snoozed_until = domain_now() where id = $1", [id]);
  assert.equal(await state(), "open", "its time has come");
  assert.deepEqual(await counts(), { open: 2, snoozed: 0, done: 0, unread: 2, mine: 1, unassigned: 1 });
  assert.equal((await counts("key_any")).mine, 0);

  await entries.tend(id, { done: true });
  assert.equal(await state(), "done");
  assert.deepEqual(
    (await entries.list({ limit: 9, state: "open" })).rows.map(({ externalId }) => externalId),
    ["b"],
  );
  assert.deepEqual(
    (await entries.list({ limit: 9, assigneeId: ida, state: "done" })).rows.map(({ externalId }) => externalId),
    ["a"],
  );
  await keep(entry("a"));
  assert.equal(await state(), "done", "another look opens nothing");
  await keep(entry("a", { text: "And another thing" }));
  assert.equal(await state(), "open", "new words do");

  await admin.query("delete from members where id = 'mbr_ida'");
  assert.equal((await entries.find(id))?.assigneeId, undefined, "who was removed takes care of nothing");
  assert.equal((await entries.list({ limit: 9, unassigned: true })).rows.length, 2);
});
