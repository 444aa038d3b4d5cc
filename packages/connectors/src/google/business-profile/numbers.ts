import {
  type AccountPost,
  type ConnectorContext,
  type Metric,
  metrics,
  type Numbers,
  type NumbersRange,
  type PlatformResult,
  rowsOf,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, ofLocation, PERFORMANCE } from "./api.ts";
import { formatOfTopic, isLive, listPosts } from "./local-post.ts";
import { escaped, v4Path } from "./names.ts";

/** Google's daily numbers and ours. @source platforms/google-business-profile.md "Analytics" */
const names: Readonly<Record<string, string>> = {
  BUSINESS_IMPRESSIONS_DESKTOP_MAPS: "impressions_desktop_maps",
  BUSINESS_IMPRESSIONS_DESKTOP_SEARCH: "impressions_desktop_search",
  BUSINESS_IMPRESSIONS_MOBILE_MAPS: "impressions_mobile_maps",
  BUSINESS_IMPRESSIONS_MOBILE_SEARCH: "impressions_mobile_search",
  BUSINESS_CONVERSATIONS: "conversations",
  BUSINESS_DIRECTION_REQUESTS: "direction_requests",
  CALL_CLICKS: "call_clicks",
  WEBSITE_CLICKS: "website_clicks",
  BUSINESS_BOOKINGS: "bookings",
  BUSINESS_FOOD_ORDERS: "food_orders",
  BUSINESS_FOOD_MENU_CLICKS: "menu_clicks",
};

const DAY_MS = 86_400_000;
/** Days are filled in late; how late is not documented. */
const DELAY_MS = 5 * DAY_MS;
const Day = z
  .object({ year: z.number().int(), month: z.number().int(), day: z.number().int() })
  .transform(({ year, month, day }) => Date.UTC(year, month - 1, day));
const Dated = z.object({ date: Day, value: z.union([z.string(), z.number()]).optional() });
const Series = z.object({
  dailyMetric: z.string(),
  timeSeries: z.object({ datedValues: rowsOf(Dated).default([]) }).default({ datedValues: [] }),
});
const Report = z.object({
  multiDailyMetricTimeSeries: z.array(z.object({ dailyMetricTimeSeries: rowsOf(Series).default([]) })).default([]),
});
const Rated = z.object({ averageRating: z.number().optional(), totalReviewCount: z.number().optional() });

function dayIn(name: string, at: Date) {
  const [year, month, day] = at.toISOString().slice(0, 10).split("-").map(Number);
  return { [`dailyRange.${name}.year`]: year, [`dailyRange.${name}.month`]: month, [`dailyRange.${name}.day`]: day };
}

/** What was counted in each whole day, and the rating now: Google keeps no rating of earlier days. */
async function account({ since, until }: NumbersRange, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const now = ctx.clock.now();
  const path = `${escaped(ctx.account.externalId)}:fetchMultiDailyMetricsTimeSeries`;
  const query = { dailyMetrics: Object.keys(names), ...dayIn("startDate", since), ...dayIn("endDate", until) };
  const days = await api.get(ctx, path, Report, { base: PERFORMANCE, query, ...ofLocation });
  if (!days.ok) return days;
  const rated = await api.get(ctx, `${v4Path(ctx)}/reviews`, Rated, { query: { pageSize: 1 }, ...ofLocation });
  if (!rated.ok) return rated;
  const series = days.value.multiDailyMetricTimeSeries.flatMap(({ dailyMetricTimeSeries }) => dailyMetricTimeSeries);
  const counted = series.flatMap(({ dailyMetric, timeSeries }) =>
    timeSeries.datedValues.flatMap(({ date, value }) => {
      const [since, at] = [new Date(date), new Date(date + DAY_MS)];
      if (at > now) return [];
      // A value that is left out is none of it, but on the last days it may not be counted yet.
      const isCounted = now.getTime() - at.getTime() >= DELAY_MS;
      return metrics({ [dailyMetric]: value ?? (isCounted ? 0 : undefined) }, names, { since, at });
    }),
  );
  return ok([
    ...counted,
    ...metrics(rated.value, { averageRating: "rating", totalReviewCount: "reviews" }, { at: now }),
  ]);
}

/** Google's own order; posts of kinds that are not made here are left out. */
const recent: NonNullable<Numbers["recent"]> = async ({ cursor }, ctx) => {
  const page = await listPosts(ctx, cursor);
  if (!page.ok) return page;
  const posts = page.value.localPosts.flatMap((post): AccountPost[] => {
    const format = formatOfTopic(post.topicType);
    if (format === undefined || post.createdAt === undefined || !isLive(post)) return [];
    const { externalId, permalink, createdAt, text } = post;
    return [{ externalId, createdAt, format, text, ...(permalink && { permalink }) }];
  });
  const { nextPageToken } = page.value;
  return ok({ posts, ...(nextPageToken && { cursor: nextPageToken }) });
};

/** A single post has no numbers: Google ended those in February 2023 and has put nothing in their place. */
export const businessNumbers: Numbers = {
  delayMs: DELAY_MS,
  // Google names days and no zone.
  dayZone: "UTC",
  recent,
  account,
};
