import type { InboxAnswer, InboxEntry } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { boolean, doublePrecision, index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { connections } from "./connections.ts";
import { members, tenants } from "./people.ts";

/** What people wrote to an account, and what it wrote itself in the same talk. */
export const inboxEntries = pgTable(
  "inbox_entries",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    externalId: text("external_id").notNull(),
    kind: text("kind").$type<InboxEntry["kind"]>().notNull(),
    postExternalId: text("post_external_id"),
    parentExternalId: text("parent_external_id"),
    author: jsonb("author").$type<InboxEntry["author"]>(),
    text: text("text").notNull(),
    rating: doublePrecision("rating"),
    permalink: text("permalink"),
    /** The account wrote it itself. */
    own: boolean("own").notNull(),
    /** As the platform says, or as POSTD made it; null: nobody said. */
    hidden: boolean("hidden"),
    liked: boolean("liked"),
    /** The account's answer, where the platform keeps it beside the entry. */
    answer: jsonb("answer").$type<Omit<InboxAnswer, "at"> & { readonly at?: string }>(),
    cannot: text("cannot").array().notNull(),
    createdAt: instant("created_at").notNull(),
    editedAt: instant("edited_at"),
    /** When it was last listed. */
    seenAt: instant("seen_at").notNull(),
    /** When somebody here read it; null: nobody did. */
    readAt: instant("read_at"),
    /** When it was first missing at the platform. */
    goneAt: instant("gone_at"),
    /** Who takes care of it; removing the member takes it away. */
    assigneeId: text("assignee_id").references(() => members.id, { onDelete: "set null" }),
    /** Open again from then on. */
    snoozedUntil: instant("snoozed_until"),
    doneAt: instant("done_at"),
    /** By the platform's terms it is removed then, unless it is shown again before; null: they say nothing. */
    keepUntil: instant("keep_until"),
  },
  (t) => [
    uniqueIndex("inbox_entries_external").on(t.connectionId, t.externalId),
    index("inbox_entries_tenant").on(t.tenantId, t.createdAt, t.id),
    index("inbox_entries_list").on(t.connectionId, t.createdAt, t.id),
    index("inbox_entries_post").on(t.connectionId, t.postExternalId, t.createdAt),
    index("inbox_entries_assignee").on(t.assigneeId).where(sql`assignee_id is not null`),
    index("inbox_entries_keep").on(t.keepUntil).where(sql`keep_until is not null`),
    index("inbox_entries_parent").on(t.connectionId, t.parentExternalId).where(sql`parent_external_id is not null`),
  ],
);

/** When what people write to an account is read again, and how it went last. No row: it was never looked at. */
export const inboxReadings = pgTable(
  "inbox_readings",
  {
    connectionId: text("connection_id")
      .primaryKey()
      .references(() => connections.id, { onDelete: "cascade" }),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    readAt: instant("read_at"),
    /** When all of it was read last, and not only what is new. */
    wholeAt: instant("whole_at"),
    nextAt: instant("next_at").notNull(),
    /** Somebody wants it now. */
    asked: boolean("asked").notNull().default(false),
    /** The platform said that there is news. */
    told: boolean("told").notNull().default(false),
    failure: jsonb("failure").$type<JsonObject>(),
  },
  (t) => [index("inbox_readings_next").on(t.nextAt)],
);
