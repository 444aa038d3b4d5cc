import {
  type ConnectorContext,
  metrics,
  type Numbers,
  type PlatformResult,
  type PostNumbers,
  type PublishedRef,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { noList, postIdOf, recent, videosById } from "./posts.ts";
import { LIST, readUser, STATS } from "./sign-in.ts";

/** No reach, watch time or saves: TikTok gives those to other apps. @source platforms/tiktok.md section 9 */
const ofPost = { view_count: "views", like_count: "likes", comment_count: "comments", share_count: "shares" };
const ofAccount = {
  follower_count: "followers",
  following_count: "following",
  likes_count: "likes",
  video_count: "posts",
};

/** Of public posts only; one without an id, or not public, is left out. */
async function posts(refs: readonly PublishedRef[], ctx: ConnectorContext): PlatformResult<readonly PostNumbers[]> {
  if (!ctx.credentials.scopes?.includes(LIST)) return fail(noList);
  const named = new Map<string, string>();
  for (const { externalId } of refs) {
    const id = await postIdOf(ctx, externalId);
    if (!id.ok) return id;
    if (id.value !== undefined) named.set(id.value, externalId);
  }
  const read = await videosById(ctx, [...named.keys()]);
  if (!read.ok) return read;
  const at = ctx.clock.now();
  return ok(
    read.value.flatMap((video) => {
      const externalId = named.get(video.id);
      return externalId === undefined ? [] : [{ externalId, metrics: metrics(video, ofPost, { at }) }];
    }),
  );
}

export const tiktokNumbers: Numbers = {
  // Not documented.
  delayMs: 24 * 60 * 60_000,
  batchSize: 20,
  posts,
  recent,
  async account(_range, ctx) {
    if (!ctx.credentials.scopes?.includes(STATS)) return ok([]);
    const read = await readUser(ctx, ctx.credentials);
    return read.ok ? ok(metrics(read.value, ofAccount, { at: ctx.clock.now() })) : read;
  },
};
