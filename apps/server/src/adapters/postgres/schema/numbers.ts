import type { Metric } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { sql } from "drizzle-orm";
import {
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { connections } from "./connections.ts";
import { tenants } from "./people.ts";
import { publishJobs } from "./publishing.ts";

/** Posts that stand on an account, whoever made them. */
export const accountPosts = pgTable(
  "account_posts",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    externalId: text("external_id").notNull(),
    permalink: text("permalink"),
    format: text("format").notNull(),
    text: text("text"),
    /** The job that made it; null: it was made elsewhere. */
    jobId: text("job_id").references(() => publishJobs.id, { onDelete: "set null" }),
    /** When it was made, as the platform says. */
    madeAt: instant("made_at").notNull(),
    seenAt: instant("seen_at").notNull(),
    readAt: instant("read_at"),
    /** When its numbers are read again; null: not by itself. */
    nextAt: instant("next_at"),
    /** Since when it is known to be gone. */
    goneAt: instant("gone_at"),
    /** How often in a row the platform left it out of its answers. */
    misses: integer("misses").notNull().default(0),
    /** Readings at which the platform told none of its numbers. */
    noneAt: instant("none_at").array().notNull().default([]),
  },
  (t) => [
    index("account_posts_next").on(t.nextAt).where(sql`next_at is not null`),
    uniqueIndex("account_posts_external").on(t.connectionId, t.externalId),
    index("account_posts_tenant").on(t.tenantId, t.madeAt),
    index("account_posts_list").on(t.connectionId, t.madeAt, t.id),
    index("account_posts_due").on(t.connectionId, t.nextAt).where(sql`next_at is not null`),
    index("account_posts_job").on(t.jobId).where(sql`job_id is not null`),
  ],
);

/** Each reading of a post's numbers as it was; a number the platform does not give is not in it, and never 0. */
export const accountPostNumbers = pgTable(
  "account_post_numbers",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    accountPostId: text("account_post_id")
      .notNull()
      .references(() => accountPosts.id, { onDelete: "cascade" }),
    fetchedAt: instant("fetched_at").notNull(),
    metrics: jsonb("metrics").$type<readonly Metric[]>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountPostId, t.fetchedAt] })],
);

/** Numbers of the account itself: running totals by the time they were read, counts of a period by its end. */
export const accountNumbers = pgTable(
  "account_numbers",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    platformName: text("platform_name").notNull(),
    at: instant("at").notNull(),
    since: instant("since"),
    value: doublePrecision("value").notNull(),
    readAt: instant("read_at"),
    /** Of a running total: the reading before, and by how much it grew since. Null: there is none before. */
    beforeAt: instant("before_at"),
    growth: doublePrecision("growth"),
  },
  (t) => [
    primaryKey({ columns: [t.connectionId, t.platformName, t.at] }),
    index("account_numbers_tenant").on(t.tenantId, t.at),
  ],
);

/** When an account's numbers are read again, and how it went last. No row: it was never looked at. */
export const numberReadings = pgTable(
  "number_readings",
  {
    connectionId: text("connection_id")
      .primaryKey()
      .references(() => connections.id, { onDelete: "cascade" }),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    readAt: instant("read_at"),
    /** When it is listed and its own numbers are read; its posts have times of their own. */
    nextAt: instant("next_at").notNull(),
    /** Nothing of it is read before, whatever is due: a look is at work, or failed. */
    waitUntil: instant("wait_until"),
    /** Looks that failed in a row. */
    failures: integer("failures").notNull().default(0),
    /** Its whole days are read up to here. */
    daysUntil: instant("days_until"),
    /** Somebody wants them now. */
    asked: boolean("asked").notNull().default(false),
    failure: jsonb("failure").$type<JsonObject>(),
  },
  (t) => [index("number_readings_next").on(t.nextAt)],
);
