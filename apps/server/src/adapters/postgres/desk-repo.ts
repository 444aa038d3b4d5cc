import {
  asId,
  DeskAuditView,
  DeskDecisionView,
  DeskReasonCount,
  type HeldReason,
  type JobState,
} from "@postd/contracts";
import {
  type DeskAudit,
  type DeskStore,
  type NewDeskDecision,
  newId,
  overdueAfterMs,
  type TenantDesk,
} from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Db } from "./pools.ts";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

/** What was due over a week ago and waits, whatever for; `isOverdue` as a condition on `j`. */
const overdue = sql`(j.state in ('scheduled', 'retrying', 'processing', 'held') and not j.may_be_live and j.external_post_id is null
  and greatest(j.scheduled_for, j.created_at) < domain_now() - ${sql.raw(String(overdueAfterMs))} * interval '1 millisecond')`;

/** Jobs `j` that stand at the desk. */
export const atDesk = sql`(j.state in ('failed', 'unknown') or (j.state = 'held' and j.held_reason = 'missed')
  or (j.state = 'partly_published' and j.wake_at is null) or ${overdue})`;

/** An audit is made once this hour of the workspace's day has come. */
const morningHour = 7;
/** Audits are kept this long. */
const keptDays = 400;

/** The desk over time, on PostgreSQL. `system` reads whose morning it is, over all tenants, and nothing else. */
export function createDeskRepo(app: TenantDb, system: Db): DeskStore {
  return {
    async dueForAudit(limit) {
      const { rows } = await runSql<{ id: string; day: string }>(
        system,
        sql`select t.id, t.local::date::text as day
          from (select id, domain_now() at time zone known_zone(time_zone) as local, created_at from tenants) t
          where extract(hour from t.local) >= ${morningHour} and t.created_at < domain_now()
            and not exists (select from desk_audits a where a.tenant_id = t.id and a.day >= t.local::date)
          order by t.id limit ${limit}`,
      );
      return rows.map(({ id, day }) => ({ tenantId: asId("tenant", id), day }));
    },
    forTenant: (tenantId) => tenantDesk(forTenant(app, tenantId), tenantId),
  };
}

function tenantDesk(own: TenantScope, tenantId: string): TenantDesk {
  return {
    async facts() {
      const { rows } = await runSql<GroupRow>(
        own,
        sql`select j.platform, j.state, j.held_reason, j.may_be_live, ${overdue} as overdue, j.failure ->> 'kind' as kind,
            j.failure ->> 'platformCode' as code, j.failure ->> 'field' as field, count(*)::int as count, min(j.updated_at) as oldest_at,
            min(greatest(j.scheduled_for, j.created_at)) as planned
          from publish_jobs j where ${atDesk} group by 1, 2, 3, 4, 5, 6, 7, 8`,
      );
      const { rows: clock } = await runSql<{ now: Date }>(own, sql`select domain_now() as now`);
      const [{ now } = { now: new Date(0) }] = clock;
      return { now, groups: rows.map((row) => groupOf(row, now)) };
    },
    async reasons(from, until) {
      const { rows } = await runSql<{ reason: string; outcome: string; count: number; last_at: Date }>(
        own,
        sql`select coalesce(reason, 'not_given') as reason, outcome, count(*)::int as count, max(at) as last_at from desk_decisions
          where at >= ${from.toISOString()}::timestamptz and at < ${until.toISOString()}::timestamptz group by 1, 2 order by 1, 2`,
      );
      return [...Map.groupBy(rows, ({ reason }) => reason)]
        .map(([reason, given]) =>
          DeskReasonCount.parse({
            reason,
            count: given.reduce((sum, { count }) => sum + count, 0),
            lastAt: new Date(Math.max(...given.map(({ last_at }) => last_at.getTime()))).toISOString(),
            byOutcome: Object.fromEntries(given.map(({ outcome, count }) => [outcome, count])),
          }),
        )
        .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
    },
    decisionsOf: (jobId) => readDecisions(own, jobId),
    async audits(limit) {
      const { rows } = await runSql<AuditRow>(
        own,
        sql`select day::text as day, at, oldest_at, causes, decided from desk_audits order by day desc limit ${limit}`,
      );
      return rows.map(auditOf);
    },
    async keepAudit({ day, at, oldestAt, causes, decided }) {
      const { rows } = await runSql<{ kept: boolean }>(
        own,
        sql`delete from desk_audits where day < ${day}::date - ${keptDays}::int`,
        sql`with kept as (
            insert into desk_audits (tenant_id, day, at, oldest_at, causes, decided) values (${tenantId}, ${day}::date,
              ${at.toISOString()}::timestamptz, ${oldestAt?.toISOString() ?? null}::timestamptz, ${JSON.stringify(causes)}::jsonb, ${JSON.stringify(decided)}::jsonb)
            on conflict do nothing returning day)
          select exists (select from kept) as kept`,
      );
      return rows[0]?.kept === true;
    },
  };
}

