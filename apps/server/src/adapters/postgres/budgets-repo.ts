import type { BudgetLedger } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { compiled, runSql } from "./run-sql.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";

type StandingRow = {
  readonly budget: string;
  readonly used: number;
  readonly limit: number | null;
  readonly resets_at: Date | null;
  readonly free_at: Date | null;
  readonly said_at: Date | null;
};

const standingsOf = compiled(
  sql`select * from budget_standings(${sql.placeholder("connectionId")}, ${sql.placeholder("asked")}::jsonb)`,
);

/** The ledger of budgets: what a tenant asks of its own connections, and what processes write of all of them. */
export function createBudgetLedger(app: TenantDb, system: Db): BudgetLedger {
  return {
    async standings({ tenantId, connectionId }, asked) {
      if (asked.length === 0) return [];
      const { rows } = await runSql<StandingRow>(
        forTenant(app, tenantId),
        standingsOf({ connectionId, asked: JSON.stringify(asked) }),
      );
      return rows.map(({ budget, used, limit, resets_at, free_at, said_at }) => ({
        budget,
        used,
        limit: limit ?? undefined,
        resetsAt: resets_at ?? undefined,
        freeAt: free_at ?? undefined,
        saidAt: said_at ?? undefined,
      }));
    },
    async planned({ tenantId, connectionId }, { at, windowMs, zone }) {
      const moment = sql`${at.toISOString()}::timestamptz`;
      const begins =
        zone === undefined
          ? sql`${moment} - ${windowMs ?? 0} * interval '1 millisecond'`
          : sql`date_trunc('day', ${moment} at time zone ${zone}) at time zone ${zone}`;
      const ends =
        zone === undefined
          ? sql`null::timestamptz`
          : sql`(date_trunc('day', ${moment} at time zone ${zone}) + interval '1 day') at time zone ${zone}`;
      const { rows } = await runSql<{
        at: Date | null;
        format: string | null;
        parts: number | null;
        ends: Date | null;
      }>(
        forTenant(app, tenantId),
        sql`with span as (select ${begins} as begins, ${ends} as ends),
          planned as (
            select coalesce(published_at, scheduled_for) as at, content ->> 'format' as format,
              coalesce(jsonb_array_length(content -> 'parts'), 0) as parts
            from publish_jobs where connection_id = ${connectionId}
              and state not in ('canceled', 'failed', 'discarded') and coalesce(published_at, scheduled_for) > (select begins from span)
              and coalesce(published_at, scheduled_for) <= ${moment})
          select planned.*, span.ends from span left join planned on true order by planned.at`,
      );
      const posts = rows.flatMap((row) =>
        row.at && row.format ? [{ at: row.at, format: row.format, parts: row.parts ?? 0 }] : [],
      );
      return { posts, endsAt: rows[0]?.ends ?? undefined };
    },
    // Counts of many tenants' calls go in one statement; it learns numbers and no rows.
    async record(entries) {
      const { rows } = await runSql<{ connection: string; budget: string; used: number; limit: number | null }>(
        system,
        sql`select * from record_budgets(${JSON.stringify(entries)}::jsonb)`,
      );
      return rows.map((row) => ({ ...row, limit: row.limit ?? undefined }));
    },
  };
}
