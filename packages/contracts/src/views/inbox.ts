import { z } from "zod";
import { idSchema, PlatformId } from "../ids.ts";
import { jobStates, postStatuses } from "../job-states.ts";
import { JobView } from "./publishing.ts";

const Instant = z.iso.datetime();

export const inboxKinds = ["comment", "review", "message"] as const;
/** What the workspace has still to do about an entry. `snoozed`: nothing before its time, then it is open again. */
export const inboxStates = ["open", "snoozed", "done"] as const;

/** An answer that was written here. */
const InboxReplyOfEntry = z.object({
  postId: idSchema("post"),
  status: z.enum(postStatuses),
  text: z.string(),
  createdAt: Instant,
  jobId: idSchema("publishJob").optional(),
  state: z.enum(jobStates).optional(),
  /** POSTD cannot find out whether it is live and asks. */
  needsPerson: z.boolean(),
  /** Why it is not live, or not surely. */
  message: z.string().optional(),
  externalPostId: z.string().optional(),
  permalink: z.string().optional(),
  publishedAt: Instant.optional(),
});

/** Something a person wrote to an account, or the account's own words in that talk. */
export const InboxEntryView = z.object({
  id: idSchema("inboxEntry"),
  connectionId: idSchema("connection"),
  platform: PlatformId,
  externalId: z.string(),
  kind: z.enum(inboxKinds),
  /** The post it is about; without a postId it was made elsewhere. */
  post: z
    .object({
      externalId: z.string(),
      permalink: z.string().optional(),
      text: z.string().optional(),
      postId: idSchema("post").optional(),
      jobId: idSchema("publishJob").optional(),
    })
    .optional(),
  /** The entry it answers; without an id it is not kept here. */
  parent: z.object({ externalId: z.string(), id: idSchema("inboxEntry").optional() }).optional(),
  /** Absent: the platform does not say who. */
  author: z
    .object({
      externalId: z.string().optional(),
      name: z.string().optional(),
      handle: z.string().optional(),
      pictureUrl: z.string().optional(),
    })
    .optional(),
  /** The account wrote it itself. */
  own: z.boolean(),
  text: z.string(),
  /** Stars of a review, 1 to 5. */
  rating: z.number().optional(),
  permalink: z.string().optional(),
  /** Absent: the platform does not say. */
  hidden: z.boolean().optional(),
  liked: z.boolean().optional(),
  /** The account's answer, where the platform keeps it beside the entry. `waiting`: nobody sees it yet. */
  answer: z
    .object({
      text: z.string(),
      at: Instant.optional(),
      state: z.enum(["live", "waiting", "refused"]),
      reason: z.string().optional(),
    })
    .optional(),
  answered: z.boolean(),
  replies: z.array(InboxReplyOfEntry),
  /** What may be done about it now. */
  can: z.object({ reply: z.boolean(), hide: z.boolean(), like: z.boolean() }),
  createdAt: Instant,
  editedAt: Instant.optional(),
  /** When the platform last showed it. */
  seenAt: Instant,
  /** Absent: unread. */
  readAt: Instant.optional(),
  state: z.enum(inboxStates),
  /** Who of the workspace takes care of it; absent: nobody does, or the member was removed. */
  assigneeId: idSchema("member").optional(),
  snoozedUntil: Instant.optional(),
  doneAt: Instant.optional(),
  /** It is no longer at the platform, since about then. */
  goneAt: Instant.optional(),
  simulated: z.boolean(),
});
export type InboxEntryView = z.infer<typeof InboxEntryView>;

/** How many entries of others are in each state; of the open ones, how many are unread, the caller's own, and nobody's. */
export const InboxCountsView = z.object({
  open: z.number(),
  snoozed: z.number(),
  done: z.number(),
  unread: z.number(),
  mine: z.number(),
  unassigned: z.number(),
});
export type InboxCountsView = z.infer<typeof InboxCountsView>;

export const InboxThreadView = InboxEntryView.extend({
  /** The talk it stands in, itself included, oldest first. */
  thread: z.array(InboxEntryView),
});
export type InboxThreadView = z.infer<typeof InboxThreadView>;

export const InboxReplyView = z.object({
  entryId: idSchema("inboxEntry"),
  postId: idSchema("post"),
  status: z.enum(postStatuses),
  /** Absent: it waits for an approver. */
  job: JobView.optional(),
  /** The same key and answer were seen before. */
  cached: z.boolean().optional(),
  simulated: z.boolean(),
});
export type InboxReplyView = z.infer<typeof InboxReplyView>;
