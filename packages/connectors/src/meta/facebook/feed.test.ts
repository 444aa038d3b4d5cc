import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { contextOf, graphError, medium, play, postOf, probeOf, scriptedGraph } from "../scripted-graph.ts";
import { link, multiPhoto, photo, text } from "./feed.ts";

const g = "graph.facebook.com/v25.0";
const createLine = `POST ${g}/123/feed`;
const draft = `${g}/123_1`;
const two = {
  [createLine]: { id: "123_1" },
  [`POST ${draft}`]: { success: true },
  [`GET ${draft}`]: { is_published: true, permalink_url: "https://www.facebook.com/p/1" },
};

test("a post is made unseen first, then shown, and read back", async () => {
  const graph = scriptedGraph(two);
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.deepEqual(played.published, { externalId: "123_1", permalink: "https://www.facebook.com/p/1" });
  assert.deepEqual(played.steps, ["create_unpublished", "show"]);
  assert.equal(graph.calls[0]?.fields.published, "false");
  assert.deepEqual([graph.calls[1]?.line, graph.calls[1]?.fields.is_published], [`POST ${draft}`, "true"]);
});

test("every call is signed with the Page's token and, where the app's secret is at hand, its proof", async () => {
  const graph = scriptedGraph(two);
  await play(graph, contextOf(graph, { app: { app_id: "app1", app_secret: "s3" } }), text, postOf());
  for (const call of graph.calls) {
    assert.equal(call.fields.access_token, "page-token");
    assert.match(call.fields.appsecret_proof ?? "", /^[0-9a-f]{64}$/);
    assert.ok(!call.line.includes("page-token"));
  }
});

test("a lost answer while showing shows again and never makes a second post", async () => {
  const graph = scriptedGraph({ ...two, [`POST ${draft}`]: [{ $cut: "outcome_unknown" }, { success: true }] });
  const ctx = contextOf(graph);
  const first = await play(graph, ctx, text, postOf());
  assert.deepEqual([first.at, first.failure?.kind], ["show", "outcome_unknown"]);
  const again = await play(graph, ctx, text, postOf(), { state: first.state });
  assert.equal(again.published?.externalId, "123_1");
  assert.equal(graph.calls.filter(({ line }) => line === createLine).length, 1);
});

test("where Facebook refuses to show it, the unseen post is deleted before the post is sent in one step", async () => {
  const graph = scriptedGraph({
    [createLine]: [{ id: "123_1" }, { id: "123_2" }],
    [`POST ${draft}`]: graphError(100),
    [`GET ${draft}`]: { is_published: false },
    [`DELETE ${draft}`]: { success: true },
    [`GET ${g}/123_2`]: { id: "123_2", permalink_url: "https://www.facebook.com/p/2" },
  });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.equal(played.published?.externalId, "123_2");
  assert.deepEqual(played.steps, ["create_unpublished", "show", "drop_unpublished", "post", "permalink"]);
  assert.equal(graph.calls.filter(({ line }) => line === createLine)[1]?.fields.published, undefined);
});

test("photos that went away with the unseen post are sent again before the post goes out in one step", async () => {
  const graph = scriptedGraph({
    [createLine]: [{ id: "123_1" }, { id: "123_2" }],
    [`POST ${g}/123/photos`]: [{ id: "9" }, { id: "10" }],
    [`POST ${draft}`]: graphError(100),
    [`GET ${draft}`]: { is_published: false },
    [`DELETE ${draft}`]: { success: true },
    [`GET ${g}/123_2`]: { id: "123_2" },
  });
  const played = await play(graph, contextOf(graph), photo, postOf({ format: "photo", media: [medium()] }));
  assert.equal(played.published?.externalId, "123_2");
  const posts = graph.calls.filter(({ line }) => line === createLine);
  assert.equal(posts[1]?.fields.attached_media, '[{"media_fbid":"10"}]');
});

test("an unseen post that turns out to be shown is taken, not sent again", async () => {
  const graph = scriptedGraph({
    [createLine]: { id: "123_1" },
    [`POST ${draft}`]: graphError(100),
    [`GET ${draft}`]: { is_published: true },
  });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.equal(played.published?.externalId, "123_1");
  assert.equal(graph.calls.filter(({ line }) => line === createLine).length, 1);
});

test("a post Facebook calls unpublished after showing it is shown again before the other way is tried", async () => {
  const graph = scriptedGraph({ ...two, [`GET ${draft}`]: [{ is_published: false }, { is_published: true }] });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.deepEqual(played.steps.slice(0, 3), ["create_unpublished", "show", "show"]);
  assert.equal(played.published?.externalId, "123_1");
});

test("a failed look-up of the address leaves a live post live", async () => {
  const graph = scriptedGraph({
    [createLine]: { id: "123_1" },
    [`POST ${draft}`]: { success: true },
    [`GET ${draft}`]: [{ is_published: true }, graphError(2)],
  });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.equal(played.failure, undefined);
  assert.deepEqual(played.published, { externalId: "123_1", permalink: "https://www.facebook.com/123_1" });
});

const oneStep = { mode: "one_step", photoIds: [], showTries: 0 } as const;
const intentAt = new Date("2026-11-20T10:00:00Z");
const row = (id: string, more: object = {}) => ({
  id,
  message: "Hello",
  created_time: "2026-11-20T10:00:05+0000",
  ...more,
});

