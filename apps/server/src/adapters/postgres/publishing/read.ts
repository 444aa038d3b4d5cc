import type { JobRecord, PostRecord, Slice, TenantPublishing } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { sliceIds } from "../byte-slice.ts";
import { readDecisions } from "../desk-repo.ts";
import type { JobRow } from "../ledger/job-row.ts";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";
import { type AttemptRow, attemptRecord, jobRecord, type PostRow, postRecord } from "./records.ts";

type JobRows = JobRow & Record<string, unknown>;

const postColumns = sql`p.id, p.status, p.content, p.targets, p.scheduled_for, p.metadata, p.created_by, p.changed_by, p.approval_asked, p.decided_by, p.created_at, p.updated_at, p.version, p.deleting,
  (select jsonb_object_agg(v.target, v.content) from post_versions v where v.post_id = p.id) as versions`;

export async function readPost(
  tx: Executor,
  id: string,
): Promise<{ readonly post: PostRecord; readonly jobs: readonly JobRecord[] } | undefined> {
  return readPostRow(tx, id, sql`p.deleted_at is null`);
}

/** The same, and where `which` is left out also of a post that has just been deleted. */
export async function readPostRow(
  tx: Executor,
  id: string,
  which: SQL = sql`true`,
): Promise<{ readonly post: PostRecord; readonly jobs: readonly JobRecord[] } | undefined> {
  const { rows } = await runSql<PostRow>(tx, sql`select ${postColumns} from posts p where p.id = ${id} and ${which}`);
  const row = rows[0];
  if (!row) return undefined;
  return { post: postRecord(row), jobs: await readJobs(tx, sql`post_id = ${id}`, 500) };
}

export async function readPosts(tx: Executor, page: Parameters<TenantPublishing["posts"]>[0]) {
  const { rows: ids, more } = await sliceIds(
    tx,
    {
      ids: sql`select p.id from posts p where p.deleted_at is null
        and ${page.before ? sql`p.id < ${page.before}` : sql`true`} and ${page.status ? sql`p.status = ${page.status}` : sql`true`}
        and ${page.withoutAnswers ? sql`p.content ->> 'format' is distinct from 'reply'` : sql`true`}
        order by p.id desc`,
      sizesOf: (asked) => sql`select p.id, octet_length(p::text)
        + coalesce((select sum(octet_length(v::text)) from post_versions v where v.post_id = p.id), 0)
        + coalesce((select sum(${listedBytes}) from publish_jobs j where j.post_id = p.id), 0) as bytes
        from posts p where p.id in ${[...asked]}`,
    },
    { limit: page.limit },
  );
  if (ids.length === 0) return { rows: [], more };
  const { rows } = await runSql<PostRow>(
    tx,
    sql`select ${postColumns} from posts p where p.id in ${[...ids]} order by p.id desc`,
  );
  const jobs = await listJobs(tx, sql`j.post_id in ${[...ids]}`, sql`asc`);
  return {
    rows: rows.map((row) => ({ post: postRecord(row), jobs: jobs.filter(({ postId }) => postId === row.id) })),
    more,
  };
}

/** What a list shows of a job can grow by these two; the rest is small. */
const listedBytes = sql`1000 + coalesce(octet_length(j.failure::text), 0) + coalesce(octet_length(j.probe::text), 0)`;

const waitsForCircuit = (key: SQL): SQL =>
  sql`(select to_jsonb(c) from circuits c where c.key = ${key}) as waits_for_circuit`;

/** A job `j` as lists show it. */
export const listed = sql`jsonb_populate_record(j, jsonb_build_object('step_state', null, 'content',
  jsonb_build_object('format', j.content -> 'format', 'text', '', 'media', '[]'::jsonb, 'options', '{}'::jsonb))) listed`;

/** Jobs as lists show them: of what was written only the format, of the connector's state nothing. */
async function listJobs(tx: Executor, where: SQL, order: SQL): Promise<readonly JobRecord[]> {
  const { rows } = await runSql<JobRows>(
    tx,
    sql`select listed.*, ${waitsForCircuit(sql`j.waits_for`)} from publish_jobs j, ${listed} where ${where} order by j.id ${order}`,
  );
  return rows.map(jobRecord);
}

export async function readJob(tx: Executor, id: string) {
  const [job] = await readJobs(tx, sql`id = ${id}`, 1);
  if (!job) return undefined;
  const { rows } = await runSql<AttemptRow>(
    tx,
    sql`select id, step, kind, intent_at, answered_at, outcome, note, latency_ms, failure
    from publish_attempts where job_id = ${id} order by id limit 500`,
  );
  return { job, attempts: rows.map(attemptRecord), decisions: await readDecisions(tx, id) };
}

/** Oldest first: the order in which targets were named. */
export async function readJobs(tx: Executor, where: SQL, limit: number): Promise<readonly JobRecord[]> {
  const { rows } = await runSql<JobRows>(
    tx,
    sql`select *, ${waitsForCircuit(sql`waits_for`)} from publish_jobs where ${where} order by id limit ${limit}`,
  );
  return rows.map(jobRecord);
}

/** Newest first, for pages and the desk. `where` speaks of `j`. */
export async function readNewestJobs(
  tx: Executor,
  where: SQL,
  limit: number,
  maxBytes?: number,
): Promise<Slice<JobRecord>> {
  const { rows: ids, more } = await sliceIds(
    tx,
    {
      ids: sql`select j.id from publish_jobs j where ${where} order by j.id desc`,
      sizesOf: (asked) => sql`select j.id, ${listedBytes} as bytes from publish_jobs j where j.id in ${[...asked]}`,
    },
    { limit, maxBytes },
  );
  return { rows: ids.length === 0 ? [] : await listJobs(tx, sql`j.id in ${[...ids]}`, sql`desc`), more };
}
