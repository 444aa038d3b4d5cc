import type { VideoFacts } from "@postd/connector-kit";
import type { HeldReason, JobState, Json, JsonObject, PostStatus } from "@postd/contracts";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytes, instant, tenantId } from "./columns.ts";
import { connections } from "./connections.ts";
import { tenants } from "./people.ts";

export const mediaAssets = pgTable(
  "media_assets",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    kind: text("kind").notNull(),
    mimeType: text("mime_type").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    sha256: text("sha256").notNull(),
    width: integer("width"),
    height: integer("height"),
    durationMs: integer("duration_ms"),
    /** Codecs, frame rate, place of the index; null: no video, or stored before this was read. */
    video: jsonb("video").$type<VideoFacts>(),
    altText: text("alt_text"),
    fileName: text("file_name"),
    /** Key in the blob store. */
    blobKey: text("blob_key").notNull(),
    /** Key of the file as it came, where the tenant keeps it and it differs. */
    originalKey: text("original_key"),
    originalBytes: bigint("original_bytes", { mode: "number" }),
    /** The file it was made of for a platform, that file's bytes, and what was done to them; null: it was uploaded. */
    derivedFrom: text("derived_from"),
    sourceSha256: text("source_sha256"),
    operation: text("operation"),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [
    index("media_assets_tenant").on(t.tenantId, t.id),
    uniqueIndex("media_assets_derived")
      .on(t.tenantId, t.sourceSha256, sql`md5(${t.operation})`)
      .where(sql`source_sha256 is not null and deleted_at is null`),
    index("media_assets_source").on(t.tenantId, t.derivedFrom).where(sql`derived_from is not null`),
  ],
);

/** Text, format, media and options as the author wrote them; versions override per connection or platform. */
export interface PostContent {
  readonly text: string;
  readonly format?: string;
  readonly media: readonly { readonly mediaId: string; readonly altText?: string }[];
  readonly options: JsonObject;
}

export const posts = pgTable(
  "posts",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    status: text("status").$type<PostStatus>().notNull(),
    content: jsonb("content").$type<PostContent>().notNull(),
    scheduledFor: instant("scheduled_for"),
    /** Targets of a post that is not approved yet; approving makes one job each. */
    targets: jsonb("targets").$type<readonly JsonObject[]>().notNull(),
    metadata: jsonb("metadata").$type<JsonObject>().notNull(),
    createdBy: text("created_by").notNull(),
    /** Who last changed what it says, where it goes or when; null: nobody since it was written. */
    changedBy: text("changed_by"),
    /** It goes out on an approver's word only. */
    approvalAsked: boolean("approval_asked").notNull().default(false),
    decidedBy: text("decided_by"),
    decidedAt: instant("decided_at"),
    decisionNote: text("decision_note"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    deletedAt: instant("deleted_at"),
    /** Somebody asked to delete it; it goes when every job is settled. */
    deleting: boolean("deleting").notNull().default(false),
    version: integer("version").notNull().default(1),
  },
  (t) => [index("posts_tenant").on(t.tenantId, t.id)],
);

/** A version of a post for one connection (`target` is a connection id) or for all of a platform (a platform id). */
export const postVersions = pgTable(
  "post_versions",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    postId: text("post_id")
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    target: text("target").notNull(),
    content: jsonb("content").$type<Partial<PostContent>>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.postId, t.target] })],
);

