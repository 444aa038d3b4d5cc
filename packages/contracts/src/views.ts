import { z } from "zod";
import { DeskDecisionView } from "./desk.ts";
import { FieldProblem } from "./errors.ts";
import { idSchema, PlatformId, ProviderId } from "./ids.ts";
import {
  actors,
  checkTypes,
  connectionStatuses,
  heldReasons,
  jobStates,
  postStatuses,
  targetChanges,
  wishKinds,
  wishOutcomes,
} from "./job-states.ts";
import { OutageView } from "./outages.ts";

const Instant = z.iso.datetime();
const Data = z.record(z.string(), z.unknown());

/** A text limit as a client needs it to count along. */
export const TextLimitView = z.object({
  max: z.number().int(),
  unit: z.enum(["characters", "graphemes", "utf16"]),
  rule: z.string(),
  maxBytes: z.number().int().optional(),
  required: z.boolean(),
});

export const MediaRuleView = z.object({
  min: z.number().int(),
  max: z.number().int(),
  image: Data.optional(),
  video: Data.optional(),
  audio: Data.optional(),
  document: Data.optional(),
});

/**
 * How far a part of a platform is: `active`; `partial`, where `lacks` names what it does without; `planned`, where POSTD has
 * yet to be taught it; `absent`, where the platform has nothing of the kind for programs, or POSTD is to make no use of it.
 */
const FacetView = z.object({
  status: z.enum(["active", "partial", "planned", "absent"]),
  lacks: z.array(z.string()).optional(),
});
const FacetsView = z.object({
  signIn: FacetView,
  publishing: FacetView,
  numbers: FacetView,
  webhooks: FacetView,
  health: FacetView,
});
export type FacetsView = z.infer<typeof FacetsView>;

/** What people ask for and the platform itself rules out; `checkedOn`: the day that was last read up. */
const Impossible = z.object({ what: z.string(), why: z.string(), checkedOn: z.iso.date() });

/** A platform that POSTD is to have and has not yet. */
export const PlannedPlatformView = z.object({
  id: PlatformId,
  name: z.string(),
  status: z.literal("planned"),
  facets: FacetsView,
  impossible: z.array(Impossible),
});
export type PlannedPlatformView = z.infer<typeof PlannedPlatformView>;

/** The span a budget counts in: the time before any moment, a day of a place, or none: calls under way together. */
const BudgetWindow = z.union([
  z.object({ rollingMs: z.number().int() }),
  z.object({ day: z.string() }),
  z.object({ atOnce: z.literal(true) }),
]);

/** One allowance of a platform. */
const BudgetFacts = z.object({
  /** As operators name it in POSTD_BUDGETS. */
  name: z.string(),
  label: z.string(),
  /** Whose it is: of all that use one app, of one person's sign-in, or of the account. */
  scope: z.enum(["app", "sign_in", "account"]),
  window: BudgetWindow,
  /** Absent: the platform tells it for each account, or nobody knows it. */
  limit: z.number().optional(),
  /** What spends it: posts, further parts of threads, replies, edits, removals, calls. */
  counts: z.array(z.string()),
  /** Why the limit may be another; then it holds back reading alone. */
  unsure: z.string().optional(),
  checkedOn: z.string(),
});

/** A budget of one account as it stands. */
export const BudgetView = BudgetFacts.omit({ checkedOn: true, window: true }).extend({
  window: BudgetWindow,
  used: z.number(),
  /** When what was used begins to be free again; absent: nothing is used, or the platform does not say. */
  resetsAt: z.string().optional(),
  /** `platform`: it said so, at `saidAt`. `postd`: our own count. */
  source: z.enum(["platform", "postd"]),
  saidAt: z.string().optional(),
  /** Posts wait for it now. */
  full: z.boolean(),
});
export type BudgetView = z.infer<typeof BudgetView>;