interface GroupRow {
  readonly platform: string;
  readonly state: JobState;
  readonly held_reason: HeldReason | null;
  readonly may_be_live: boolean;
  readonly overdue: boolean;
  readonly kind: string | null;
  readonly code: string | null;
  readonly field: string | null;
  readonly count: number;
  readonly oldest_at: Date;
  readonly planned: Date;
}

/** A group's own time says on which side of the week all of it lies. */
const groupOf = (row: GroupRow, now: Date) => ({
  facts: {
    platform: row.platform,
    state: row.state,
    heldReason: row.held_reason ?? undefined,
    mayBeLive: row.may_be_live,
    scheduledFor: row.overdue ? row.planned : now,
    createdAt: row.overdue ? row.planned : now,
    failure: { kind: row.kind, platformCode: row.code, field: row.field },
  },
  count: row.count,
  oldestAt: row.overdue ? row.planned : row.oldest_at,
});

interface AuditRow {
  readonly day: string;
  readonly at: Date;
  readonly oldest_at: Date | null;
  readonly causes: unknown;
  readonly decided: unknown;
}

const auditOf = ({ day, at, oldest_at, causes, decided }: AuditRow): DeskAudit => ({
  day,
  at,
  oldestAt: oldest_at ?? undefined,
  causes: DeskAuditView.shape.causes.parse(causes),
  decided: DeskAuditView.shape.decided.parse(decided),
});

/** Decisions with the jobs they are about, in the transaction that carries them out. */
export async function writeDecisions(on: SqlPlace, decisions: readonly NewDeskDecision[]): Promise<void> {
  if (decisions.length === 0) return;
  const rows = decisions.map(({ jobId, reason, note, ...rest }) => ({
    id: newId("deskDecision"),
    job_id: jobId,
    reason: reason ?? null,
    note: note ?? null,
    ...rest,
  }));
  const table: SQL = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    as d(id text, job_id text, by text, outcome text, cause text, reason text, note text)`;
  await runSql(
    on,
    sql`insert into desk_decisions (id, tenant_id, job_id, platform, at, by, outcome, cause, reason, note)
      select d.id, j.tenant_id, j.id, j.platform, domain_now(), d.by, d.outcome, d.cause, d.reason, d.note
      from ${table} join publish_jobs j on j.id = d.job_id`,
  );
}

/** What people decided about a job, oldest first. */
export async function readDecisions(on: SqlPlace, jobId: string): Promise<readonly DeskDecisionView[]> {
  const { rows } = await runSql<{
    at: Date;
    by: string;
    outcome: string;
    cause: string;
    reason: string | null;
    note: string | null;
  }>(
    on,
    sql`select at, by, outcome, cause, reason, note from desk_decisions where job_id = ${jobId} order by id limit 100`,
  );
  return z.array(DeskDecisionView).parse(
    rows.map(({ at, by, outcome, cause, reason, note }) => ({
      at: at.toISOString(),
      by,
      outcome,
      cause,
      ...(reason === null ? {} : { reason }),
      ...(note === null ? {} : { note }),
    })),
  );
}
