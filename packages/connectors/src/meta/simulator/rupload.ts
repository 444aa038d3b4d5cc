import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { storeMedia } from "@postd/connector-kit/simulator";
import { videoProblem } from "./container-media.ts";
import { containerStatus } from "./container-status.ts";
import { GraphError, invalidParameter, missingObject, tokenError } from "./graph-error.ts";
import { missingContainer } from "./instagram-containers.ts";
import type { Container, FbVideo, Grant, Token } from "./model.ts";
import { pullMedia } from "./pull-media.ts";
import { requirePermissions, requireToken } from "./tokens.ts";
import { refuseByFault } from "./usage.ts";
import { receivedBytes } from "./video-phases.ts";
import { joinBytes, processingMs, readUpload, uploadError } from "./video-uploads.ts";
import type { World } from "./world.ts";

/**
 * rupload.facebook.com: bytes of Page Reels, video stories and Instagram containers (meta.md §1, §5 step 2, §6).
 * The token comes only as `Authorization: OAuth ...`.
 */
export async function answerRupload(world: World, request: SimRequest): Promise<SimAnswer> {
  const [kind, version, id, ...rest] = request.path.split("/").filter((segment) => segment !== "");
  if (request.method !== "POST" || id === undefined || version === undefined || rest.length > 0)
    throw invalidParameter("Unknown upload path");
  const value = /^OAuth (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (value === undefined) throw tokenError(467);
  if (kind === "video-upload") {
    const { token, grant } = requireToken(world, value, ["page"]);
    return videoUpload(world, request, { id, token, grant });
  }
  if (kind === "ig-api-upload") {
    const { token, grant } = requireToken(world, value, ["page", "user", "instagram"]);
    return containerUpload(world, request, { id, token, grant });
  }
  throw invalidParameter("Unknown upload path");
}

interface Target {
  readonly id: string;
  readonly token: Token;
  readonly grant: Grant;
}

async function videoUpload(world: World, request: SimRequest, { id, token, grant }: Target): Promise<SimAnswer> {
  const video = world.data.videos.get(id);
  if (video === undefined || video.deleted || video.pageId !== token.pageId || !grant.pageIds.has(video.pageId))
    throw missingObject(id, "post");
  refuseByFault(world, request, { type: "pages", id: video.pageId }, token);
  requirePermissions(grant, ["pages_manage_posts"]);
  if (video.media !== undefined) throw uploadError("The video was already uploaded");
  const part = readUpload(request);
  if (part.kind === "url") {
    // fbcdn URLs are refused (§5).
    const media = /\.fbcdn\.net$/i.test(new URL(part.url).hostname)
      ? undefined
      : await pullMedia(world, part.url, "video");
    if (media === undefined)
      throw new GraphError({ code: 100, subcode: 1349125, message: "The video could not be fetched from file_url" });
    video.media = media;
  } else takeBytes(video, part);
  return accepted(world, request);
}

/** Bytes are taken from the offset already reached and from nowhere else: a resume reads `bytes_transfered` first (§5). */
function takeBytes(
  video: FbVideo,
  part: { readonly offset: number; readonly sizeBytes: number; readonly bytes: Uint8Array },
): void {
  const at = receivedBytes(video.chunks);
  if (part.offset !== at) throw uploadError(`offset must be ${at}`);
  video.fileSize ??= part.sizeBytes;
  if (video.fileSize !== part.sizeBytes) throw uploadError("file_size differs from the first part");
  video.chunks.push(part.bytes);
  if (receivedBytes(video.chunks) < part.sizeBytes) return;
  const media = storeMedia(joinBytes(video.chunks), "video/mp4");
  video.chunks = [];
  if (media.mimeType.startsWith("video/")) video.media = media;
  else video.uploadError = "The file is not a video";
}

async function containerUpload(world: World, request: SimRequest, { id, token, grant }: Target): Promise<SimAnswer> {
  const container = world.data.containers.get(id);
  const pageIg = token.pageId === undefined ? undefined : world.data.pages.get(token.pageId)?.igId;
  if (
    container === undefined ||
    !grant.igIds.has(container.igId) ||
    (token.kind === "page" && pageIg !== container.igId)
  )
    throw missingContainer();
  refuseByFault(world, request, { type: "instagram", id: container.igId }, token);
  if (containerStatus(world, container).code !== "IN_PROGRESS" || container.readyAt !== undefined)
    throw missingContainer();
  const part = readUpload(request);
  if (part.kind === "url") {
    const media = await pullMedia(world, part.url, "video");
    // -1/2207053: upload failed for an unknown reason (§12).
    if (media === undefined) throw new GraphError({ code: -1, subcode: 2207053, message: "The upload failed" });
    finishContainer(world, request, container, media);
    return accepted(world, request);
  }
  container.upload ??= { sizeBytes: part.sizeBytes, chunks: [] };
  const { upload } = container;
  if (part.offset !== receivedBytes(upload.chunks)) throw uploadError(`offset must be ${receivedBytes(upload.chunks)}`);
  upload.chunks.push(part.bytes);
  if (receivedBytes(upload.chunks) >= upload.sizeBytes)
    finishContainer(world, request, container, storeMedia(joinBytes(upload.chunks), "video/mp4"));
  return accepted(world, request);
}

function finishContainer(
  world: World,
  request: SimRequest,
  container: Container,
  media: NonNullable<Container["media"]>,
): void {
  container.media = media;
  delete container.upload;
  const error = videoProblem(media, container.kind);
  if (error) container.error = error;
  container.readyAt = world.nowMs() + processingMs({ world, request });
}

const accepted = (world: World, request: SimRequest): SimAnswer =>
  world.env.fault("dropAfterAccept", request) ? "drop" : { status: 200, json: { success: true } };
