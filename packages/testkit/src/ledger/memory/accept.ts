import type { JobView, JsonObject, PostView, TenantId } from "@postd/contracts";
import type { AcceptAnswer, AcceptInput, IdempotencyAnswer, IdempotencyClaim, NewJob, PostRecord } from "@postd/core";
import { jobRecord } from "../../../../../apps/server/src/adapters/postgres/publishing/records.ts";
import { type MemoryJob, type MemoryPost, nowOf, putJob, type Tables } from "./rows.ts";

const twinWindowMs = 10 * 60_000;
export const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);

export function bare({ tenantId: _tenant, deletedAt: _deleted, ...post }: MemoryPost): PostRecord {
  return post;
}

export function seen(tables: Tables, tenantId: string, claim: IdempotencyClaim): IdempotencyAnswer {
  const name = keyName(tenantId, claim);
  const kept = tables.keys.get(name);
  if (!kept) return { kind: "new" };
  const post = tables.posts.get(kept.postId);
  const wasSent = [...tables.attempts.values()].some(
    ({ jobId, effect }) => effect === "visible" && tables.jobs.get(jobId)?.post_id === kept.postId,
  );
  if ((!post || post.deletedAt) && !(wasSent && tables.rules.keepsKeys !== false)) {
    tables.keys.delete(name);
    return { kind: "new" };
  }
  return kept.bodyHash === claim.bodyHash ? { kind: "replay", response: kept.response } : { kind: "differs" };
}

const keyName = (tenantId: string, { operation, key }: IdempotencyClaim): string => `${tenantId} ${operation} ${key}`;

export function accept<V extends JobView | PostView>(
  tables: Tables,
  tenantId: TenantId,
  { post, jobs, now, idempotency, refuseTwins, answer }: AcceptInput<V>,
): AcceptAnswer<V> {
  if (idempotency && tables.keys.has(keyName(tenantId, idempotency))) {
    const before = seen(tables, tenantId, idempotency);
    if (before.kind !== "new") return before;
  }
  if (refuseTwins)
    for (const job of jobs) {
      const twin = twinOf(tables, job);
      if (twin) return { kind: "twin", jobId: twin.id, connectionId: twin.connection_id, createdAt: twin.created_at };
    }
  const written: MemoryPost = {
    ...post,
    createdAt: now,
    updatedAt: now,
    version: 1,
    deleting: false,
    tenantId,
    deletedAt: undefined,
  };
  tables.posts.set(post.id, written);
  const rows = addJobs(tables, tenantId, post.id, jobs, now);
  const view = answer(bare(written), rows.map(jobRecord));
  if (idempotency)
    tables.keys.set(keyName(tenantId, idempotency), {
      bodyHash: idempotency.bodyHash,
      postId: post.id,
      response: JSON.parse(JSON.stringify(view)) as JsonObject,
    });
  return { kind: "new", view };
}

function twinOf(tables: Tables, job: NewJob): MemoryJob | undefined {
  const over = ["canceled", "failed", "discarded", "removed"];
  return [...tables.jobs.values()]
    .filter(
      (row) =>
        row.connection_id === job.connectionId &&
        row.fingerprint === job.fingerprint &&
        (row.may_be_live || !over.includes(row.state)) &&
        Math.abs(row.scheduled_for.getTime() - job.scheduledFor.getTime()) <= twinWindowMs,
    )
    .sort(byId)
    .at(-1);
}

export function addJobs(
  tables: Tables,
  tenantId: TenantId,
  postId: string,
  jobs: readonly NewJob[],
  now: Date,
): readonly MemoryJob[] {
  const rows = jobs.map((job) => putJob(tables, newRow(tables, tenantId, postId, job, now)));
  for (const job of jobs)
    for (const old of tables.jobs.values())
      if (
        old.post_id === postId &&
        old.connection_id === job.connectionId &&
        old.id !== job.id &&
        old.state === "canceled"
      )
        tables.jobs.set(old.id, { ...old, successor_id: job.id });
  return rows;
}

function newRow(tables: Tables, tenantId: TenantId, postId: string, job: NewJob, now: Date): MemoryJob {
  return {
    id: job.id,
    tenant_id: tenantId,
    post_id: postId,
    connection_id: job.connectionId,
    platform: job.platform,
    state: "scheduled",
    held_reason: null,
    scheduled_for: job.scheduledFor,
    wake_at: job.wakeAt ?? nowOf(tables),
    handed_at: null,
    lease_until: null,
    fence: "0",
    tries: 0,
    content: job.post,
    step_state: null,
    step_version: 1,
    has_sealed: false,
    fingerprint: job.fingerprint,
    in_flight: null,
    external_post_id: null,
    permalink: null,
    earlier_posts: null,
    published_at: null,
    failure: null,
    probe: null,
    needs_person: false,
    native_schedule: job.nativeSchedule,
    simulated: job.simulated,
    may_be_live: false,
    wish: null,
    wish_outcome: null,
    parts_gone: false,
    removed_at: null,
    removed_by: null,
    successor_id: null,
    first_claimed_at: null,
    released_at: null,
    created_at: now,
    updated_at: now,
  };
}
