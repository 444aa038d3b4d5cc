import { type Call, cursorPage, type Route, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isApp, personOf, route } from "./call.ts";
import { mentionsIn } from "./count-text.ts";
import { removePost } from "./make-post.ts";
import { answerPosts, chosenUserFields, type FieldsQuery, fieldsQuery, shownUser } from "./read-fields.ts";
import { forbidden, invalid, notFound, refuse, refuseMissing } from "./words.ts";
import type { Post, World } from "./world.ts";

// Fact sheet, sections 4, 7, 8 and 9.

const Id = z.string().regex(/^\d{1,19}$/, "does not match the regex pattern ^[0-9]{1,19}$");
export const Ids = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(Id).min(1).max(100));
const read = ["tweet.read", "users.read"] as const;
const weekMs = 7 * 86_400_000;

/** A post the caller may see. */
function visible(call: Pick<Call<World>, "caller" | "world">, id: string): Post | undefined {
  const post = call.world.posts.get(id);
  const me = isApp(call) ? undefined : personOf(call);
  return post && (!post.author.isProtected || post.author === me) && post.author.state !== "suspended"
    ? post
    : undefined;
}

/** Lists leave out what they have none of. */
function answer({ data, errors, includes }: ReturnType<typeof answerPosts>, meta?: object): SimResponse {
  const json = {
    ...((data.length > 0 || (meta === undefined && errors.length === 0)) && { data }),
    ...(includes && { includes }),
    ...(errors.length > 0 && { errors }),
    ...(meta && { meta }),
  };
  return { status: 200, json };
}

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
  return answer(answerPosts(call, items), {
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

export const readRoutes: readonly Route<World>[] = [
  route("GET", "users/me", {
    limit: "me",
    scopes: read,
    query: z.strictObject(fieldsQuery),
    handle(call) {
      return { status: 200, json: { data: shownUser(call, personOf(call), chosenUserFields(call.query)) } };
    },
  }),
  route("GET", "tweets", {
    callers: "both",
    limit: "posts",
    scopes: read,
    query: z.strictObject({ ids: Ids, ...fieldsQuery }),
    handle(call) {
      const posts = call.query.ids.map((id) => [id, visible(call, id)] as const);
      const shown = answerPosts(
        call,
        posts.flatMap(([, post]) => post ?? []),
      );
      const missing = posts.filter(([, post]) => post === undefined).map(([id]) => notFound("tweet", id, "ids"));
      return answer({ ...shown, errors: [...missing, ...shown.errors] });
    },
  }),
  route("GET", "tweets/:id", {
    callers: "both",
    limit: "post",
    scopes: read,
    query: z.strictObject(fieldsQuery),
    handle(call) {
      const id = postId(call);
      const post = visible(call, id);
      if (post === undefined) {
        if (call.world.settings.missingPostStatus === 404) throw refuseMissing("tweet", id);
        return { status: 200, json: { errors: [notFound("tweet", id, "id")] } };
      }
      const { data, errors, includes } = answerPosts(call, [post]);
      const [only] = data;
      const json = { ...(only && { data: only }), ...(includes && { includes }), ...(errors.length > 0 && { errors }) };
      return { status: 200, json };
    },
  }),
  route("DELETE", "tweets/:id", {
    limit: "remove",
    scopes: ["tweet.read", "tweet.write", "users.read"],
    handle(call) {
      const id = postId(call);
      const post = call.world.posts.get(id);
      if (post === undefined) throw refuseMissing("tweet", id);
      if (post.author !== personOf(call)) throw forbidden();
      removePost(call.world, post);
      return { status: 200, json: { data: { deleted: true } } };
    },
  }),
  // Only whoever began a conversation hides replies in it.
  route("PUT", "tweets/:id/hidden", {
    limit: "hide",
    scopes: ["tweet.read", "tweet.moderate.write", "users.read"],
    body: z.strictObject({ hidden: z.boolean() }),
    handle(call) {
      const id = postId(call);
      const { world, body } = call;
      const post = world.posts.get(id);
      if (post === undefined) throw refuseMissing("tweet", id);
      const root = world.posts.get(post.conversation);
      if (post.replyTo === undefined || root?.author !== personOf(call)) throw forbidden();
      post.isHidden = body.hidden;
      return { status: 200, json: { data: { hidden: post.isHidden } } };
    },
  }),
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

function postId({ params }: Pick<Call<World, unknown, FieldsQuery>, "params">): string {
  const parsed = Id.safeParse(params.id);
  if (!parsed.success)
    throw invalid(`The \`id\` query parameter value [${params.id}] is not valid`, { id: [params.id ?? ""] });
  return parsed.data;
}
