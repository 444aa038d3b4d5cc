import type { CheckType, ConnectionStatus, JsonObject } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, instant, tenantId } from "./columns.ts";
import { tenants } from "./people.ts";

/** Pending authorisations. Found by the hash of `state` before the tenant is known; the PKCE verifier is in the vault. */
export const oauthStates = pgTable("oauth_states", {
  stateHash: text("state_hash").primaryKey(),
  tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
  userId: text("user_id").notNull(),
  /** Hash of the session (or API key id) that started it; another session cannot finish it. */
  sessionHash: text("session_hash").notNull(),
  platform: text("platform").notNull(),
  authKind: text("auth_kind").notNull(),
  redirectUri: text("redirect_uri").notNull(),
  appId: text("app_id").notNull().default("instance"),
  /** Set when a person signs in again for an existing connection. */
  connectionId: text("connection_id"),
  returnTo: text("return_to"),
  createdAt: instant("created_at").notNull(),
  expiresAt: instant("expires_at").notNull(),
});

export const oauthGrants = pgTable(
  "oauth_grants",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    authKind: text("auth_kind").notNull(),
    subject: jsonb("subject").$type<JsonObject>().notNull(),
    /** What the sign-in told of itself besides; empty: made before that was kept. */
    extras: jsonb("extras").$type<JsonObject>(),
    scopes: text("scopes").array().notNull(),
    /** Accounts to choose from, without credentials; those are in the vault under the grant's id. */
    accounts: jsonb("accounts").$type<JsonObject[]>().notNull(),
    simulated: boolean("simulated").notNull(),
    appId: text("app_id").notNull().default("instance"),
    clientId: text("client_id"),
    /** Empty: made by a version that did not keep it; the platform tells. */
    provider: text("provider"),
    /** As that of sign-ins: one that nobody has chosen from yet counts as one. */
    subjectHash: bytes("subject_hash").notNull().default(sql`''::bytea`),
    connectionId: text("connection_id"),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (t) => [index("oauth_grants_tenant").on(t.tenantId, t.id), index("oauth_grants_hash").on(t.subjectHash)],
);

/** How tokens and their renewal stand: a sign-in's, and as each of its connections shows them. */
const standing = () => ({
  scopes: text("scopes").array().notNull(),
  status: text("status").$type<ConnectionStatus>().notNull(),
  /** Why it needs a person: {code, message, actor, since}. */
  statusReason: jsonb("status_reason").$type<JsonObject>(),
  tokenExpiresAt: instant("token_expires_at"),
  refreshExpiresAt: instant("refresh_expires_at"),
  refreshedAt: instant("refreshed_at"),
  /** Single-flight refresh: compare-and-set lease with a fence; `refresh_intent_at` is set before the call. */
  refreshLeaseUntil: instant("refresh_lease_until"),
  refreshFence: bigint("refresh_fence", { mode: "number" }).notNull().default(0),
  refreshIntentAt: instant("refresh_intent_at"),
  /** Raised with every stored credential; a failure seen with older credentials changes nothing. */
  credentialVersion: integer("credential_version").notNull().default(1),
});

/**
 * One person's consent, or one key, at one app: owns tokens, scopes, ends, the refresh lease and the status. What its
 * connections show of it (ends, version, lease) is written beside theirs in the same transaction.
 */
export const platformSignIns = pgTable(
  "platform_sign_ins",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    provider: text("provider").notNull(),
    authKind: text("auth_kind").notNull(),
    /** Under which registration it was made: "instance", or the tenant's own. */
    appId: text("app_id").notNull().default("instance"),
    /** What the provider calls the app, which may be registered here more than once; empty: not known. */
    clientId: text("client_id"),
    simulated: boolean("simulated").notNull(),
    /** Who signed in, by the provider's id. */
    subject: text("subject").notNull(),
    subjectName: text("subject_name"),
    /** What it told of itself besides, such as the account's own server; empty: those of its connections tell it. */
    extras: jsonb("extras").$type<JsonObject>(),
    /** Keyed; set by the database. Compared over all tenants, and only by its own functions. */
    subjectHash: bytes("subject_hash").notNull().default(sql`''::bytea`),
    /** Empty, or the connection a sign-in from before this table belongs to, for as long as it stands beside another of its subject. */
    twinOf: text("twin_of").notNull().default(""),
    /** From before this table and not compared with others yet. */
    unjoined: boolean("unjoined").notNull().default(false),
    /** Owner of its secret in the vault: itself, or a connection it was made of, which then lives on no other sign-in. */
    secretOwner: text("secret_owner").notNull(),
    ...standing(),
    /** When the consent was given that its secret comes from; an older one never replaces it. */
    grantedAt: instant("granted_at").notNull(),
    /** When its renewal is looked at; empty: nothing is to be done by itself. A change of its ends sets it to now (trigger). */
    nextRefreshAt: instant("next_refresh_at").default(sql`domain_now()`),
    /** Renewals in a row that brought no answer about the sign-in. */
    refreshTries: integer("refresh_tries").notNull().default(0),
    /** Its last connection was disconnected; the secret stays until it is withdrawn at the platform. */
    endedAt: instant("ended_at"),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("platform_sign_ins_subject").on(
      t.tenantId,
      t.provider,
      sql`coalesce('client ' || client_id, 'app ' || app_id)`,
      t.authKind,
      t.simulated,
      t.subject,
      t.twinOf,
    ),
    index("platform_sign_ins_hash").on(t.subjectHash),
    index("platform_sign_ins_secret_owner").on(t.secretOwner),
    index("platform_sign_ins_unjoined").on(t.tenantId).where(sql`unjoined`),
    index("platform_sign_ins_refresh").on(t.nextRefreshAt).where(sql`next_refresh_at is not null and ended_at is null`),
  ],
);

