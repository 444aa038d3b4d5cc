import { z } from "zod";
import { idSchema, PlatformId } from "../ids.ts";

const Instant = z.iso.datetime();

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
