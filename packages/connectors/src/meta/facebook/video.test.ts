import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockAt,
  contextOf,
  graphError,
  medium,
  play,
  postOf,
  probeOf,
  type Scripted,
  scriptedGraph,
} from "../scripted-graph.ts";
import { reel } from "./reel.ts";
import { photoStory, videoStory } from "./stories.ts";
import { video } from "./video.ts";
import { type VideoStage, videoStage } from "./video-status.ts";

const g = "graph.facebook.com/v25.0";
const clip = medium({ kind: "video", mimeType: "video/mp4" });
const reelPost = postOf({ format: "reel", media: [clip], options: { title: "T" } });
const published = { status: { publishing_phase: { status: "complete", publish_status: "published" } } };
const working = { status: { video_status: "processing", publishing_phase: { status: "in_progress" } } };
const complete = { status: { uploading_phase: { status: "complete", bytes_transfered: 10 } } };
const empty = { status: { uploading_phase: { bytes_transfered: 0 } } };
const intentAt = new Date("2026-11-20T10:00:00Z");
const uploaded = { uploaded: true, finished: false, polls: 0, parts: 0, restarts: 0, live: false, videoId: "77" };

const reelScript = {
  [`POST ${g}/123/video_reels`]: [{ video_id: "77", upload_url: "https://evil.example/x" }, { success: true }],
  "POST rupload.facebook.com/video-upload/v25.0/77": { success: true },
  [`GET ${g}/77`]: [empty, complete, working, published, { permalink_url: "/reel/77/" }],
};

test("a reel is started, sent to Meta's own upload host, finished, waited for, and gets its address", async () => {
  const graph = scriptedGraph(reelScript);
  const played = await play(graph, contextOf(graph), reel, reelPost);
  assert.deepEqual(played.published, { externalId: "77", permalink: "https://www.facebook.com/reel/77/" });
  assert.deepEqual(played.steps, [
    "start_upload",
    "upload_bytes",
    "upload_bytes",
    "finish",
    "wait_until_live",
    "wait_until_live",
    "permalink",
  ]);
  const upload = graph.calls.find(({ line }) => line.includes("rupload"));
  assert.deepEqual(
    [upload?.headers.authorization, upload?.headers.offset, upload?.headers.file_size, upload?.bytes],
    ["OAuth page-token", "0", "10", 10],
  );
  const finish = graph.calls.find(({ fields }) => fields.upload_phase === "finish");
  assert.deepEqual(
    [finish?.fields.video_state, finish?.fields.description, finish?.fields.title],
    ["PUBLISHED", "Hello", "T"],
  );
});

test("a cut upload goes on from where Facebook has it", async () => {
  const graph = scriptedGraph({
    ...reelScript,
    [`GET ${g}/77`]: [{ status: { uploading_phase: { bytes_transfered: 7 } } }, complete, published, {}],
  });
  await play(graph, contextOf(graph), reel, reelPost);
  const upload = graph.calls.find(({ line }) => line.includes("rupload"));
  assert.deepEqual([upload?.headers.offset, upload?.bytes], ["7", 3]);
});

test("a lost answer to finish is settled by the video's own status", async () => {
  for (const [status, kind] of [
    [published, "found"],
    [working, "found"],
    [{ status: { publishing_phase: { status: "not_started", publish_status: "draft" } } }, "absent_authoritative"],
    [{ status: { video_status: "processing" } }, "not_seen"],
    [
      { status: { processing_phase: { status: "in_progress" }, publishing_phase: { status: "not_started" } } },
      "not_seen",
    ],
  ] as const) {
    const graph = scriptedGraph({ [`GET ${g}/77`]: status });
    const answer = await probeOf(graph, contextOf(graph), reel, "finish", {
      post: reelPost,
      state: uploaded,
      intentAt,
    });
    assert.equal(answer.ok && answer.value.kind, kind);
  }
});

