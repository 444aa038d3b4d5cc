import type { JsonObject } from "@postd/contracts";
import type { IdempotencyAnswer, IdempotencyClaim, NewJob, PostRecord, TenantPublishing } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { databaseErrorCode } from "../database-error.ts";
import { factsOf } from "../ledger/job-row.ts";
import type { Executor } from "../pools.ts";
import { compiled, runSql, type SqlPlace } from "../run-sql.ts";
import { lockJobs, patchJob } from "./act.ts";
import { readPostRow } from "./read.ts";
import { jobRecord } from "./records.ts";

/** Everything one accepted request writes, as statements of one transaction; `now` is when it was accepted. */
export function acceptStatements(input: {
  readonly tenantId: string;
  readonly post: PostRecord;
  readonly jobs: readonly NewJob[];
  readonly kept?: { readonly claim: IdempotencyClaim; readonly answer: object };
  readonly files: readonly string[];
  readonly refuseTwins: boolean;
}): readonly SQL[] {
  const { tenantId, post, jobs, kept, files, refuseTwins } = input;
  const now = sql`${post.createdAt.toISOString()}::timestamptz`;
  const key = kept
    ? [
        sql`insert into idempotency_records (tenant_id, operation, key, body_hash, resource_id, status, response, created_at)
        values (${tenantId}, ${kept.claim.operation}, ${kept.claim.key}, ${kept.claim.bodyHash}, ${post.id}, 201, ${JSON.stringify(kept.answer)}::jsonb, ${now})`,
      ]
    : [];
  return [
    ...key,
    ...(refuseTwins ? twinStatements(jobs) : []),
    // Where one is missing this divides by zero, which ends the transaction: `isFileGone`.
    ...(files.length > 0 ? [sql`select 1 / (${allThere(files)})::int`] : []),
    sql`insert into posts (id, tenant_id, status, content, scheduled_for, targets, metadata, created_by, changed_by, approval_asked, created_at, updated_at)
      values (${post.id}, ${tenantId}, ${post.status}, ${JSON.stringify(post.content)}::jsonb, ${post.scheduledFor?.toISOString() ?? null}::timestamptz,
        ${JSON.stringify(post.targets)}::jsonb, ${JSON.stringify(post.metadata)}::jsonb, ${post.createdBy}, ${post.changedBy}, ${post.approvalAsked}, ${now}, ${now})`,
    ...versionStatements(tenantId, post),
    ...jobStatements(tenantId, post.id, jobs, now),
  ];
}

/**
 * Whether all these files are there, which stays so until the transaction ends: whoever deletes one waits for it and then
 * sees the post, or was first.
 */
const allThere = (files: readonly string[]): SQL =>
  sql`(select count(*) from (select id from media_assets where id in ${[...files]} and deleted_at is null order by id for key share) kept) = ${new Set(files).size}::bigint`;

/** A file of the post was deleted before the post was taken. */
export const isFileGone = (error: unknown): boolean => databaseErrorCode(error) === "22012";

/** The same content to the same account for the same time, within this, is a repeat and not a second post. */
const twinWindowMs = 10 * 60_000;

/** In one order for everybody, so that two requests with the same accounts never wait for each other in a circle. */
function twinStatements(jobs: readonly NewJob[]): readonly SQL[] {
  const sorted = [...jobs].sort((a, b) => (a.connectionId + a.fingerprint < b.connectionId + b.fingerprint ? -1 : 1));
  return sorted.map(
    (job) =>
      sql`select refuse_twin(${job.connectionId}, ${job.fingerprint}, ${job.scheduledFor.toISOString()}::timestamptz, ${twinWindowMs})`,
  );
}

/** Jobs of a post, and the word to the dispatchers that there may be something due. */
function jobStatements(tenantId: string, postId: string, jobs: readonly NewJob[], now: SQL): readonly SQL[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(
    (
      job,
    ) => sql`(${job.id}, ${tenantId}, ${postId}, ${job.connectionId}, ${job.platform}, 'scheduled', ${job.scheduledFor.toISOString()}::timestamptz,
      ${job.wakeAt ? sql`${job.wakeAt.toISOString()}::timestamptz` : sql`domain_now()`}, ${JSON.stringify(job.post)}::jsonb, ${job.fingerprint}, ${job.nativeSchedule}, ${job.simulated}, ${now}, ${now})`,
  );
  return [
    sql`insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, content, fingerprint,
      native_schedule, simulated, created_at, updated_at) values ${sql.join(rows, sql`, `)}`,
    sql`select pg_notify('postd_due', '')`,
  ];
}

function versionStatements(tenantId: string, post: Pick<PostRecord, "id" | "versions">): readonly SQL[] {
  return Object.entries(post.versions).map(
    ([target, version]) =>
      sql`insert into post_versions (tenant_id, post_id, target, content) values (${tenantId}, ${post.id}, ${target}, ${JSON.stringify(version)}::jsonb)`,
  );
}

