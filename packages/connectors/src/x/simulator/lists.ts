import { type Call, cursorPage, type Route, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isApp, personOf, route } from "./call.ts";
import { mentionsIn } from "./count-text.ts";
import { Id } from "./ids.ts";
import { answerPosts, fieldsQuery, listAnswer } from "./read-fields.ts";
import { invalid, refuse, refuseMissing } from "./words.ts";
import type { Post, World } from "./world.ts";

// Fact sheet, section 8, and section 14: what was posted is looked for here.

const read = ["tweet.read", "users.read"] as const;
const weekMs = 7 * 86_400_000;

const since = z.iso.datetime().optional();
const page = (least: number) => ({
  max_results: z.coerce.number().int().min(least).max(100).default(10),
  pagination_token: z.string().min(1).optional(),
  next_token: z.string().min(1).optional(),
  start_time: since,
  end_time: since,
  since_id: Id.optional(),
  until_id: Id.optional(),
  ...fieldsQuery,
});
const Page = z.object(page(5));
type Listing = Call<World, unknown, z.output<typeof Page>>;

function answerPage(call: Listing, found: readonly Post[]): SimResponse {
  const { query, listed } = call;
  const inRange = ({ id, createdAt }: Post) =>
    (query.since_id === undefined || BigInt(id) > BigInt(query.since_id)) &&
    (query.until_id === undefined || BigInt(id) < BigInt(query.until_id)) &&
    (query.start_time === undefined || createdAt >= Date.parse(query.start_time)) &&
    (query.end_time === undefined || createdAt < Date.parse(query.end_time));
  const newest = listed(found.filter(inRange), ({ createdAt }) => createdAt).toReversed();
  const cursor = query.pagination_token ?? query.next_token;
  if (cursor !== undefined && !/^p\d+$/.test(cursor)) throw invalid("The token is not one of ours", { cursor });
  const { items, next, more } = cursorPage(newest, {
    limit: query.max_results,
    cursor: cursor?.slice(1),
    keyOf: ({ id }) => id,
    isAfter: (key, at) => BigInt(key) < BigInt(at),
  });
  const [first, last] = [items[0], items.at(-1)];
  return listAnswer(answerPosts(call, items), {
    result_count: items.length,
    ...(first && last && { newest_id: first.id, oldest_id: last.id }),
    ...(more && next && { next_token: `p${next}` }),
  });
}

const listedPosts = ({ world }: Pick<Listing, "world">, which: (post: Post) => boolean): readonly Post[] =>
  world.posts.all((post) => world.isNewest(post) && which(post));

/** The person whose list it is; a closed account's is for itself. */
function ownerOf(call: Listing) {
  const id = call.params.id ?? "";
  const owner = call.world.people.get(id);
  if (owner === undefined) throw refuseMissing("user", id);
  const isOwn = !isApp(call) && personOf(call) === owner;
  if (owner.isProtected && !isOwn)
    throw refuse(
      403,
      `Sorry, you are not authorized to see the user with id: [${id}].`,
      "not-authorized-for-resource",
      {
        title: "Authorization Error",
        resource_type: "user",
        resource_id: id,
      },
    );
  return owner;
}

/** What a query of a search asks for; terms stand side by side. */
function matcherOf(query: string): (post: Post) => boolean {
  const terms = query
    .trim()
    .split(/\s+/)
    .map((term): ((post: Post) => boolean) => {
      const [, not = "", name = "", value = ""] = /^(-?)(?:([a-z_]+):)?(.+)$/.exec(term) ?? [];
      const person = (post: Post | undefined) =>
        [post?.author.id, post?.author.username.toLowerCase()].includes(value.toLowerCase());
      const tests: Readonly<Record<string, (post: Post) => boolean>> = {
        "": ({ text }) => text.toLowerCase().includes(value.toLowerCase()),
        conversation_id: ({ conversation }) => conversation === value,
        in_reply_to_tweet_id: ({ replyTo }) => replyTo?.id === value,
        from: (post) => person(post),
        to: ({ replyTo }) => person(replyTo),
        is: ({ replyTo, quoteOf }) =>
          (value === "reply" ? replyTo : value === "quote" ? quoteOf : undefined) !== undefined,
      };
      const test = tests[name];
      if (test === undefined) throw invalid(`There is no operator ${name}`, { query: [query] });
      return (post) => test(post) !== (not === "-");
    });
  return (post) => terms.every((test) => test(post));
}

export const listRoutes: readonly Route<World>[] = [
  route("GET", "users/:id/tweets", {
    callers: "both",
    scopes: read,
    query: z.strictObject({
      ...page(5),
      exclude: z
        .string()
        .transform((text) => text.split(","))
        .pipe(z.array(z.enum(["replies", "retweets"])))
        .optional(),
    }),
    handle(call) {
      const owner = ownerOf(call);
      const isLeftOut = ({ replyTo }: Post) =>
        replyTo !== undefined && call.query.exclude?.includes("replies") === true;
      return answerPage(
        call,
        listedPosts(call, (post) => post.author === owner && !isLeftOut(post)),
      );
    },
  }),
  route("GET", "users/:id/mentions", {
    callers: "both",
    scopes: read,
    query: z.strictObject(page(5)),
    handle(call) {
      const owner = ownerOf(call);
      const name = owner.username.toLowerCase();
      const isFor = ({ text, replyTo, author }: Post) =>
        author !== owner &&
        !author.isProtected &&
        (mentionsIn(text).some((one) => one.toLowerCase() === name) || replyTo?.author === owner);
      return answerPage(call, listedPosts(call, isFor));
    },
  }),
  route("GET", "tweets/search/recent", {
    callers: "both",
    limit: "search",
    scopes: read,
    query: z.strictObject({
      ...page(10),
      query: z.string().min(1).max(4096),
      sort_order: z.enum(["recency", "relevancy"]).optional(),
    }),
    handle(call) {
      const { query, now } = call;
      const matches = matcherOf(query.query);
      const isRecent = ({ createdAt, author }: Post) => now.getTime() - createdAt < weekMs && !author.isProtected;
      return answerPage(
        call,
        listedPosts(call, (post) => isRecent(post) && matches(post)),
      );
    },
  }),
];
