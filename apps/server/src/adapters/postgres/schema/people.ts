import type { AfterReconnectRule } from "@postd/contracts";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";

/** People and tenants, kept by better-auth; no row-level security because sign-in happens before a tenant is known. */
export const users = pgTable("users", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: boolean("email_verified").notNull().default(false),
  image: text("image"),
  /** Codes of an app are asked for after the password. */
  twoFactorEnabled: boolean("two_factor_enabled").notNull().default(false),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const tenants = pgTable("tenants", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug").notNull().unique(),
  logo: text("logo"),
  metadata: text("metadata"),
  createdAt: instant("created_at").notNull(),
  pausedAt: instant("paused_at"),
  pausedBy: text("paused_by"),
  timeZone: text("time_zone").notNull().default("UTC"),
  /** Nobody works in it from this time on. */
  erasingAt: instant("erasing_at"),
  /** Whether files are kept as they came, beside how they go out. */
  keepOriginals: boolean("keep_originals").notNull().default(false),
  /** Every post waits for an approver, but those of who owns or administers the workspace. */
  requiresApproval: boolean("requires_approval").notNull().default(false),
  /** Whoever works in it shows more than a password. */
  requiresTwoFactor: boolean("requires_two_factor").notNull().default(false),
  /** What becomes of posts that missed their time since that was said. */
  afterReconnect: text("after_reconnect").$type<AfterReconnectRule>().notNull().default("ask"),
  afterReconnectAt: instant("after_reconnect_at"),
});

/** `token` holds only a hash; the cookie carries the token. */
export const sessions = pgTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    activeOrganizationId: text("active_tenant_id"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    /** What was shown beside a password: `code`, `passkey` or `issuer`. The library does not know these three columns. */
    secondFactor: text("second_factor").$type<SecondFactor>(),
    lastUsedAt: instant("last_used_at"),
    /** Tenants that ended it for themselves. */
    endedIn: text("ended_in").array().notNull().default([]),
  },
  (t) => [index("sessions_user").on(t.userId)],
);

export type SecondFactor = "code" | "passkey" | "issuer";

/** Secret and backup codes are sealed by the sign-in library with the auth secret. */
export const twoFactors = pgTable("two_factors", {
  id: text("id").primaryKey(),
  userId: text("user_id")
    .notNull()
    .unique()
    .references(() => users.id, { onDelete: "cascade" }),
  secret: text("secret").notNull(),
  backupCodes: text("backup_codes").notNull(),
  verified: boolean("verified").notNull().default(false),
  failedVerificationCount: integer("failed_verification_count").notNull().default(0),
  lockedUntil: instant("locked_until"),
});

/** Public keys of people's authenticators; nothing here is a secret. */
export const passkeys = pgTable(
  "passkeys",
  {
    id: text("id").primaryKey(),
    name: text("name"),
    publicKey: text("public_key").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    credentialID: text("credential_id").notNull().unique(),
    counter: bigint("counter", { mode: "number" }).notNull(),
    deviceType: text("device_type").notNull(),
    backedUp: boolean("backed_up").notNull(),
    transports: text("transports"),
    createdAt: instant("created_at"),
    aaguid: text("aaguid"),
  },
  (t) => [index("passkeys_user").on(t.userId)],
);

/** Sign-in methods of a person; the password is a scrypt hash. */
export const signIns = pgTable(
  "sign_ins",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: instant("access_token_expires_at"),
    refreshTokenExpiresAt: instant("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [index("sign_ins_user").on(t.userId)],
);

export const verifications = pgTable(
  "verifications",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [index("verifications_identifier").on(t.identifier), index("verifications_value").on(t.value)],
);

export const members = pgTable(
  "members",
  {
    id: text("id").primaryKey(),
    organizationId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").notNull(),
    createdAt: instant("created_at").notNull(),
    /** When an owner or admin last ended their sessions in this tenant. */
    signedOutAt: instant("signed_out_at"),
  },
  (t) => [uniqueIndex("members_tenant_user").on(t.organizationId, t.userId), index("members_user").on(t.userId)],
);

export const invitations = pgTable(
  "invitations",
  {
    id: text("id").primaryKey(),
    organizationId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    email: text("email").notNull(),
    role: text("role"),
    status: text("status").notNull(),
    inviterId: text("inviter_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [index("invitations_tenant").on(t.organizationId)],
);

/** The key itself is shown once; only its SHA-256 is kept. Looked up by hash before the tenant is known. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    hash: text("hash").notNull().unique(),
    lastCharacters: text("last_characters").notNull(),
    scopes: text("scopes").array().notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    lastUsedAt: instant("last_used_at"),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
  },
  (t) => [index("api_keys_tenant").on(t.tenantId, t.id)],
);

/**
 * Links that stand in for a sign-in, by the hash of their token. `subject` is what the link is about: an invitation's id,
 * a person's id, or the instance. Looked up before the tenant is known.
 */
export const links = pgTable(
  "links",
  {
    id: text("id").primaryKey(),
    hash: text("hash").notNull().unique(),
    purpose: text("purpose").notNull(),
    tenantId: text("tenant_id").references(() => tenants.id, { onDelete: "cascade" }),
    subject: text("subject").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    usedAt: instant("used_at"),
    usedBy: text("used_by"),
    revokedAt: instant("revoked_at"),
    /** Whose right it rests on; null: nobody's. */
    createdBy: text("created_by"),
  },
  (t) => [
    index("links_subject").on(t.purpose, t.subject),
    uniqueIndex("links_one_open").on(t.purpose, t.subject).where(sql`used_at IS NULL AND revoked_at IS NULL`),
  ],
);

/** People who run the instance because they opened the operator's link; POSTD_OPERATOR_EMAILS names others. */
export const operators = pgTable("operators", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  since: instant("since").notNull(),
});

/** Counters of tries, for all processes together; `key` is a hash of what is counted. */
export const throttles = pgTable(
  "throttles",
  {
    key: text("key").primaryKey(),
    count: integer("count").notNull(),
    endsAt: instant("ends_at").notNull(),
  },
  (t) => [index("throttles_ends").on(t.endsAt)],
);
