import type { JobView, PostView } from "@postd/contracts";
import type { AcceptAnswer, AcceptInput, PublishingStore, TenantPublishing } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";
import { type TenantDb, withTenant } from "../tenant-tx.ts";
import { actOnJob, pause, resume } from "./act.ts";
import { readJob, readJobs, readNewestJobs, readPost, readPosts } from "./read.ts";
import { type MediaRow, mediaInfo, type TargetRow, targetRecord } from "./records.ts";
import {
  decidePost,
  Frozen,
  insertPost,
  keepAnswer,
  removePost,
  rewritePost,
  seenKey,
  takeKey,
} from "./write-posts.ts";

/** Posts and jobs on PostgreSQL, one tenant at a time. */
export function createPublishingStore(db: TenantDb, settings: { readonly lateAfterMs: number }): PublishingStore {
  return { forTenant: (tenantId) => tenantPublishing(db, tenantId, settings.lateAfterMs) };
}

function tenantPublishing(db: TenantDb, tenantId: string, lateAfterMs: number): TenantPublishing {
  const run = <T>(fn: Parameters<typeof withTenant<T>>[2]) => withTenant(db, tenantId, fn);
  return {
    targets: (ids) =>
      run(async (tx) => {
        if (ids.length === 0) return [];
        const { rows } = await runSql<TargetRow>(
          tx,
          sql`select id, platform, external_id, account_kind, auth_kind, name, handle, extras, status, disconnected_at, simulated
          from connections where id in ${[...ids]}`,
        );
        return rows.map(targetRecord);
      }),
    media: (ids) =>
      run(async (tx) => {
        if (ids.length === 0) return [];
        const { rows } = await runSql<MediaRow>(
          tx,
          sql`select id, kind, mime_type, size_bytes, sha256, width, height, duration_ms, alt_text
          from media_assets where id in ${[...ids]} and deleted_at is null`,
        );
        return rows.map(mediaInfo);
      }),
    recentTwin: ({ connectionId, fingerprint, withinMs }) =>
      run(async (tx) => {
        const { rows } = await runSql<{ id: string; created_at: Date }>(
          tx,
          sql`select id, created_at from publish_jobs
          where connection_id = ${connectionId} and fingerprint = ${fingerprint} and state not in ('canceled', 'failed', 'discarded')
            and created_at > domain_now() - ${withinMs} * interval '1 millisecond' order by id desc limit 1`,
        );
        const row = rows[0];
        return row && { jobId: row.id, createdAt: row.created_at };
      }),
    seen: (claim) => run((tx) => seenKey(tx, claim)),
    accept: (input) => run((tx) => accept(tx, tenantId, input)),
    post: (id) => run((tx) => readPost(tx, id)),
    posts: (page) => run((tx) => readPosts(tx, page)),
    job: (id) => run((tx) => readJob(tx, id)),
    jobs: ({ limit, before, states, connectionId, postId }) =>
      run((tx) =>
        readNewestJobs(
          tx,
          sql.join(
            [
              before ? sql`id < ${before}` : sql`true`,
              states && states.length > 0 ? sql`state in ${[...states]}` : sql`true`,
              connectionId ? sql`connection_id = ${connectionId}` : sql`true`,
              postId ? sql`post_id = ${postId}` : sql`true`,
            ],
            sql` and `,
          ),
          limit,
        ),
      ),
    desk: () =>
      run((tx) =>
        readNewestJobs(tx, sql`state in ('failed', 'unknown') or (state = 'held' and held_reason = 'missed')`, 1_000),
      ),
    rewrite: async (input) => {
      try {
        return await run((tx) => rewritePost(tx, tenantId, input));
      } catch (error) {
        if (error instanceof Frozen) return false;
        throw error;
      }
    },
    decide: (input) => run((tx) => decidePost(tx, tenantId, input)),
    remove: (id) =>
      run(async (tx) => {
        await removePost(tx, id);
        return readJobs(tx, sql`post_id = ${id}`, 500);
      }),
    act: (input) => run((tx) => actOnJob(tx, input)),
    pause: (input) => run((tx) => pause(tx, tenantId, input)),
    resume: (input) => run((tx) => resume(tx, tenantId, input, lateAfterMs)),
  };
}

/** One transaction: the key is taken, everything is written, the answer is made and kept for replays. */
async function accept<V extends JobView | PostView>(
  tx: Executor,
  tenantId: string,
  input: AcceptInput<V>,
): Promise<AcceptAnswer<V>> {
  if (input.idempotency) {
    const taken = await takeKey(tx, tenantId, input.idempotency);
    if (taken.kind !== "new") return taken;
  }
  await insertPost(tx, tenantId, input.post, input.jobs);
  const written = await readPost(tx, input.post.id);
  if (!written) throw new Error("a post just written is not there");
  const view = input.answer(written.post, written.jobs);
  if (input.idempotency) await keepAnswer(tx, input.idempotency, input.post.id, view);
  return { kind: "new", view };
}
