import type { JsonObject } from "@postd/contracts";
import type { CircuitScope, CircuitState } from "@postd/core";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, instant, tenantId } from "./columns.ts";
import { connections } from "./connections.ts";
import { tenants } from "./people.ts";

/** One row. The domain clock is the database's time plus this offset, which only tests set. */
export const instance = pgTable("instance", {
  id: integer("id").primaryKey(),
  clockOffsetMs: bigint("clock_offset_ms", { mode: "number" }).notNull().default(0),
  pausedAt: instant("paused_at"),
  pausedBy: text("paused_by"),
  /** When the canary task last went through the queue engine and a worker. */
  canaryRanAt: instant("canary_ran_at"),
  canaryLatencyMs: integer("canary_latency_ms"),
});

/** Leadership of crons by a row with an end and a fence; session locks break behind poolers. */
export const leases = pgTable("leases", {
  name: text("name").primaryKey(),
  owner: text("owner").notNull(),
  fence: bigint("fence", { mode: "number" }).notNull(),
  until: instant("until").notNull(),
});

/** Raw inbound requests, stored before the answer; fanned out to events afterwards. */
export const webhookInbox = pgTable(
  "webhook_inbox",
  {
    id: text("id").primaryKey(),
    /** The provider; in rows from before there were providers a platform of it. */
    platform: text("platform").notNull(),
    /** Signed with the secret of this account's subscription, so it may be about this account only. */
    connectionId: text("connection_id"),
    /** Whose app signed it: the instance's, or a tenant's own. */
    appId: text("app_id").notNull().default("instance"),
    /** What the provider calls the app whose secret proved it; each of a provider's sets may be another. */
    clientIds: text("client_ids").array().notNull().default(sql`'{}'::text[]`),
    receivedAt: instant("received_at").notNull(),
    headers: jsonb("headers").$type<JsonObject>().notNull(),
    body: bytes("body").notNull(),
    processedAt: instant("processed_at"),
    eventCount: integer("event_count"),
    error: text("error"),
    /** How often work on it was begun, and how often it failed by its own doing. */
    tries: integer("tries").notNull().default(0),
    faults: integer("faults").notNull().default(0),
    nextTryAt: instant("next_try_at"),
    /** Put aside for the operator. */
    deadAt: instant("dead_at"),
    /** Of all that the request says; null: it may come again in the same words and mean something new. */
    requestHash: text("request_hash"),
  },
  (t) => [
    index("webhook_inbox_open").on(t.processedAt, t.id),
    uniqueIndex("webhook_inbox_request").on(t.requestHash),
    index("webhook_inbox_dead").on(t.id).where(sql`dead_at is not null`),
  ],
);

/**
 * An account's subscription at its platform, one at most. Its secret and address are in the vault under its id. When it is
 * renewed and when its events are fetched stands in the row; both are put off when the platform is away.
 */
export const webhookSubscriptions = pgTable(
  "webhook_subscriptions",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    provider: text("provider").notNull(),
    /** The app it was made with: under another one it is made anew. */
    appId: text("app_id").notNull().default("instance"),
    clientId: text("client_id"),
    /** The platform's own name for it; null while it is being made. */
    externalId: text("external_id"),
    expiresAt: instant("expires_at"),
    renewAt: instant("renew_at"),
    pullAt: instant("pull_at"),
    cursor: text("cursor"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("webhook_subscriptions_connection").on(t.connectionId),
    index("webhook_subscriptions_renew").on(t.renewAt).where(sql`renew_at is not null`),
    index("webhook_subscriptions_pull").on(t.pullAt).where(sql`pull_at is not null`),
  ],
);

export const webhookEvents = pgTable(
  "webhook_events",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id").notNull(),
    platform: text("platform").notNull(),
    type: text("type").notNull(),
    dedupeKey: text("dedupe_key").notNull(),
    occurredAt: instant("occurred_at"),
    receivedAt: instant("received_at").notNull(),
    data: jsonb("data").$type<JsonObject>().notNull(),
  },
  (t) => [
    uniqueIndex("webhook_events_dedupe").on(t.tenantId, t.connectionId, t.dedupeKey),
    index("webhook_events_list").on(t.connectionId, t.id),
  ],
);

/** Events no connection claims: kept for the operator, never shown to a tenant. */
export const webhookUnmatched = pgTable(
  "webhook_unmatched",
  {
    id: text("id").primaryKey(),
    platform: text("platform").notNull(),
    accountExternalId: text("account_external_id").notNull(),
    type: text("type").notNull(),
    receivedAt: instant("received_at").notNull(),
    data: jsonb("data").$type<JsonObject>().notNull(),
    /** Of platform, account and the event's own key; null in rows that are older than this column. */
    dedupeHash: text("dedupe_hash"),
  },
  (t) => [uniqueIndex("webhook_unmatched_dedupe").on(t.dedupeHash)],
);

/** Whether a platform, or one account at it, answers; see core's `Circuit`. Those of platforms are no tenant's. */
export const circuits = pgTable(
  "circuits",
  {
    key: text("key").primaryKey(),
    scope: text("scope").$type<CircuitScope>().notNull(),
    connectionId: text("connection_id").references(() => connections.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    simulated: boolean("simulated").notNull(),
    server: text("server").notNull(),
    state: text("state").$type<CircuitState>().notNull(),
    failures: integer("failures").notNull().default(0),
    calls: integer("calls").notNull().default(0),
    /** Hashes: whose tries failed is no other tenant's to know. */
    accounts: text("accounts").array().notNull().default(sql`'{}'::text[]`),
    windowAt: instant("window_at"),
    trips: integer("trips").notNull().default(0),
    downSince: instant("down_since"),
    openedAt: instant("opened_at"),
    probeAt: instant("probe_at"),
    closedAt: instant("closed_at"),
    /** Raised by every probe; the answer of an older one says nothing. */
    fence: bigint("fence", { mode: "number" }).notNull().default(0),
    probeOwner: text("probe_owner"),
    probeUntil: instant("probe_until"),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [index("circuits_connection").on(t.connectionId).where(sql`connection_id is not null`)],
);