export const publishJobs = pgTable(
  "publish_jobs",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    postId: text("post_id")
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    connectionId: text("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    state: text("state").$type<JobState>().notNull(),
    heldReason: text("held_reason").$type<HeldReason>(),
    scheduledFor: instant("scheduled_for").notNull(),
    /** When the pipeline must look at this row again, in every state; null: never by itself. */
    wakeAt: instant("wake_at"),
    /** When a wake-up was last handed to the queue engine; a hint may be lost, so it ages. */
    handedAt: instant("handed_at"),
    leaseUntil: instant("lease_until"),
    leaseOwner: text("lease_owner"),
    /** Raised by every claim; a worker whose fence is older can write nothing. */
    fence: bigint("fence", { mode: "number" }).notNull().default(0),
    /** Failed tries of the current step. */
    tries: integer("tries").notNull().default(0),
    /** Content frozen at the first claim. */
    content: jsonb("content").$type<JsonObject>(),
    stepState: jsonb("step_state").$type<JsonObject>(),
    /** The version of the format that wrote the state; a worker that does not know it leaves the job alone. */
    stepVersion: integer("step_version").notNull().default(1),
    /** Secrets are kept for the steps, in the vault under this row's id. */
    hasSealed: boolean("has_sealed").notNull().default(false),
    /** The intent whose answer is not known yet. */
    openAttemptId: text("open_attempt_id"),
    fingerprint: text("fingerprint"),
    /** Equal to the fingerprint while in flight or unknown: one at a time per connection. */
    inFlight: text("in_flight"),
    externalPostId: text("external_post_id"),
    permalink: text("permalink"),
    /** Names the post had before edits replaced it: [{externalPostId, permalink, until}]. */
    earlierPosts: jsonb("earlier_posts").$type<readonly JsonObject[]>(),
    publishedAt: instant("published_at"),
    /** {kind, message, platformCode, requestId, step, actor, at} of the last failure, kept while it matters. */
    failure: jsonb("failure").$type<JsonObject>(),
    /** What probes saw: {since, looks, answers: [...], nextAt}. */
    probe: jsonb("probe").$type<JsonObject>(),
    needsPerson: boolean("needs_person").notNull().default(false),
    nativeSchedule: boolean("native_schedule").notNull().default(false),
    simulated: boolean("simulated").notNull(),
    firstClaimedAt: instant("first_claimed_at"),
    /** A visible call was sent, or may have been, and nothing has told how it ended. Set with the intent. */
    mayBeLive: boolean("may_be_live").notNull().default(false),
    /** What a person asked and has yet to be done: {kind, by, at, ...}. */
    wish: jsonb("wish").$type<JsonObject>(),
    /** How the last wish ended: {kind, outcome, at, message}. */
    wishOutcome: jsonb("wish_outcome").$type<JsonObject>(),
    /** Parts of it were taken down while others are left: nothing more of it is sent. */
    partsGone: boolean("parts_gone").notNull().default(false),
    removedAt: instant("removed_at"),
    removedBy: text("removed_by"),
    /** The job that took a canceled one's place. */
    successorId: text("successor_id"),
    /** When a person last decided to send it in spite of its planned time. */
    releasedAt: instant("released_at"),
    /** The circuit it waits for. */
    waitsFor: text("waits_for"),
    spentAt: instant("spent_at"),
    /** When it was held as missed. */
    missedAt: instant("missed_at"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [
    index("publish_jobs_tenant").on(t.tenantId, t.id),
    index("publish_jobs_post").on(t.postId),
    index("publish_jobs_state").on(t.tenantId, t.state, t.id),
    index("publish_jobs_connection").on(t.connectionId, t.state),
    index("publish_jobs_troubled").on(t.platform, t.heldReason).where(sql`state in ('held', 'retrying')`),
    index("publish_jobs_waiting")
      .on(t.tenantId, t.scheduledFor, t.id)
      .where(sql`state = 'held' and not may_be_live and external_post_id is null`),
    index("publish_jobs_published").on(t.tenantId, t.publishedAt).where(sql`published_at is not null`),
    index("publish_jobs_wake").on(t.wakeAt).where(sql`wake_at is not null`),
    index("publish_jobs_waits_for").on(t.waitsFor, t.updatedAt).where(sql`waits_for is not null`),
    index("publish_jobs_leased").on(t.leaseUntil).where(sql`lease_until is not null`),
    uniqueIndex("publish_jobs_in_flight").on(t.connectionId, t.inFlight).where(sql`in_flight is not null`),
    index("publish_jobs_fingerprint").on(t.connectionId, t.fingerprint),
    index("publish_jobs_in_doubt").on(t.fingerprint).where(sql`may_be_live`),
    // One post at a platform belongs to one job, over all tenants and sign-ins.
    uniqueIndex("publish_jobs_external")
      .on(t.platform, t.simulated, t.externalPostId)
      .where(sql`external_post_id is not null`),
    index("publish_jobs_earlier")
      .using("gin", sql`${t.earlierPosts} jsonb_path_ops`)
      .where(sql`earlier_posts is not null`),
    index("publish_jobs_spent").on(t.connectionId, t.spentAt).where(sql`spent_at is not null`),
    check(
      "publish_jobs_truth",
      sql`not may_be_live or state in ('publishing', 'processing', 'retrying', 'unknown', 'published', 'partly_published', 'discarded')`,
    ),
  ],
);

/** One try of one step. The intent is written before the call, the answer once after it; nothing else ever changes. */
export const publishAttempts = pgTable(
  "publish_attempts",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    jobId: text("job_id")
      .notNull()
      .references(() => publishJobs.id, { onDelete: "cascade" }),
    fence: bigint("fence", { mode: "number" }).notNull(),
    step: text("step").notNull(),
    /** "call", "probe", "refresh", "native". */
    kind: text("kind").notNull(),
    effect: text("effect").notNull(),
    repeatable: boolean("repeatable").notNull(),
    /** What a repeat must send exactly. */
    prepared: jsonb("prepared").$type<Json>(),
    fingerprint: text("fingerprint"),
    intentAt: instant("intent_at").notNull(),
    answeredAt: instant("answered_at"),
    /** ok, waiting, failed, unknown, lost (no answer was ever recorded). */
    outcome: text("outcome"),
    failure: jsonb("failure").$type<JsonObject>(),
    /** One plain sentence for the ledger view. */
    note: text("note"),
    latencyMs: integer("latency_ms"),
  },
  (t) => [index("publish_attempts_job").on(t.jobId, t.id)],
);

/** First answers of creating requests; a replay never shows a secret again. */
export const idempotencyRecords = pgTable(
  "idempotency_records",
  {
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    operation: text("operation").notNull(),
    key: text("key").notNull(),
    bodyHash: text("body_hash").notNull(),
    resourceId: text("resource_id"),
    status: integer("status"),
    response: jsonb("response").$type<JsonObject>(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.operation, t.key] })],
);

