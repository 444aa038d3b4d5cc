import type { Route, SimRequest } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { ownPage, rest, route, selfUrn } from "./call.ts";
import { listParam, rawParam, recordParam } from "./rest-li.ts";
import { badField } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Analytics". Numbers are those a test sets with `engage`; posts without any are absent, as theirs are.

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
const share = [
  "impressionCount",
  "uniqueImpressionsCount",
  "clickCount",
  "likeCount",
  "commentCount",
  "shareCount",
] as const;
const zeroed = (names: readonly string[], given: Readonly<Record<string, number>>) =>
  Object.fromEntries(names.map((name) => [name, given[name] ?? 0]));
const queryTypes = [
  "IMPRESSION",
  "MEMBERS_REACHED",
  "RESHARE",
  "REACTION",
  "COMMENT",
  "POST_SAVE",
  "POST_SEND",
  "LINK_CLICKS",
] as const;
/** DAILY is not to be had for these, nor for IMPRESSION of one post. */
const totalsOnly = ["MEMBERS_REACHED", "LINK_CLICKS"];
const pages = z.looseObject({ q: z.literal("organizationalEntity"), organizationalEntity: z.string() });

export const numberRoutes: readonly Route<World>[] = [
  route("GET", rest("organizationalEntityShareStatistics"), {
    scopes: [["rw_organization_admin", "r_organization_admin"]],
    query: pages,
    handle(call) {
      const { world, query, request, now } = call;
      ownPage(call, query.organizationalEntity);
      const urns = [...listParam(request, "shares"), ...listParam(request, "ugcPosts")];
      const organizationalEntity = query.organizationalEntity;
      const totalShareStatistics = statistics(world.counts.get(organizationalEntity) ?? {});
      const page = [{ organizationalEntity, totalShareStatistics, ...dayIn(request, now) }];
      const posts = urns.flatMap((urn) => {
        const post = world.posts.get(urn);
        const counts = world.counts.get(urn);
        if (post === undefined || counts === undefined || now.getTime() - post.createdAt > yearMs) return [];
        return [
          { organizationalEntity, [urn.split(":")[2] ?? "share"]: urn, totalShareStatistics: statistics(counts) },
        ];
      });
      return { status: 200, json: { elements: urns.length > 0 ? posts : page } };
    },
  }),
  route("GET", rest("organizationalEntityFollowerStatistics"), {
    scopes: [["rw_organization_admin", "r_organization_admin"]],
    query: pages,
    handle(call) {
      ownPage(call, call.query.organizationalEntity);
      const given = call.world.counts.get(call.query.organizationalEntity) ?? {};
      const followerGains = zeroed(["organicFollowerGain", "paidFollowerGain"], given);
      const { timeRange } = recordParam(
        rawParam(call.request, "timeIntervals") ?? "(timeRange:(start:0))",
        "timeIntervals",
      );
      return {
        status: 200,
        json: { elements: [{ organizationalEntity: call.query.organizationalEntity, timeRange, followerGains }] },
      };
    },
  }),
  route("GET", rest("memberCreatorPostAnalytics"), {
    scopes: ["r_member_postAnalytics"],
    query: z.looseObject({
      q: z.enum(["entity", "me"]),
      queryType: z.enum(queryTypes),
      aggregation: z.enum(["TOTAL", "DAILY"]),
    }),
    handle(call) {
      const { query, world, request } = call;
      const entity =
        query.q === "me" ? undefined : Object.values(recordParam(rawParam(request, "entity"), "entity"))[0];
      const isUnfit =
        query.aggregation === "DAILY" &&
        (totalsOnly.includes(query.queryType) || (query.queryType === "IMPRESSION" && entity));
      if (isUnfit) throw badField("aggregation", "INVALID_VALUE_FOR_FIELD");
      const own = world.posts.all(({ author }) => author === selfUrn(call));
      const asked = own.filter(({ id }) => entity === undefined || id === entity);
      const count = asked.reduce((sum, { id }) => sum + (world.counts.get(id)?.[query.queryType] ?? 0), 0);
      return {
        status: 200,
        json: { elements: [{ count, metricType: query.queryType }], paging: { start: 0, count: 10, links: [] } },
      };
    },
  }),
  route("GET", rest("memberFollowersCount"), {
    scopes: ["r_member_profileAnalytics"],
    query: z.looseObject({ q: z.enum(["me", "dateRange"]) }),
    handle: (call) => ({
      status: 200,
      json: { elements: [{ memberFollowersCount: call.world.counts.get(selfUrn(call))?.followers ?? 310 }] },
    }),
  }),
];

/** The first day of the asked range, which lies in the twelve months that are kept; nothing where none is asked. */
function dayIn(request: SimRequest, now: Date) {
  const asked = rawParam(request, "timeIntervals");
  if (asked === undefined) return {};
  const { timeRange } = recordParam(asked, "timeIntervals");
  const [start, end] = typeof timeRange === "object" ? [Number(timeRange.start), Number(timeRange.end)] : [];
  if (!start || !end || start >= end || start % dayMs || end % dayMs || start < now.getTime() - yearMs)
    throw badField("timeIntervals", "INVALID_VALUE_FOR_FIELD");
  return { timeRange: { start, end: start + dayMs } };
}

function statistics(counts: Readonly<Record<string, number>>) {
  const all = zeroed(share, counts);
  const engaged = ["clickCount", "likeCount", "commentCount", "shareCount"].reduce(
    (sum, name) => sum + (all[name] ?? 0),
    0,
  );
  return { ...all, engagement: all.impressionCount ? engaged / all.impressionCount : 0 };
}
