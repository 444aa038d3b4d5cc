import {
  bool,
  GraphError,
  invalidParameter,
  oneOf,
  requiredText,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation, typeHere } from "./call.ts";
import { pullImage, pullVideo } from "./container-media.ts";
import { checkContainer, containerKind, containerParams, facebookLoginParams } from "./container-rules.ts";
import { containerStatus } from "./container-status.ts";
import { readBack } from "./fields.ts";
import type { Container, IgAccount } from "./model.ts";

const containersPerDay = 400;

/** POST /{ig}/media: makes an invisible container (meta.md §6). */
async function makeContainer(call: Call, account: IgAccount): Promise<Answer> {
  const { params, world } = call;
  const { kind, isChild } = containerKind(params);
  checkContainer(params, kind, isChild);
  const today = world.data.containers.all(
    (each) => each.igId === account.id && each.createdAt > call.nowMs - 86_400_000,
  );
  // 400 containers in 24 hours (§13).
  if (today.length >= containersPerDay)
    throw new GraphError({
      code: 9,
      subcode: 2207042,
      message: "(#9) The maximum number of containers for today was reached",
    });
  const childIds = kind === "CAROUSEL" ? children(call, account) : [];
  const altText = params.text("alt_text");
  const container: Container = {
    id: world.newId("17"),
    igId: account.id,
    kind,
    isChild,
    caption: params.text("caption") ?? "",
    ...(altText === undefined ? {} : { altText }),
    shareToFeed: bool(params, "share_to_feed") ?? true,
    childIds,
    details: detailsOf(call),
    createdAt: call.nowMs,
    consumed: false,
  };
  await fill(call, container);
  world.data.containers.put(container);
  const isResumable = params.text("upload_type") === "resumable";
  const uri = isResumable ? { uri: `https://rupload.facebook.com/ig-api-upload/${call.version}/${container.id}` } : {};
  return readBack(call, { type: typeHere(call, "container"), value: container }, { id: container.id, ...uri });
}

/** Media and readiness: images at once, videos pulled and processed, resumable ones wait for their bytes. */
async function fill(call: Call, container: Container): Promise<void> {
  const { params, world } = call;
  const image = params.text("image_url");
  const video = params.text("video_url");
  const isResumable = oneOf(params, "upload_type", ["resumable"]) !== undefined;
  if (container.kind === "CAROUSEL") {
    container.readyAt = call.nowMs;
    return;
  }
  if ([image, video, isResumable || undefined].filter((given) => given !== undefined).length !== 1)
    throw invalidParameter(
      container.kind === "IMAGE" ? "The parameter image_url is required" : "Exactly one media source is required",
    );
  if (isResumable) return;
  if (image !== undefined) {
    container.media = await pullImage(world, image, container.kind === "STORIES");
    container.readyAt = call.nowMs + call.workMs(world.data.settings.imageProcessingMs);
    return;
  }
  const cover = params.text("cover_url");
  if (cover !== undefined) await pullImage(world, cover, true);
  Object.assign(container, await pullVideo(world, video ?? "", container.kind));
  container.readyAt = call.nowMs + call.workMs(world.data.settings.videoProcessingMs);
}

/** Two to ten finished children of the same account (§6); 100/2207028 for the count, 9007 while one still works. */
function children(call: Call, account: IgAccount): readonly string[] {
  requiredText(call.params, "children");
  const ids = textList(call.params, "children") ?? [];
  if (ids.length < 2 || ids.length > 10) throw invalidParameter("A carousel needs 2 to 10 children", 2207028);
  for (const id of ids) {
    const child = call.world.data.containers.get(id);
    if (child === undefined || child.igId !== account.id || !child.isChild) throw missingContainer();
    const status = containerStatus(call.world, child).code;
    if (status === "IN_PROGRESS") throw notReady();
    if (status !== "FINISHED") throw missingContainer();
  }
  return ids;
}

/** 24/2207008: the container is missing or expired (§12). */
export const missingContainer = () =>
  new GraphError({
    code: 24,
    subcode: 2207008,
    message: "(#24) The requested resource does not exist: the container is missing or expired",
  });

/** 9007/2207027: the media is not ready (§12). */
export const notReady = () =>
  new GraphError({
    code: 9007,
    subcode: 2207027,
    message: "(#9007) Media ID is not available: the media is not ready for publishing",
  });

const keptParams = [
  "user_tags",
  "location_id",
  "collaborators",
  "audio_name",
  "cover_url",
  "thumb_offset",
  "trial_params",
  "is_ai_generated",
  "product_tags",
  ...facebookLoginParams,
];

const detailsOf = ({ params }: Call): Readonly<Record<string, string>> =>
  Object.fromEntries(keptParams.flatMap((name) => (params.has(name) ? [[name, params.text(name) ?? ""]] : [])));

const publishing = ["instagram_basic", "instagram_content_publish", "pages_read_engagement"];
const publishingHere = ["instagram_business_basic", "instagram_business_content_publish"];
const allParams = [...containerParams, ...facebookLoginParams];
// Product tags are Facebook Login only (§1 "mostly no").
const paramsHere = containerParams.filter((name) => name !== "product_tags");

export const containerOperations: readonly Operation[] = [
  operation("igUser", "POST", "media", { scopes: publishing, params: allParams }, makeContainer),
  operation("igUserOnly", "POST", "media", { scopes: publishingHere, params: paramsHere }, makeContainer),
];
