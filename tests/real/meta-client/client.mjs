/**
 * Meta's official Node client as a child process. Its parent names a step and what it starts from; the child takes it and tells what
 * the client made of the answers. Every address of Meta's is led to the simulator, whatever host the client chose. Plain JavaScript,
 * because the packages it needs are not part of POSTD's installation and so have no types there.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const sdk = require("facebook-nodejs-business-sdk");
const axios = createRequire(require.resolve("facebook-nodejs-business-sdk"))("axios");

const { simulatorUrl } = JSON.parse(process.argv[2]);
axios.interceptors.request.use((config) => ({
  ...config,
  url: config.url.replace(/^https:\/\/([^/?]+)/, (_, host) => `${simulatorUrl}/${host}`),
}));

const { FacebookAdsApi, FacebookAdsApiBatch, APIRequest, AdVideo, Comment, IGMedia, IGUser, Page, PagePost, User } =
  sdk;
const api = (token) => new FacebookAdsApi(token, "en_US", false);
const pageOf = ({ pageId, pageToken }) => new Page(pageId, {}, null, api(pageToken));
const postOf = ({ postId, pageToken }) => new PagePost(postId, {}, null, api(pageToken));
const igOf = ({ igId, igToken }) => new IGUser(igId, {}, null, api(igToken));
const data = (object) => object._data;

/** A cursor is an array that cannot be mapped itself: its constructor takes other arguments. */
const shown = (cursor) => ({
  rows: Array.from(cursor, data),
  hasNext: cursor.hasNext(),
  hasPrevious: cursor.hasPrevious(),
  ...(cursor.summary === undefined ? {} : { summary: cursor.summary }),
});

let cursor;
const first = async (edge) => {
  cursor = await edge;
  return shown(cursor);
};

/** A piece of a file as multipart, which the client itself cannot send: its `files` are dropped before they reach the wire. */
function form(fields, file, from, to) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set("video_file_chunk", new Blob([readFileSync(file).subarray(from, to)]), path.basename(file));
  return body;
}

async function inPieces({ pageId, pageToken, videoFile, sizeBytes, description }) {
  const call = (params) =>
    api(pageToken).call("POST", [pageId, "videos"], params, {}, false, FacebookAdsApi.GRAPH_VIDEO);
  const begun = await call({ upload_phase: "start", file_size: sizeBytes });
  let { start_offset: from, end_offset: to } = begun;
  while (from !== to) {
    const fields = { upload_phase: "transfer", upload_session_id: begun.upload_session_id, start_offset: from };
    ({ start_offset: from, end_offset: to } = await call(form(fields, videoFile, Number(from), Number(to))));
  }
  const end = await call({ upload_phase: "finish", upload_session_id: begun.upload_session_id, description });
  return { video_id: begun.video_id, ...end };
}

async function reel(input) {
  const page = pageOf(input);
  const begun = data(await page.createVideoReel([], { upload_phase: "START" }));
  // The client knows no rupload host; the guide's call is made by hand.
  await axios.post(begun.upload_url, readFileSync(input.videoFile), {
    headers: {
      authorization: `OAuth ${input.pageToken}`,
      offset: "0",
      file_size: String(input.sizeBytes),
      "content-type": "application/octet-stream",
    },
  });
  const params = {
    upload_phase: "FINISH",
    video_id: begun.video_id,
    video_state: "PUBLISHED",
    description: input.description,
  };
  return { video_id: begun.video_id, ...data(await page.createVideoReel([], params)) };
}

async function batch({ pageToken, requests }) {
  const answers = [];
  const made = new FacebookAdsApiBatch(api(pageToken));
  for (const { node, method, edge, fields, params } of requests) {
    const request = new APIRequest(node, method, edge).addFields(fields).addParams(params);
    const tell = (isSuccess) => (response) =>
      answers.push({
        isSuccess,
        code: response.statusCode,
        body: response.body,
        hasHeaders: response.headers !== undefined,
      });
    made.addRequest(request, tell(true), tell(false));
  }
  const again = await made.execute();
  return { answers, again: again === null ? 0 : again._batch.length };
}

