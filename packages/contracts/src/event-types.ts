import { z } from "zod";
import { idSchema, PlatformId } from "./ids.ts";
import { actors, connectionStatuses, heldReasons, type JobState, jobStates, postStatuses } from "./job-states.ts";

const Instant = z.iso.datetime();

/** A job as it was after the change; its content is read from the API. */
export const JobEventData = z.object({
  jobId: idSchema("publishJob"),
  postId: idSchema("post"),
  connectionId: idSchema("connection"),
  platform: PlatformId,
  state: z.enum(jobStates),
  heldReason: z.enum(heldReasons).optional(),
  mayBeLive: z.boolean(),
  needsPerson: z.boolean(),
  simulated: z.boolean(),
  scheduledFor: Instant,
  publishedAt: Instant.optional(),
  externalPostId: z.string().optional(),
  permalink: z.string().optional(),
  failure: z
    .object({ kind: z.string().optional(), message: z.string().optional(), actor: z.enum(actors).optional() })
    .optional(),
});

export const PostEventData = z.object({
  postId: idSchema("post"),
  status: z.enum(postStatuses),
  version: z.int(),
  scheduledFor: Instant.optional(),
});

export const ConnectionEventData = z.object({
  connectionId: idSchema("connection"),
  platform: PlatformId,
  status: z.enum(connectionStatuses),
  name: z.string(),
  simulated: z.boolean(),
  paused: z.boolean(),
  disabled: z.boolean(),
  reason: z
    .object({ code: z.string().optional(), message: z.string().optional(), actor: z.enum(actors).optional() })
    .optional(),
});

export const PlatformEventData = z.object({
  platform: PlatformId,
  simulated: z.boolean(),
  since: Instant.optional(),
});

export const InboxEventData = z.object({
  inboxEntryId: idSchema("inboxEntry"),
  connectionId: idSchema("connection"),
  kind: z.string(),
  rating: z.number().optional(),
  permalink: z.string().optional(),
});

/** What an approval's event says is its writer's; ids and words, no content. */
export const ApprovalEventData = z.looseObject({ postId: idSchema("post") });

/** What a report's event says is its writer's; ids and words, no numbers. */
export const ReportEventData = z.looseObject({});

const jobWords = Object.fromEntries(jobStates.map((state) => [`job.${state}`, JobEventData])) as Record<
  `job.${JobState}`,
  typeof JobEventData
>;

/** Every word an event may have, with what it carries. `job.changed`: something of it other than its state. */
export const eventTypes = {
  "post.created": PostEventData,
  "post.changed": PostEventData,
  "post.deleted": PostEventData,
  ...jobWords,
  "job.changed": JobEventData,
  "connection.connected": ConnectionEventData,
  "connection.disconnected": ConnectionEventData,
  "connection.changed": ConnectionEventData,
  "connection.healthy": ConnectionEventData,
  "connection.expiring_soon": ConnectionEventData,
  "connection.attention": ConnectionEventData,
  "connection.revoked": ConnectionEventData,
  "approval.asked": ApprovalEventData,
  "approval.approved": ApprovalEventData,
  "approval.rejected": ApprovalEventData,
  "approval.reopened": ApprovalEventData,
  "approval.commented": ApprovalEventData,
  "inbox.received": InboxEventData,
  "inbox.changed": InboxEventData,
  "health.platform_down": PlatformEventData,
  "health.platform_up": PlatformEventData,
  "report.issued": ReportEventData,
} as const;

export type EventType = keyof typeof eventTypes;
export type EventData<T extends EventType> = z.infer<(typeof eventTypes)[T]>;
export const eventTypeNames = Object.keys(eventTypes) as [EventType, ...EventType[]];
export const EventTypeName = z.enum(eventTypeNames);

/** What an event is about. */
export const eventSubjects = ["post", "job", "connection", "platform", "inbox_entry", "report"] as const;
