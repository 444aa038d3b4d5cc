import type { Answer, Call } from "./call.ts";
import { invalidParameter } from "./graph-error.ts";
import type { FbVideo, Page } from "./model.ts";
import { requiredText, unsignedInt } from "./params.ts";
import { receivedBytes } from "./video-phases.ts";

const chunkBytes = 4_194_304;

/** Stores a video nobody sees yet. */
export function newVideo(call: Call, page: Page, extra: Partial<FbVideo> = {}): FbVideo {
  const video: FbVideo = {
    id: call.world.newId("14"),
    pageId: page.id,
    use: "video",
    createdAt: call.nowMs,
    chunks: [],
    description: "",
    title: "",
    thumbnails: 0,
    deleted: false,
    ...extra,
  };
  call.world.data.videos.set(video.id, video);
  return video;
}

/** upload_phase=start (meta.md §5): the session and the first range to send. */
export function startUpload(call: Call, page: Page): Answer {
  const fileSize = unsignedInt(call.params, "file_size");
  if (fileSize === undefined || fileSize === 0) throw invalidParameter("The parameter file_size is required");
  const video = newVideo(call, page, { sessionId: call.world.newId("15"), fileSize });
  return { video_id: video.id, upload_session_id: video.sessionId, ...offsets(video) };
}

const offsets = (video: FbVideo) => {
  const start = receivedBytes(video.chunks);
  return { start_offset: String(start), end_offset: String(Math.min(start + chunkBytes, video.fileSize ?? start)) };
};

/** The open session a call names; 100 when it is unknown or finished. */
export function uploadOf(call: Call, page: Page): FbVideo {
  const sessionId = requiredText(call.params, "upload_session_id");
  const video = [...call.world.data.videos.values()].find(
    (each) => each.sessionId === sessionId && each.pageId === page.id && !each.deleted,
  );
  if (video === undefined || video.wanted !== undefined)
    throw invalidParameter("The upload session does not exist or is finished");
  return video;
}

/** upload_phase=transfer (§5): one chunk at the offset already reached. */
export function transfer(call: Call, page: Page): Answer {
  const video = uploadOf(call, page);
  const chunk = call.params.file("video_file_chunk");
  if (chunk === undefined) throw invalidParameter("The parameter video_file_chunk is required");
  const at = receivedBytes(video.chunks);
  if (unsignedInt(call.params, "start_offset") !== at) throw invalidParameter(`start_offset must be ${at}`);
  if (at + chunk.bytes.byteLength > (video.fileSize ?? 0)) throw invalidParameter("The chunk goes beyond file_size");
  video.chunks.push(chunk.bytes);
  return offsets(video);
}
