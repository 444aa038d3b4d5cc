import {
  type AuthContext,
  type ConnectorContext,
  type HttpRequest,
  type Metric,
  metrics,
  type PlatformResult,
  type PostNumbers,
  type PublishedRef,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { at, PUBLIC_API, xrpc } from "./xrpc.ts";

const Profile = z.object({
  displayName: z.string().optional(),
  avatar: z.string().optional().catch(undefined),
  followersCount: z.number().optional(),
  followsCount: z.number().optional(),
  postsCount: z.number().optional(),
});

const Posts = z.object({
  posts: z.array(
    z.object({
      uri: z.string(),
      likeCount: z.number().optional(),
      repostCount: z.number().optional(),
      replyCount: z.number().optional(),
      quoteCount: z.number().optional(),
      bookmarkCount: z.number().optional(),
    }),
  ),
});

/**
 * A read that needs no sign-in. A server that asks for one all the same says nothing about the account's own session,
 * so that is `unavailable` and never a reason to connect again.
 */
async function publicRead<T extends z.ZodType>(
  ctx: AuthContext,
  read: { readonly path: string; readonly query: NonNullable<HttpRequest["query"]> },
  schema: T,
): PlatformResult<z.output<T>> {
  const answer = await xrpc.read(ctx, { ...read, ...at(PUBLIC_API), method: "GET", effect: "none" }, schema);
  if (answer.ok || !["auth_expired", "auth_revoked", "scope_missing"].includes(answer.error.kind)) return answer;
  const { platformCode } = answer.error;
  const message = "Bluesky's public numbers cannot be read just now.";
  return fail({ kind: "unavailable", message, ...(platformCode && { platformCode }) });
}

/** Public profile of an account, by DID; needs no sign-in. */
export const readProfile = (ctx: AuthContext, did: string): PlatformResult<z.output<typeof Profile>> =>
  publicRead(ctx, { path: "app.bsky.actor.getProfile", query: { actor: did } }, Profile);

const postNames = {
  likeCount: "likes",
  repostCount: "reposts",
  replyCount: "replies",
  quoteCount: "quotes",
  bookmarkCount: "bookmarks",
};
const profileNames = { followersCount: "followers", followsCount: "following", postsCount: "posts" };

/**
 * Public counts of at most 25 posts at once; one that is gone is left out. Bluesky tells no impressions.
 * @source the lexicon app.bsky.feed.getPosts: `uris`, maxLength 25
 */
export async function postNumbers(
  refs: readonly PublishedRef[],
  ctx: ConnectorContext,
): PlatformResult<readonly PostNumbers[]> {
  const uris = refs.map(({ externalId }) => externalId);
  const found = await publicRead(ctx, { path: "app.bsky.feed.getPosts", query: { uris } }, Posts);
  if (!found.ok) return found;
  const at = ctx.clock.now();
  return ok(
    found.value.posts
      .filter(({ uri }) => uris.includes(uri))
      .map((post) => ({ externalId: post.uri, metrics: metrics(post, postNames, { at }) })),
  );
}

/** Counts of the profile as it is now; Bluesky keeps no history of them. */
export async function accountMetrics(_range: unknown, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const profile = await readProfile(ctx, ctx.account.externalId);
  return profile.ok ? ok(metrics(profile.value, profileNames, { at: ctx.clock.now() })) : profile;
}
