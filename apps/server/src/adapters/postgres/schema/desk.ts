import type { DeskOutcome, DeskReason } from "@postd/contracts";
import type { CauseCount } from "@postd/core";
import { date, index, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { tenants } from "./people.ts";
import { publishJobs } from "./publishing.ts";

/** What people decided about jobs at the desk: added to, and never changed. */
export const deskDecisions = pgTable(
  "desk_decisions",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    jobId: text("job_id")
      .notNull()
      .references(() => publishJobs.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    at: instant("at").notNull(),
    by: text("by").notNull(),
    outcome: text("outcome").$type<DeskOutcome>().notNull(),
    /** Under which it stood. */
    cause: text("cause").notNull(),
    /** null: none was given. */
    reason: text("reason").$type<DeskReason>(),
    note: text("note"),
  },
  (t) => [index("desk_decisions_tenant").on(t.tenantId, t.at), index("desk_decisions_job").on(t.jobId)],
);

/** The desk of a workspace as it was once a day. */
export const deskAudits = pgTable(
  "desk_audits",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    /** In the workspace's time zone. */
    day: date("day").notNull(),
    at: instant("at").notNull(),
    oldestAt: instant("oldest_at"),
    causes: jsonb("causes").$type<readonly (CauseCount & { readonly change: number })[]>().notNull(),
    /** Reasons given since the audit before: {reason: count}. */
    decided: jsonb("decided").$type<Readonly<Record<string, number>>>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.day] })],
);