/** Apps tenants registered at providers themselves. Values are public; secrets are in the vault under the app's id. */
export const tenantApps = pgTable(
  "tenant_apps",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    provider: text("provider").notNull(),
    setId: text("set_id").notNull(),
    values: jsonb("values").$type<Record<string, string>>().notNull(),
    /** Names of the fields that are in the vault. */
    secretNames: text("secret_names").array().notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [index("tenant_apps_tenant").on(t.tenantId, t.id)],
);

/**
 * A sign-in is being withdrawn at the platform, or was: what was consented to before `until` may be gone with it. No
 * tenant's: only functions with the owner's rights read it, by the keyed hash of provider, method and subject.
 */
export const withdrawals = pgTable(
  "withdrawals",
  {
    signInId: text("sign_in_id").primaryKey(),
    subjectHash: bytes("subject_hash").notNull(),
    appId: text("app_id").notNull(),
    clientId: text("client_id"),
    until: instant("until").notNull(),
  },
  (t) => [index("withdrawals_hash").on(t.subjectHash)],
);

/** The key of `subject_hash`. Nobody but the tables' owner reads it. */
export const signInKeys = pgTable("sign_in_keys", {
  id: integer("id").primaryKey(),
  key: bytes("key").notNull(),
});

export const connections = pgTable(
  "connections",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    authKind: text("auth_kind").notNull(),
    externalId: text("external_id").notNull(),
    accountKind: text("account_kind").notNull(),
    name: text("name").notNull(),
    handle: text("handle"),
    pictureUrl: text("picture_url"),
    profileUrl: text("profile_url"),
    extras: jsonb("extras").$type<JsonObject>().notNull(),
    /** Whose tokens it uses; empty once it is disconnected and they are deleted. */
    signInId: text("sign_in_id").references(() => platformSignIns.id, { onDelete: "set null" }),
    /** The app its sign-in was made with, kept when the sign-in is gone: only that app's events are about it. */
    appId: text("app_id").notNull().default("instance"),
    clientId: text("client_id"),
    /** It acts with a secret of its own, such as a Page token, and not with the sign-in's. */
    ownSecret: boolean("own_secret").notNull().default(false),
    /** The person behind the account, where a platform's events name people; read off `extras`. */
    personId: text("person_id").generatedAlwaysAs(sql`extras ->> 'personId'`),
    ...standing(),
    missingScopes: text("missing_scopes").array().notNull(),
    /** The platform asked us to wait: nothing of this connection starts before. */
    blockedUntil: instant("blocked_until"),
    /** Somebody disconnects it; what may be live is looked at before the sign-in is withdrawn. */
    endingAt: instant("ending_at"),
    /** What it was signed in with is being ended at the platform; renewed by each repeat. Nothing new is stored before. */
    withdrawingUntil: instant("withdrawing_until"),
    pausedAt: instant("paused_at"),
    /** A name and a word of the tenant's own. */
    ownName: text("own_name"),
    label: text("label"),
    disabledAt: instant("disabled_at"),
    pausedBy: text("paused_by"),
    simulated: boolean("simulated").notNull(),
    checkedAt: instant("checked_at"),
    checkLatencyMs: integer("check_latency_ms"),
    /** Whether what it acts with is renewed without a person; empty: not known, the connector tells. */
    renews: boolean("renews"),
    /** When a person has to sign in again at the latest though its tokens last longer. */
    signInAgainBy: instant("sign_in_again_by"),
    nextCheckAt: instant("next_check_at").notNull().default(sql`domain_now() + interval '6 hours'`),
    /** {type, ok, at, latencyMs, kind?, message?, unread?}. */
    lastCheck: jsonb("last_check").$type<JsonObject>(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    disconnectedAt: instant("disconnected_at"),
  },
  (t) => [
    unique("connections_account").on(t.tenantId, t.platform, t.externalId, t.authKind),
    index("connections_tenant").on(t.tenantId, t.id),
    index("connections_sign_in").on(t.signInId),
    index("connections_ending").on(t.endingAt).where(sql`ending_at is not null`),
    index("connections_check")
      .on(t.nextCheckAt)
      .where(sql`disconnected_at is null and ending_at is null and disabled_at is null`),
  ],
);

export const connectionHealthLog = pgTable(
  "connection_health_log",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id").notNull(),
    at: instant("at").notNull(),
    ok: boolean("ok").notNull(),
    latencyMs: integer("latency_ms").notNull(),
    result: jsonb("result").$type<JsonObject>().notNull(),
    checkType: text("check_type").$type<CheckType>().notNull().default("synthetic_ping"),
    /** Of the account after it. */
    status: text("status").$type<ConnectionStatus>(),
    scopes: text("scopes").array(),
    quota: jsonb("quota").$type<JsonObject>(),
    apiVersion: text("api_version"),
    nextCheckAt: instant("next_check_at"),
  },
  (t) => [
    index("connection_health_log_connection").on(t.tenantId, t.connectionId, t.at),
    index("connection_health_log_at").using("brin", t.at),
  ],
);

/** Every change of a connection: who, what, when. Append-only. */
export const connectionAudit = pgTable(
  "connection_audit",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    connectionId: text("connection_id").notNull(),
    at: instant("at").notNull(),
    actor: text("actor").notNull(),
    action: text("action").notNull(),
    detail: jsonb("detail").$type<JsonObject>().notNull(),
  },
  (t) => [index("connection_audit_connection").on(t.tenantId, t.connectionId, t.id)],
);
