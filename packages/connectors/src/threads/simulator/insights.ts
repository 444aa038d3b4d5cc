import {
  graphTime,
  instantMs,
  invalidParameter,
  linkAgain,
  oneOf,
  pacificDayEnds,
  requiredText,
  steadyNumber,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { repliesTo } from "./media-fields.ts";
import type { Person, Post } from "./model.ts";
import { named, refuse } from "./words.ts";
import { dayMs, type World } from "./world.ts";

// Fact sheet, section 9.

export const mediaMetrics = ["views", "likes", "replies", "reposts", "quotes", "shares"] as const;
const totals = ["likes", "replies", "reposts", "quotes"];
const withInstagram = ["followers_count", "follower_demographics"];
export const userMetrics: readonly string[] = ["views", ...totals, "clicks", ...withInstagram];
const breakdowns = ["country", "city", "age", "gender"] as const;

const earliestMs = 1_712_991_600_000;
const leastFollowers = 100;

function wanted({ params }: Call, known: readonly string[]): readonly string[] {
  requiredText(params, "metric");
  const names = textList(params, "metric") ?? [];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalidParameter(
      `metric[${names.indexOf(unknown)}] must be one of the following values: ${known.join(", ")}`,
    );
  return names;
}

/** What is there to count is counted; the rest looks alive and stays the same until `engage` says otherwise. */
function countOf(world: World, post: Post, name: string): number {
  const told = world.engagement.get(post.id)?.[name];
  if (told !== undefined) return told;
  if (name === "replies") return repliesTo(world, post.id).length;
  const isOf = (one: Post) => (name === "quotes" ? one.draft.quoteId : one.repostOfId) === post.id;
  if (name === "quotes" || name === "reposts") return world.posts.all(isOf).length;
  return steadyNumber(post.id, name, name === "views" ? 900 : 40);
}

/** GET /{media}/insights: nothing for reposts, and a carousel counts as a whole. */
function mediaInsights(call: Call, post: Post): Answer {
  if (post.personId !== call.person.id) throw refuse(10, "(#10) Only the owner of a post may read its insights");
  if (post.parentId !== undefined) throw invalidParameter("Insights are of the carousel, not of its parts");
  const names = wanted(call, mediaMetrics);
  if (post.mediaType === "REPOST_FACADE") return { data: [] };
  return {
    data: names.map((name) => ({
      name,
      period: "lifetime",
      values: [{ value: countOf(call.world, post, name) }],
      title: name.replace(/^./, (first) => first.toUpperCase()),
      description: "",
      id: `${post.id}/insights/${name === "replies" ? "thread_replies" : name}/lifetime`,
    })),
  };
}

/** GET /{user}/threads_insights: a window of days, two unless told; follower numbers have none. */
function userInsights(call: Call, person: Person): Answer {
  const { params, nowMs } = call;
  const names = wanted(call, userMetrics);
  const until = instantMs(params, "until", nowMs) ?? nowMs;
  const since = instantMs(params, "since", nowMs) ?? until - 2 * dayMs;
  if (since < earliestMs || until < since) throw invalidParameter("Param since must be at least 1712991600");
  const hasRange = params.has("since") || params.has("until");
  const data = names.map((name) => {
    const followers = name === "follower_demographics";
    const about = { name, period: followers ? "lifetime" : "day", title: name, description: "" };
    return {
      ...about,
      ...userValue(call, person, { name, since, until, hasRange }),
      id: `${person.id}/insights/${name}/${about.period}`,
    };
  });
  const step = (from: number, to: number) =>
    linkAgain(call, {
      replaces: [],
      params: { since: String(Math.floor(from / 1000)), until: String(Math.floor(to / 1000)) },
    });
  const paging = { previous: step(since - (until - since), since), next: step(until, until + (until - since)) };
  return { data, paging };
}

function userValue(
  { params }: Call,
  person: Person,
  {
    name,
    since,
    until,
    hasRange,
  }: { readonly name: string; readonly since: number; readonly until: number; readonly hasRange: boolean },
): Answer {
  const { id, followers, hasInstagram } = person;
  if (withInstagram.includes(name)) {
    if (!hasInstagram)
      throw named("THREADS_API__FEATURE_NOT_AVAILABLE", `${name} is not available without a linked Instagram account`);
    if (hasRange) throw invalidParameter(`${name} does not support since and until`);
  }
  if (name === "followers_count") return { total_value: { value: followers } };
  if (name === "follower_demographics") {
    if (followers < leastFollowers) throw refuse(10, "(#10) The profile has fewer than 100 followers");
    requiredText(params, "breakdown");
    const dimension = oneOf(params, "breakdown", breakdowns);
    const results = [{ dimension_values: ["other"], value: followers }];
    return { total_value: { breakdowns: [{ dimension_keys: [dimension], results }] } };
  }
  if (name === "views")
    return {
      values: pacificDayEnds(since, until).map((end) => ({
        value: steadyNumber(`${id}:${end}`, name, 400),
        end_time: graphTime(end),
      })),
    };
  const value = steadyNumber(`${id}:${Math.floor(since / dayMs)}`, name, 90);
  return name === "clicks"
    ? { link_total_values: [{ value, link_url: "https://example.com/" }] }
    : { total_value: { value } };
}

const scopes = ["threads_manage_insights"];

export const insightOperations: readonly Operation[] = [
  operation("media", "GET", "insights", { params: ["metric"], scopes }, mediaInsights),
  operation(
    "user",
    "GET",
    "threads_insights",
    { params: ["metric", "since", "until", "breakdown"], scopes },
    userInsights,
  ),
];
