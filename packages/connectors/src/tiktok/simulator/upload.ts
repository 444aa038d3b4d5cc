import { contentRange, mediaType, type Route, type SimRequest, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { route } from "./call.ts";
import { arrive, processingMs } from "./progress.ts";
import type { World } from "./world.ts";

// Fact sheet, section 5, "Chunk rules".

const types = ["video/mp4", "video/quicktime", "video/webm"];

/** Every answer tells how many bytes are there. */
function answer({ settings }: World, status: number, receivedBytes: number, sizeBytes: number): SimResponse {
  const end = settings.rangeEndsWith === "count" ? receivedBytes : Math.max(receivedBytes - 1, 0);
  return { status, headers: { "content-range": `bytes 0-${end}/${sizeBytes}` } };
}

/** The range a piece names; undefined where its headers and its bytes disagree, or a token came along. */
function pieceOf(request: SimRequest, sizeBytes: number) {
  const { headers, rawBody } = request;
  const range = contentRange(headers["content-range"]);
  const length = headers["content-length"];
  const isSound =
    range !== undefined &&
    range.sizeBytes === sizeBytes &&
    range.to - range.from + 1 === rawBody.byteLength &&
    (length === undefined || Number(length) === rawBody.byteLength) &&
    types.includes(mediaType(request)) &&
    headers.authorization === undefined;
  return isSound ? range : undefined;
}

export const uploadRoutes: readonly Route<World>[] = [
  route("PUT", "*.tiktokapis.com/video", {
    token: "none",
    publishes: true,
    query: z.object({ upload_id: z.string(), upload_token: z.string() }).partial(),
    handle(call) {
      const { world, query, request, now } = call;
      const upload = world.uploads.get(query.upload_id ?? "");
      const publish = world.publishes.get(upload?.details.publish ?? "");
      if (!upload || !publish || upload.details.token !== query.upload_token || publish.status === "FAILED")
        return { status: 404 };
      const { receivedBytes: at, sizeBytes = 0, details } = upload;
      if (upload.expiresAt !== undefined && upload.expiresAt <= now.getTime()) return answer(world, 403, at, sizeBytes);
      const range = pieceOf(request, sizeBytes);
      if (range === undefined) return answer(world, 400, at, sizeBytes);
      // The last piece takes what is left, so it is the one after which less than a piece would remain.
      const left = sizeBytes - at;
      const expectedBytes = left < 2 * details.chunkBytes ? left : details.chunkBytes;
      if (range.from !== at || request.rawBody.byteLength !== expectedBytes) return answer(world, 416, at, sizeBytes);
      const took = world.uploads.takeNext(upload.id, range.from, request.rawBody);
      if (!took.ok) return answer(world, 416, took.receivedBytes, sizeBytes);
      if (took.value === undefined) return answer(world, 206, upload.receivedBytes, sizeBytes);
      publish.media = [took.value];
      arrive(publish, now.getTime(), call.workMs(processingMs(publish.media)));
      return answer(world, 201, upload.receivedBytes, sizeBytes);
    },
  }),
];
