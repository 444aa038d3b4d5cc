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
import { askInsights } from "../insights.ts";
import { pageToken } from "./posts.ts";
import { recent } from "./recent.ts";
import { postOfVideo } from "./video-status.ts";

const last = (platformName: string, name: string): MetricPlan => ({ platformName, name, take: "last" });
const sum = (platformName: string, name: string): MetricPlan => ({ platformName, name, take: "sum" });

/** Names that live since 2026-06-15; `*_impressions*` and `*_fans*` are gone. @source platforms/meta.md section 10 */
const postPlans = [
  last("post_media_view", "views"),
  last("post_total_media_view_unique", "reach"),
  last("post_clicks", "clicks"),
];
const videoPlans = [
  ...postPlans,
  last("post_video_views", "video_views"),
  last("post_video_avg_time_watched", "avg_watch_ms"),
];
const storyPlans = [last("PAGE_STORY_TOTAL_MEDIA_VIEW_UNIQUE", "reach")];

const pagePlans = [
  sum("page_media_view", "views"),
  sum("page_post_engagements", "interactions"),
  sum("page_views_total", "profile_views"),
  sum("page_video_views", "video_views"),
  sum("page_daily_follows_unique", "follows"),
  sum("page_daily_unfollows_unique", "unfollows"),
  last("page_follows", "followers"),
];

const Summary = z.object({ summary: z.object({ total_count: z.number().optional() }).optional() }).optional();
const Counts = z.object({
  shares: z.object({ count: z.number().optional() }).optional(),
  comments: Summary,
  reactions: Summary,
});

const isVideo = (format: string): boolean => format === "video" || format === "reel";
const isStory = (format: string): boolean => format.endsWith("_story");

async function metricsOf(
  ref: PublishedRef & { readonly format: string },
  ctx: ConnectorContext,
): PlatformResult<readonly Metric[]> {
  // Numbers hang on the post of a video; where Facebook does not name it, the video is asked itself.
  const videoPost = isVideo(ref.format) ? await postOfVideo(ctx, ref.externalId) : undefined;
  const postId = videoPost ?? ref.externalId;
  const plans = isStory(ref.format) ? storyPlans : isVideo(ref.format) ? videoPlans : postPlans;
  const insights = await askInsights(
    ctx,
    { path: [postId], about: "object", needs: ["read_insights", "pages_read_engagement"] },
    plans,
  );
  // A story is over after a day and its numbers with it.
  if (isStory(ref.format)) return !insights.ok && insights.error.kind === "content_rejected" ? ok([]) : insights;
  if (!insights.ok) return insights;
  const counts = await readCounts(ctx, postId);
  return counts.ok ? ok([...insights.value, ...counts.value]) : counts;
}

/** Counts that are fields rather than insights: they are fresh at once. */
async function readCounts(ctx: ConnectorContext, postId: string): PlatformResult<readonly Metric[]> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [postId],
    params: { fields: "shares,comments.summary(true).limit(0),reactions.summary(true).limit(0)" },
    answer: Counts,
    about: "object",
    needs: ["pages_read_engagement"],
  });
  if (!read.ok) return read;
  const { shares, comments, reactions } = read.value;
  const given: readonly (readonly [string, number | undefined])[] = [
    ["shares", shares?.count],
    ["comments", comments?.summary?.total_count],
    ["reactions", reactions?.summary?.total_count],
  ];
  const at = ctx.clock.now();
  return ok(given.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value, platformName: name, at }])));
}

const DAY_MS = 86_400_000;

/** One call looks back at most 90 days. Unique viewers of single days cannot be summed, so reach is left out. */
async function account(range: NumbersRange, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const since = new Date(Math.max(range.since.getTime(), range.until.getTime() - 90 * DAY_MS));
  return askInsights(
    ctx,
    {
      path: [ctx.account.externalId],
      params: { period: "day", since: unixSeconds(since), until: unixSeconds(range.until) },
      needs: ["read_insights", "pages_read_engagement"],
    },
    pagePlans,
    { since, at: range.until },
  );
}

/** Most numbers are renewed once a day, and days run from midnight to midnight Pacific. @source platforms/meta.md section 10 */
export const facebookNumbers: Numbers = {
  delayMs: DAY_MS,
  dayZone: "America/Los_Angeles",
  endsAfterMs: { photo_story: DAY_MS, video_story: DAY_MS },
  posts: oneByOne(metricsOf),
  recent,
  account,
};
