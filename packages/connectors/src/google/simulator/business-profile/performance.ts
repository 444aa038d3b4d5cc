import { sha256 } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isVerb, route } from "../call.ts";
import { badRequest } from "../words.ts";
import type { World } from "../world.ts";
import type { Location } from "./model.ts";
import { bareLocationOf, hosts, managed } from "./places.ts";

// Fact sheet, "Analytics", and the discovery document. There are no numbers of single posts.

export const dailyMetrics = [
  "BUSINESS_IMPRESSIONS_DESKTOP_MAPS",
  "BUSINESS_IMPRESSIONS_DESKTOP_SEARCH",
  "BUSINESS_IMPRESSIONS_MOBILE_MAPS",
  "BUSINESS_IMPRESSIONS_MOBILE_SEARCH",
  "BUSINESS_CONVERSATIONS",
  "BUSINESS_DIRECTION_REQUESTS",
  "CALL_CLICKS",
  "WEBSITE_CLICKS",
  "BUSINESS_BOOKINGS",
  "BUSINESS_FOOD_ORDERS",
  "BUSINESS_FOOD_MENU_CLICKS",
] as const;
type Metric = (typeof dailyMetrics)[number];

const Metrics = z.enum(dailyMetrics);
const part = z.coerce.number().int().min(0).optional();
const dayMs = 86_400_000;
const mostDays = 2000;

/** A day of the calendar, as milliseconds at its start. */
function dayOf(year = 0, month = 0, day = 0, field: string): number {
  const at = Date.UTC(year, month - 1, day);
  const isReal = year > 0 && new Date(at).getUTCMonth() === month - 1 && new Date(at).getUTCDate() === day;
  if (!isReal) throw badRequest(field, `${field} must be a whole date.`);
  return at;
}

const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Set, or made up: the same for a place, metric and day each time. */
function countOf({ profiles }: World, { id }: Location, metric: Metric, day: string): number {
  const key = `${id} ${metric} ${day}`;
  return profiles.metrics.get(key) ?? (sha256(key)[0] ?? 0) % 40;
}

function seriesOf(world: World, location: Location, metric: Metric, [from, to]: readonly [number, number]) {
  const { delayDays, lateDays } = world.settings;
  const known = world.env.now().getTime() - delayDays * dayMs;
  const datedValues = [];
  for (let at = from; at <= to; at += dayMs) {
    const isLate = at + dayMs > known;
    if (isLate && lateDays === "missing") break;
    const [year = 0, month = 0, day = 0] = isoDay(at).split("-").map(Number);
    const value = isLate ? 0 : countOf(world, location, metric, isoDay(at));
    // A day without any has no value at all.
    datedValues.push({ date: { year, month, day }, ...(value > 0 && { value: String(value) }) });
  }
  return { dailyMetric: metric, timeSeries: datedValues.length > 0 ? { datedValues } : {} };
}

const range = (name: string, ends: readonly [string, string], parts: readonly string[]) =>
  Object.fromEntries(ends.flatMap((end) => parts.map((each) => [`${name}.${end}.${each}`, part])));

export const performanceRoutes = [
  route("GET", `${hosts.performance}/v1/locations/:location::verb`, {
    ...managed,
    query: z.strictObject({
      dailyMetrics: z.union([Metrics.transform((one) => [one]), z.array(Metrics)]),
      ...range("dailyRange", ["startDate", "endDate"], ["year", "month", "day"]),
    }),
    handle(call) {
      isVerb(call, "fetchMultiDailyMetricsTimeSeries");
      const { world, query } = call;
      const location = bareLocationOf(call);
      const parts: Readonly<Record<string, unknown>> = query;
      const end = (name: string) => {
        const [year, month, day] = ["year", "month", "day"].map((each) =>
          Number(parts[`dailyRange.${name}.${each}`] ?? 0),
        );
        return dayOf(year, month, day, `daily_range.${name === "startDate" ? "start_date" : "end_date"}`);
      };
      const span = [end("startDate"), end("endDate")] as const;
      if (span[1] < span[0] || span[1] - span[0] > mostDays * dayMs)
        throw badRequest("daily_range", "The range must begin before it ends.");
      const dailyMetricTimeSeries = query.dailyMetrics.map((metric) => seriesOf(world, location, metric, span));
      return { status: 200, json: { multiDailyMetricTimeSeries: [{ dailyMetricTimeSeries }] } };
    },
  }),
];
