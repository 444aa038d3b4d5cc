import {
  type ConnectorContext,
  type Metric,
  type MetricPlan,
  type Numbers,
  type NumbersRange,
  oneByOne,
  type PlatformResult,
  type PublishedRef,
  unixSeconds,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "../graph.ts";
import { hostFor } from "../graph-url.ts";
import { askInsights } from "../insights.ts";
import { instagramNeeds } from "../scopes.ts";
import { recent } from "./recent.ts";

const plans = (names: Readonly<Record<string, string>>): readonly MetricPlan[] =>
  Object.entries(names).map(([platformName, name]) => ({ platformName, name, take: "last" }));

/** Today's names by kind of media; `impressions`, `plays` and `video_views` are gone. @source platforms/meta.md section 10 */
const everywhere = {
  views: "views",
  reach: "reach",
  likes: "likes",
  comments: "comments",
  saved: "saves",
  shares: "shares",
  total_interactions: "interactions",
  reposts: "reposts",
};
export const metricPlans: Readonly<Record<string, readonly MetricPlan[]>> = {
  image: plans({ ...everywhere, follows: "follows", profile_visits: "profile_visits" }),
  carousel: plans({ ...everywhere, follows: "follows", profile_visits: "profile_visits" }),
  reel: plans({
    ...everywhere,
    ig_reels_avg_watch_time: "avg_watch_ms",
    ig_reels_video_view_total_time: "watch_time_ms",
  }),
  story: plans({
    views: "views",
    reach: "reach",
    replies: "replies",
    shares: "shares",
    total_interactions: "interactions",
    follows: "follows",
    profile_visits: "profile_visits",
    navigation: "navigation",
  }),
};

const accountPlans = plans({
  views: "views",
  reach: "reach",
  accounts_engaged: "accounts_engaged",
  total_interactions: "interactions",
  likes: "likes",
  comments: "comments",
  saves: "saves",
  shares: "shares",
  replies: "replies",
  reposts: "reposts",
  profile_links_taps: "profile_link_taps",
});

const metricsOf = (
  ref: PublishedRef & { readonly format: string },
  ctx: ConnectorContext,
): PlatformResult<readonly Metric[]> =>
  askInsights(
    ctx,
    {
      host: hostFor(ctx.account),
      path: [ref.externalId],
      about: "object",
      needs: instagramNeeds(ctx.account.authKind, "insights"),
    },
    metricPlans[ref.format] ?? plans(everywhere),
  );

async function account(range: NumbersRange, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const host = hostFor(ctx.account);
  const insights = await askInsights(
    ctx,
    {
      host,
      path: [ctx.account.externalId],
      params: {
        period: "day",
        metric_type: "total_value",
        since: unixSeconds(range.since),
        until: unixSeconds(range.until),
      },
      needs: instagramNeeds(ctx.account.authKind, "insights"),
    },
    accountPlans,
    { since: range.since, at: range.until },
  );
  if (!insights.ok) return insights;
  const counts = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host,
    path: [ctx.account.externalId],
    params: { fields: "followers_count,media_count" },
    answer: z.object({ followers_count: z.number().optional(), media_count: z.number().optional() }),
    needs: instagramNeeds(ctx.account.authKind, "basic"),
  });
  if (!counts.ok) return counts;
  const followers = counts.value.followers_count;
  const gauge: Metric[] =
    followers === undefined
      ? []
      : [{ name: "followers", value: followers, platformName: "followers_count", at: ctx.clock.now() }];
  return ok([...insights.value, ...gauge]);
}

/**
 * Instagram says up to 48 hours, and keeps a story's numbers for 24; its days are taken to be those of a Page.
 * @source platforms/meta.md section 10
 */
export const instagramNumbers: Numbers = {
  delayMs: 48 * 3_600_000,
  dayZone: "America/Los_Angeles",
  endsAfterMs: { story: 24 * 3_600_000 },
  posts: oneByOne(metricsOf),
  recent,
  account,
};