async function runAll(tx: Executor, statements: readonly SQL[]): Promise<void> {
  for (const statement of statements) await runSql(tx, statement);
}

const keyRow = compiled(
  sql`select 1 from idempotency_records where operation = ${sql.placeholder("operation")} and key = ${sql.placeholder("key")}`,
);

/** Nothing is known of the key. */
export async function isFirst(on: SqlPlace, { operation, key }: IdempotencyClaim): Promise<boolean> {
  return (await runSql(on, keyRow({ operation, key }))).rows.length === 0;
}

/**
 * What a key stands for. It outlives the deletion of its post, so that the same request never makes a second one; only
 * where nothing of the post was ever sent is it freed.
 */
export async function seenKey(tx: Executor, claim: IdempotencyClaim): Promise<IdempotencyAnswer> {
  const { rows } = await runSql<{ body_hash: string; response: JsonObject | null; gone: boolean }>(
    tx,
    sql`
    select r.body_hash, r.response, (p.id is null or p.deleted_at is not null) and not exists (
        select 1 from publish_jobs j join publish_attempts a on a.job_id = j.id
        where j.post_id = r.resource_id and a.effect = 'visible') as gone
    from idempotency_records r left join posts p on p.id = r.resource_id
    where r.operation = ${claim.operation} and r.key = ${claim.key}`,
  );
  const row = rows[0];
  if (!row) return { kind: "new" };
  if (row.gone || !row.response) {
    await runSql(
      tx,
      sql`delete from idempotency_records where operation = ${claim.operation} and key = ${claim.key} and body_hash = ${row.body_hash}`,
    );
    return { kind: "new" };
  }
  return row.body_hash === claim.bodyHash ? { kind: "replay", response: row.response } : { kind: "differs" };
}

/**
 * Changes a post and every job of it under their locks: what `decide` says of the jobs as they are now is written with the
 * post, all or nothing. Job ids stay; what takes a canceled job's place is named on it.
 */
export async function changePost(
  tx: Executor,
  tenantId: string,
  input: Parameters<TenantPublishing["change"]>[0],
): Promise<Awaited<ReturnType<TenantPublishing["change"]>>> {
  const { rows: locked } = await runSql<{ id: string }>(
    tx,
    sql`select id from posts where id = ${input.id} and version = ${input.ifVersion} and deleted_at is null for update`,
  );
  if (locked.length === 0) return undefined;
  const { files = [] } = input;
  if (files.length > 0) {
    const { rows: kept } = await runSql<{ all: boolean }>(tx, sql`select ${allThere(files)} as all`);
    if (!kept[0]?.all) return undefined;
  }
  const rows = await lockJobs(tx, sql`post_id = ${input.id}`);
  const { post, decision, decided, jobs, remove } = input.decide(
    rows.map((row) => ({ job: jobRecord(row), facts: factsOf(row, row.now) })),
  );
  for (const { jobId, meeting } of decided) {
    const row = rows.find(({ id }) => id === jobId);
    if (row && meeting.patch) await patchJob(tx, row, meeting.patch);
  }
  const written = post
    ? sql`status = ${post.status}, content = ${JSON.stringify(post.content)}::jsonb, targets = ${JSON.stringify(post.targets)}::jsonb,
        scheduled_for = ${post.scheduledFor?.toISOString() ?? null}::timestamptz, changed_by = ${post.changedBy}, approval_asked = ${post.approvalAsked},`
    : sql``;
  const decidedBy = decision
    ? sql`decided_by = ${decision.by}, decided_at = domain_now(), decision_note = ${decision.note ?? null},`
    : sql``;
  const removed =
    remove === "now" ? sql`deleted_at = domain_now(),` : remove === "when_settled" ? sql`deleting = true,` : sql``;
  await runSql(
    tx,
    sql`update posts set ${written} ${decidedBy} ${removed} version = version + 1, updated_at = domain_now() where id = ${input.id}`,
  );
  if (post) {
    await runSql(tx, sql`delete from post_versions where post_id = ${input.id}`);
    await runAll(tx, versionStatements(tenantId, { id: input.id, versions: post.versions }));
  }
  await runAll(tx, [
    ...jobStatements(tenantId, input.id, jobs, sql`domain_now()`),
    ...successorStatements(input.id, jobs),
    sql`select pg_notify('postd_due', '')`,
  ]);
  const after = await readPostRow(tx, input.id);
  return after && { ...after, decided };
}

/** Whoever kept the id of a canceled job finds the one that took its place. */
const successorStatements = (postId: string, jobs: readonly NewJob[]): readonly SQL[] =>
  jobs.map(
    (job) => sql`update publish_jobs set successor_id = ${job.id}
      where post_id = ${postId} and connection_id = ${job.connectionId} and id <> ${job.id} and state = 'canceled'`,
  );
