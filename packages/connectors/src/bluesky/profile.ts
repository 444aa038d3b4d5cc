import type { AuthContext, ConnectorContext, Metric, PlatformResult, PublishedRef } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { PUBLIC_API, xrpcJson } from "./xrpc.ts";

const Profile = z.object({
  displayName: z.string().optional(),
  avatar: z.string().optional(),
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

/** Public profile of an account, by DID; needs no sign-in. */
export const readProfile = (ctx: AuthContext, did: string): PlatformResult<z.output<typeof Profile>> =>
  xrpcJson(
    ctx,
    { server: PUBLIC_API, xrpc: "app.bsky.actor.getProfile", method: "GET", query: { actor: did }, effect: "none" },
    Profile,
  );

function metrics(from: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): readonly Metric[] {
  return Object.entries(names).flatMap(([platformName, name]) => {
    const value = from[platformName];
    return typeof value === "number" ? [{ name, value, platformName }] : [];
  });
}

const postNames = {
  likeCount: "likes",
  repostCount: "reposts",
  replyCount: "replies",
  quoteCount: "quotes",
  bookmarkCount: "bookmarks",
};
const profileNames = { followersCount: "followers", followsCount: "following", postsCount: "posts" };

/** Public counts of one post; none where it is gone. Bluesky tells no impressions. */
export async function postMetrics(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const found = await xrpcJson(
    ctx,
    {
      server: PUBLIC_API,
      xrpc: "app.bsky.feed.getPosts",
      method: "GET",
      query: { uris: ref.externalId },
      effect: "none",
    },
    Posts,
  );
  if (!found.ok) return found;
  return ok(metrics(found.value.posts.find(({ uri }) => uri === ref.externalId) ?? {}, postNames));
}

/** Counts of the profile as it is now; Bluesky keeps no history of them. */
export async function accountMetrics(_range: unknown, ctx: ConnectorContext): PlatformResult<readonly Metric[]> {
  const profile = await readProfile(ctx, ctx.account.externalId);
  return profile.ok ? ok(metrics(profile.value, profileNames)) : profile;
}