test("a finish that is refused because it took before counts as done", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/video_reels`]: graphError(100),
    [`GET ${g}/77`]: [published, published, {}],
  });
  const played = await play(graph, contextOf(graph), reel, reelPost, { state: uploaded });
  assert.equal(played.published?.externalId, "77");
});

test("a finish that is refused while Facebook works on the video is never called failed", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/videos`]: graphError(100),
    [`GET ${g}/77`]: { status: { video_status: "processing" } },
  });
  const state = { ...uploaded, sessionId: "s" };
  const played = await play(graph, contextOf(graph), video, postOf({ format: "video", media: [clip] }), { state });
  assert.deepEqual([played.at, played.failure?.kind], ["finish", "outcome_unknown"]);
});

test("a reel Facebook cannot process is rejected with Facebook's reason", async () => {
  const broken = {
    status: { video_status: "error", processing_phase: { status: "error", errors: [{ message: "Too short" }] } },
  };
  const graph = scriptedGraph({ ...reelScript, [`GET ${g}/77`]: [empty, complete, broken] });
  const played = await play(graph, contextOf(graph), reel, reelPost);
  assert.deepEqual(
    [played.failure?.kind, played.failure?.message, played.published],
    ["content_rejected", "Too short", undefined],
  );
});

test("a scheduled reel is handed over at once", async () => {
  const graph = scriptedGraph(reelScript);
  const publishAt = new Date("2026-11-21T10:00:00Z");
  const played = await play(graph, contextOf(graph), reel, reelPost, { publishAt });
  assert.deepEqual(played.steps, ["start_upload", "upload_bytes", "upload_bytes", "finish"]);
  assert.equal(played.published?.externalId, "77");
  assert.equal(graph.calls.at(-1)?.fields.video_state, "SCHEDULED");
});

