import type { Metric } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { boolean, doublePrecision, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
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
  },
  (t) => [
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
  },
  (t) => [primaryKey({ columns: [t.connectionId, t.platformName, t.at] })],
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
    nextAt: instant("next_at").notNull(),
    /** Somebody wants them now. */
    asked: boolean("asked").notNull().default(false),
    failure: jsonb("failure").$type<JsonObject>(),
  },
  (t) => [index("number_readings_next").on(t.nextAt)],
);
