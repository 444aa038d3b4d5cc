import {
  type Call,
  type Route,
  routesOf,
  type SimResponse,
  type StoredMedia,
  type UploadAnswer,
} from "@postd/connector-kit/simulator";
import { GraphError, invalidParameter, missingObject } from "@postd/connector-kit/simulator/graph";
import { videoProblem } from "./container-media.ts";
import { containerStatus } from "./container-status.ts";
import { refusedToken } from "./errors.ts";
import { missingContainer } from "./instagram-containers.ts";
import { pullMedia } from "./pull-media.ts";
import { pageOf, requirePermissions } from "./tokens.ts";
import type { World } from "./world.ts";

// Bytes of Page Reels, video stories and Instagram containers (meta.md §1, §5 step 2, §6).

/** 1363047: an upload trouble that passes (§12, FB publishing subcodes). */
const uploadError = (message: string): GraphError =>
  new GraphError({ code: 100, subcode: 1363047, message, isTransient: true });

/** The medium once it is whole; bytes are taken from the offset already reached and from nowhere else (§5). */
export function taken<T>(got: UploadAnswer<T>, offsetName: string, refuse: (message: string) => GraphError): T {
  if (got.ok) return got.value;
  throw refuse(
    got.problem === "range" ? `${offsetName} must be ${got.receivedBytes}` : "The bytes go beyond file_size",
  );
}

type Asked = Pick<Call<World>, "world" | "request" | "params">;

/** Headers `offset` and `file_size` with raw bytes, or `file_url`; undefined while more is awaited. */
async function arrived({ world, request, params }: Asked, notFetched: GraphError): Promise<StoredMedia | undefined> {
  const { headers, rawBody } = request;
  const { id = "" } = params;
  if (headers.file_url !== undefined) {
    // fbcdn URLs are refused (§5).
    const isOwn = /^https?:\/\/[^/]+\.fbcdn\.net(\/|$)/i.test(headers.file_url);
    const media = isOwn ? undefined : await pullMedia(world, headers.file_url, "video");
    if (media === undefined) throw notFetched;
    return media;
  }
  const [offset, sizeBytes] = ["offset", "file_size"].map((name) => {
    if (!/^\d+$/.test(headers[name] ?? ""))
      throw invalidParameter(`The header ${name} is required and must be a number`);
    return Number(headers[name]);
  });
  if (offset === undefined || sizeBytes === undefined) throw new Error("two headers are two numbers");
  const { uploads } = world;
  const upload = uploads.get(id) ?? uploads.open({ id, details: null, sizeBytes, contentType: "video/mp4" });
  if (upload.sizeBytes !== sizeBytes) throw uploadError("file_size differs from the first part");
  return taken(uploads.takeNext(id, offset, rawBody), "offset", uploadError);
}

const route = routesOf<World>();
const host = "rupload.facebook.com";
const accepted: SimResponse = { status: 200, json: { success: true } };

export const uploadRoutes: readonly Route<World>[] = [
  route("POST", [`${host}/video-upload/:version/:id`], {
    publishes: true,
    async handle(call) {
      const { world, caller } = call;
      const { id = "" } = call.params;
      const pageId = caller.token && pageOf(caller.token);
      if (pageId === undefined) throw refusedToken("tokenInvalid");
      const video = world.data.videos.get(id);
      if (video === undefined || video.pageId !== pageId || !caller.accounts.includes(pageId))
        throw missingObject(id, "post");
      requirePermissions(caller.scopes, ["pages_manage_posts"]);
      if (video.media !== undefined) throw uploadError("The video was already uploaded");
      const notFetched = { code: 100, subcode: 1349125, message: "The video could not be fetched from file_url" };
      const media = await arrived(call, new GraphError(notFetched));
      if (media?.mimeType.startsWith("video/")) video.media = media;
      else if (media) {
        video.uploadError = "The file is not a video";
        world.uploads.remove(id);
      }
      return accepted;
    },
  }),
  route("POST", [`${host}/ig-api-upload/:version/:id`], {
    publishes: true,
    async handle(call) {
      const { world, caller, now } = call;
      const container = world.data.containers.get(call.params.id ?? "");
      if (container === undefined || !caller.accounts.includes(container.igId)) throw missingContainer();
      if (containerStatus(world, container).code !== "IN_PROGRESS" || container.readyAt !== undefined)
        throw missingContainer();
      // -1/2207053: upload failed for an unknown reason (§12).
      const media = await arrived(call, new GraphError({ code: -1, subcode: 2207053, message: "The upload failed" }));
      if (media === undefined) return accepted;
      const error = videoProblem(media, container.kind);
      const readyAt = now.getTime() + call.workMs(world.data.settings.videoProcessingMs);
      Object.assign(container, { media, readyAt, ...(error && { error }) });
      return accepted;
    },
  }),
];