test("a video goes up in the parts Facebook asks for and is finished once", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/videos`]: [
      { upload_session_id: "s", video_id: "77", start_offset: "0", end_offset: "6" },
      { start_offset: "6", end_offset: "10" },
      { start_offset: "10", end_offset: "10" },
      { success: true },
    ],
    [`GET ${g}/77`]: [{ status: { video_status: "ready" } }, { permalink_url: "https://www.facebook.com/v/77" }],
  });
  const played = await play(graph, contextOf(graph), video, postOf({ format: "video", media: [clip] }));
  assert.deepEqual(
    graph.calls.slice(0, 4).map(({ fields, bytes }) => [fields.upload_phase, fields.start_offset, bytes]),
    [
      ["start", undefined, 0],
      ["transfer", "0", 6],
      ["transfer", "6", 4],
      ["finish", undefined, 0],
    ],
  );
  assert.deepEqual(played.published, { externalId: "77", permalink: "https://www.facebook.com/v/77" });
});

test("neither an empty nor a negative answer to finish is a success", async () => {
  for (const answer of [{}, { success: false }, { id: "" }])
    for (const [format, line] of [
      [video, "videos"],
      [reel, "video_reels"],
      [videoStory, "video_stories"],
    ] as const) {
      const graph = scriptedGraph({ [`POST ${g}/123/${line}`]: answer, [`GET ${g}/123/stories`]: { data: [] } });
      const played = await play(graph, contextOf(graph), format, reelPost, { state: { ...uploaded, sessionId: "s" } });
      assert.deepEqual([played.at, played.failure?.kind], ["finish", "outcome_unknown"], JSON.stringify(answer));
    }
});

test("reels and stories read the id wherever the answer to finish has it", async () => {
  for (const answer of [{ success: true }, { id: "77" }, { post_id: 501 }, { success: true, post_id: "501" }]) {
    const graph = scriptedGraph({ [`POST ${g}/123/video_reels`]: answer, [`GET ${g}/77`]: [published, {}] });
    const played = await play(graph, contextOf(graph), reel, reelPost, { state: uploaded });
    assert.equal(played.published?.externalId, "77", JSON.stringify(answer));
  }
});

test("waiting grows and ends after a day without a claim that it is not out", async () => {
  const clock = clockAt("2026-11-20T10:00:00Z");
  const graph = scriptedGraph({ [`GET ${g}/77`]: working });
  const ctx = contextOf(graph, { clock });
  const step = reel.steps.find(({ name }) => name === "wait_until_live");
  const state = { ...uploaded, finished: true, finishedAt: clock.now().toISOString() };
  const first = await step?.run({ post: reelPost, state, prepared: null }, ctx);
  const later = await step?.run({ post: reelPost, state: { ...state, polls: 5 }, prepared: null }, ctx);
  assert.ok(first?.ok && later?.ok && (later.value.waitMs ?? 0) > (first.value.waitMs ?? 0));
  clock.forward(25 * 3_600_000);
  const end = await step?.run({ post: reelPost, state, prepared: null }, ctx);
  assert.equal(end && !end.ok && end.error.kind, "outcome_unknown");
});

test("a video story that never comes out is not waited for without end", async () => {
  const clock = clockAt("2026-11-20T10:00:00Z");
  const graph = scriptedGraph({ [`GET ${g}/77`]: working, [`GET ${g}/123/stories`]: { data: [] } });
  const step = videoStory.steps.find(({ name }) => name === "wait_until_live");
  const state = { ...uploaded, finished: true, finishedAt: clock.now().toISOString() };
  clock.forward(25 * 3_600_000);
  const end = await step?.run({ post: reelPost, state, prepared: null }, contextOf(graph, { clock }));
  assert.equal(end && !end.ok && end.error.kind, "outcome_unknown");
});

test("bytes go where Meta says while that is its own upload host, and nowhere else", async () => {
  const unversioned = "https://rupload.facebook.com/video-upload/77";
  for (const [told, line] of [
    [unversioned, "POST rupload.facebook.com/video-upload/77"],
    ["https://rupload.facebook.com/video-upload/v30.0/77", "POST rupload.facebook.com/video-upload/v30.0/77"],
    [`${unversioned}?token=1`, "POST rupload.facebook.com/video-upload/v25.0/77"],
    ["https://rupload.facebook.com.evil.example/x", "POST rupload.facebook.com/video-upload/v25.0/77"],
    ["http://rupload.facebook.com/video-upload/77", "POST rupload.facebook.com/video-upload/v25.0/77"],
    ["no address", "POST rupload.facebook.com/video-upload/v25.0/77"],
  ] as const) {
    const start = { video_id: 77, upload_url: told };
    const graph = scriptedGraph({
      ...reelScript,
      [`POST ${g}/123/video_reels`]: [start, { success: true }],
      [line]: { success: true },
    });
    const played = await play(graph, contextOf(graph), reel, reelPost);
    assert.equal(played.published?.externalId, "77", told);
    assert.ok(graph.calls.some((call) => call.line === line));
  }
});

const rupload = (type: string, retriable = false, status = 400) => ({
  $status: status,
  body: { debug_info: { type, retriable, message: "Video processing failed" } },
});
const uploadLine = "POST rupload.facebook.com/video-upload/v25.0/77";

/** Uploads a reel's bytes, up to the step that would show it. */
async function uploadWith(answers: Scripted | readonly Scripted[], statuses: readonly Scripted[]) {
  const graph = scriptedGraph({
    ...reelScript,
    [`POST ${g}/123/video_reels`]: ({ fields }) =>
      fields.upload_phase === "start" ? { video_id: "77" } : { success: true },
    [uploadLine]: answers,
    [`GET ${g}/77`]: statuses,
  });
  const { waits, failure } = await play(graph, contextOf(graph), reel, reelPost, { stopBefore: "finish" });
  return failure ? { graph, waits, failure } : { graph, waits, uploaded: true };
}
const starts = (graph: ReturnType<typeof scriptedGraph>) =>
  graph.calls.filter(({ fields }) => fields.upload_phase === "start").length;

test("a file the upload host blames is only blamed after three new sessions over about two hours", async () => {
  const { graph, waits, failure } = await uploadWith(rupload("ProcessingFailedError"), [empty]);
  assert.ok(failure?.kind === "content_rejected" && failure.field === "media");
  assert.equal(starts(graph), 4);
  const hours = waits.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  assert.ok(waits.length === 3 && hours >= 1.5 && hours <= 2.5, `${waits}`);
});

test("a blamed file whose upload Facebook has after all goes on, and one that passes later too", async () => {
  const later = await uploadWith(
    [rupload("ProcessingFailedError"), { success: true }],
    [empty, empty, empty, complete],
  );
  assert.equal(later.uploaded, true);
  assert.equal(starts(later.graph), 2);
  const had = await uploadWith(rupload("ProcessingFailedError"), [empty, complete]);
  assert.deepEqual([had.uploaded, had.waits, starts(had.graph)], [true, [], 1]);
});

test("errors of the upload host mean what its own page says", async () => {
  for (const [answer, kind] of [
    [rupload("NotAuthorizedError"), "auth_revoked"],
    [rupload("FileUrlProcessingError", false, 422), "operator_must_act"],
    [rupload("ProcessingFailedError", true), "unavailable"],
    [rupload("AnyError", false, 503), "unavailable"],
    [{ surprise: true }, "outcome_unknown"],
  ] as const) {
    const { failure } = await uploadWith(answer, [empty]);
    assert.equal(failure?.kind, kind, JSON.stringify(answer));
  }
  const cut = await uploadWith(
    [rupload("OffsetInvalidError", false, 412), { success: true }],
    [empty, { status: { uploading_phase: { bytes_transfered: 4 } } }, complete],
  );
  const sent = cut.graph.calls.filter(({ line }) => line === uploadLine);
  assert.deepEqual(
    sent.map(({ headers, bytes }) => [headers.offset, bytes]),
    [
      ["0", 10],
      ["4", 6],
    ],
  );
});

test("an upload Facebook does not call complete is never finished", async () => {
  const { graph, failure } = await uploadWith({ success: true }, [empty]);
  assert.equal(failure?.kind, "content_rejected");
  assert.ok(!graph.calls.some(({ fields }) => fields.upload_phase === "finish"));
});

test("a photo story is known by its photo, also when its answer was lost", async () => {
  const stories = {
    data: [{ post_id: "500", media_id: "9", url: "https://www.facebook.com/stories/500", status: "PUBLISHED" }],
  };
  const script = {
    [`POST ${g}/123/photos`]: { id: "9" },
    [`POST ${g}/123/photo_stories`]: { success: true, post_id: "500" },
    [`GET ${g}/123/stories`]: stories,
  };
  const graph = scriptedGraph(script);
  const post = postOf({ format: "photo_story", media: [medium()], text: "" });
  const played = await play(graph, contextOf(graph), photoStory, post);
  assert.deepEqual(played.published, { externalId: "500", permalink: "https://www.facebook.com/stories/500" });
  const again = scriptedGraph({ ...script, [`POST ${g}/123/photo_stories`]: graphError(100) });
  const replayed = await play(again, contextOf(again), photoStory, post, { state: { photoIds: ["9"] } });
  assert.equal(replayed.published?.externalId, "500");
  const probe = await probeOf(again, contextOf(again), photoStory, "publish_story", {
    post,
    state: { photoIds: ["8"] },
    intentAt,
  });
  assert.equal(probe.ok && probe.value.kind, "not_seen");
});

test("a video story is live once it stands among the Page's stories", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/video_stories`]: [{ video_id: "77" }, { success: true, post_id: "501" }],
    "POST rupload.facebook.com/video-upload/v25.0/77": { success: true },
    [`GET ${g}/77`]: [empty, complete, working],
    [`GET ${g}/123/stories`]: [
      { data: [] },
      { data: [{ post_id: "501", media_id: "77", url: "https://www.facebook.com/stories/501" }] },
    ],
  });
  const played = await play(
    graph,
    contextOf(graph),
    videoStory,
    postOf({ format: "video_story", media: [clip], text: "" }),
  );
  assert.deepEqual(played.published, { externalId: "501", permalink: "https://www.facebook.com/stories/501" });
});

