import assert from "node:assert/strict";
import { test } from "node:test";
import { asId, type JsonObject } from "@postd/contracts";
import { contextOf, graphError, medium, play, postOf, probeOf, scriptedGraph } from "../scripted-graph.ts";
import { link, multiPhoto, photo, text } from "./feed.ts";

const g = "graph.facebook.com/v25.0";
const createLine = `POST ${g}/123/feed`;
const draft = `${g}/123_1`;
const unseen = { is_published: false };
const two = {
  [createLine]: { id: "123_1" },
  [`POST ${draft}`]: { success: true },
  [`GET ${draft}`]: [unseen, { is_published: true, permalink_url: "https://www.facebook.com/p/1" }],
};

test("a post is made unseen first, then shown, and read back", async () => {
  const graph = scriptedGraph(two);
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.deepEqual(played.published, { externalId: "123_1", permalink: "https://www.facebook.com/p/1" });
  assert.deepEqual(played.steps, ["create_unpublished", "check_unseen", "show"]);
  assert.equal(graph.calls[0]?.fields.published, "false");
  assert.deepEqual([graph.calls[2]?.line, graph.calls[2]?.fields.is_published], [`POST ${draft}`, "true"]);
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
  assert.deepEqual(played.steps, [
    "create_unpublished",
    "check_unseen",
    "show",
    "drop_unpublished",
    "post",
    "permalink",
  ]);
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

test("what Facebook refused to show is settled: a later call that never left is made again, not looked up", async () => {
  for (const [format, post] of [
    [text, postOf()],
    [photo, postOf({ format: "photo", media: [medium()] })],
  ] as const) {
    const graph = scriptedGraph({
      [createLine]: [{ id: "123_1" }, { $cut: "unavailable" }, { id: "123_2" }],
      [`POST ${g}/123/photos`]: [{ id: "9" }, { id: "10" }],
      [`POST ${draft}`]: graphError(100),
      [`GET ${draft}`]: { is_published: false },
      [`DELETE ${draft}`]: { success: true },
      [`GET ${g}/123_2`]: { id: "123_2" },
    });
    const played = await play(graph, contextOf(graph), format, post, { goesOn: true });
    assert.equal(played.published?.externalId, "123_2");
    assert.ok(!graph.calls.some(({ line }) => line === `GET ${g}/123/feed`), "nothing had to be looked up");
  }
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
  const graph = scriptedGraph({ ...two, [`GET ${draft}`]: [unseen, unseen, { is_published: true }] });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.deepEqual(played.steps.slice(0, 4), ["create_unpublished", "check_unseen", "show", "show"]);
  assert.equal(played.published?.externalId, "123_1");
});

test("a failed look-up of the address leaves a live post live", async () => {
  const graph = scriptedGraph({
    [createLine]: { id: "123_1" },
    [`POST ${draft}`]: { success: true },
    [`GET ${draft}`]: [unseen, { is_published: true }, graphError(2)],
  });
  const played = await play(graph, contextOf(graph), text, postOf());
  assert.equal(played.failure, undefined);
  assert.deepEqual(played.published, { externalId: "123_1", permalink: "https://www.facebook.com/123_1" });
});

const oneStep = { mode: "one_step", photoIds: [], showTries: 0 } as const;
const intentAt = new Date("2026-11-20T10:00:00Z");
const row = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  message: "Hello",
  created_time: "2026-11-20T10:00:05+0000",
  ...more,
});

const photosOf = (...ids: string[]) => ({
  attachments: { data: ids.map((id) => ({ media_type: "photo", target: { id } })) },
});
const albumOf = (...ids: string[]) => ({
  attachments: { data: [{ media_type: "album", subattachments: photosOf(...ids).attachments }] },
});
const video = { attachments: { data: [{ media_type: "video", target: { id: "5" } }] } };
const card = { attachments: { data: [{ media_type: "link" }] } };
const candidatesOf = async (rows: JsonObject[], post = postOf(), state: JsonObject = oneStep, format = text) => {
  const graph = scriptedGraph({ [`GET ${g}/123/feed`]: { data: rows }, [`GET ${g}/9`]: {} });
  const answer = await probeOf(graph, contextOf(graph), format, "post", { post, state: { ...state }, intentAt });
  assert.ok(answer.ok);
  return answer.value.kind === "found"
    ? answer.value.candidates.map(({ externalId, ours }) => [externalId, ours])
    : answer.value.kind;
};

