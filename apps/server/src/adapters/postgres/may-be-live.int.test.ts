import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import pg from "pg";
import { knownMigrations, migrateDatabase } from "./migrate.ts";
import { testServerUrl } from "./testing/test-database.ts";

const name = `postd_test_${randomBytes(8).toString("hex")}`;
let client: pg.Client;

before(async () => {
  const admin = new pg.Client({ connectionString: testServerUrl() });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(testServerUrl());
  url.pathname = `/${name}`;
  const before = (await knownMigrations()).indexOf("0008_may_be_live");
  await migrateDatabase(url.href, { upTo: before });
  client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await seed();
  await migrateDatabase(url.href);
});

after(async () => {
  await client?.end();
  const admin = new pg.Client({ connectionString: testServerUrl() });
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.end();
});

interface Old {
  readonly id: string;
  readonly state: string;
  readonly attempt?: { readonly outcome: string | null; readonly effect?: string; readonly kind?: string };
  readonly external?: string;
  readonly absentLater?: boolean;
  readonly native?: boolean;
}

/** Jobs as the version before left them. */
const old: readonly Old[] = [
  { id: "canceled_live", state: "canceled", attempt: { outcome: "lost" } },
  { id: "held_live", state: "held", attempt: { outcome: "unknown" } },
  { id: "failed_unread", state: "failed", attempt: { outcome: "failed", kind: "unexpected_response" } },
  { id: "failed_refused", state: "failed", attempt: { outcome: "failed", kind: "content_rejected" } },
  { id: "retrying_lost", state: "retrying", attempt: { outcome: "unknown" } },
  { id: "publishing_open", state: "publishing", attempt: { outcome: null } },
  { id: "held_absent", state: "held", attempt: { outcome: "lost" }, absentLater: true },
  { id: "held_invisible", state: "held", attempt: { outcome: "lost", effect: "invisible" } },
  { id: "scheduled", state: "scheduled" },
  { id: "native_unknown", state: "unknown", external: "planned", native: true },
  { id: "first_owner", state: "published", external: "p1" },
  { id: "second_owner", state: "published", external: "p1" },
];

async function seed(): Promise<void> {
  await client.query(`insert into tenants (id, name, slug, created_at) values ('ten_1', 'T', 't', now());
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_1', 'ten_1', 'approved', '{"text":"","mediaIds":[],"options":{}}', '[]', '{}', 'usr_1', now(), now());`);
  for (const [index, job] of old.entries()) {
    const { attempt } = job;
    await client.query(
      `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
       values ($1, 'ten_1', 'bluesky', 'keys', $1, 'page', 'N', '{}', '{}', '{}', 'healthy', true, 'usr_1', now(), now())`,
      [`con_${job.id}`],
    );
    await client.query(
      `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, content, fingerprint, external_post_id, native_schedule, simulated, probe, created_at, updated_at)
       values ($1, 'ten_1', 'post_1', $2, 'bluesky', $3, now(), '{"format":"text","text":"x","media":[],"options":{}}', $1, $4, $5, true, $6, now() + $7 * interval '1 second', now())`,
      [
        job.id,
        `con_${job.id}`,
        job.state,
        job.external ?? null,
        job.native ?? false,
        job.absentLater ? { since: "", looks: 1, saw: [{ at: "2099-01-01T00:00:00Z", answer: "absent" }] } : null,
        index,
      ],
    );
    if (attempt)
      await client.query(
        `insert into publish_attempts (id, tenant_id, job_id, fence, step, kind, effect, repeatable, prepared, intent_at, outcome, failure)
         values ($1, 'ten_1', $2, 1, 'put_post', 'call', $3, true, '{"rkey":"a"}', now(), $4, $5)`,
        [
          `att_${job.id}`,
          job.id,
          attempt.effect ?? "visible",
          attempt.outcome,
          attempt.kind ? { kind: attempt.kind } : null,
        ],
      );
  }
}

const jobs = async () => {
  const { rows } = await client.query<{
    id: string;
    state: string;
    may_be_live: boolean;
    wish: { kind: string } | null;
    external_post_id: string | null;
    step_state: { visible?: { step: string; prepared: unknown; endsBy: string } } | null;
  }>("select id, state, may_be_live, wish, external_post_id, step_state from publish_jobs");
  return new Map(rows.map((row) => [row.id, row]));
};

test("jobs of before get their truth from what was sent", async () => {
  const found = await jobs();
  const said = Object.fromEntries(
    [...found].map(([id, row]) => [id, `${row.state}${row.may_be_live ? " may be live" : ""}`]),
  );
  assert.deepEqual(said, {
    canceled_live: "unknown may be live",
    held_live: "unknown may be live",
    failed_unread: "unknown may be live",
    failed_refused: "failed",
    retrying_lost: "retrying may be live",
    publishing_open: "publishing may be live",
    held_absent: "held",
    held_invisible: "held",
    scheduled: "scheduled",
    native_unknown: "unknown may be live",
    first_owner: "published",
    second_owner: "unknown may be live",
  });
});

test("a cancel of before becomes a wish, and what may be live can be looked up by what was sent", async () => {
  const found = await jobs();
  assert.equal(found.get("canceled_live")?.wish?.kind, "cancel");
  const visible = found.get("held_live")?.step_state?.visible;
  assert.deepEqual([visible?.step, visible?.prepared], ["put_post", { rkey: "a" }]);
  assert.ok(!Number.isNaN(Date.parse(visible?.endsBy ?? "")));
});

test("one post belongs to one job, the older one", async () => {
  const found = await jobs();
  assert.deepEqual(
    [found.get("first_owner")?.external_post_id, found.get("second_owner")?.external_post_id],
    ["p1", null],
  );
});

test("a state that means not sent is refused while something may be live", async () => {
  await assert.rejects(
    client.query("update publish_jobs set state = 'held' where id = 'held_live'"),
    /publish_jobs_truth/,
  );
});