/** One row of the capability matrix, derived from the connector and nothing else. */
export const PlatformView = z.object({
  id: PlatformId,
  provider: ProviderId,
  name: z.string(),
  /** `partial`: one of its facets is. */
  status: z.enum(["active", "partial"]),
  facets: FacetsView,
  impossible: z.array(Impossible),
  icon: z.string(),
  color: z.string(),
  previewKind: z.string(),
  accountKinds: z.array(z.object({ id: z.string(), label: z.string() })),
  auth: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["oauth2", "keys"]),
      label: z.string(),
      fields: z
        .array(
          z.object({
            name: z.string(),
            label: z.string(),
            secret: z.boolean(),
            required: z.boolean(),
            help: z.string().optional(),
            defaultValue: z.string().optional(),
          }),
        )
        .optional(),
      scopes: z.object({ required: z.array(z.string()), optional: z.array(z.string()) }),
      configured: z.boolean(),
    }),
  ),
  formats: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      /** Everyday words that stand for it. */
      aliases: z.array(z.string()).optional(),
      accountKinds: z.array(z.string()).optional(),
      media: MediaRuleView,
      text: TextLimitView,
    }),
  ),
  supports: z.object({
    /** In one word each; the lists below say of which formats. */
    productTags: z.boolean(),
    /** `limited`: the platform adds music of its own choice. */
    trendingAudio: z.union([z.boolean(), z.literal("limited")]),
    scheduling: z.boolean(),
    editing: z.boolean(),
    deletion: z.boolean(),
    reply: z.boolean(),
    stream: z.boolean(),
    edit: z.array(z.string()),
    delete: z.array(z.string()),
    nativeSchedule: z.array(z.string()),
    /** Formats that can be shown to a few people first, by POST /api/posts/trial. */
    trial: z.array(z.string()),
    /** Parts of a post beyond text, media and options: parts, link, mentions, hashtags, productTags, firstComment. */
    takes: z.array(z.string()),
    accountLimits: z.boolean(),
    postAnalytics: z.boolean(),
    accountAnalytics: z.boolean(),
    siteAnalytics: z.boolean(),
    source: z.boolean(),
    inbox: z.boolean(),
    audience: z.boolean(),
    webhooks: z.boolean(),
    refresh: z.boolean(),
    revoke: z.boolean(),
  }),
  /** What people write to an account and what may be done about it; absent: the platform lets no program read it. */
  inbox: z
    .object({
      /** Kinds of account that have it; absent: all. */
      accountKinds: z.array(z.string()).optional(),
      reply: z.object({ text: TextLimitView }).optional(),
      hide: z.boolean(),
      like: z.boolean(),
    })
    .optional(),
  /** Places below an account, listed by GET /api/connections/:id/destinations. */
  destinations: z.object({ label: z.string(), required: z.boolean() }).optional(),
  /** The widest over all formats, in pixels, seconds and bytes; what is absent has no known limit. */
  constraints: z.object({
    text: TextLimitView.optional(),
    characterLimit: z.number().int().optional(),
    /** Least width. */
    imageSizeMin: z.number().int().optional(),
    /** Side of the largest square. */
    imageSizeMax: z.number().int().optional(),
    videoLengthMin: z.number().optional(),
    videoLengthMax: z.number().optional(),
    videoSizeMax: z.number().int().optional(),
    carouselMax: z.number().int().optional(),
  }),
  /** What the platform lets an app, a sign-in or an account do in some time; absent: nothing that is known. */
  budgets: z.array(BudgetFacts).optional(),
  /** What the platform bills the operator for calls, in millionths of a US dollar; absent: nothing that is known. */
  prices: z
    .array(
      z.object({
        call: z.string(),
        label: z.string(),
        usdMicros: z.number().int(),
        since: z.string(),
        perItem: z.literal(true).optional(),
        unsure: z.string().optional(),
      }),
    )
    .optional(),
  optionsSchema: Data,
  apiVersion: z.object({ current: z.string(), sunsetAt: z.string().optional() }),
  healthStatus: z.enum(["ok", "degraded", "down", "unknown", "not_configured"]),
  /** While it does not answer. */
  circuit: OutageView.optional(),
  /** Granted to this workspace's accounts there, all together. */
  scopesGranted: z.array(z.string()),
  /** What is wrong with them or soon will be: "Token expires in 2 days". */
  warning: z.string().optional(),
  simulated: z.boolean(),
});
export type PlatformView = z.infer<typeof PlatformView>;

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

