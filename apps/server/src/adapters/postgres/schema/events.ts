import type { EventType, JsonObject } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { tenants } from "./people.ts";

/** What happened to a tenant somebody listens to. Written by the database in the transaction of the cause. */
export const events = pgTable(
  "events",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    /** The order rows were written in; says nothing of which can be seen yet. */
    seq: bigint("seq", { mode: "number" }).generatedAlwaysAsIdentity(),
    /** The order rows are read in, without gaps; null: not given yet. */
    position: bigint("position", { mode: "number" }),
    type: text("type").$type<EventType>().notNull(),
    subjectKind: text("subject_kind").notNull(),
    subjectId: text("subject_id").notNull(),
    at: instant("at").notNull(),
    data: jsonb("data").$type<JsonObject>().notNull(),
  },
  (t) => [
    index("events_unnumbered").on(t.seq).where(sql`position is null`),
    uniqueIndex("events_position").on(t.position),
    index("events_tenant").on(t.tenantId, t.position),
    index("events_at").on(t.at),
  ],
);

/** Who listens to a tenant's events; no row: none are written. */
export const eventListeners = pgTable(
  "event_listeners",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    /** "endpoint whe_...", "automation aut_...", "stream". */
    listener: text("listener").notNull(),
    /** null: as long as the row stands. */
    until: instant("until"),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.listener] })],
);

/** The last position given out; one row. */
export const eventCounter = pgTable("event_counter", {
  id: integer("id").primaryKey(),
  last: bigint("last", { mode: "number" }).notNull(),
});

/** How far each lasting reader came. */
export const eventCursors = pgTable("event_cursors", {
  name: text("name").primaryKey(),
  position: bigint("position", { mode: "number" }).notNull(),
});
