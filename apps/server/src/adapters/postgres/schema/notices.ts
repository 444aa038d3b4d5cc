import type { JsonObject, NoticeKind } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { tenants, users } from "./people.ts";

/** What people are told. One that is open (`settled_at` empty) is not told again; `raise_notice` writes it. */
export const notifications = pgTable(
  "notifications",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    kind: text("kind").$type<NoticeKind>().notNull(),
    subjectKind: text("subject_kind").notNull(),
    subjectId: text("subject_id").notNull(),
    dedupeKey: text("dedupe_key").notNull(),
    data: jsonb("data").$type<JsonObject>().notNull(),
    /** Says what has been: settled from the start, and told once by its key for ever. */
    momentary: boolean("momentary").notNull().default(false),
    raisedAt: instant("raised_at").notNull(),
    settledAt: instant("settled_at"),
    /** When its deliveries were made; null: they are to be made. */
    plannedAt: instant("planned_at"),
  },
  (t) => [
    uniqueIndex("notifications_once").on(t.tenantId, t.dedupeKey).where(sql`settled_at is null or momentary`),
    index("notifications_list").on(t.tenantId, t.raisedAt, t.id),
    index("notifications_unplanned").on(t.raisedAt).where(sql`planned_at is null`),
    index("notifications_settled").on(t.settledAt).where(sql`settled_at is not null`),
  ],
);

/** Who has read which. */
export const notificationReads = pgTable(
  "notification_reads",
  {
    notificationId: text("notification_id")
      .notNull()
      .references(() => notifications.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    readAt: instant("read_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.notificationId, t.userId] })],
);

/** What a person chose in a workspace; what is not named is as the kind has it. */
export const notificationSettings = pgTable(
  "notification_settings",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** {channel: {kind: choice}}. */
    choices: jsonb("choices").$type<JsonObject>().notNull(),
    digestHour: integer("digest_hour").notNull().default(8),
    /** Empty: the workspace's. */
    timeZone: text("time_zone"),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.userId] })],
);

/** A chat that a workspace's notices go to. Its address is a secret and in the vault under this id. */
export const notificationChannels = pgTable(
  "notification_channels",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    kind: text("kind").$type<"slack" | "discord">().notNull(),
    name: text("name").notNull(),
    host: text("host").notNull(),
    lastCharacters: text("last_characters").notNull(),
    /** {kind: choice}; what is not named is as the kind has it. */
    choices: jsonb("choices").$type<JsonObject>().notNull(),
    /** {message, at}: it refused for good; null: it works, as far as is known. */
    broken: jsonb("broken").$type<JsonObject>(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [index("notification_channels_tenant").on(t.tenantId, t.id)],
);

/** One recipient of one notice, or of one day's digest. */
export const notificationDeliveries = pgTable(
  "notification_deliveries",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    /** Empty: a digest. */
    notificationId: text("notification_id").references(() => notifications.id, { onDelete: "cascade" }),
    /** The day of a digest, in its person's time zone: 2026-11-27. */
    digestDay: text("digest_day"),
    channel: text("channel").$type<"mail" | "slack" | "discord">().notNull(),
    /** A person's id, or a channel's. */
    recipient: text("recipient").notNull(),
    state: text("state").$type<"pending" | "sent" | "dead" | "dropped">().notNull(),
    dueAt: instant("due_at").notNull(),
    /** Somebody is sending it until then. */
    leaseUntil: instant("lease_until"),
    /** Also the fence: raised by each claim. */
    tries: integer("tries").notNull().default(0),
    error: text("error"),
    createdAt: instant("created_at").notNull(),
    sentAt: instant("sent_at"),
  },
  (t) => [
    uniqueIndex("notification_deliveries_once").on(
      t.tenantId,
      t.recipient,
      t.channel,
      sql`coalesce("notification_id", 'digest ' || "digest_day")`,
    ),
    index("notification_deliveries_notification").on(t.notificationId),
    index("notification_deliveries_due").on(t.dueAt).where(sql`state = 'pending'`),
  ],
);
