import { z } from "zod";
import { idSchema, PlatformId, ProviderId } from "../ids.ts";
import { actors, checkTypes, connectionStatuses } from "../job-states.ts";

const Instant = z.iso.datetime();

export const ConnectionView = z.object({
  id: z.string(),
  platform: PlatformId,
  authKind: z.string(),
  accountKind: z.string(),
  externalId: z.string(),
  name: z.string(),
  /** What the platform calls it, where a person gave it another name. */
  platformName: z.string().optional(),
  /** A word of the tenant's own to sort accounts by. */
  label: z.string().optional(),
  handle: z.string().optional(),
  pictureUrl: z.string().optional(),
  profileUrl: z.string().optional(),
  status: z.enum(connectionStatuses),
  statusReason: z.object({ code: z.string(), message: z.string(), actor: z.enum(actors), since: Instant }).optional(),
  scopes: z.array(z.string()),
  missingScopes: z.array(z.string()),
  /** Rights of this person on this account, where the platform tells: tasks, roles. Absent: it does not. */
  permissions: z
    .object({
      granted: z.array(z.string()),
      missing: z.array(
        z.object({ name: z.string(), facet: z.enum(["publishing", "numbers", "inbox"]), message: z.string() }),
      ),
    })
    .optional(),
  tokenExpiresAt: Instant.optional(),
  renewsItself: z.boolean(),
  /** When a person has to sign in again at the latest; absent: never, as far as is known. */
  personNeededAt: Instant.optional(),
  checkedAt: Instant.optional(),
  checkLatencyMs: z.number().int().optional(),
  /** What the newest look at the account brought; absent: there was none since it was connected. */
  lastCheck: z
    .object({
      checkType: z.enum(checkTypes),
      at: Instant,
      ok: z.boolean(),
      latencyMs: z.number().int(),
      /** Kind of failure and what it says, where it was not ok. */
      kind: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
  /** When POSTD looks at the account by itself again; absent: not while it is disabled or disconnected. */
  nextCheckAt: Instant.optional(),
  blockedUntil: Instant.optional(),
  /** Nothing is sent to it before, and why: the platform asked to wait, or does not answer and is asked again then. */
  waitsUntil: Instant.optional(),
  waitsBecause: z.enum(["rate_limit", "outage"]).optional(),
  paused: z.boolean(),
  /** Nothing is published to it until a person enables it again; what is planned is held at its time. */
  disabled: z.boolean(),
  simulated: z.boolean(),
  createdAt: Instant,
  /** It is being disconnected: POSTD first looks whether what was just sent is live. */
  endingAt: Instant.optional(),
  disconnectedAt: Instant.optional(),
  /** Another connection of this tenant that posts to the same account. */
  warnings: z.array(z.string()),
});
export type ConnectionView = z.infer<typeof ConnectionView>;

/** One look at an account, a renewal of its sign-in, or a look for its events. */
export const HealthCheckView = z.object({
  id: z.string(),
  at: Instant,
  checkType: z.enum(checkTypes),
  ok: z.boolean(),
  latencyMs: z.number().int(),
  /** Of the account after it; absent: it was not looked at, or by an older version. */
  status: z.enum(connectionStatuses).optional(),
  /** Everything granted then; absent: the platform did not tell. */
  scopes: z.array(z.string()).optional(),
  /** Posts left, where the platform tells of one account. */
  quota: z.object({ left: z.number().int(), until: Instant.optional() }).optional(),
  apiVersion: z.string().optional(),
  nextCheckAt: Instant.optional(),
  /** What was answered, or the kind of failure with its message. */
  result: z.record(z.string(), z.unknown()),
});
export type HealthCheckView = z.infer<typeof HealthCheckView>;

/** A place below an account. */
export const DestinationView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string().optional(),
  pictureUrl: z.string().optional(),
});
export type DestinationView = z.infer<typeof DestinationView>;

/** A person of an account's lists, as its platform keeps them. */
export const ContactView = z.object({
  /** Names the person within their list at the platform. */
  externalId: z.string(),
  email: z.string().optional(),
  name: z.string().optional(),
  list: z.string().optional(),
  /** Whether mail reaches them, in the platform's own word. */
  status: z.string().optional(),
  tags: z.array(z.string()),
});
export type ContactView = z.infer<typeof ContactView>;

/** Limits and choices that are the account's own; what is absent is as GET /api/platforms says. */
export const AccountLimitsView = z.object({
  /** Who posts, to be shown beside the form. */
  author: z.object({ name: z.string(), handle: z.string().optional(), pictureUrl: z.string().optional() }).optional(),
  textMax: z.number().int().optional(),
  image: z.object({ maxBytes: z.number().int().optional() }).optional(),
  video: z.object({ maxMs: z.number().int().optional(), maxBytes: z.number().int().optional() }).optional(),
  maxMedia: z.number().int().optional(),
  postsLeft: z.object({ count: z.number().int(), until: Instant.optional() }).optional(),
  options: z.record(z.string(), z.array(z.object({ value: z.string(), label: z.string() }))).optional(),
});
export type AccountLimitsView = z.infer<typeof AccountLimitsView>;

/** An app a workspace registered itself. `secrets` names the fields that are kept sealed. */
export const TenantAppView = z.object({
  id: idSchema("tenantApp"),
  provider: ProviderId,
  set: z.string(),
  values: z.record(z.string(), z.string()),
  secrets: z.array(z.string()),
  /** Where the provider sends this app's events. */
  webhookUrl: z.string(),
  createdAt: z.iso.datetime(),
});
export type TenantAppView = z.infer<typeof TenantAppView>;

export const GrantView = z.object({
  id: z.string(),
  platform: PlatformId,
  authKind: z.string(),
  subject: z.object({ externalId: z.string(), name: z.string() }),
  scopes: z.array(z.string()),
  simulated: z.boolean(),
  expiresAt: Instant,
  accounts: z.array(
    z.object({
      platform: PlatformId,
      externalId: z.string(),
      kind: z.string(),
      name: z.string(),
      handle: z.string().optional(),
      pictureUrl: z.string().optional(),
      missingScopes: z.array(z.string()),
      blocked: z.string().optional(),
      connectionId: z.string().optional(),
    }),
  ),
});
export type GrantView = z.infer<typeof GrantView>;