/** An app of ours that a platform asked to wait: none of its accounts starts before. No tenant's: an app serves all. */
export const appBlocks = pgTable(
  "app_blocks",
  {
    platform: text("platform").notNull(),
    authKind: text("auth_kind").notNull(),
    simulated: boolean("simulated").notNull(),
    until: instant("until").notNull(),
  },
  (t) => [primaryKey({ columns: [t.platform, t.authKind, t.simulated] })],
);

/** The same by what the provider calls the app, whoever registered it here, and however often. */
export const clientBlocks = pgTable(
  "client_blocks",
  {
    platform: text("platform").notNull(),
    authKind: text("auth_kind").notNull(),
    simulated: boolean("simulated").notNull(),
    clientId: text("client_id").notNull(),
    until: instant("until").notNull(),
  },
  (t) => [primaryKey({ columns: [t.platform, t.authKind, t.simulated, t.clientId] })],
);

/** What a platform lets an app, a sign-in or an account do in some time; no tenant's, and its key says nothing. */
export const rateBudgets = pgTable(
  "rate_budgets",
  {
    key: bytes("key").notNull(),
    budget: text("budget").notNull(),
    scope: text("scope").notNull(),
    simulated: boolean("simulated").notNull(),
    spentAt: instant("spent_at").array().notNull().default([]),
    spentUnits: doublePrecision("spent_units").array().notNull().default([]),
    saidUsed: doublePrecision("said_used"),
    saidLimit: doublePrecision("said_limit"),
    saidResetsAt: instant("said_resets_at"),
    saidAt: instant("said_at"),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.budget] }), index("rate_budgets_updated").on(t.updatedAt)],
);
