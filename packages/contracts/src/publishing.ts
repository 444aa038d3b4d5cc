import { z } from "zod";
import { boundedJson, InstantInput, jsonBytes } from "./bounded.ts";
import { clearableFields, contentFields, needsText, oneList, oneText } from "./content.ts";
import { deskWords } from "./desk.ts";
import { idSchema } from "./ids.ts";

const MediaUrl = z.url({ protocol: /^https?$/ }).max(2_000);
const IdempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");
const Metadata = boundedJson(16_000);

/** Id of a place below the account, one of GET /api/connections/:id/destinations. */
const Destination = z.string().min(1).max(500);

/** What `POST /api/publish` takes: one post to one connection. */
export const PublishPayload = z
  .strictObject({
    ...contentFields,
    mediaUrls: z.array(MediaUrl).max(20).optional(),
    destination: Destination.optional(),
    scheduledFor: InstantInput.optional(),
    idempotencyKey: IdempotencyKey.optional(),
    metadata: Metadata.optional(),
    /** Let the platform hold the clock; off by default. */
    nativeSchedule: z.boolean().optional(),
    /** Say that posting the same again is meant, where a twin is in flight it still waits for the first. */
    repost: z.boolean().optional(),
  })
  .refine(...needsText)
  .refine(...oneText)
  .refine(...oneList);
export type PublishPayload = z.infer<typeof PublishPayload>;

export const PublishRequest = z.strictObject({ connectionId: idSchema("connection"), payload: PublishPayload });
export type PublishRequest = z.infer<typeof PublishRequest>;

export const PostVersionInput = z
  .strictObject(clearableFields)
  .refine(...oneText)
  .refine(...oneList);

/** Per connection id or platform id; together no larger than one long post for many accounts needs. */
const Versions = z
  .record(z.string().max(80), PostVersionInput)
  .refine((versions) => Object.keys(versions).length <= 200, "must be at most 200 versions")
  .refine((versions) => jsonBytes(versions) <= 500_000, "must be at most 500 KB as JSON, all versions together");

const Targets = z
  .array(
    z.strictObject({
      connectionId: idSchema("connection"),
      nativeSchedule: z.boolean().optional(),
      destination: Destination.optional(),
    }),
  )
  .min(1)
  .max(200);

/** What `POST /api/posts` takes: one content, many targets, versions by connection id or platform id. */
export const PostInput = z
  .strictObject({
    ...contentFields,
    mediaUrls: z.array(MediaUrl).max(20).optional(),
    targets: Targets,
    versions: Versions.optional(),
    scheduledFor: InstantInput.optional(),
    idempotencyKey: IdempotencyKey.optional(),
    metadata: Metadata.optional(),
    /** `draft` keeps it; `ask` waits for an approver; `publish` (default) makes the jobs now. */
    mode: z.enum(["publish", "draft", "ask"]).optional(),
    repost: z.boolean().optional(),
  })
  .refine(...needsText)
  .refine(...oneText)
  .refine(...oneList)
  .refine(
    ({ targets, versions: _versions, metadata: _metadata, ...written }) =>
      targets.length === 1 || jsonBytes(written) * targets.length <= 4_000_000,
    {
      path: ["targets"],
      message:
        "are too many for a post this long: what was written, times the accounts, must stay below 4 MB. Split the accounts over several posts",
    },
  );
export type PostInput = z.infer<typeof PostInput>;

/** What `POST /api/posts/trial` takes: one post for one connection, and who alone sees it. */
export const TrialRequest = z
  .strictObject({
    ...contentFields,
    connectionId: idSchema("connection"),
    destination: Destination.optional(),
    /** Mail addresses. */
    to: z.array(z.email().max(254)).min(1).max(20),
  })
  .refine(...needsText)
  .refine(...oneText)
  .refine(...oneList);
export type TrialRequest = z.infer<typeof TrialRequest>;

export const PostPatch = z
  .strictObject({
    ...clearableFields,
    format: z.string().max(40).nullable().optional(),
    targets: Targets.optional(),
    versions: Versions.optional(),
    /** null takes the time away: the post becomes a draft and its jobs are canceled. */
    scheduledFor: InstantInput.nullable().optional(),
    /** `publish` sends a draft or rejected post on its way, `ask` to an approver, `draft` takes it back. */
    mode: z.enum(["publish", "draft", "ask"]).optional(),
    /** Version the edit started from; a newer one in between is a 409. */
    ifVersion: z.number().int().optional(),
  })
  .refine(...oneText)
  .refine(...oneList);
export type PostPatch = z.infer<typeof PostPatch>;

/** How a person settles an `unknown` job: it is live, it is not live (send again), leave it. */
export const ResolveInput = z.discriminatedUnion("outcome", [
  z.strictObject({
    ...deskWords,
    outcome: z.literal("live"),
    externalPostId: z.string().min(1).max(500).optional(),
    permalink: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
  }),
  z.strictObject({ ...deskWords, outcome: z.literal("not_live") }),
  z.strictObject({ ...deskWords, outcome: z.literal("leave") }),
]);
export type ResolveInput = z.infer<typeof ResolveInput>;

/** Retry from the desk or the hold; `at` moves it instead of sending now. */
export const RetryInput = z.strictObject({ at: InstantInput.optional() });
export type RetryInput = z.infer<typeof RetryInput>;

export const PauseInput = z.strictObject({
  scope: z.enum(["instance", "tenant", "connection"]),
  connectionId: idSchema("connection").optional(),
});
export type PauseInput = z.infer<typeof PauseInput>;

/** What `POST /api/inbox/:id/reply` takes: an answer to one entry. */
export const InboxReplyInput = z.strictObject({
  text: z.string().max(50_000),
  /** ask: an approver sends it. */
  mode: z.enum(["publish", "ask"]).optional(),
  /** Say that the same answer again is meant. */
  repost: z.boolean().optional(),
});
export type InboxReplyInput = z.infer<typeof InboxReplyInput>;