/** One number with its meaning and its date. */
export const MetricView = z.object({
  name: z.string(),
  value: z.number(),
  /** The platform's own name for it. */
  platformName: z.string(),
  at: Instant,
  /** Beginning of the period it counts; absent: a running total. */
  since: Instant.optional(),
});
export type MetricView = z.infer<typeof MetricView>;

/** What is known of the numbers of a post or an account, and how old that is. */
const known = {
  metrics: z.array(MetricView),
  /** When they were read; absent: never. */
  readAt: Instant.optional(),
  /** How old the platform's own numbers may be, in milliseconds. */
  delayMs: z.number().int().optional(),
  /** Why there are none, in one plain sentence. */
  missing: z.string().optional(),
};

/** A post that stands on an account, whoever made it. */
export const AccountPostView = z.object({
  id: idSchema("accountPost"),
  connectionId: idSchema("connection"),
  platform: PlatformId,
  externalPostId: z.string(),
  permalink: z.string().optional(),
  text: z.string().optional(),
  madeAt: Instant,
  madeElsewhere: z.boolean(),
  jobId: idSchema("publishJob").optional(),
  postId: idSchema("post").optional(),
  simulated: z.boolean(),
  ...known,
});
export type AccountPostView = z.infer<typeof AccountPostView>;

/** A share whose definition is the field's own; there only where both its parts are. */
export const RateView = z.object({ name: z.string(), value: z.number(), formula: z.string() });
export type RateView = z.infer<typeof RateView>;

/** One reading that is planned, and what became of it. Ages in milliseconds after the post went live. */
export const PlannedReadingView = z.object({
  ageMs: z.number().int(),
  /** Planned ages this reading stands for: earlier ones were put off, because the platform may have nothing by then. */
  standsForMs: z.array(z.number().int()),
  dueAt: Instant,
  /** `none`: it was asked for, and the platform told none. */
  state: z.enum(["read", "none", "missed", "due", "planned"]),
  readAt: Instant.optional(),
  /** How old the post really was. */
  readAtAgeMs: z.number().int().optional(),
});

export const PostAnalyticsView = z.object({
  postId: idSchema("post"),
  targets: z.array(
    z.object({
      jobId: idSchema("publishJob"),
      connectionId: idSchema("connection"),
      platform: PlatformId,
      permalink: z.string().optional(),
      publishedAt: Instant.optional(),
      simulated: z.boolean(),
      ...known,
      rates: z.array(RateView),
      /** When it is read again by itself; absent: never. */
      nextReadingAt: Instant.optional(),
      plan: z.array(PlannedReadingView),
      /** All readings, oldest first. */
      history: z.array(z.object({ readAt: Instant, ageMs: z.number().int().optional(), metrics: z.array(MetricView) })),
    }),
  ),
  simulated: z.boolean(),
});
export type PostAnalyticsView = z.infer<typeof PostAnalyticsView>;

export const analyticsGroupings = ["platform", "account", "post", "day", "week", "month"] as const;
export type AnalyticsGrouping = (typeof analyticsGroupings)[number];

/** A number of a group, added up from those that mean the same. */
export const AnalyticsNumberView = z.object({
  name: z.string(),
  /** Numbers of posts and of accounts are never added to each other, even where they have one name. */
  of: z.enum(["posts", "accounts"]),
  /** `total`: what posts have gathered so far. `count`: what happened in the time. `growth`: by how much a total grew in it. */
  kind: z.enum(["total", "count", "growth"]),
  /** null: not known, and `missing` says why. */
  value: z.number().nullable(),
  missing: z.string().optional(),
  /** Posts, or accounts, that have it. */
  posts: z.number().int().optional(),
  accounts: z.number().int().optional(),
  /** Of a growth: what the total was last. */
  last: z.number().optional(),
  /** The same in the period before; null: not known. */
  before: z.number().nullable().optional(),
  change: z.number().nullable().optional(),
  /** Of a single post: the platform's own name, and when it held. */
  platformName: z.string().optional(),
  at: Instant.optional(),
});
export type AnalyticsNumberView = z.infer<typeof AnalyticsNumberView>;

