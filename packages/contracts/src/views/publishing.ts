import { z } from "zod";
import { DeskDecisionView } from "../desk.ts";
import { FieldProblem } from "../errors.ts";
import { PlatformId } from "../ids.ts";
import { actors, heldReasons, jobStates, postStatuses, targetChanges, wishKinds, wishOutcomes } from "../job-states.ts";

const Instant = z.iso.datetime();
const Data = z.record(z.string(), z.unknown());

/** A saved person or company to name in posts. */
export const MentionView = z.object({
  id: z.string(),
  name: z.string(),
  handles: z.record(z.string(), z.string()),
  createdAt: Instant,
  updatedAt: Instant,
});
export type MentionView = z.infer<typeof MentionView>;

/** What a video's own tables say; what could not be read is left out. */
export const VideoFactsView = z.object({
  videoCodec: z.string().exactOptional(),
  audioCodec: z.string().exactOptional(),
  audioHz: z.number().exactOptional(),
  audioChannels: z.number().exactOptional(),
  framesPerSecond: z.number().exactOptional(),
  rotation: z.number().exactOptional(),
  index: z.enum(["start", "end", "fragmented"]).exactOptional(),
  hasCuts: z.boolean().exactOptional(),
});

export const MediaView = z.object({
  id: z.string(),
  kind: z.enum(["image", "video", "gif", "audio", "document"]),
  mimeType: z.string(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  durationMs: z.number().int().optional(),
  altText: z.string().optional(),
  fileName: z.string().optional(),
  video: VideoFactsView.optional(),
  /** The file this one was made of, as a platform takes it. It goes with that one. */
  madeFrom: z.string().optional(),
  /** Opens the file as it came for some hours; only when one file is asked for and its original was kept. */
  originalUrl: z.string().optional(),
  createdAt: Instant,
});
export type MediaView = z.infer<typeof MediaView>;

/** What a card below a post would say of the page it links to. */
export const LinkPreviewView = z.object({
  url: z.string(),
  /** Never empty: the host where the page has no title. */
  title: z.string(),
  description: z.string().optional(),
  /** Send it to POST /api/media to keep the picture and name it in a card. */
  imageUrl: z.string().optional(),
});
export type LinkPreviewView = z.infer<typeof LinkPreviewView>;
export const MediaSettings = z.object({ keepOriginals: z.boolean() });
export type MediaSettings = z.infer<typeof MediaSettings>;

export const AttemptView = z.object({
  id: z.string(),
  step: z.string(),
  kind: z.string(),
  intentAt: Instant,
  answeredAt: Instant.optional(),
  outcome: z.enum(["ok", "waiting", "failed", "unknown", "lost"]).optional(),
  note: z.string().optional(),
  latencyMs: z.number().int().optional(),
  failure: Data.optional(),
});
export type AttemptView = z.infer<typeof AttemptView>;

export const JobView = z.object({
  id: z.string(),
  postId: z.string(),
  connectionId: z.string(),
  platform: PlatformId,
  format: z.string().optional(),
  state: z.enum(jobStates),
  /** Of `handed_over`: the platform shows it at its time, or it waits as a draft in the platform's app for its author. */
  to: z.enum(["platform", "app"]).optional(),
  heldReason: z.enum(heldReasons).optional(),
  scheduledFor: Instant,
  /** When POSTD looks at it next, by itself. */
  nextAt: Instant.optional(),
  /** Its platform, or only this account there, does not answer; every post to it waits. */
  waitsFor: z
    .object({
      what: z.enum(["platform", "account"]),
      since: Instant,
      nextLookAt: Instant.optional(),
      message: z.string(),
    })
    .optional(),
  /** Tries of the step it is at; after maxTries POSTD stops trying by itself. */
  tries: z.number().int(),
  maxTries: z.number().int(),
  /** Something was sent and nobody knows yet whether the post is live. Never said to be "not sent" meanwhile. */
  mayBeLive: z.boolean(),
  externalPostId: z.string().optional(),
  permalink: z.string().optional(),
  /** What the post was called before an edit made the platform put another one in its place, oldest first. */
  earlierPosts: z
    .array(z.object({ externalPostId: z.string(), permalink: z.string().exactOptional(), until: Instant }))
    .optional(),
  publishedAt: Instant.optional(),
  removedAt: Instant.optional(),
  removedBy: z.string().optional(),
  /** The job that took this canceled one's place. */
  successorId: z.string().optional(),
  /** What a person asked and POSTD has yet to do. */
  wish: z.object({ kind: z.enum(wishKinds), at: Instant, by: z.string(), alsoLive: z.boolean().optional() }).optional(),
  /** How the last wish ended. */
  wishOutcome: z
    .object({ kind: z.enum(wishKinds), outcome: z.enum(wishOutcomes), at: Instant, message: z.string() })
    .optional(),
  failure: z
    .object({
      kind: z.string(),
      message: z.string(),
      effect: z.string(),
      actor: z.enum(actors),
      step: z.string().optional(),
      platformCode: z.string().optional(),
      requestId: z.string().optional(),
      field: z.string().optional(),
      action: z.string().optional(),
      /** Trying the same again may work by itself; POSTD does. */
      retryable: z.boolean(),
      /** Status of the platform's answer. */
      httpStatus: z.number().int().optional(),
      /** What is kept of the platform's answer: never a token, header or whole body. */
      raw: Data,
      at: Instant,
    })
    .optional(),
  /** For `unknown`: what looking has shown, and whether a person must decide. */
  probe: z
    .object({
      since: Instant,
      looks: z.number().int(),
      nextAt: Instant.optional(),
      needsPerson: z.boolean(),
      saw: z.array(
        z.object({
          at: Instant,
          answer: z.string(),
          detail: z.string(),
          candidates: z.array(
            z.object({
              externalId: z.string(),
              permalink: z.string().optional(),
              createdAt: Instant.optional(),
              preview: z.string().optional(),
            }),
          ),
        }),
      ),
    })
    .optional(),
  nativeSchedule: z.boolean(),
  /** The place below the account it goes to. */
  destination: z.string().optional(),
  simulated: z.boolean(),
  /** Files made for this platform of the post's own; not in lists. */
  files: z
    .array(
      z.object({
        mediaId: z.string(),
        madeFrom: z.string(),
        changes: z.array(z.object({ code: z.string(), message: z.string() })),
      }),
    )
    .optional(),
  createdAt: Instant,
  updatedAt: Instant,
  attempts: z.array(AttemptView).optional(),
  /** What people decided about it, with their reasons; oldest first. */
  decisions: z.array(DeskDecisionView).optional(),
  /** The first answer again: the same idempotency key and body were seen before. */
  cached: z.boolean().optional(),
});
export type JobView = z.infer<typeof JobView>;

/** What an author wrote, in the words all platforms share. */
export const PostContentView = z.object({
  text: z.string(),
  format: z.string().optional(),
  mediaIds: z.array(z.string()),
  /** The same files, where a part of one was chosen. */
  media: z
    .array(
      z.object({
        id: z.string(),
        crop: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).optional(),
      }),
    )
    .optional(),
  options: Data,
  parts: z.array(z.object({ text: z.string() })).optional(),
  link: z
    .object({
      url: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      thumbMediaId: z.string().optional(),
    })
    .nullable()
    .optional(),
  mentions: z
    .array(z.object({ id: z.string().optional(), name: z.string(), handles: z.record(z.string(), z.string()) }))
    .optional(),
  hashtags: z.array(z.string()).optional(),
  productTags: z
    .array(
      z.object({
        productId: z.string(),
        productName: z.string().optional(),
        price: z.string().optional(),
        link: z.string().optional(),
        position: z.object({ x: z.number(), y: z.number() }),
      }),
    )
    .optional(),
  firstComment: z.string().nullable().optional(),
});