test("the probe finds live posts by text, media and time, and the app's name makes none of them ours", async () => {
  const rows = [
    row("123_9", { message: "Other" }),
    row("123_8", { application: { id: "app1" } }),
    row("123_7", { created_time: "2026-11-20T09:00:00+0000" }),
    row("123_6", { is_published: false }),
    row("123_5", { scheduled_publish_time: 1_795_000_000 }),
    row("123_4", photosOf("1")),
    row("123_3", video),
  ];
  assert.deepEqual(await candidatesOf(rows), [["123_8", false]]);
});

test("a post of the same text with other pictures is never this job's; its own photos prove it", async () => {
  const media = [medium(), medium({ id: asId("media", "med_00000002") })];
  const post = postOf({ format: "multi_photo", media });
  const state = { ...oneStep, photoIds: ["9", "10"] };
  const look = (...rows: JsonObject[]) => candidatesOf(rows, post, state, multiPhoto);
  assert.deepEqual(await look(row("123_1", albumOf("9", "10"))), [["123_1", true]]);
  assert.deepEqual(await look(row("123_1", albumOf("10", "9"))), [["123_1", true]]);
  for (const other of [{}, albumOf("9", "11"), albumOf("9"), albumOf("9", "10", "11"), photosOf("1", "2"), video, card])
    assert.equal(await look(row("123_2", other)), "not_seen", JSON.stringify(other));
  const unnamed = { attachments: { data: [{ media_type: "photo" }, { media_type: "photo" }] } };
  assert.deepEqual(await look(row("123_2", unnamed)), [["123_2", false]]);
});

test("a link post is told apart from bare text and from pictures", async () => {
  const post = postOf({ format: "link", options: { link: "https://example.com/a" } });
  const rows = [row("123_1", card), row("123_2"), row("123_3", photosOf("1"))];
  assert.deepEqual(await candidatesOf(rows, post, oneStep, link), [["123_1", false]]);
});

test("our unpublished post tells by itself whether it is out, and nothing else is asked", async () => {
  const state = { mode: "two_step", photoIds: [], showTries: 0, draftId: "123_1", isUnseen: true };
  for (const [answer, kind] of [
    [{ is_published: true }, "found"],
    [unseen, "absent_authoritative"],
    [{}, "not_seen"],
    [graphError(100, 33), "not_seen"],
  ] as const) {
    const graph = scriptedGraph({ [`GET ${draft}`]: answer });
    const probed = await probeOf(graph, contextOf(graph), text, "show", { post: postOf(), state, intentAt });
    assert.equal(probed.ok && probed.value.kind, kind, JSON.stringify(answer));
    if (probed.ok && probed.value.kind === "found") assert.equal(probed.value.candidates[0]?.ours, true);
  }
});

test("a post with media that came out at once is taken as it is and never shown again", async () => {
  const graph = scriptedGraph({
    [`POST ${g}/123/photos`]: { id: "9" },
    [createLine]: { id: "123_1" },
    [`GET ${draft}`]: { is_published: true },
  });
  const played = await play(graph, contextOf(graph), photo, postOf({ format: "photo", media: [medium()] }));
  assert.deepEqual(played.steps, ["upload_photo", "create_unpublished_with_media", "check_unseen", "permalink"]);
  assert.equal(played.published?.externalId, "123_1");
});