export const AnalyticsRowView = z.object({
  platform: PlatformId.optional(),
  connectionId: idSchema("connection").optional(),
  /** Of time; the end is not in it. */
  period: z.object({ from: Instant, to: Instant }).optional(),
  /** Posts made in that time. */
  posts: z.number().int().optional(),
  postsBefore: z.number().int().optional(),
  /** Of a single post. */
  id: idSchema("accountPost").optional(),
  postId: idSchema("post").optional(),
  jobId: idSchema("publishJob").optional(),
  permalink: z.string().optional(),
  text: z.string().optional(),
  madeAt: Instant.optional(),
  madeElsewhere: z.boolean().optional(),
  numbers: z.array(AnalyticsNumberView),
  rates: z.array(RateView).optional(),
  readAt: Instant.optional(),
  delayMs: z.number().int().optional(),
  missing: z.string().optional(),
  simulated: z.boolean(),
});
export type AnalyticsRowView = z.infer<typeof AnalyticsRowView>;

export const AnalyticsView = z.object({
  by: z.enum(analyticsGroupings),
  from: Instant,
  to: Instant,
  timeZone: z.string(),
  /** The period the numbers are compared with. */
  before: z.object({ from: Instant, to: Instant }).optional(),
  rows: z.array(AnalyticsRowView),
  /** All rows together, simulated ones apart; not where the rows are a page. */
  totals: z.array(AnalyticsRowView).optional(),
  nextCursor: z.string().optional(),
  simulated: z.boolean(),
});
export type AnalyticsView = z.infer<typeof AnalyticsView>;

export const inboxKinds = ["comment", "review", "message"] as const;

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
  /** It is no longer at the platform, since about then. */
  goneAt: Instant.optional(),
  simulated: z.boolean(),
});
export type InboxEntryView = z.infer<typeof InboxEntryView>;

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

/** One change of the workspace, as it was written down with it. */
export const AuditEntryView = z.object({
  id: z.string(),
  at: Instant,
  /** `unknown`: a version of POSTD from before this record, or a statement by hand. */
  actor: z.object({
    kind: z.enum(["person", "api_key", "link", "system", "operator", "platform", "unknown"]),
    id: z.string().optional(),
    /** As it is now; absent: gone. */
    name: z.string().optional(),
  }),
  /** Kind and verb: `api_key.revoked`. */
  action: z.string(),
  subject: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  before: Data.optional(),
  after: Data.optional(),
  reason: z.string().optional(),
  requestId: z.string().optional(),
});
export type AuditEntryView = z.infer<typeof AuditEntryView>;

/** A workspace that is being erased, or was. Ids and counts only. */
export const ErasureView = z.object({
  id: z.string(),
  tenantId: z.string(),
  /** What is under way: its accounts are disconnected, its files removed, its rows; or all of it is done. */
  stage: z.enum(["accounts", "files", "rows", "done"]),
  requestedAt: Instant,
  finishedAt: Instant.optional(),
  report: z
    .object({
      /** Access withdrawn at each platform; `notWithdrawn` counts the rest by reason. */
      accounts: z.array(
        z.object({
          platform: z.string(),
          withdrawn: z.number().int(),
          notWithdrawn: z.record(z.string(), z.number().int()),
        }),
      ),
      files: z.number().int(),
      /** By table, as many as there were. */
      rows: z.record(z.string(), z.number().int()),
      rowsLeft: z.number().int(),
    })
    .optional(),
});
export type ErasureView = z.infer<typeof ErasureView>;
