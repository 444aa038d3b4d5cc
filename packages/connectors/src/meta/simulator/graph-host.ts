import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { answerBatch, isBatch } from "./batch.ts";
import { debugToken, facebookAccessToken } from "./facebook-login.ts";
import { invalidParameter } from "./graph-error.ts";
import { answerGraph, withGraphErrors } from "./graph-router.ts";
import { instagramLongLivedToken, refreshInstagramToken } from "./instagram-login.ts";
import { graphPicture } from "./pages.ts";
import type { Params } from "./params.ts";
import { servedVersion, splitVersion } from "./versions.ts";
import type { World } from "./world.ts";

/** graph.facebook.com and graph.instagram.com: version, token endpoints, then nodes and edges. */
export async function answerGraphHost(world: World, request: SimRequest, params: Params): Promise<SimAnswer> {
  const { version, segments } = splitVersion(request.path);
  const served = servedVersion(version, world.env.now());
  if (served.kind === "unknown") throw invalidParameter(`Unknown path components: /${version}`);
  if (served.expired) world.data.expiredVersionCalls += 1;
  if (isBatch(request.method, segments, params))
    return answerBatch(request, params, (part) =>
      withGraphErrors(part, (partParams) => answerGraphHost(world, part, partParams)),
    );
  const endpoint = segments.join("/");
  const isRead = request.method === "GET";
  if (request.host === "graph.facebook.com") {
    if (endpoint === "oauth/access_token") return facebookAccessToken(world, request, params);
    if (endpoint === "debug_token" && isRead) return debugToken(world, params);
  } else if (isRead) {
    if (endpoint === "access_token") return instagramLongLivedToken(world, params);
    if (endpoint === "refresh_access_token") return refreshInstagramToken(world, request, params);
  }
  const picture = isRead && segments[1] === "picture" ? graphPicture(world, segments[0] ?? "") : undefined;
  return picture ?? answerGraph({ world, request, version: served.version, segments, params });
}
