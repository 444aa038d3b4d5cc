import { z } from "zod";

/** Every id is a prefix and 32 hex digits of a UUIDv7, so ids sort by creation and say what they name. */
export const idPrefixes = {
  tenant: "ten",
  user: "usr",
  connection: "con",
  signIn: "sgn",
  tenantApp: "app",
  grant: "gra",
  post: "post",
  publishJob: "job",
  attempt: "att",
  media: "med",
  webhookEndpoint: "whe",
  webhookDelivery: "whd",
  webhookEvent: "wev",
  webhookSubscription: "whs",
  apiKey: "key",
  secret: "sec",
  encryptionKey: "dek",
  audit: "aud",
  notification: "not",
  noticeChannel: "nch",
  noticeDelivery: "nde",
  member: "mbr",
  invitation: "inv",
  link: "lnk",
  mention: "men",
  accountPost: "acp",
  inboxEntry: "inb",
  deskDecision: "dsk",
  erasure: "ers",
  event: "evt",
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<K extends IdKind> = string & { readonly __id: K };

export type TenantId = Id<"tenant">;
export type UserId = Id<"user">;
export type ConnectionId = Id<"connection">;
export type SignInId = Id<"signIn">;
export type TenantAppId = Id<"tenantApp">;
export type GrantId = Id<"grant">;
export type PostId = Id<"post">;
export type PublishJobId = Id<"publishJob">;
export type AttemptId = Id<"attempt">;
export type MediaId = Id<"media">;
export type ApiKeyId = Id<"apiKey">;
export type MemberId = Id<"member">;
export type InvitationId = Id<"invitation">;
export type NotificationId = Id<"notification">;
export type NoticeChannelId = Id<"noticeChannel">;
export type MentionId = Id<"mention">;
export type InboxEntryId = Id<"inboxEntry">;
export type ErasureId = Id<"erasure">;
export type EventId = Id<"event">;
export type SecretId = Id<"secret">;
export type EncryptionKeyId = Id<"encryptionKey">;

/** Schema of one kind of id. Anything of the right shape passes; whether it exists is the caller's question. */
export function idSchema<K extends IdKind>(kind: K): z.ZodType<Id<K>, string> {
  const prefix = idPrefixes[kind];
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{8,40}$`), `must look like ${prefix}_0190ab...`)
    .transform((value) => value as Id<K>) as unknown as z.ZodType<Id<K>, string>;
}

/** Marks a string that comes from our own database as an id; never use it on outside data. */
export const asId = <K extends IdKind>(_kind: K, value: string): Id<K> => value as Id<K>;

/** A platform id is a checked string here; the union of known ids comes from the connector registry. */
export const PlatformId = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "must be a platform id such as bluesky");
export type PlatformId = z.infer<typeof PlatformId>;

/** The company an app is registered at; one provider may have several platforms, and often shares its only one's id. */
export const ProviderId = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "must be a provider id such as meta");
export type ProviderId = z.infer<typeof ProviderId>;
