import type { PostMention } from "@postd/connector-kit";
import type { JobView, PostView } from "@postd/contracts";
import type {
  AcceptAnswer,
  AcceptInput,
  JobRecord,
  NewJob,
  PostRecord,
  PublishingStore,
  TenantPublishing,
} from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { databaseErrorDetail, isTaken } from "../database-error.ts";
import { atDesk } from "../desk-repo.ts";
import { runSql } from "../run-sql.ts";
import { forTenant, type TenantDb, withTenant } from "../tenant-tx.ts";
import { actOnJob, isOwned, pause, resume } from "./act.ts";
import { readJob, readNewestJobs, readPost, readPosts } from "./read.ts";
import { type MediaRow, mediaInfo, type TargetRow, targetRecord } from "./records.ts";
import { acceptStatements, changePost, isFileGone, isFirst, seenKey } from "./write-posts.ts";

/** Posts and jobs on PostgreSQL, one tenant at a time. */
export function createPublishingStore(db: TenantDb, settings: { readonly lateAfterMs: number }): PublishingStore {
  return { forTenant: (tenantId) => tenantPublishing(db, tenantId, settings.lateAfterMs) };
}

function tenantPublishing(db: TenantDb, tenantId: string, lateAfterMs: number): TenantPublishing {
  const run = <T>(fn: Parameters<typeof withTenant<T>>[2]) => withTenant(db, tenantId, fn);
  const scoped = <T extends object>(statement: SQL) => runSql<T>(forTenant(db, tenantId), statement);
  return {
    async targets(ids) {
      if (ids.length === 0) return [];
      const { rows } =
        await scoped<TargetRow>(sql`select id, tenant_id, app_id, platform, external_id, account_kind, auth_kind, name, handle, extras, status, disconnected_at, simulated
        from connections where id in ${[...ids]}`);
      return rows.map(targetRecord);
    },
    async media(ids) {
      if (ids.length === 0) return [];
      const { rows } =
        await scoped<MediaRow>(sql`select id, kind, mime_type, size_bytes, sha256, width, height, duration_ms, alt_text, file_name, video
        from media_assets where id in ${[...ids]} and deleted_at is null`);
      return rows.map(mediaInfo);
    },
    async mentions(ids) {
      const { rows } = await scoped<PostMention>(sql`select id, name, handles from mentions where id in ${[...ids]}`);
      return rows;
    },
    async requiresApproval() {
      const { rows } = await scoped<{ requires: boolean }>(
        sql`select requires_approval as requires from tenants where id = ${tenantId}`,
      );
      return rows[0]?.requires ?? false;
    },
    // Mostly it is the first time, which one look says without a transaction.
    seen: async (claim) =>
      (await isFirst(forTenant(db, tenantId), claim)) ? { kind: "new" } : run((tx) => seenKey(tx, claim)),
    accept: (input) => accept(db, tenantId, input),
    post: (id) => run((tx) => readPost(tx, id)),
    posts: (page) => run((tx) => readPosts(tx, page)),
    job: (id) => run((tx) => readJob(tx, id)),
    jobs: ({ limit, before, states, connectionId, postId }) =>
      run((tx) =>
        readNewestJobs(
          tx,
          sql.join(
            [
              before ? sql`j.id < ${before}` : sql`true`,
              states && states.length > 0 ? sql`j.state in ${[...states]}` : sql`true`,
              connectionId ? sql`j.connection_id = ${connectionId}` : sql`true`,
              postId ? sql`j.post_id = ${postId}` : sql`true`,
            ],
            sql` and `,
          ),
          limit,
        ),
      ),
    desk: () =>
      run(async (tx) => {
        return (await readNewestJobs(tx, atDesk, 1_000, deskMaxBytes)).rows;
      }),
    change: (input) => run((tx) => changePost(tx, tenantId, input)),
    act: async (input) => {
      try {
        return await run((tx) => actOnJob(tx, input));
      } catch (error) {
        if (isOwned(error)) return "taken";
        throw error;
      }
    },
    pause: (input) => run((tx) => pause(tx, tenantId, input)),
    resume: (input) => run((tx) => resume(tx, tenantId, input, lateAfterMs)),
  };
}

/** The desk groups what it shows, so it is read whole; a thousand failures as they are told take a fifth of this. */
const deskMaxBytes = 8_000_000;

/** Constraint that two requests with one key meet at. */
const oneKey = "idempotency_records_tenant_id_operation_key_pk";

/**
 * Key, post, versions, jobs and the answer kept for replays, in one transaction and one round trip. A second request with
 * the same key waits at the key's row for the first, is refused by it, and answers what the first did.
 */
async function accept<V extends JobView | PostView>(
  db: TenantDb,
  tenantId: string,
  input: AcceptInput<V>,
): Promise<AcceptAnswer<V>> {
  const { jobs, files, idempotency, now, refuseTwins } = input;
  const post: PostRecord = { ...input.post, createdAt: now, updatedAt: now, version: 1, deleting: false };
  const view = input.answer(
    post,
    jobs.map((job) => newJobRecord(job, post)),
  );
  const kept = idempotency && { claim: idempotency, answer: view };
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      await runSql(
        forTenant(db, tenantId),
        ...acceptStatements({ tenantId, post, jobs, files, refuseTwins, ...(kept ? { kept } : {}) }),
      );
      return { kind: "new", view };
    } catch (error) {
      const twin = twinOf(error);
      if (twin) return twin;
      if (isFileGone(error)) return { kind: "file_gone" };
      if (!idempotency || !isTaken(error, oneKey)) throw error;
      const seen = await withTenant(db, tenantId, (tx) => seenKey(tx, idempotency));
      if (seen.kind !== "new") return seen;
    }
  }
  throw new Error("an idempotency key is freed and taken again too fast");
}

const Twin = z.object({ jobId: z.string(), connectionId: z.string(), createdAt: z.coerce.date() });

/** What `refuse_twin` said; undefined: another error. */
function twinOf(error: unknown): Extract<AcceptAnswer<never>, { kind: "twin" }> | undefined {
  const detail = databaseErrorDetail(error, "PD001");
  return detail === undefined ? undefined : { kind: "twin", ...Twin.parse(JSON.parse(detail)) };
}

function newJobRecord(job: NewJob, post: PostRecord): JobRecord {
  return {
    ...job,
    wakeAt: job.wakeAt ?? post.createdAt,
    postId: post.id,
    state: "scheduled",
    heldReason: undefined,
    waitsFor: undefined,
    tries: 0,
    mayBeLive: false,
    visible: undefined,
    firstClaimedAt: undefined,
    wish: undefined,
    wishOutcome: undefined,
    partsGone: false,
    removedAt: undefined,
    removedBy: undefined,
    successorId: undefined,
    leaseUntil: undefined,
    externalPostId: undefined,
    permalink: undefined,
    earlierPosts: [],
    publishedAt: undefined,
    failure: undefined,
    probe: undefined,
    needsPerson: false,
    createdAt: post.createdAt,
    updatedAt: post.updatedAt,
  };
}
