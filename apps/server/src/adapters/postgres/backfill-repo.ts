import {
  afterReconnectRules,
  asId,
  type ConnectionId,
  type HeldReason,
  type JsonObject,
  type PostStatus,
} from "@postd/contracts";
import type { BackfillStore, BackfillWhich, IdempotencyClaim, LockedWaiting, TenantBackfill } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { writeDecisions } from "./desk-repo.ts";
import { factsOf } from "./ledger/job-row.ts";
import type { Db, Executor } from "./pools.ts";
import { type LockedRow, patchJob } from "./publishing/act.ts";
import { listed } from "./publishing/read.ts";
import { jobRecord } from "./publishing/records.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, withTenant } from "./tenant-tx.ts";

/**
 * A job `j` that waits for somebody's word: surely not sent, its time passed, nobody wished anything of it. What is held
 * for a pause, a quota or the operator goes on by itself and waits for nobody.
 */
const waits = sql`(j.state = 'held' and not j.may_be_live and j.external_post_id is null and j.wish is null and (j.held_reason in ('missed', 'outage')
  or (j.held_reason = 'attention' and greatest(j.scheduled_for, j.created_at, j.released_at) <= domain_now())))`;
/** An account `c` posts go out to. */
const works = sql`(c.disconnected_at is null and c.ending_at is null and c.status in ('healthy', 'expiring_soon'))`;
const Rule = z.enum(afterReconnectRules);
/** Posts that became missed in the same while are decided about together. */
const quietMs = 30_000;
/** Of what is planned for an account this many times are kept clear of. */
const mostTaken = 2_000;

/** What missed its time, on PostgreSQL. `system` reads whose rule has something to decide about, and nothing else. */
export function createBackfillRepo(app: TenantDb, system: Db): BackfillStore {
  return {
    async underRule(limit) {
      const { rows } = await runSql<{ id: string; rule: string }>(
        system,
        sql`select t.id, t.after_reconnect as rule from tenants t join publish_jobs j on j.tenant_id = t.id
          join connections c on c.id = j.connection_id
          where t.after_reconnect <> 'ask' and j.state = 'held' and j.held_reason = 'missed' and j.missed_at >= t.after_reconnect_at
            and c.disconnected_at is null and c.status in ('healthy', 'expiring_soon')
          group by t.id having max(j.missed_at) <= domain_now() - ${quietMs} * interval '1 millisecond' order by t.id limit ${limit}`,
      );
      return rows.map(({ id, rule }) => ({ tenantId: asId("tenant", id), rule: Rule.parse(rule) }));
    },
    forTenant: (tenantId) => tenantBackfill(app, tenantId),
  };
}

function tenantBackfill(app: TenantDb, tenantId: string): TenantBackfill {
  const own = forTenant(app, tenantId);
  return {
    async summary(connectionId) {
      const { rows } = await runSql<SummaryRow>(
        own,
        sql`with mine as materialized (
            select j.connection_id, j.scheduled_for, j.simulated, ${waits} as waits, ${works} as works,
              j.state in ('scheduled', 'held') and not j.may_be_live and j.external_post_id is null
                and j.scheduled_for > domain_now() and j.held_reason is distinct from 'missed' and j.held_reason is distinct from 'outage' as ahead,
              j.may_be_live and j.state not in ('published', 'discarded') as doubt
            from publish_jobs j join connections c on c.id = j.connection_id
            where ${ofConnection(connectionId)} and (j.may_be_live or j.state in ('scheduled', 'held')))
          select domain_now() as now, count(*) filter (where waits)::int as count, count(*) filter (where waits and works)::int as can_go,
            min(scheduled_for) filter (where waits) as oldest_at, max(scheduled_for) filter (where waits) as newest_at,
            count(*) filter (where ahead)::int as ahead, count(*) filter (where doubt)::int as in_doubt,
            coalesce(bool_or(simulated) filter (where waits), false) as simulated,
            coalesce((select max(n) from (select count(*)::int as n from mine where waits group by connection_id) each), 0) as most,
            (select after_reconnect from tenants where id = ${tenantId}) as rule
          from mine`,
      );
      const [row] = rows;
      if (!row) throw new Error("an aggregate answered nothing");
      return {
        now: row.now,
        count: row.count,
        canGo: row.can_go,
        most: row.most,
        oldestAt: row.oldest_at ?? undefined,
        newestAt: row.newest_at ?? undefined,
        ahead: row.ahead,
        inDoubt: row.in_doubt,
        afterReconnect: Rule.parse(row.rule),
        simulated: row.simulated,
      };
    },
    async waiting({ connectionId, limit, after }) {
      const place = after
        ? sql`(j.scheduled_for, j.id) > (${after.at.toISOString()}::timestamptz, ${after.id})`
        : sql`true`;
      const { rows } = await runSql<WaitingRow>(
        own,
        sql`select j.id, j.post_id, j.connection_id, j.platform, coalesce(j.content ->> 'format', '') as format,
            left(coalesce(j.content ->> 'text', ''), 600) as text, j.scheduled_for, j.held_reason, j.simulated, ${works} as works
          from publish_jobs j join connections c on c.id = j.connection_id
          where ${ofConnection(connectionId)} and ${waits} and ${place} order by j.scheduled_for, j.id limit ${limit + 1}`,
      );
      return { rows: rows.slice(0, limit).map(waitingOf), more: rows.length > limit };
    },
    async unknownOf(ids, connectionId) {
      const { rows } = await runSql<{ id: string }>(
        own,
        sql`select j.id from publish_jobs j where j.id in ${[...ids]} and ${ofConnection(connectionId)}`,
      );
      const known = new Set(rows.map(({ id }) => id));
      return ids.filter((id) => !known.has(id));
    },
    decide: (input) => withTenant(app, tenantId, (tx) => decide(tx, tenantId, input)),
  };
}

