import type { JsonObject } from "@postd/contracts";
import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
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
