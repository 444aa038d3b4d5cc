import {
  GraphError,
  graphTime,
  instantMs,
  invalidParameter,
  linkAgain,
  oneOf,
  type Params,
  pacificDayEnds,
  pacificDaysOn,
  steadyNumber,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { breakdowns, objectMetrics, pageMetrics, postMetrics } from "./insight-metrics.ts";
import type { FbPost, Page } from "./model.ts";

const dayMs = 86_400_000;
const maxWindowMs = 90 * dayMs;
const minFans = 100;

/** The asked metrics; one bad name fails the whole call with 100, none at all with 3001/1504028 (meta.md §10, §12). */
export function wantedMetrics(params: Params, live: readonly string[]): readonly string[] {
  const metrics = textList(params, "metric") ?? [];
  if (metrics.length === 0)
    throw new GraphError({ code: 3001, subcode: 1504028, message: "(#3001) No metric was specified to be fetched" });
  const bad = metrics.filter((metric) => !live.includes(metric));
  if (bad.length > 0) throw invalidParameter(`The value must be a valid insights metric: ${bad.join(", ")}`);
  return metrics;
}

/** since and until with the 90-day window of §10; two days when not given. */
export function insightWindow(call: Call): { readonly since: number; readonly until: number } {
  const until = instantMs(call.params, "until", call.nowMs) ?? call.nowMs;
  const since = instantMs(call.params, "since", call.nowMs) ?? until - 2 * dayMs;
  if (since > until) throw invalidParameter("since must be before until");
  if (until - since > maxWindowMs) throw invalidParameter("There cannot be more than 90 days between since and until");
  return { since, until };
}

const periods = ["day", "week", "days_28"] as const;

/**
 * GET /{page}/insights: one value a day, from midnight to midnight in the Pacific zone; without `period` all three come (§10). Pages
 * with fewer than 100 likes have none, nor has a consent without read_insights, which is no error.
 */
function pageInsights(call: Call, page: Page): Answer {
  const metrics = wantedMetrics(call.params, pageMetrics);
  const period = oneOf(call.params, "period", periods);
  for (const breakdown of textList(call.params, "breakdown") ?? [])
    if (!metrics.every((metric) => breakdowns[metric]?.includes(breakdown)))
      throw invalidParameter(`Breakdown ${breakdown} is not supported`);
  const { since, until } = insightWindow(call);
  if (page.fans < minFans || !call.scopes.has("read_insights")) return { data: [] };
  const ends = pacificDayEnds(since, until);
  const rowOf = (name: string, each: string) => ({
    name,
    period: each,
    values: ends.map((end) => ({
      value: metricValue(`${page.id}:${each}:${end}`, name, page.fans),
      end_time: graphTime(end),
    })),
    title: name,
    description: "",
    id: `${page.id}/insights/${name}/${each}`,
  });
  return {
    data: metrics.flatMap((name) => (period === undefined ? periods : [period]).map((each) => rowOf(name, each))),
    paging: windowLinks(call, since, until),
  };
}

/** Links to the windows of as many days before and after this one, in unix seconds (§10). */
function windowLinks(call: Call, since: number, until: number): Answer {
  const second = (ms: number) => String(Math.floor(ms / 1000));
  const window = (from: number, to: number) =>
    linkAgain(call, { replaces: [], params: { since: second(from), until: second(to) } });
  const days = Math.max(1, pacificDayEnds(since, until).length);
  return { previous: window(pacificDaysOn(since, -days), since), next: window(until, pacificDaysOn(until, days)) };
}

/** GET /{post}/insights: lifetime numbers with the same links, and no `end_time` (§10). */
function postInsights(call: Call, post: FbPost): Answer {
  const metrics = wantedMetrics(call.params, postMetrics);
  oneOf(call.params, "period", ["lifetime", "day"]);
  const { since, until } = insightWindow(call);
  if (post.state !== "live" || !call.scopes.has("read_insights")) return { data: [] };
  return {
    data: metrics.map((name) => ({
      name,
      period: "lifetime",
      values: [{ value: metricValue(post.id, name, 900) }],
      title: name,
      description: "",
      id: `${post.id}/insights/${name}/lifetime`,
    })),
    paging: windowLinks(call, since, until),
  };
}

function metricValue(seed: string, name: string, below: number): unknown {
  const kinds = objectMetrics[name];
  return kinds
    ? Object.fromEntries(kinds.map((kind) => [kind, steadyNumber(seed, `${name}.${kind}`, 40)]))
    : steadyNumber(seed, name, below);
}

const windowParams = ["metric", "period", "since", "until"];

/** Without read_insights the data are empty (§10), which the operations themselves see to. */
export const pageInsightOperations: readonly Operation[] = [
  operation("page", "GET", "insights", { params: [...windowParams, "breakdown"] }, pageInsights),
  operation("post", "GET", "insights", { params: windowParams }, postInsights),
];
