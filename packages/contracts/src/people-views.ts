import { z } from "zod";
import { RoleName, ScopeName } from "./access.ts";
import { afterReconnectRules } from "./backfill.ts";

const Instant = z.iso.datetime();

/** A tenant (workspace on screen) as one of its members sees it. */
export const TenantView = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  timeZone: z.string(),
  role: RoleName,
  /** The one this session works in. */
  active: z.boolean(),
  /** Posts wait for an approver, but those of an owner or admin who acts in person. */
  requiresApproval: z.boolean(),
  /** Whoever works in it shows a second factor: a code of an app, or a backup code. */
  requiresTwoFactor: z.boolean(),
  /** What becomes of posts that missed their time, where nobody is to be asked. */
  afterReconnect: z.enum(afterReconnectRules),
  createdAt: Instant,
});
export type TenantView = z.infer<typeof TenantView>;

/** Who is asking, and what they may do here. */
export const MeView = z.object({
  user: z.object({ id: z.string(), name: z.string(), email: z.string(), image: z.string().optional() }).optional(),
  apiKey: z.object({ id: z.string(), name: z.string() }).optional(),
  tenant: z.object({ id: z.string(), name: z.string(), slug: z.string(), timeZone: z.string() }).optional(),
  role: RoleName.optional(),
  scopes: z.array(ScopeName),
  /** This session showed more than a password; absent for a key. */
  secondFactor: z.boolean().optional(),
  /** Why nothing may be done in the tenant now: it wants a second factor, or ended this session. */
  closed: z.enum(["second_factor", "signed_out"]).optional(),
  /** May act for the whole instance (pause everything). */
  operator: z.boolean(),
  /** Platforms are simulated on this instance where no credentials were given. */
  simulated: z.boolean(),
});
export type MeView = z.infer<typeof MeView>;

export const MemberView = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  image: z.string().optional(),
  role: RoleName,
  joinedAt: Instant,
  lastSeenAt: Instant.optional(),
});
export type MemberView = z.infer<typeof MemberView>;

export const InvitationView = z.object({
  id: z.string(),
  email: z.string(),
  role: RoleName,
  status: z.enum(["pending", "accepted", "canceled", "expired"]),
  invitedBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  /** The link to send by hand; only in the answer to inviting, and only where no mail left. */
  link: z.string().optional(),
  /** Whether a mail left; false where no mail server is configured. */
  mailed: z.boolean().optional(),
});
export type InvitationView = z.infer<typeof InvitationView>;

/** What a person with an invitation link sees before signing in. */
export const InvitationSummary = z.object({
  id: z.string(),
  tenantName: z.string(),
  invitedBy: z.string(),
  email: z.string(),
  role: RoleName,
  status: InvitationView.shape.status,
  expiresAt: Instant,
});
export type InvitationSummary = z.infer<typeof InvitationSummary>;

export const ApiKeyView = z.object({
  id: z.string(),
  name: z.string(),
  /** What it may do now: what it was given, as far as the role of whoever made it still allows that. */
  scopes: z.array(ScopeName),
  /** The last four characters of the key, to tell keys apart. */
  lastCharacters: z.string(),
  createdBy: z.string(),
  createdAt: Instant,
  lastUsedAt: Instant.optional(),
  expiresAt: Instant.optional(),
  revokedAt: Instant.optional(),
});
export type ApiKeyView = z.infer<typeof ApiKeyView>;

/** `key` is shown once, in the first answer; a replay of the same request leaves it out. */
export const CreatedApiKeyView = ApiKeyView.extend({ key: z.string().optional() });
export type CreatedApiKeyView = z.infer<typeof CreatedApiKeyView>;
