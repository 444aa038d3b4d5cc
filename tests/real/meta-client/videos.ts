import { z } from "zod";
import {
  type DayStep,
  graph,
  id,
  list,
  mp4,
  postId,
  rows,
  second,
  shortMp4,
  status,
  success,
  timePaging,
  withToken,
} from "./shapes.ts";

/** Videos, reels, and changes of what is there. */
export const filming: readonly DayStep[] = [
  {
    title: "uploads a video with the client's own uploader",
    section: "§1, §5",
    step: "ownUploader",
    input: (known, sdk) => ({ ...withToken(known), videoFile: sdk.file("clip.mp4", mp4) }),
    calls: [
      {
        call: "POST graph-video.facebook.com/{page}/videos",
        params: ["upload_phase", "file_size"],
        answer: z.looseObject({ video_id: id }),
      },
    ],
    made: z.looseObject({ id }),
  },
  {
    title: "uploads a video in pieces over the video host",
    section: "§5",
    step: "inPieces",
    input: (known, sdk) => ({
      ...withToken(known),
      videoFile: sdk.file("clip.mp4", mp4),
      sizeBytes: mp4.byteLength,
      description: "How we roast",
    }),
    calls: [
      {
        call: "POST graph-video.facebook.com/{page}/videos",
        params: ["upload_phase", "file_size"],
        answer: z.strictObject({
          upload_session_id: id,
          video_id: id,
          start_offset: z.literal("0"),
          end_offset: z.string().regex(/^\d+$/),
        }),
      },
      ...[1, 2].map(() => ({
        call: "POST graph-video.facebook.com/{page}/videos",
        params: ["upload_phase", "upload_session_id", "start_offset", "video_file_chunk"],
        answer: z.strictObject({ start_offset: z.string().regex(/^\d+$/), end_offset: z.string().regex(/^\d+$/) }),
      })),
      {
        call: "POST graph-video.facebook.com/{page}/videos",
        params: ["upload_phase", "upload_session_id", "description"],
        answer: success,
      },
    ],
    made: z.strictObject({ video_id: id, success: z.literal(true) }),
    keep: ({ video_id: kept }: { video_id: string }) => ({ video: kept }),
  },
  {
    title: "reads the video once it is processed",
    section: "§5",
    step: "video",
    before: (sdk) => sdk.advance(600 * second),
    input: (known) => ({ pageToken: known.pageToken, videoId: known.video }),
    calls: [
      {
        call: `GET ${graph}/{id}`,
        params: ["fields"],
        answer: z.strictObject({
          id,
          status,
          post_id: z.string(),
          permalink_url: z.string().regex(/^\/\d+\/videos\/\d+\/$/),
        }),
      },
    ],
    made: z.looseObject({ status: z.looseObject({ video_status: z.literal("ready") }) }),
  },
  {
    title: "makes a reel",
    section: "§5",
    step: "reel",
    input: (known, sdk) => ({
      ...withToken(known),
      videoFile: sdk.file("reel.mp4", shortMp4),
      sizeBytes: shortMp4.byteLength,
      description: "Pour",
    }),
    calls: [
      {
        call: `POST ${graph}/{page}/video_reels`,
        params: ["upload_phase"],
        answer: z.strictObject({
          video_id: id,
          upload_url: z.string().regex(/^https:\/\/rupload\.facebook\.com\/video-upload\//),
        }),
      },
      { call: "POST rupload.facebook.com/video-upload/v24.0/{id}", params: [], answer: success },
      {
        call: `POST ${graph}/{page}/video_reels`,
        params: ["upload_phase", "video_id", "video_state", "description"],
        answer: z.strictObject({ success: z.literal(true), post_id: z.string().optional(), id: z.string().optional() }),
      },
    ],
    made: z.looseObject({ video_id: id, success: z.literal(true) }),
    keep: ({ video_id: kept }: { video_id: string }) => ({ reel: kept }),
  },
  {
    title: "reads the reel's address",
    section: "§5",
    step: "video",
    before: (sdk) => sdk.advance(600 * second),
    input: (known) => ({ pageToken: known.pageToken, videoId: known.reel }),
    calls: [
      {
        call: `GET ${graph}/{id}`,
        params: ["fields"],
        answer: z.strictObject({ id, status, post_id: z.string(), permalink_url: z.string().regex(/^\/reel\/\d+\/$/) }),
      },
    ],
    made: z.looseObject({
      status: z.looseObject({ publishing_phase: z.looseObject({ publish_status: z.literal("published") }) }),
    }),
  },
  {
    title: "changes a post's text",
    section: "§8",
    step: "updatePost",
    input: (known) => ({ ...withToken(known), postId: known.textPost, params: { message: "Open till eleven" } }),
    calls: [{ call: `POST ${graph}/{id}`, params: ["message"], answer: success }],
    made: success,
  },
  {
    title: "lists the posts, two a page",
    section: "§1b",
    step: "posts",
    input: withToken,
    calls: [
      {
        call: `GET ${graph}/{page}/feed`,
        params: ["fields", "limit"],
        answer: list(z.strictObject({ id: postId, message: z.string() }), timePaging),
      },
    ],
    made: rows(2, true, false),
  },
  {
    title: "lists the older ones",
    section: "§1b",
    step: "next",
    input: () => ({}),
    calls: [
      {
        call: `GET ${graph}/{page}/feed`,
        params: ["fields", "limit", "until"],
        answer: list(z.strictObject({ id: postId, message: z.string() }), timePaging),
      },
    ],
    made: rows(2, true, true),
  },
];