test("a lost answer to making a post with media is looked up by its photo before it is made again", async () => {
  const post = postOf({ format: "photo", media: [medium()] });
  const state = { mode: "two_step", photoIds: ["9"], showTries: 0 };
  const cases = [
    [{ [`GET ${g}/9`]: {} }, "absent_authoritative"],
    [{ [`GET ${g}/9`]: { page_story_id: "123_1" }, [`GET ${draft}`]: unseen }, "absent_authoritative"],
    [{ [`GET ${g}/9`]: { page_story_id: "123_1" }, [`GET ${draft}`]: { is_published: true } }, "found"],
    [{ [`GET ${g}/9`]: graphError(100, 33), [`GET ${g}/123/promotable_posts`]: graphError(100) }, "not_seen"],
  ] as const;
  for (const [script, kind] of cases) {
    const graph = scriptedGraph({ ...script, [`GET ${g}/123/feed`]: { data: [row("123_7")] } });
    const input = { post, state, intentAt };
    const answer = await probeOf(graph, contextOf(graph), photo, "create_unpublished_with_media", input);
    assert.equal(answer.ok && answer.value.kind, kind, JSON.stringify(script));
  }
});

test("a lost answer to making a link post is settled by the Page's lists of shown and unseen posts", async () => {
  const post = postOf({ format: "link", options: { link: "https://example.com/a" } });
  const state = { mode: "two_step", photoIds: [], showTries: 0 };
  for (const [shown, hidden, kind] of [
    [[row("123_1", card)], [], "found"],
    [[], [row("123_1", { ...card, is_published: false })], "absent_authoritative"],
    [[row("123_2")], [row("123_3", { is_published: false })], "not_seen"],
  ] as const) {
    const graph = scriptedGraph({
      [`GET ${g}/123/feed`]: { data: [...shown] },
      [`GET ${g}/123/promotable_posts`]: { data: [...hidden] },
    });
    const input = { post, state, intentAt };
    const answer = await probeOf(graph, contextOf(graph), link, "create_unpublished_with_media", input);
    assert.equal(answer.ok && answer.value.kind, kind);
  }
});

test("a lost answer to scheduling finds the waiting post of this time, not another one and not a live one", async () => {
  const publishAt = new Date("2026-11-21T10:00:00Z");
  const state = { mode: "scheduled", photoIds: [], showTries: 0, publishAt: publishAt.toISOString() };
  const at = publishAt.getTime() / 1000;
  const rows = [
    row("123_1", { is_published: false, scheduled_publish_time: at }),
    row("123_2", { is_published: false, scheduled_publish_time: at + 3600 }),
    row("123_3", { is_published: true }),
  ];
  const graph = scriptedGraph({ [`GET ${g}/123/scheduled_posts`]: { data: rows } });
  const answer = await probeOf(graph, contextOf(graph), text, "schedule", { post: postOf(), state, intentAt });
  assert.ok(answer.ok && answer.value.kind === "found");
  assert.deepEqual(
    answer.value.candidates.map(({ externalId, ours }) => [externalId, ours]),
    [["123_1", false]],
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

test("a lost answer to the first comment leaves the named post published, is looked up, and nothing is sent again", async () => {
  const post = postOf({ options: { firstComment: "More below" } });
  for (const [comments, note] of [
    [{ data: [{ id: "c1", message: "More  below" }] }, false],
    [{ data: [{ id: "c1", message: "Other" }] }, true],
    [graphError(200), true],
  ] as const) {
    const graph = scriptedGraph({
      ...two,
      [`POST ${draft}/comments`]: { $cut: "outcome_unknown" },
      [`GET ${draft}/comments`]: comments,
    });
    const played = await play(graph, contextOf(graph), text, post);
    assert.equal(played.failure, undefined);
    assert.equal(played.published?.externalId, "123_1");
    assert.equal(played.steps.at(-1), "check_first_comment");
    assert.equal(typeof played.state.commentNote === "string", note);
    assert.equal(graph.calls.filter(({ line }) => line === `POST ${draft}/comments`).length, 1);
  }
});

test("the post is named before the first comment is begun, in every format that has one", () => {
  for (const format of [text, link, photo, multiPhoto]) {
    const names = format.steps.map(({ name }) => name);
    assert.deepEqual(names.slice(-2), ["first_comment", "check_first_comment"]);
    assert.ok(names.indexOf("permalink") < names.indexOf("first_comment"));
  }
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