export const PostView = z.object({
  id: z.string(),
  status: z.enum(postStatuses),
  /** Rises with every change; give it back as `ifVersion`. */
  version: z.number().int(),
  /** Of what it says, where it goes and when; whoever approves it names the hash they saw. */
  hash: z.string().optional(),
  /** A deletion that waits until POSTD knows what is live, or removes what is. */
  deleting: z.boolean().optional(),
  /** In the answer to a change: what it did for each target. */
  changes: z
    .array(
      z.object({
        connectionId: z.string(),
        jobId: z.string().optional(),
        change: z.enum(targetChanges),
        message: z.string(),
      }),
    )
    .optional(),
  content: PostContentView,
  versions: z.record(z.string(), PostContentView.partial()),
  /** As they were given; `nativeSchedule`: the platform holds the clock. */
  targets: z.array(
    z.object({
      connectionId: z.string(),
      nativeSchedule: z.boolean().optional(),
      destination: z.string().optional(),
      /** What will be done to its files, where one post is read that has no jobs yet; `files` of a job says what was done. */
      notes: z.array(FieldProblem).optional(),
    }),
  ),
  scheduledFor: Instant.optional(),
  metadata: Data,
  /** Who wrote it, and who last changed what it says or where it goes: a person or a key. Neither approves it. */
  createdBy: z.string().optional(),
  changedBy: z.string().optional(),
  /** Who approved or rejected it last. */
  decidedBy: z.string().optional(),
  createdAt: Instant,
  updatedAt: Instant,
  jobs: z.array(JobView),
  /** True when any target is simulated. */
  simulated: z.boolean(),
  /** The first answer again: the same idempotency key and body were seen before. */
  cached: z.boolean().optional(),
});
export type PostView = z.infer<typeof PostView>;

/** Failed and unknown jobs with one cause, and what cures them together. */
export const DlqGroupView = z.object({
  cause: z.string(),
  kind: z.string(),
  platform: PlatformId,
  message: z.string(),
  actor: z.enum(actors),
  action: z.string(),
  count: z.number().int(),
  oldestAt: Instant,
  jobs: z.array(JobView),
});
export type DlqGroupView = z.infer<typeof DlqGroupView>;
