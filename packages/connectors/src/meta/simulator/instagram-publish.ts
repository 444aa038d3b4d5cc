import { GraphError, pick, plainFields, requestedFields, requiredText } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, onBothHosts, typeHere } from "./call.ts";
import { containerStatus } from "./container-status.ts";
import { readBack } from "./fields.ts";
import { missingContainer, notReady } from "./instagram-containers.ts";
import { newMedia } from "./make-post.ts";
import type { Container, IgAccount, IgMedia } from "./model.ts";
import { countPublish, publishesToday } from "./world.ts";

/** POST /{ig}/media_publish: shows a finished container, once (meta.md §6). */
function publish(call: Call, account: IgAccount): Answer {
  const { world } = call;
  const container = world.data.containers.get(requiredText(call.params, "creation_id"));
  if (container === undefined || container.igId !== account.id || container.isChild) throw missingContainer();
  const status = containerStatus(world, container).code;
  if (status === "IN_PROGRESS") throw notReady();
  // "Already PUBLISHED: do not publish again" (§6). The sheet names no code; 9007 leads to the status, which tells.
  if (status === "PUBLISHED") throw notReady();
  if (status !== "FINISHED") throw missingContainer();
  // 9/2207042: daily quota, a carousel counts once (§12, §13).
  if (publishesToday(world, account.id) >= world.data.settings.igQuotaTotal)
    throw new GraphError({
      code: 9,
      subcode: 2207042,
      message: "(#9) You reached the maximum number of posts that can be published within 24 hours",
    });
  const media = makeMedia(call, container);
  container.mediaId = media.id;
  countPublish(world, account.id);
  return readBack(call, { type: typeHere(call, "igMedia"), value: media }, { id: media.id });
}

function makeMedia(call: Call, container: Container, parentId?: string): IgMedia {
  const { world } = call;
  const id = world.newId("18");
  const childIds = container.childIds.flatMap((childId) => {
    const child = world.data.containers.get(childId);
    if (child === undefined) return [];
    child.consumed = true;
    return [makeMedia(call, child, id).id];
  });
  const isVideo = container.media?.mimeType.startsWith("video/") ?? false;
  return newMedia(world, {
    id,
    igId: container.igId,
    containerId: container.id,
    mediaType: container.kind === "CAROUSEL" ? "CAROUSEL_ALBUM" : isVideo ? "VIDEO" : "IMAGE",
    productType: container.kind === "STORIES" ? "STORY" : container.kind === "REELS" ? "REELS" : "FEED",
    caption: container.caption,
    ...(container.altText === undefined ? {} : { altText: container.altText }),
    ...(container.media === undefined ? {} : { media: container.media }),
    ...(parentId === undefined ? {} : { parentId }),
    childIds,
    shareToFeed: container.shareToFeed,
    details: container.details,
  });
}

const scopes = ["instagram_content_publish", "pages_read_engagement"];

export const instagramPublishOperations: readonly Operation[] = [
  ...onBothHosts("igUser", "POST", "media_publish", { scopes, params: ["creation_id"] }, publish),
  // §13: `data[{quota_usage, config{quota_total, quota_duration}}]`; the live value counts.
  ...onBothHosts("igUser", "GET", "content_publishing_limit", { scopes, params: ["since"] }, (call, { id }) => {
    const { world } = call;
    const config = { quota_total: world.data.settings.igQuotaTotal, quota_duration: 86_400 };
    const fields = requestedFields(call) ?? plainFields("quota_usage");
    return { data: [pick({ quota_usage: publishesToday(world, id), config }, fields)] };
  }),
];