const steps = {
  accounts: ({ userToken }) =>
    first(new User("me", {}, null, api(userToken)).getAccounts(["id", "name", "access_token", "tasks"], { limit: 1 })),
  next: async () => shown(await cursor.next()),
  previous: async () => shown(await cursor.previous()),
  byIds: async ({ ids, pageToken }) => (await PagePost.getByIds(ids, ["message"], {}, api(pageToken))).map(data),
  feed: async (input) => data(await pageOf(input).createFeed(input.fields ?? [], input.params)),
  photo: async (input) => data(await pageOf(input).createPhoto([], input.params)),
  photoStory: async (input) => data(await pageOf(input).createPhotoStory([], { photo_id: input.photoId })),
  scheduled: (input) => first(pageOf(input).getScheduledPosts(["id", "message", "scheduled_publish_time"])),
  ownUploader: async ({ pageId, pageToken, videoFile }) =>
    await new AdVideo(null, { filepath: videoFile }, pageId, api(pageToken)).create(),
  inPieces,
  reel,
  video: async ({ videoId, pageToken }) =>
    data(await new AdVideo(videoId, {}, null, api(pageToken)).read(["status", "post_id", "permalink_url"])),
  updatePost: (input) => postOf(input).update([], input.params),
  readPost: async (input) => data(await postOf(input).get(input.fields)),
  removePost: (input) => postOf(input).delete([]),
  posts: (input) => first(pageOf(input).getFeed(["id", "message"], { limit: 2 })),
  comment: async (input) => data(await postOf(input).createComment([], { message: input.message })),
  reply: async ({ commentId, pageToken, message }) =>
    data(await new Comment(commentId, {}, null, api(pageToken)).createComment([], { message })),
  hide: ({ commentId, pageToken }) => new Comment(commentId, {}, null, api(pageToken)).update([], { is_hidden: true }),
  comments: (input) => first(postOf(input).getComments(input.fields, input.params)),
  removeComment: ({ commentId, pageToken }) => new Comment(commentId, {}, null, api(pageToken)).delete([]),
  pageInsights: (input) => first(pageOf(input).getInsights([], input.params)),
  postInsights: (input) => first(postOf(input).getInsights([], input.params)),
  container: async (input) => data(await igOf(input).createMedia([], input.params)),
  containerStatus: async ({ containerId, igToken }) =>
    data(await new IGMedia(containerId, {}, null, api(igToken)).read(["status_code", "status"])),
  publish: async (input) => data(await igOf(input).createMediaPublish([], { creation_id: input.containerId })),
  limit: (input) => first(igOf(input).getContentPublishingLimit(["quota_usage", "config"])),
  media: async ({ mediaId, igToken, fields }) => data(await new IGMedia(mediaId, {}, null, api(igToken)).get(fields)),
  igComment: async ({ mediaId, igToken, message }) =>
    data(await new IGMedia(mediaId, {}, null, api(igToken)).createComment([], { message })),
  mediaInsights: ({ mediaId, igToken, metric }) =>
    first(new IGMedia(mediaId, {}, null, api(igToken)).getInsights([], { metric })),
  removeMedia: ({ mediaId, igToken }) => new IGMedia(mediaId, {}, null, api(igToken)).delete([]),
  batch,
  subscribe: async (input) =>
    data(await pageOf(input).createSubscribedApp([], { subscribed_fields: ["feed", "mention"] })),
};

process.on("message", async ({ step, input }) => {
  try {
    process.send({ value: (await steps[step](input)) ?? null });
  } catch (error) {
    const { name, message, status, response } = error;
    process.send({ error: { name, message, status, response } });
  }
});
process.once("disconnect", () => process.exit());
process.send({ ready: true, version: FacebookAdsApi.VERSION });
