import {
  type AccountPost,
  type ConnectorContext,
  type Metric,
  metrics,
  type Numbers,
  type PlatformResult,
  type PostNumbers,
  type PublishedRef,
  rowsOf,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, listOf, namedOf, permalinkOf } from "./api.ts";
import { FIELDS, postsById, ShownPost as Shown, type ShownPost, seconds } from "./posts.ts";
import { READ, readMe } from "./sign-in.ts";

/** X's names of both dialects; an answer has one of each pair. @source platforms/x.md sections 1 and 9 */
const ofPost = {
  impression_count: "impressions",
  like_count: "likes",
  reply_count: "comments",
  retweet_count: "shares",
  repost_count: "shares",
  quote_count: "quotes",
  bookmark_count: "saves",
};
const ofOwnPost = {
  url_link_clicks: "clicks",
  user_profile_clicks: "profile_clicks",
  engagements: "engagements",
};
const ofAccount = {
  followers_count: "followers",
  following_count: "following",
  tweet_count: "posts",
  post_count: "posts",
  listed_count: "lists",
};
/** Of each of a post's files, added up. */
const ofFiles = { view_count: "video_views" };
/** Where an answer has both names they say the same, and one is enough. */
const once = (found: readonly Metric[]): readonly Metric[] =>
  found.filter(({ name }, at) => found.findIndex((one) => one.name === name) === at);

const File = z.object({
  media_key: z.string(),
  type: z.string().default(""),
  public_metrics: z.object({ view_count: z.number().optional() }).optional().catch(undefined),
});
const Media = z.object({
  includes: z.object({ media: rowsOf(File).default([]) }).default({ media: [] }),
});
const sum = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((one, other) => one + other);

const MONTH_MS = 30 * 24 * 60 * 60_000;

/**
 * What X tells of posts whoever asks, and apart from it what it tells their author for a month: asked for together, one older
 * post spoils the numbers of all. Each post is billed once in a day, however often it is read.
 */
async function posts(refs: readonly PublishedRef[], ctx: ConnectorContext): PlatformResult<readonly PostNumbers[]> {
  // A name that is none of a post's would spoil the whole call.
  const wanted = new Set(refs.flatMap(({ externalId }) => Id.safeParse(externalId).data ?? []));
  if (wanted.size === 0) return ok([]);
  const query = {
    ids: [...wanted].join(","),
    "tweet.fields": "public_metrics,created_at,attachments",
    expansions: "attachments.media_keys",
    "media.fields": "media_key,type,public_metrics",
  };
  const answer = z.intersection(namedOf(Shown), Media);
  const read = await api.get(ctx, "tweets", answer, { about: "object", needs: READ, query });
  if (!read.ok) return read;
  const at = ctx.clock.now();
  const found = read.value.data.filter(({ id }) => wanted.has(id));
  const views = new Map(read.value.includes.media.map((file) => [file.media_key, file.public_metrics?.view_count]));
  const young = found.filter(({ createdAt }) => createdAt && at.getTime() - createdAt.getTime() < MONTH_MS);
  const ids = young.map(({ id }) => id);
  const own = await postsById(ctx, ids, "non_public_metrics");
  // What only the author sees is an addition; without it the others still count.
  const more = new Map(own.ok ? own.value.map(({ id, nonPublicMetrics }) => [id, nonPublicMetrics]) : []);
  return ok(
    found.map(({ id, publicMetrics, mediaKeys }) => ({
      externalId: id,
      metrics: once([
        ...metrics(publicMetrics, ofPost, { at }),
        ...metrics(more.get(id) ?? {}, ofOwnPost, { at }),
        ...metrics({ view_count: sum(mediaKeys.flatMap((key) => views.get(key) ?? [])) }, ofFiles, { at }),
      ]),
    })),
  );
}

const formats: Readonly<Record<string, string>> = { photo: "images", video: "video", animated_gif: "gif" };

function formatOf({ mediaKeys, hasPoll }: ShownPost, types: ReadonlyMap<string, string>): string {
  if (hasPoll) return "poll";
  const [first = ""] = mediaKeys;
  return mediaKeys.length === 0 ? "text" : (formats[types.get(first) ?? "photo"] ?? "images");
}

/** Without reposts, which are others' posts, and without answers to others. */
async function recent(
  { since, cursor }: { readonly since: Date; readonly cursor?: string },
  ctx: ConnectorContext,
): PlatformResult<{ readonly posts: readonly AccountPost[]; readonly cursor?: string }> {
  const query = {
    max_results: 50,
    start_time: seconds(since),
    exclude: "retweets",
    "tweet.fields": FIELDS,
    expansions: "attachments.media_keys",
    "media.fields": "media_key,type",
    pagination_token: cursor,
  };
  const path = ["users", ctx.account.externalId, "tweets"];
  const answer = z.intersection(listOf(Shown), Media);
  const read = await api.get(ctx, path, answer, { about: "account", needs: READ, query });
  if (!read.ok) return read;
  const types = new Map(read.value.includes.media.map(({ media_key, type }) => [media_key, type]));
  const own = read.value.data.filter(
    ({ isRepost, inReplyToUserId: to }) => !isRepost && (to === undefined || to === ctx.account.externalId),
  );
  const { next } = read.value;
  return ok({
    posts: own.flatMap((post) =>
      post.createdAt === undefined
        ? []
        : [
            {
              externalId: post.id,
              permalink: permalinkOf(ctx, post.id),
              createdAt: post.createdAt,
              format: formatOf(post, types),
              text: post.text,
            },
          ],
    ),
    ...(next !== undefined && { cursor: next }),
  });
}

export const xNumbers: Numbers = {
  // Counted as they happen; how late is not said.
  delayMs: 60 * 60_000,
  batchSize: 100,
  posts,
  recent,
  async account(_range, ctx) {
    const read = await readMe(ctx, ctx.credentials);
    return read.ok ? ok(once(metrics(read.value.public_metrics ?? {}, ofAccount, { at: ctx.clock.now() }))) : read;
  },
};
