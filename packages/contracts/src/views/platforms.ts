import { z } from "zod";
import { PlatformId, ProviderId } from "../ids.ts";
import { OutageView } from "../outages.ts";

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
