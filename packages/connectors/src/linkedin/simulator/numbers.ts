import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { ownPage, rest, route, selfUrn } from "./call.ts";
import { restLiParam } from "./protocol.ts";
import { badField } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Analytics". Numbers are those a test sets with `engage`; posts without any are absent, as theirs are.

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
const engaging = ["clickCount", "likeCount", "commentCount", "shareCount"];
const list = /^List\((?<urns>[^(),:]+(?:,[^(),:]+)*)\)$/;
const days = /^\(timeRange:\(start:(?<start>\d+),end:(?<end>\d+)\),timeGranularityType:DAY\)$/;
const entityOfPost = /^\((?:share|ugc):(?<urn>[^(),:]+)\)$/;
const metric = /^(IMPRESSION|MEMBERS_REACHED|RESHARE|REACTION|COMMENT|POST_SAVE|POST_SEND|LINK_CLICKS)$/;

export const numberRoutes: readonly Route<World>[] = [
  route("GET", rest("organizationalEntityShareStatistics"), {
    scopes: [["rw_organization_admin", "r_organization_admin"]],
    query: z.strictObject({
      q: z.literal("organizationalEntity"),
      organizationalEntity: z.string(),
      shares: z.string().optional(),
      ugcPosts: z.string().optional(),
      timeIntervals: z.string().optional(),
    }),
    handle(call) {
      const { world, query, request, now } = call;
      const organizationalEntity = ownPage(call, query.organizationalEntity).id;
      const urns = ["shares", "ugcPosts"].flatMap((name) => restLiParam(request, name, list)?.urns?.split(",") ?? []);
      const counted = urns.flatMap((urn) => {
        const [post, counts] = [world.posts.get(urn), world.counts.get(urn)];
        if (post === undefined || counts === undefined || now.getTime() - post.createdAt > yearMs) return [];
        const kind = urn.split(":")[2] ?? "";
        return [{ organizationalEntity, [kind]: urn, totalShareStatistics: statistics(counts) }];
      });
      if (urns.length > 0) return { status: 200, json: { elements: counted } };
      const totalShareStatistics = statistics(world.counts.get(organizationalEntity) ?? {});
      const timeRange = firstDay(restLiParam(request, "timeIntervals", days), now);
      return { status: 200, json: { elements: [{ organizationalEntity, totalShareStatistics, ...timeRange }] } };
    },
  }),
  route("GET", rest("memberCreatorPostAnalytics"), {
    scopes: ["r_member_postAnalytics"],
    query: z.strictObject({
      q: z.literal("entity"),
      entity: z.string(),
      queryType: z.string().regex(metric),
      aggregation: z.literal("TOTAL"),
    }),
    handle(call) {
      const { urn = "" } = restLiParam(call.request, "entity", entityOfPost) ?? {};
      const isOwn = call.world.posts.get(urn)?.author === selfUrn(call);
      const metricType = call.query.queryType;
      const count = (isOwn && call.world.counts.get(urn)?.[metricType]) || 0;
      const paging = { start: 0, count: 10, links: [] };
      return { status: 200, json: { elements: [{ count, metricType }], paging } };
    },
  }),
];

/** The first day of the asked range, which lies in the twelve months that are kept; nothing where none is asked. */
function firstDay(asked: Record<string, string> | undefined, now: Date) {
  if (asked === undefined) return {};
  const [start, end] = [Number(asked.start), Number(asked.end)];
  if (start >= end || start % dayMs || end % dayMs || start < now.getTime() - yearMs)
    throw badField("timeIntervals", "INVALID_VALUE_FOR_FIELD");
  return { timeRange: { start, end: start + dayMs } };
}

function statistics(counts: Readonly<Record<string, number>>) {
  const countOf = (name: string): number => counts[name] ?? 0;
  const all = ["impressionCount", "uniqueImpressionsCount", ...engaging];
  const engaged = engaging.reduce((sum, name) => sum + countOf(name), 0);
  const engagement = countOf("impressionCount") > 0 ? engaged / countOf("impressionCount") : 0;
  return { ...Object.fromEntries(all.map((name) => [name, countOf(name)])), engagement };
}
