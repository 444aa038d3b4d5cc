import { instantMs, page, requestedFields, requiredText } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { isUsedUp } from "./limits.ts";
import { isOver, mediaAnswer, placeAnswer, userAnswer } from "./media-fields.ts";
import type { Person, Post } from "./model.ts";
import { quotaReached } from "./words.ts";
import { countUse } from "./world.ts";

/** Posts as a list answers them, newest first unless told, within `since` and `until`. */
export function postList(call: Call, posts: readonly Post[], order: "newest" | "oldest" = "newest"): Answer {
  const { params, nowMs } = call;
  const since = instantMs(params, "since", nowMs) ?? 0;
  const until = instantMs(params, "until", nowMs) ?? Number.POSITIVE_INFINITY;
  const within = posts.filter(({ at }) => at >= since && at <= until);
  const seen = call.listed(order === "newest" ? within.toReversed() : within, ({ at }) => at);
  const fields = requestedFields(call);
  return page(call, seen, (post) => mediaAnswer(call, post, fields));
}

export const listParams = ["since", "until", "limit", "before", "after"];

const own = (call: Call, person: Person, which: (post: Post) => boolean): Answer =>
  postList(
    call,
    call.world.posts.all(
      (post) => post.personId === person.id && post.parentId === undefined && !isOver(call.world, post) && which(post),
    ),
  );

/** Reads of the profile and its posts (fact sheet, sections 4, 5 and 8), and places for `location_id`. */
export const readOperations: readonly Operation[] = [
  operation("user", "GET", "", {}, (call, person) => userAnswer(call, person, requestedFields(call))),
  operation("media", "GET", "", {}, (call, post) => mediaAnswer(call, post, requestedFields(call))),
  operation("place", "GET", "", { scopes: ["threads_location_tagging"] }, (call, place) =>
    placeAnswer(call, place, requestedFields(call)),
  ),
  operation("user", "GET", "threads", { params: listParams }, (call, person) =>
    own(call, person, ({ rootId }) => rootId === undefined),
  ),
  operation("user", "GET", "replies", { params: listParams, scopes: ["threads_read_replies"] }, (call, person) =>
    own(call, person, ({ rootId }) => rootId !== undefined),
  ),
];

/** GET /location_search, 500 in 24 hours (section 12). */
export function searchPlaces(call: Call): Answer {
  const { world, params, person } = call;
  const words = requiredText(params, "q").toLowerCase();
  if (isUsedUp(world, "searches", person.id)) throw quotaReached("location searches");
  countUse(world, "searches", person.id);
  const found = world.places.all(({ name, city }) => `${name} ${city}`.toLowerCase().includes(words));
  const fields = requestedFields(call);
  return { data: found.map((place) => placeAnswer(call, place, fields)) };
}
