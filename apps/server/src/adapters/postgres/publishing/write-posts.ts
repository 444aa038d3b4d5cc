import type { JsonObject } from "@postd/contracts";
import type { IdempotencyClaim, NewJob, PostRecord, TenantPublishing } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";

/** Posts, versions and jobs of one accepted request; called inside one transaction. */
export async function insertPost(
  tx: Executor,
  tenantId: string,
  post: Parameters<TenantPublishing["accept"]>[0]["post"],
  jobs: readonly NewJob[],
): Promise<void> {
  await runSql<object>(
    tx,
    sql`insert into posts (id, tenant_id, status, content, scheduled_for, targets, metadata, created_by, created_at, updated_at)
    values (${post.id}, ${tenantId}, ${post.status}, ${JSON.stringify(post.content)}::jsonb, ${post.scheduledFor?.toISOString() ?? null}::timestamptz,
      ${JSON.stringify(post.targets)}::jsonb, ${JSON.stringify(post.metadata)}::jsonb, ${post.createdBy}, domain_now(), domain_now())`,
  );
  await writeVersions(tx, tenantId, post);
  await insertJobs(tx, tenantId, post.id, jobs);
}

export async function insertJobs(
  tx: Executor,
  tenantId: string,
  postId: string,
  jobs: readonly NewJob[],
): Promise<void> {
  if (jobs.length === 0) return;
  const rows = jobs.map(
    (
      job,
    ) => sql`(${job.id}, ${tenantId}, ${postId}, ${job.connectionId}, ${job.platform}, 'scheduled', ${job.scheduledFor.toISOString()}::timestamptz,
      ${job.wakeAt.toISOString()}::timestamptz, ${JSON.stringify(job.content)}::jsonb, ${job.fingerprint}, ${job.nativeSchedule}, ${job.simulated}, domain_now(), domain_now())`,
  );
  await runSql<object>(
    tx,
    sql`insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, content, fingerprint,
    native_schedule, simulated, created_at, updated_at) values ${sql.join(rows, sql`, `)}`,
  );
  await runSql<object>(tx, sql`select pg_notify('postd_due', '')`);
}

async function writeVersions(tx: Executor, tenantId: string, post: Pick<PostRecord, "id" | "versions">): Promise<void> {
  for (const [target, version] of Object.entries(post.versions))
    await runSql<object>(
      tx,
      sql`insert into post_versions (tenant_id, post_id, target, content) values (${tenantId}, ${post.id}, ${target}, ${JSON.stringify(version)}::jsonb)`,
    );
}

/** Takes the key, or answers what it already stands for; a second request with the same key waits here for the first. */
export async function takeKey(
  tx: Executor,
  tenantId: string,
  claim: IdempotencyClaim,
): Promise<
  { readonly kind: "new" } | { readonly kind: "replay"; readonly response: JsonObject } | { readonly kind: "differs" }
> {
  const { rowCount } = await runSql<object>(
    tx,
    sql`insert into idempotency_records (tenant_id, operation, key, body_hash, created_at)
    values (${tenantId}, ${claim.operation}, ${claim.key}, ${claim.bodyHash}, domain_now()) on conflict do nothing`,
  );
  return rowCount === 1 ? { kind: "new" } : seenKey(tx, claim);
}

/** What a key stands for; a key whose post was deleted is free again. */
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
  if (row.gone) {
    await runSql<object>(
      tx,
      sql`update idempotency_records set body_hash = ${claim.bodyHash}, response = null, resource_id = null where operation = ${claim.operation} and key = ${claim.key}`,
    );
    return { kind: "new" };
  }
  if (row.body_hash !== claim.bodyHash) return { kind: "differs" };
  return row.response ? { kind: "replay", response: row.response } : { kind: "new" };
}

export async function keepAnswer(
  tx: Executor,
  claim: IdempotencyClaim,
  postId: string,
  response: object,
): Promise<void> {
  await runSql<object>(
    tx,
    sql`update idempotency_records set resource_id = ${postId}, status = 201, response = ${JSON.stringify(response)}::jsonb
    where operation = ${claim.operation} and key = ${claim.key}`,
  );
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
  await writeVersions(tx, tenantId, post);
  await insertJobs(tx, tenantId, post.id, input.jobs);
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
  await insertJobs(tx, tenantId, input.id, input.jobs);
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