test("the probe finds the post by text and time and knows it as ours by the app", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/123/feed`]: {
      data: [
        row("123_9", { message: "Other" }),
        row("123_8", { application: { id: "app1" } }),
        row("123_7", { created_time: "2026-11-20T09:00:00+0000" }),
        row("123_6", { is_published: false }),
      ],
    },
  });
  const answer = await probeOf(graph, contextOf(graph), text, "post", { post: postOf(), state: oneStep, intentAt });
  assert.ok(answer.ok && answer.value.kind === "found");
  assert.deepEqual(
    answer.value.candidates.map(({ externalId, ours }) => [externalId, ours]),
    [["123_8", true]],
  );
});

test("a list that lacks the post proves nothing", async () => {
  const graph = scriptedGraph({ [`GET ${g}/123/feed`]: { data: [] } });
  const answer = await probeOf(graph, contextOf(graph), text, "post", { post: postOf(), state: oneStep, intentAt });
  assert.equal(answer.ok && answer.value.kind, "not_seen");
});

test("photos go up unseen one by one from our store, with their descriptions, and hang on one post", async () => {
  const graph = scriptedGraph({ ...two, [`POST ${g}/123/photos`]: [{ id: "9" }, { id: "10" }] });
  const media = [medium({ altText: "A cat" }), medium({ id: asId("media", "med_00000002") })];
  const played = await play(graph, contextOf(graph), multiPhoto, postOf({ format: "multi_photo", media }));
  assert.equal(played.published?.externalId, "123_1");
  const uploads = graph.calls.filter(({ line }) => line.endsWith("/photos"));
  assert.deepEqual(
    uploads.map(({ fields, bytes }) => [fields.published, fields.alt_text_custom, bytes]),
    [
      ["false", "A cat", 10],
      ["false", undefined, 10],
    ],
  );
  assert.equal(graph.calls[2]?.fields.attached_media, '[{"media_fbid":"9"},{"media_fbid":"10"}]');
  assert.equal(graph.calls[2]?.fields.link, undefined);
});

test("a refused photo names the medium and is not sent again", async () => {
  const graph = scriptedGraph({ [`POST ${g}/123/photos`]: graphError(324, 1366046) });
  const played = await play(graph, contextOf(graph), photo, postOf({ format: "photo", media: [medium()] }));
  assert.deepEqual([played.at, played.failure?.kind], ["upload_photo", "content_rejected"]);
});

test("a link post carries link and countries", async () => {
  const graph = scriptedGraph(two);
  const options = { link: "https://example.com/a", countries: ["DE"] };
  await play(graph, contextOf(graph), link, postOf({ format: "link", options }));
  assert.equal(graph.calls[0]?.fields.link, "https://example.com/a");
  assert.equal(graph.calls[0]?.fields.targeting, '{"geo_locations":{"countries":["DE"]}}');
});

test("Facebook holds the clock where it is asked to: one call, no showing", async () => {
  const graph = scriptedGraph({ [createLine]: { id: "123_1" }, [`POST ${g}/123/photos`]: { id: "9" } });
  const publishAt = new Date("2026-11-21T10:00:00Z");
  const played = await play(graph, contextOf(graph), photo, postOf({ format: "photo", media: [medium()] }), {
    publishAt,
  });
  assert.deepEqual(played.steps, ["upload_photo", "schedule"]);
  assert.equal(played.published?.externalId, "123_1");
  assert.equal(graph.calls[0]?.fields.temporary, "true");
  const { published, scheduled_publish_time, unpublished_content_type } = graph.calls[1]?.fields ?? {};
  assert.deepEqual(
    [published, scheduled_publish_time, unpublished_content_type],
    ["false", String(publishAt.getTime() / 1000), "SCHEDULED"],
  );
});

test("a refused first comment is noted and the post stays published", async () => {
  const graph = scriptedGraph({ ...two, [`POST ${draft}/comments`]: graphError(200) });
  const played = await play(graph, contextOf(graph), text, postOf({ options: { firstComment: "More below" } }));
  assert.equal(played.failure, undefined);
  assert.equal(played.published?.externalId, "123_1");
  assert.equal(graph.calls.filter(({ line }) => line.endsWith("/comments")).length, 1);
});

test("a lost answer to the first comment is looked up and never sent again", async () => {
  const graph = scriptedGraph({ [`GET ${draft}/comments`]: { data: [{ id: "c1", message: "More  below" }] } });
  const state = { mode: "two_step", photoIds: [], showTries: 0, liveId: "123_1", permalink: "https://x" };
  const post = postOf({ options: { firstComment: "More below" } });
  const answer = await probeOf(graph, contextOf(graph), text, "first_comment", { post, state, intentAt });
  assert.ok(answer.ok && answer.value.kind === "found");
  const next = answer.value.candidates[0]?.state;
  assert.equal(
    text.steps.every((step) => step.done(next, post)),
    true,
  );
});

test("a Page that may post but not make unseen posts goes out in one step, and a Page that may not post says so", async () => {
  const refuse = ({ fields }: { fields: Readonly<Record<string, string>> }) =>
    fields.published === "false" ? graphError(200) : { id: "123_2" };
  const graph = scriptedGraph({ [createLine]: refuse, [`GET ${g}/123_2`]: {} });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.equal(played.published?.externalId, "123_2");
  const never = scriptedGraph({ [createLine]: graphError(200) });
  const failed = await play(never, contextOf(never), text, postOf());
  assert.deepEqual([failed.at, failed.failure?.kind], ["post", "scope_missing"]);
});
