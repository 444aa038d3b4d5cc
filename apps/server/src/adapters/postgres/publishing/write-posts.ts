import type { JsonObject } from "@postd/contracts";
import type { IdempotencyClaim, NewJob, PostRecord, TenantPublishing } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";

/** Everything one accepted request writes, as statements of one transaction; `now` is when it was accepted. */
export function acceptStatements(input: {
  readonly tenantId: string;
  readonly post: PostRecord;
  readonly jobs: readonly NewJob[];
  readonly kept?: { readonly claim: IdempotencyClaim; readonly answer: object };
}): readonly SQL[] {
  const { tenantId, post, jobs, kept } = input;
  const now = sql`${post.createdAt.toISOString()}::timestamptz`;
  const key = kept
    ? [
        sql`insert into idempotency_records (tenant_id, operation, key, body_hash, resource_id, status, response, created_at)
        values (${tenantId}, ${kept.claim.operation}, ${kept.claim.key}, ${kept.claim.bodyHash}, ${post.id}, 201, ${JSON.stringify(kept.answer)}::jsonb, ${now})`,
      ]
    : [];
  return [
    ...key,
    sql`insert into posts (id, tenant_id, status, content, scheduled_for, targets, metadata, created_by, created_at, updated_at)
      values (${post.id}, ${tenantId}, ${post.status}, ${JSON.stringify(post.content)}::jsonb, ${post.scheduledFor?.toISOString() ?? null}::timestamptz,
        ${JSON.stringify(post.targets)}::jsonb, ${JSON.stringify(post.metadata)}::jsonb, ${post.createdBy}, ${now}, ${now})`,
    ...versionStatements(tenantId, post),
    ...jobStatements(tenantId, post.id, jobs, now),
  ];
}

/** Jobs of a post, and the word to the dispatchers that there may be something due. */
function jobStatements(tenantId: string, postId: string, jobs: readonly NewJob[], now: SQL): readonly SQL[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(
    (
      job,
    ) => sql`(${job.id}, ${tenantId}, ${postId}, ${job.connectionId}, ${job.platform}, 'scheduled', ${job.scheduledFor.toISOString()}::timestamptz,
      ${job.wakeAt ? sql`${job.wakeAt.toISOString()}::timestamptz` : sql`domain_now()`}, ${JSON.stringify(job.content)}::jsonb, ${job.fingerprint}, ${job.nativeSchedule}, ${job.simulated}, ${now}, ${now})`,
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
  for (const statement of statements) await runSql<object>(tx, statement);
}

/** What a key stands for; a key whose post was deleted is freed. */
export async function seenKey(
  tx: Executor,
  claim: IdempotencyClaim,
): Promise<
  { readonly kind: "new" } | { readonly kind: "replay"; readonly response: JsonObject } | { readonly kind: "differs" }
> {
  const { rows } = await runSql<{ body_hash: string; response: JsonObject | null; gone: boolean }>(
    tx,
    sql`
    select r.body_hash, r.response, p.id is null or p.deleted_at is not null as gone from idempotency_records r left join posts p on p.id = r.resource_id
    where r.operation = ${claim.operation} and r.key = ${claim.key}`,
  );
  const row = rows[0];
  if (!row) return { kind: "new" };
  if (row.gone || !row.response) {
    await runSql<object>(
      tx,
      sql`delete from idempotency_records where operation = ${claim.operation} and key = ${claim.key} and body_hash = ${row.body_hash}`,
    );
    return { kind: "new" };
  }
  return row.body_hash === claim.bodyHash ? { kind: "replay", response: row.response } : { kind: "differs" };
}

/** Replaces an unsent post. Jobs are made anew: none was ever claimed, so nothing of them is history. */
export async function rewritePost(
  tx: Executor,
  tenantId: string,
  input: Parameters<TenantPublishing["rewrite"]>[0],
): Promise<boolean> {
  const { post } = input;
  const { rowCount } = await runSql<object>(
    tx,
    sql`update posts set content = ${JSON.stringify(post.content)}::jsonb, targets = ${JSON.stringify(post.targets)}::jsonb,
    scheduled_for = ${post.scheduledFor?.toISOString() ?? null}::timestamptz, version = version + 1, updated_at = domain_now()
    where id = ${post.id} and version = ${input.ifVersion} and deleted_at is null`,
  );
  if (rowCount !== 1) return false;
  const { rows } = await runSql<{
    frozen: boolean;
  }>(
    tx,
    sql`select (first_claimed_at is not null or state not in ('scheduled', 'held')) as frozen
    from publish_jobs where post_id = ${post.id} for update`,
  );
  if (rows.some(({ frozen }) => frozen)) throw new Frozen();
  await runSql<object>(tx, sql`delete from publish_jobs where post_id = ${post.id}`);
  await runSql<object>(tx, sql`delete from post_versions where post_id = ${post.id}`);
  await runAll(tx, [
    ...versionStatements(tenantId, post),
    ...jobStatements(tenantId, post.id, input.jobs, sql`domain_now()`),
  ]);
  return true;
}

/** Rolls a rewrite back: a worker was faster. */
export class Frozen extends Error {}

export async function decidePost(
  tx: Executor,
  tenantId: string,
  input: Parameters<TenantPublishing["decide"]>[0],
): Promise<boolean> {
  const { rowCount } = await runSql<object>(
    tx,
    sql`update posts set status = ${input.approve ? "approved" : "rejected"}, decided_by = ${input.by}, decided_at = domain_now(),
    decision_note = ${input.note ?? null}, version = version + 1, updated_at = domain_now() where id = ${input.id} and status = 'awaiting_approval' and deleted_at is null`,
  );
  if (rowCount !== 1) return false;
  await runAll(tx, jobStatements(tenantId, input.id, input.jobs, sql`domain_now()`));
  return true;
}

export async function removePost(tx: Executor, id: string): Promise<void> {
  await runSql<object>(
    tx,
    sql`update publish_jobs set state = 'canceled', held_reason = null, wake_at = null, in_flight = null, fence = fence + 1, updated_at = domain_now()
    where post_id = ${id} and state in ('scheduled', 'retrying', 'processing', 'held', 'failed')`,
  );
  await runSql<object>(tx, sql`update posts set deleted_at = domain_now(), updated_at = domain_now() where id = ${id}`);
}
