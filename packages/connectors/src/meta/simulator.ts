import { type SimRequest, type SimResponse, type SimulatorDefinition, simulator } from "@postd/connector-kit/simulator";
import { invalidParameter } from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { acts } from "./simulator/acts.ts";
import { appCredentials } from "./simulator/apps.ts";
import { batchPath, batchRoute } from "./simulator/batch.ts";
import { metaErrors } from "./simulator/errors.ts";
import { graphRoutes } from "./simulator/graph.ts";
import { countOrphans, imageBytes, livePosts } from "./simulator/live-posts.ts";
import { createAccount } from "./simulator/made-accounts.ts";
import { showPost } from "./simulator/make-post.ts";
import { facebookLogin, instagramLogin, tokenRoutes } from "./simulator/oauth.ts";
import { pictureRoute } from "./simulator/pictures.ts";
import { accountsOfToken, authenticate } from "./simulator/tokens.ts";
import { uploadRoutes } from "./simulator/upload-host.ts";
import { servedVersion, splitVersion } from "./simulator/versions.ts";
import { createWorld, type World } from "./simulator/world.ts";

const temporaryPhotoMs = 86_400_000;

/**
 * What happens by itself as the clock goes on: scheduled posts come out (meta.md §7), finished videos and Reels are
 * shown once processed (§5), loose temporary photos go away.
 */
function pass(world: World): void {
  const now = world.nowMs();
  const { videos, posts, photos } = world.data;
  for (const video of videos.all()) {
    if (video.readyAt === undefined || video.readyAt > now) continue;
    const post = posts.get(video.postId ?? "");
    if (post && video.wanted === "published") showPost(world, post, video.readyAt);
  }
  for (const post of posts.all()) {
    if (post.state !== "scheduled" || post.scheduledAt === undefined || post.scheduledAt > now) continue;
    const readyAt = post.videoId === undefined ? 0 : (videos.get(post.videoId)?.readyAt ?? Number.POSITIVE_INFINITY);
    if (readyAt <= now) showPost(world, post, Math.max(post.scheduledAt, readyAt));
  }
  for (const photo of photos.all())
    if (photo.temporary && photo.postId === undefined && photo.createdAt + temporaryPhotoMs <= now)
      photos.remove(photo.id);
}

/** The video host has the edges and tokens of the other (meta.md §1), and a batch comes to the root (§1b). */
function rewrite(request: SimRequest): SimRequest {
  const host = request.host === "graph-video.facebook.com" ? "graph.facebook.com" : request.host;
  const { version, segments } = splitVersion(request.path);
  if (request.method !== "POST" || segments.length > 0 || !host.startsWith("graph.")) return { ...request, host };
  return { ...request, host, path: `${version === undefined ? "" : `/${version}`}/${batchPath}` };
}

/** Errors of graph.instagram.com have a type of their own (§1b). */
function finish(answer: SimResponse, { host }: SimRequest): SimResponse {
  const { error } = GraphErrorBody.safeParse(answer.json).data ?? {};
  if (error === undefined || host !== "graph.instagram.com") return answer;
  return { ...answer, json: { error: { ...error, type: "IGApiException" } } };
}
const GraphErrorBody = z.object({ error: z.record(z.string(), z.unknown()) });

/** Facebook Pages and Instagram, written from the fact sheet of both and from Meta's published API description. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "meta",
    platforms: ["facebook", "instagram"],
    hosts: [
      "graph.facebook.com",
      "graph-video.facebook.com",
      "www.facebook.com",
      "graph.instagram.com",
      "api.instagram.com",
      "www.instagram.com",
      "rupload.facebook.com",
    ],
    appCredentials,
    world: createWorld,
    rewrite,
    finish,
    errors: metaErrors,
    oauth: [facebookLogin, instagramLogin],
    authenticate,
    guard({ world, request, now }) {
      if (!request.host.startsWith("graph.")) return;
      const { version } = splitVersion(request.path);
      const served = servedVersion(version, now);
      if (served === undefined) throw invalidParameter(`Unknown path components: /${version}`);
      if (served.expired) world.data.expiredVersionCalls += 1;
    },
    pass,
    accounts: { create: createAccount, of: accountsOfToken },
    routes: [...tokenRoutes, pictureRoute, ...uploadRoutes, batchRoute, ...graphRoutes],
    posts: livePosts,
    orphans: countOrphans,
    media: imageBytes,
    inspect: ({ data }) => ({ passedOver: [...data.passedOver] }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
