import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { idSchema, PlatformId } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery, queryFlag } from "../paging.ts";
import { InboxReplyInput } from "../publishing.ts";
import { InboxCountsView, InboxEntryView, InboxReplyView, InboxThreadView, inboxKinds, inboxStates } from "../views.ts";
import { at, ids, job, later } from "./examples.ts";

const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;
const write = { kind: "caller", by: ["session", "key"], scope: "posts:write" } as const;
const entryParam = z.strictObject({ id: idSchema("inboxEntry") });
const atPlatform = ["not_found", "state_conflict", "account_needs_attention", "platform_refused"] as const;

const entry = {
  id: ids.inboxEntry,
  connectionId: ids.connection,
  platform: "threads",
  externalId: "18001234567890123",
  kind: "comment",
  post: { externalId: "18009876543210987", text: "New beans are in.", postId: ids.post, jobId: ids.job },
  author: { name: "Ida Holm", handle: "ida.holm" },
  own: false,
  text: "Do you ship to Bergen?",
  hidden: false,
  answered: false,
  state: "open",
  replies: [],
  can: { reply: true, hide: true, like: false },
  createdAt: at,
  seenAt: later,
  simulated: true,
} as const;

export const listInbox = defineOperation({
  id: "listInbox",
  method: "GET",
  path: "/api/inbox",
  summary: "What people wrote to your accounts",
  description:
    "Comments, replies, mentions and reviews, newest first; the account's own words stand in the talk of each, see GET /api/inbox/:id. answered: the platform shows an answer of the account, or POSTD published one. What is gone at the platform stays, with goneAt. An account or post that is not there is a 404.",
  tags: ["inbox"],
  auth: read,
  query: z.strictObject({
    ...pageQuery,
    connectionId: idSchema("connection").optional(),
    platform: PlatformId.optional(),
    kind: z.enum(inboxKinds).optional(),
    postId: idSchema("post").optional(),
    unread: queryFlag.optional(),
    answered: queryFlag.optional(),
    state: z.enum(inboxStates).optional(),
    assigneeId: idSchema("member").optional(),
    /** Without anybody who takes care of it, or with. */
    unassigned: queryFlag.optional(),
    from: InstantInput.optional(),
  }),
  response: pageOf(InboxEntryView),
  errors: ["not_found"],
  example: { query: { unread: "true", kind: "comment" }, response: { items: [entry], simulated: true } },
});

export const countInbox = defineOperation({
  id: "countInbox",
  method: "GET",
  path: "/api/inbox/counts",
  summary: "How many entries are in each state",
  description:
    "For a badge. unread, mine and unassigned are of the open ones; mine is 0 for a key, which takes care of nothing.",
  tags: ["inbox"],
  auth: read,
  query: z.strictObject({ connectionId: idSchema("connection").optional() }),
  response: InboxCountsView,
  errors: ["not_found"],
  example: { query: {}, response: { open: 12, snoozed: 2, done: 140, unread: 5, mine: 3, unassigned: 7 } },
});

export const getInboxEntry = defineOperation({
  id: "getInboxEntry",
  method: "GET",
  path: "/api/inbox/:id",
  summary: "One entry with its talk",
  description: "Answers written here are in replies, with the job of each and what it asks a person.",
  tags: ["inbox"],
  auth: read,
  params: entryParam,
  response: InboxThreadView,
  errors: ["not_found"],
  example: { params: { id: ids.inboxEntry }, response: { ...entry, thread: [entry] } },
});

export const markInboxEntry = defineOperation({
  id: "markInboxEntry",
  method: "POST",
  path: "/api/inbox/:id/read",
  summary: "Mark as read or unread",
  description: "For everybody in the workspace; the platform learns nothing of it.",
  tags: ["inbox"],
  auth: write,
  params: entryParam,
  body: z.strictObject({ read: z.boolean() }),
  response: InboxEntryView,
  errors: ["not_found"],
  example: { params: { id: ids.inboxEntry }, body: { read: true }, response: { ...entry, readAt: later } },
});

