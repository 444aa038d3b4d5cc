import {
  GraphError,
  graphTime,
  invalidParameter,
  oneOf,
  pacificDayEnds,
  requiredText,
  steadyNumber,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, onBothHosts } from "./call.ts";
import {
  accountTotals,
  breakdowns,
  demographicBreakdowns,
  demographicMetrics,
  type MediaInsightKind,
  mediaMetrics,
  timeframes,
} from "./insight-metrics.ts";
import type { IgAccount, IgMedia } from "./model.ts";
import { insightWindow, wantedMetrics } from "./page-insights.ts";
import { storyLifeMs } from "./page-stories.ts";

const minViewers = 5;
const minFollowers = 100;

const insightKind = (media: IgMedia): MediaInsightKind =>
  media.productType === "STORY" ? "story" : media.productType === "REELS" ? "reel" : "feed";

/** GET /{media}/insights (meta.md §10): by media kind, one bad metric fails all, fewer than five viewers answer 10. */
function mediaInsights(call: Call, media: IgMedia): Answer {
  const kind = insightKind(media);
  if (media.parentId !== undefined) throw invalidParameter("Carousel children have no insights");
  const metrics = wantedMetrics(call.params, mediaMetrics(kind, call.host === "graph.facebook.com"));
  checkBreakdowns(call, metrics);
  if (kind === "story" && call.nowMs >= media.liveAt + storyLifeMs)
    throw invalidParameter("Story insights are available for 24 hours only");
  if ((call.world.data.settings.viewers.get(media.id) ?? minViewers) < minViewers)
    throw new GraphError({ code: 10, message: "(#10) Not enough viewers for the media to show insights" });
  return {
    data: metrics.map((name) => ({
      name,
      period: "lifetime",
      ...mediaValue(call, media.id, name),
      title: name,
      description: "",
      id: `${media.id}/insights/${name}/lifetime`,
    })),
  };
}

/** `values[].value` or, with a breakdown, `total_value` (§10 says to parse both). */
function mediaValue(call: Call, id: string, name: string): Answer {
  const value = steadyNumber(id, name, 900);
  const [dimension] = textList(call.params, "breakdown") ?? [];
  if (dimension === undefined) return { values: [{ value }] };
  return {
    total_value: {
      value,
      breakdowns: [{ dimension_keys: [dimension], results: [{ dimension_values: ["other"], value }] }],
    },
  };
}

function checkBreakdowns(call: Call, metrics: readonly string[]): void {
  for (const breakdown of textList(call.params, "breakdown") ?? [])
    if (!metrics.every((metric) => breakdowns[metric]?.includes(breakdown)))
      throw invalidParameter(`Breakdown ${breakdown} is not supported by ${metrics.join(", ")}`);
}

/** GET /{ig}/insights (§10): totals of a day, time series, demographics. */
function accountInsights(call: Call, account: IgAccount): Answer {
  const all = [...accountTotals, "follower_count", "online_followers", ...demographicMetrics];
  const metrics = wantedMetrics(call.params, all);
  requiredText(call.params, "period");
  const period =
    oneOf(call.params, "period", ["day", "week", "days_28", "month", "lifetime", "total_over_range"]) ?? "day";
  const type = oneOf(call.params, "metric_type", ["default", "time_series", "total_value"]);
  const { since, until } = insightWindow(call);
  const days = pacificDayEnds(since, until);
  return {
    data: metrics.map((name) => {
      const base = { name, period, title: name, description: "", id: `${account.id}/insights/${name}/${period}` };
      if (demographicMetrics.includes(name)) return { ...base, ...demographics(call, account, name, period, type) };
      if (name === "online_followers") return { ...base, ...seriesOf(account, name, [until], period === "lifetime") };
      if (name === "follower_count") {
        if (account.followers < minFollowers)
          throw new GraphError({ code: 10, message: "(#10) The account has fewer than 100 followers" });
        return { ...base, ...seriesOf(account, name, days, period === "day" && type !== "total_value") };
      }
      return { ...base, ...total(call, account, name, { period, type, since, days }) };
    }),
  };
}

/** One value a day, at the end of each. */
function seriesOf(account: IgAccount, name: string, ends: readonly number[], isAllowed: boolean): Answer {
  if (!isAllowed) throw invalidParameter(`Incompatible period or metric_type for ${name}`);
  return {
    values: ends.map((end) => ({ value: steadyNumber(`${account.id}:${end}`, name, 40), end_time: graphTime(end) })),
  };
}

/** Every total needs period=day and metric_type=total_value; only `reach` also has a time series. */
function total(
  call: Call,
  account: IgAccount,
  name: string,
  ask: {
    readonly period: string;
    readonly type: string | undefined;
    readonly since: number;
    readonly days: readonly number[];
  },
): Answer {
  if (ask.period !== "day") throw invalidParameter(`Incompatible period for ${name}: use day`);
  if (name === "reach" && ask.type !== "total_value") return seriesOf(account, name, ask.days, true);
  if (ask.type !== "total_value")
    throw invalidParameter(`The metric ${name} should be specified with parameter metric_type=total_value`);
  const [dimension] = textList(call.params, "breakdown") ?? [];
  if (dimension !== undefined && !breakdowns[name]?.includes(dimension))
    throw invalidParameter(`Breakdown ${dimension} is not supported by ${name}`);
  const value = steadyNumber(`${account.id}:${ask.since}`, name, account.followers);
  return {
    total_value: {
      value,
      ...(dimension === undefined
        ? {}
        : { breakdowns: [{ dimension_keys: [dimension], results: [{ dimension_values: ["other"], value }] }] }),
    },
  };
}

function demographics(call: Call, account: IgAccount, name: string, period: string, type: string | undefined): Answer {
  if (period !== "lifetime" || type !== "total_value")
    throw invalidParameter(`${name} needs period=lifetime and metric_type=total_value`);
  requiredText(call.params, "timeframe");
  oneOf(call.params, "timeframe", timeframes);
  requiredText(call.params, "breakdown");
  const dimension = oneOf(call.params, "breakdown", demographicBreakdowns);
  const value = steadyNumber(account.id, `${name}.${dimension}`, account.followers);
  return {
    total_value: { breakdowns: [{ dimension_keys: [dimension], results: [{ dimension_values: ["other"], value }] }] },
  };
}

const scopes = ["instagram_manage_insights"];
const accountParams = ["metric", "period", "since", "until", "metric_type", "breakdown", "timeframe"];

export const instagramInsightOperations: readonly Operation[] = [
  ...onBothHosts("igMedia", "GET", "insights", { scopes, params: ["metric", "period", "breakdown"] }, mediaInsights),
  ...onBothHosts("igUser", "GET", "insights", { scopes, params: accountParams }, accountInsights),
];