const ofConnection = (id: ConnectionId | undefined): SQL =>
  id === undefined ? sql`true` : sql`j.connection_id = ${id}`;

type DecideInput<V extends object> = Omit<Parameters<TenantBackfill["decide"]>[0], "decide"> & {
  readonly decide: (found: Parameters<Parameters<TenantBackfill["decide"]>[0]["decide"]>[0]) => {
    readonly patches: ReturnType<Parameters<TenantBackfill["decide"]>[0]["decide"]>["patches"];
    readonly decisions: ReturnType<Parameters<TenantBackfill["decide"]>[0]["decide"]>["decisions"];
    readonly view: V;
  };
};
type Decided<V> =
  | { readonly kind: "new"; readonly view: V }
  | { readonly kind: "replay"; readonly response: JsonObject }
  | { readonly kind: "differs" };

/**
 * Key, locks, patches, decisions and the answer kept for replays: one transaction, so that a process that dies in it has
 * decided nothing. A second request with the same key waits at the key's row for the first.
 */
async function decide<V extends object>(tx: Executor, tenantId: string, input: DecideInput<V>): Promise<Decided<V>> {
  const { which, most, idempotency } = input;
  const first = idempotency && (await firstAnswer(tx, tenantId, idempotency));
  if (first) return first;
  const { rows: ids } = await runSql<{ id: string }>(
    tx,
    sql`select j.id from publish_jobs j where ${chosen(which)} order by j.scheduled_for, j.id limit ${most}`,
  );
  const rows =
    ids.length === 0
      ? []
      : await lockWaiting(
          tx,
          ids.map(({ id }) => id),
          which,
        );
  const { rows: facts } = await runSql<{ now: Date; left: number; requires_approval: boolean }>(
    tx,
    sql`select domain_now() as now, t.requires_approval,
        (select count(*)::int from publish_jobs j where ${chosen(which)} and j.id not in ${ids.length === 0 ? [""] : ids.map(({ id }) => id)}) as left
      from tenants t where t.id = ${tenantId}`,
  );
  const [fact] = facts;
  if (!fact) throw new Error("a tenant decides and is not there");
  const { patches, decisions, view } = input.decide({
    now: fact.now,
    waiting: await withSurroundings(tx, rows),
    left: fact.left,
    taken: await takenTimes(tx, rows),
    requiresApproval: fact.requires_approval,
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { jobId, patch } of patches) {
    const row = byId.get(jobId);
    if (row) await patchJob(tx, row, patch);
  }
  await writeDecisions(tx, decisions);
  if (idempotency)
    await runSql(
      tx,
      sql`update idempotency_records set status = 200, response = ${JSON.stringify(view)}::jsonb
        where operation = ${idempotency.operation} and key = ${idempotency.key}`,
    );
  await runSql(tx, sql`select pg_notify('postd_due', '')`);
  return { kind: "new", view };
}

/** Takes the key; undefined: nobody had it. */
async function firstAnswer(
  tx: Executor,
  tenantId: string,
  { operation, key, bodyHash }: IdempotencyClaim,
): Promise<Exclude<Decided<never>, { kind: "new" }> | undefined> {
  const { rowCount } = await runSql(
    tx,
    sql`insert into idempotency_records (tenant_id, operation, key, body_hash, created_at)
      values (${tenantId}, ${operation}, ${key}, ${bodyHash}, domain_now()) on conflict do nothing`,
  );
  if (rowCount === 1) return undefined;
  const { rows } = await runSql<{ body_hash: string; response: JsonObject | null }>(
    tx,
    sql`select body_hash, response from idempotency_records where operation = ${operation} and key = ${key}`,
  );
  const [row] = rows;
  // Answer and decisions are written with the key, so there is none without.
  if (!row?.response) throw new Error("a key of a backfill has no answer");
  return row.body_hash === bodyHash ? { kind: "replay", response: row.response } : { kind: "differs" };
}

const chosen = ({ connectionId, jobIds, plannedBefore, underRule }: BackfillWhich): SQL =>
  sql.join(
    [
      waits,
      ofConnection(connectionId),
      ...(jobIds ? [sql`j.id in ${[...jobIds]}`] : []),
      ...(plannedBefore ? [sql`j.scheduled_for < ${plannedBefore.toISOString()}::timestamptz`] : []),
      ...(underRule
        ? [
            sql`j.held_reason = 'missed' and j.missed_at >= (select t.after_reconnect_at from tenants t where t.id = j.tenant_id)
              and exists (select from connections c where c.id = j.connection_id and ${works})`,
          ]
        : []),
    ],
    sql` and `,
  );

/** In the one order everybody locks jobs in; what does not wait any more when its lock is had is left out. */
async function lockWaiting(tx: Executor, ids: readonly string[], which: BackfillWhich): Promise<readonly LockedRow[]> {
  await runSql(tx, sql`select j.id from publish_jobs j where j.id in ${[...ids]} order by j.id for update`);
  const { rows } = await runSql<LockedRow>(
    tx,
    sql`select listed.*, domain_now() as now from publish_jobs j, ${listed} where j.id in ${[...ids]} and ${chosen(which)}
      order by j.scheduled_for, j.id`,
  );
  return rows;
}

async function withSurroundings(tx: Executor, rows: readonly LockedRow[]): Promise<readonly LockedWaiting[]> {
  if (rows.length === 0) return [];
  const { rows: accounts } = await runSql<{ id: string }>(
    tx,
    sql`select c.id from connections c where c.id in ${[...new Set(rows.map((row) => row.connection_id))]} and ${works}`,
  );
  const { rows: posts } = await runSql<PostRow>(
    tx,
    sql`select id, status, approval_asked, created_by, coalesce(changed_by, created_by) as changed_by from posts
      where id in ${[...new Set(rows.map((row) => row.post_id))]}`,
  );
  const working = new Set(accounts.map(({ id }) => id));
  const written = new Map(posts.map((post) => [post.id, post]));
  return rows.map((row) => {
    const post = written.get(row.post_id);
    if (!post) throw new Error("a job has no post");
    return {
      job: jobRecord(row),
      facts: factsOf(row, row.now),
      canGo: working.has(row.connection_id),
      post: {
        status: post.status,
        approvalAsked: post.approval_asked,
        createdBy: post.created_by,
        changedBy: post.changed_by,
      },
    };
  });
}

async function takenTimes(tx: Executor, rows: readonly LockedRow[]): Promise<ReadonlyMap<string, readonly Date[]>> {
  if (rows.length === 0) return new Map();
  const { rows: planned } = await runSql<{ connection_id: string; wake_at: Date }>(
    tx,
    sql`select connection_id, wake_at from publish_jobs where connection_id in ${[...new Set(rows.map((row) => row.connection_id))]}
        and state in ('scheduled', 'retrying') and wake_at between domain_now() and domain_now() + interval '8 days'
      order by wake_at limit ${mostTaken}`,
  );
  const byConnection = Map.groupBy(planned, (row) => row.connection_id);
  return new Map([...byConnection].map(([id, own]) => [id, own.map(({ wake_at }) => wake_at)]));
}

interface PostRow {
  readonly id: string;
  readonly status: PostStatus;
  readonly approval_asked: boolean;
  readonly created_by: string;
  readonly changed_by: string;
}

interface SummaryRow {
  readonly now: Date;
  readonly count: number;
  readonly can_go: number;
  readonly most: number;
  readonly oldest_at: Date | null;
  readonly newest_at: Date | null;
  readonly ahead: number;
  readonly in_doubt: number;
  readonly simulated: boolean;
  readonly rule: string;
}

interface WaitingRow {
  readonly id: string;
  readonly post_id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly format: string;
  readonly text: string;
  readonly scheduled_for: Date;
  readonly held_reason: HeldReason;
  readonly simulated: boolean;
  readonly works: boolean;
}

const waitingOf = (row: WaitingRow) => ({
  jobId: asId("publishJob", row.id),
  postId: asId("post", row.post_id),
  connectionId: asId("connection", row.connection_id),
  platform: row.platform,
  format: row.format,
  text: row.text,
  plannedFor: row.scheduled_for,
  reason: row.held_reason,
  canGo: row.works,
  simulated: row.simulated,
});