const stages: readonly (readonly [object, VideoStage["is"]])[] = [
  [{}, "idle"],
  [{ video_status: "upload_complete" }, "idle"],
  [{ video_status: "ready" }, "live"],
  [{ video_status: "ready", publishing_phase: { publish_status: "draft" } }, "idle"],
  [{ video_status: "ready", publishing_phase: { status: "not_started" } }, "unclear"],
  [{ video_status: "processing" }, "unclear"],
  [{ video_status: "processing", processing_phase: { status: "not_started" } }, "idle"],
  [{ video_status: "processing", publishing_phase: { status: "not_started", publish_status: "draft" } }, "idle"],
  [{ processing_phase: { status: "in_progress" }, publishing_phase: { publish_status: "draft" } }, "unclear"],
  [{ processing_phase: { status: "not_started" }, publishing_phase: { publish_status: "draft" } }, "idle"],
  [{ video_status: "expired" }, "broken"],
  [{ video_status: "processing", processing_phase: { status: "not_started", error: { message: "x" } } }, "broken"],
  [{ video_status: "processing", processing_phase: { status: "not_started", errors: [{ code: 1 }] } }, "broken"],
  [{ video_status: "processing", processing_phase: { status: "not_started", errors: [] } }, "idle"],
  [{ processing_phase: { errors: [{}] }, publishing_phase: { publish_status: "published" } }, "live"],
  [{ publishing_phase: { publish_status: "scheduled" } }, "scheduled"],
  [{ publishing_phase: { publish_status: "error" } }, "broken"],
  [{ video_status: "a new word" }, "idle"],
];
for (const [status, is] of stages)
  test(`video status ${JSON.stringify(status)} is ${is}`, () => {
    const empty = { uploading_phase: undefined, processing_phase: undefined, publishing_phase: undefined };
    assert.equal(videoStage({ ...empty, ...status }).is, is);
  });

