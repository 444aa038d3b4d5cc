import type { JsonObject } from "@postd/contracts";
import type { ErasureReport } from "@postd/core";
import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { tenants } from "./people.ts";

/**
 * Who changed what. Written by triggers of the tables it tells about, in the transaction of the change, and never changed;
 * `tenant_id` is null where the whole instance is meant. Ids only: names are looked up when a row is read.
 */
export const auditLog = pgTable(
  "audit_log",
  {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id").references(() => tenants.id, { onDelete: "cascade" }),
    at: instant("at").notNull(),
    actorKind: text("actor_kind").notNull(),
    actorId: text("actor_id"),
    action: text("action").notNull(),
    subjectKind: text("subject_kind").notNull(),
    subjectId: text("subject_id").notNull(),
    before: jsonb("before").$type<JsonObject>(),
    after: jsonb("after").$type<JsonObject>(),
    reason: text("reason"),
    requestId: text("request_id"),
  },
  (t) => [
    index("audit_log_list").on(t.tenantId, t.at, t.id),
    index("audit_log_subject").on(t.tenantId, t.subjectId, t.at, t.id),
    index("audit_log_actor").on(t.tenantId, t.actorId, t.at, t.id),
  ],
);

/**
 * Workspaces that are being erased, and that were: ids, counts and what platforms said, kept for good. No tenant's row, since the
 * tenant is gone. `erasing_xid` is set by the one function that may take a workspace's rows, in the transaction that takes them.
 */
export const erasures = pgTable(
  "erasures",
  {
    id: text("id").primaryKey(),
    erasedTenant: text("erased_tenant").notNull(),
    requestedBy: text("requested_by").notNull(),
    requestedAt: instant("requested_at").notNull(),
    stage: text("stage").notNull(),
    stageAt: instant("stage_at").notNull(),
    report: jsonb("report").$type<ErasureReport>().notNull().default({}),
    erasingXid: text("erasing_xid"),
    finishedAt: instant("finished_at"),
    takenAt: instant("taken_at"),
  },
  (t) => [
    uniqueIndex("erasures_tenant").on(t.erasedTenant),
    index("erasures_open").on(t.requestedAt).where(sql`finished_at is null`),
    index("erasures_asker").on(t.requestedBy),
  ],
);