export const tendInboxEntry = defineOperation({
  id: "tendInboxEntry",
  method: "PATCH",
  path: "/api/inbox/:id",
  summary: "Give to a member, put off, settle or open again",
  description:
    "For everybody in the workspace; the platform learns nothing of it. What is left out stays. assigneeId null: nobody takes care of it; a member who is removed takes care of nothing. snoozedUntil lies ahead and ends done, null opens it at once; done true ends a snooze. New words of the writer open an entry again.",
  tags: ["inbox"],
  auth: write,
  params: entryParam,
  body: z.strictObject({
    assigneeId: idSchema("member").nullable().optional(),
    snoozedUntil: InstantInput.nullable().optional(),
    done: z.boolean().optional(),
  }),
  response: InboxEntryView,
  errors: ["not_found"],
  example: {
    params: { id: ids.inboxEntry },
    body: { assigneeId: ids.member, done: true },
    response: { ...entry, assigneeId: ids.member, state: "done", doneAt: later },
  },
});

export const replyToInboxEntry = defineOperation({
  id: "replyToInboxEntry",
  method: "POST",
  path: "/api/inbox/:id/reply",
  summary: "Answer",
  description:
    "The answer is a publish job with format reply: it goes out once whatever is lost on the way, and asks a person where that cannot be known. With an Idempotency-Key the same request again answers the first job. Where the workspace wants every post approved, mode ask is all that a member without the word or a key may do; then there is no job until it is approved.",
  tags: ["inbox"],
  auth: write,
  params: entryParam,
  body: InboxReplyInput,
  response: InboxReplyView,
  status: 202,
  errors: [
    "not_found",
    "state_conflict",
    "post_has_problems",
    "idempotency_conflict",
    "idempotency_keys_differ",
    "conflict",
  ],
  creates: { by: "service" },
  example: {
    params: { id: ids.inboxEntry },
    body: { text: "Yes, every Tuesday." },
    response: {
      entryId: ids.inboxEntry,
      postId: ids.post,
      status: "approved",
      job: { ...job, platform: "threads", format: "reply", destination: "18001234567890123" },
      simulated: true,
    },
  },
});

export const hideInboxEntry = defineOperation({
  id: "hideInboxEntry",
  method: "POST",
  path: "/api/inbox/:id/hide",
  summary: "Hide at the platform, or show again",
  description:
    "Done at the platform before the answer; may be repeated. What the platform does not have is a 409 that says so.",
  tags: ["inbox"],
  auth: write,
  params: entryParam,
  body: z.strictObject({ hidden: z.boolean() }),
  response: InboxEntryView,
  errors: [...atPlatform, "platform_unavailable", "not_configured"],
  example: { params: { id: ids.inboxEntry }, body: { hidden: true }, response: { ...entry, hidden: true } },
});

export const likeInboxEntry = defineOperation({
  id: "likeInboxEntry",
  method: "POST",
  path: "/api/inbox/:id/like",
  summary: "Like as the account, or take it back",
  description:
    "Done at the platform before the answer; may be repeated. What the platform does not have is a 409 that says so.",
  tags: ["inbox"],
  auth: write,
  params: entryParam,
  body: z.strictObject({ liked: z.boolean() }),
  response: InboxEntryView,
  errors: [...atPlatform, "platform_unavailable", "not_configured"],
  example: { params: { id: ids.inboxEntry }, body: { liked: true }, response: { ...entry, liked: true } },
});

export const readInbox = defineOperation({
  id: "readInbox",
  method: "POST",
  path: "/api/connections/:id/inbox",
  summary: "Read what people wrote to an account now",
  description: "As soon as a worker is free, instead of at the next time it is due. Each reading costs calls.",
  tags: ["inbox"],
  auth: write,
  params: z.strictObject({ id: idSchema("connection") }),
  response: z.object({ connectionId: idSchema("connection"), simulated: z.boolean() }),
  status: 202,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.connection }, response: { connectionId: ids.connection, simulated: true } },
});