test("a part that came though its answer was lost is not sent again", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/videos`]: [
      { upload_session_id: "s", video_id: "77", start_offset: "0", end_offset: "6" },
      graphError(100),
      { start_offset: "10", end_offset: "10" },
      { success: true },
    ],
    [`GET ${g}/77`]: [
      { status: { uploading_phase: { bytes_transfered: 6 } } },
      { status: { video_status: "ready" } },
      {},
    ],
  });
  const played = await play(graph, contextOf(graph), video, postOf({ format: "video", media: [clip] }));
  assert.equal(played.published?.externalId, "77");
  assert.deepEqual([graph.calls[3]?.fields.start_offset, graph.calls[3]?.bytes], ["6", 4]);
});

test("a refused offset goes on where the error says, and a dead session begins anew", async () => {
  const start = { upload_session_id: "s", video_id: "77", start_offset: "0", end_offset: "10" };
  const done = [{ start_offset: "10", end_offset: "10" }, { success: true }];
  const ready = [{ status: { video_status: "ready" } }, {}];
  const line = `POST ${g}/123/videos`;
  const post = postOf({ format: "video", media: [clip] });
  for (const error_data of [{ start_offset: "4", end_offset: "10" }, '{"start_offset":4,"end_offset":10}']) {
    const graph = scriptedGraph({
      [line]: [start, graphError(1, 1363037, { error_data, is_transient: true }), ...done],
      [`GET ${g}/77`]: ready,
    });
    const played = await play(graph, contextOf(graph), video, post);
    assert.equal(played.published?.externalId, "77");
    assert.deepEqual([graph.calls[2]?.fields.start_offset, graph.calls[2]?.bytes], ["4", 6]);
  }
  const dead = scriptedGraph({ [line]: [start, graphError(1, 1363041), start, ...done], [`GET ${g}/77`]: ready });
  const again = await play(dead, contextOf(dead), video, post);
  assert.equal(again.published?.externalId, "77");
  assert.equal(dead.calls.filter(({ fields }) => fields.upload_phase === "start").length, 2);
});

test("an upload Facebook refuses outright begins anew twice, then names the medium", async () => {
  const start = { upload_session_id: "s", video_id: "77", start_offset: "0", end_offset: "10" };
  const line = `POST ${g}/123/videos`;
  const answer = ({ fields }: { fields: Readonly<Record<string, string>> }) =>
    fields.upload_phase === "start" ? start : graphError(100, 1349125);
  const graph = scriptedGraph({ [line]: answer, [`GET ${g}/77`]: { status: {} } });
  const played = await play(graph, contextOf(graph), video, postOf({ format: "video", media: [clip] }));
  assert.ok(played.failure?.kind === "content_rejected" && played.failure.field === "media");
  assert.equal(graph.calls.filter(({ fields }) => fields.upload_phase === "start").length, 3);
});
