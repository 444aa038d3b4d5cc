import assert from "node:assert/strict";
import { test } from "node:test";
import { asId, type JsonObject } from "@postd/contracts";
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
import { carousel, image, reel, story } from "./formats.ts";
import type { InstagramState } from "./state.ts";

const g = "graph.facebook.com/v25.0";
const account = { externalId: "789", kind: "professional", authKind: "facebook_login", extras: { pageId: "123" } };
const own = { ...account, authKind: "instagram_login", extras: {} };
const finished = { status_code: "FINISHED" };
const quota = { data: [{ quota_usage: 3, config: { quota_total: 100, quota_duration: 86_400 } }] };
const imagePost = postOf({ format: "image", media: [medium({ altText: "A cat" })] });
const intentAt = new Date("2026-11-20T10:00:00Z");
const ready = {
  quotaChecked: true,
  childIds: [],
  readyChildren: 0,
  containerId: "c1",
  ready: true,
  polls: 0,
  remakes: 0,
  detailsRead: false,
};

const script = (host = g) => ({
  [`GET ${host}/789/content_publishing_limit`]: quota,
  [`POST ${host}/789/media`]: { id: "c1" },
  [`GET ${host}/c1`]: finished,
  [`POST ${host}/789/media_publish`]: { id: "m1" },
  [`GET ${host}/m1`]: { id: "m1", permalink: "https://www.instagram.com/p/x/" },
});

test("an image goes container, status, publish, address, and its file is pulled from a public address", async () => {
  const graph = scriptedGraph(script());
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.deepEqual(played.published, { externalId: "m1", permalink: "https://www.instagram.com/p/x/" });
  assert.deepEqual(played.steps, ["check_quota", "make_container", "wait_until_ready", "publish", "details"]);
  const { image_url, caption, alt_text, media_type } = graph.calls[1]?.fields ?? {};
  assert.deepEqual(
    [image_url, caption, alt_text, media_type],
    ["https://media.example/med_00000001?sig=s", "Hello", "A cat", undefined],
  );
  assert.ok(!JSON.stringify(played.state).includes("sig="), "a signed address is never stored");
});

test("products are tagged where they stand in the picture, and the first comment follows the post", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`POST ${g}/m1/comments`]: { id: "k1" },
  });
  const productTags = [{ productId: "42", productName: "Beans", price: "9 EUR", position: { x: 0.25, y: 0.5 } }];
  const post = { ...imagePost, productTags, firstComment: "More below" };
  const played = await play(graph, contextOf(graph, { account }), image, post);
  assert.equal(played.failure, undefined);
  assert.deepEqual(JSON.parse(String(graph.calls[1]?.fields.product_tags)), [{ product_id: "42", x: 0.25, y: 0.5 }]);
  const comment = graph.calls.find(({ line }) => line === `POST ${g}/m1/comments`);
  assert.equal(comment?.fields.message, "More below");
});

test("an account of Instagram's own login uses its own host and no proof of the Meta app", async () => {
  const graph = scriptedGraph(script("graph.instagram.com/v25.0"));
  const app = { app_id: "i", app_secret: "s" };
  const played = await play(graph, contextOf(graph, { account: own, app }), image, imagePost);
  assert.equal(played.published?.externalId, "m1");
  assert.ok(graph.calls.every(({ fields }) => fields.appsecret_proof === undefined));
});

test("a used-up day holds the post until a place frees, before anything is made", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`GET ${g}/789/content_publishing_limit`]: {
      data: [{ quota_usage: 50, config: { quota_total: 50, quota_duration: 86_400 } }],
    },
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  const failure = played.failure;
  assert.ok(failure?.kind === "rate_limited" && failure.quota && failure.retryAfterMs);
  assert.equal(graph.calls.length, 1);
});

test("a carousel makes its items one by one, waits for each, then the parent", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`POST ${g}/789/media`]: [{ id: "k1" }, { id: "k2" }, { id: "c1" }],
    [`GET ${g}/k1`]: finished,
    [`GET ${g}/k2`]: [{ status_code: "IN_PROGRESS" }, finished],
  });
  const clip = medium({ id: asId("media", "med_00000002"), kind: "video", mimeType: "video/mp4" });
  const post = postOf({
    format: "carousel",
    media: [medium({ altText: "A cat" }), clip],
    options: { userTags: [{ username: "@ida", item: 1 }] },
  });
  const played = await play(graph, contextOf(graph, { account }), carousel, post);
  assert.equal(played.published?.externalId, "m1");
  const [first, second, parent] = graph.calls
    .filter(({ line }) => line.endsWith("/789/media"))
    .map(({ fields }) => fields);
  assert.deepEqual([first?.is_carousel_item, first?.alt_text, first?.caption], ["true", "A cat", undefined]);
  assert.deepEqual(
    [second?.media_type, second?.user_tags, second?.video_url?.split("?")[0]],
    ["VIDEO", '[{"username":"ida"}]', "https://media.example/med_00000002"],
  );
  assert.deepEqual([parent?.media_type, parent?.children, parent?.caption], ["CAROUSEL", "k1,k2", "Hello"]);
});

test("a carousel whose items ended while it waited makes them anew, and does not ask for them for ever", async () => {
  const gone = graphError(24, 2207008);
  const items = { [`GET ${g}/k1`]: finished, [`GET ${g}/k2`]: finished };
  const media = [medium(), medium({ id: asId("media", "med_00000002") })];
  const post = postOf({ format: "carousel", media });
  const made = [{ id: "k1" }, { id: "k2" }];
  const graph = scriptedGraph({
    ...script(),
    ...items,
    [`POST ${g}/789/media`]: [...made, gone, ...made, { id: "c1" }],
  });
  const played = await play(graph, contextOf(graph, { account }), carousel, post);
  assert.equal(played.published?.externalId, "m1");
  const never = scriptedGraph({
    ...script(),
    ...items,
    [`POST ${g}/789/media`]: [...made, gone, ...made, gone, ...made, gone],
    [`GET ${g}/789`]: { id: "789" },
  });
  const failed = await play(never, contextOf(never, { account }), carousel, post);
  assert.deepEqual([failed.at, failed.failure?.kind], ["make_container", "content_rejected"]);
});

test("a reel carries its options, a cover image instead of a frame", async () => {
  const graph = scriptedGraph(script());
  const media = [medium({ kind: "video", mimeType: "video/mp4" })];
  const options = {
    shareToFeed: false,
    collaborators: ["ida"],
    locationId: "55",
    thumbOffsetMs: 900,
    coverMediaId: "med_00000009",
    isAiGenerated: true,
  };
  await play(graph, contextOf(graph, { account }), reel, postOf({ format: "reel", media, options }));
  const { access_token: _, ...fields } = graph.calls[1]?.fields ?? {};
  assert.deepEqual(fields, {
    media_type: "REELS",
    caption: "Hello",
    share_to_feed: "false",
    collaborators: '["ida"]',
    location_id: "55",
    is_ai_generated: "true",
    video_url: "https://media.example/med_00000001?sig=s",
    cover_url: "https://media.example/med_00000009?sig=s",
  });
});

test("a story goes without words", async () => {
  const graph = scriptedGraph(script());
  await play(graph, contextOf(graph, { account }), story, postOf({ format: "story", media: [medium()] }));
  assert.deepEqual([graph.calls[1]?.fields.media_type, graph.calls[1]?.fields.caption], ["STORIES", undefined]);
});

test("an account that may not publish stories keeps its connection; a missing permission does not", async () => {
  const post = postOf({ format: "story", text: "", media: [medium()] });
  const cases = [
    [["instagram_content_publish"], "content_rejected"],
    [undefined, "content_rejected"],
    [["instagram_basic"], "scope_missing"],
  ] as const;
  for (const [scopes, kind] of cases) {
    const graph = scriptedGraph({ ...script(), [`POST ${g}/789/media`]: graphError(10) });
    const ctx = contextOf(graph, { account });
    const credentials = { ...ctx.credentials, ...(scopes && { scopes }) };
    const played = await play(graph, { ...ctx, credentials }, story, post);
    assert.equal(played.failure?.kind, kind);
  }
  const graph = scriptedGraph({ ...script(), [`POST ${g}/789/media`]: graphError(10) });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.equal(played.failure?.kind, "scope_missing", "other formats need no more than the permission");
});

test("an expired or broken container is made anew, twice at most", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`POST ${g}/789/media`]: [{ id: "c0" }, { id: "c1" }],
    [`GET ${g}/c0`]: { status_code: "EXPIRED" },
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.equal(played.published?.externalId, "m1");
  const never = scriptedGraph({ ...script(), [`GET ${g}/c1`]: { status_code: "ERROR", status: "Error: 2207003" } });
  const failed = await play(never, contextOf(never, { account }), image, imagePost);
  // Not `unavailable`: the pipeline would look at the same broken container for ever.
  assert.deepEqual([failed.at, failed.failure?.kind], ["wait_until_ready", "content_rejected"]);
  assert.equal(never.calls.filter(({ line }) => line.endsWith("/789/media")).length, 3);
});

test("a post that a person sends again later gets a new container", async () => {
  const clock = clockAt("2026-11-20T10:00:00Z");
  const broken = { status_code: "ERROR", status: "Error: 2207003" };
  const made = [{ id: "c0" }, { id: "c0" }, { id: "c0" }, { id: "c1" }];
  const graph = scriptedGraph({ ...script(), [`POST ${g}/789/media`]: made, [`GET ${g}/c0`]: broken });
  const ctx = contextOf(graph, { account, clock });
  const failed = await play(graph, ctx, image, imagePost);
  assert.equal(failed.failure?.kind, "content_rejected");
  clock.forward(20 * 60_000);
  const again = await play(graph, ctx, image, imagePost, { state: failed.state });
  assert.equal(again.published?.externalId, "m1");
});

test("media Instagram will never take is rejected at once", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`GET ${g}/c1`]: { status_code: "ERROR", status: "Error: Media upload has failed with error code 2207026" },
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.ok(played.failure?.kind === "content_rejected" && played.failure.field === "media");
  assert.equal(graph.calls.filter(({ line }) => line.endsWith("/789/media")).length, 1);
});

test("waiting backs off to a minute and gives up after half an hour without an effect", async () => {
  const clock = clockAt("2026-11-20T10:00:00Z");
  const graph = scriptedGraph({ [`GET ${g}/c1`]: { status_code: "IN_PROGRESS" } });
  const ctx = contextOf(graph, { account, clock });
  const step = image.steps.find(({ name }) => name === "wait_until_ready");
  const waits: (number | undefined)[] = [];
  let state: InstagramState = { ...ready, ready: false };
  for (let i = 0; i < 8; i++) {
    const run = await step?.run({ post: imagePost, state, prepared: null }, ctx);
    assert.ok(run?.ok);
    waits.push(run.value.waitMs);
    state = run.value.state;
  }
  assert.equal(waits[0], 3000);
  assert.equal(waits.at(-1), 60_000);
  clock.forward(31 * 60_000);
  const end = await step?.run({ post: imagePost, state, prepared: null }, ctx);
  assert.equal(end && !end.ok && end.error.kind, "unavailable");
});

test("publishing too early goes back to waiting", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`POST ${g}/789/media_publish`]: [graphError(9007, 2207027), { id: "m1" }],
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.deepEqual(played.steps, [
    "check_quota",
    "make_container",
    "wait_until_ready",
    "publish",
    "wait_until_ready",
    "publish",
    "details",
  ]);
});

test("a container Instagram calls published is never published again, and which post it is is looked up", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/c1`]: { status_code: "PUBLISHED" },
    [`GET ${g}/m1`]: { id: "m1" },
    [`GET ${g}/789/media`]: { data: [{ id: "m1", caption: "Hello", timestamp: "2026-11-20T10:00:20+0000" }] },
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost, { state: ready, goesOn: true });
  assert.deepEqual([played.steps, played.published?.externalId], [["publish", "details"], "m1"]);
  assert.ok(!graph.calls.some(({ line }) => line.endsWith("media_publish")));
});

test("a container that was given up and came out all the same is the post; the new one is not published", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`POST ${g}/789/media`]: [{ id: "c1" }, { id: "c2" }],
    [`GET ${g}/c1`]: [finished, finished, { status_code: "PUBLISHED" }],
    [`GET ${g}/c2`]: finished,
    [`POST ${g}/789/media_publish`]: [graphError(24, 2207006), { id: "m2" }],
    [`GET ${g}/789/media`]: { data: [{ id: "m1", caption: "Hello", timestamp: "2026-11-20T10:00:20+0000" }] },
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost, { goesOn: true });
  const calls = graph.calls.filter(({ line }) => line.endsWith("media_publish"));
  assert.deepEqual([played.published?.externalId, calls.length], ["m1", 1]);
});

test("another tool's post of the same words is never taken for this one: kind and items must fit", async () => {
  const at = "2026-11-20T10:00:20+0000";
  const row = (id: string, more: JsonObject) => ({ id, caption: "Hello", timestamp: at, ...more });
  const clip = medium({ kind: "video", mimeType: "video/mp4" });
  const children = (...kinds: string[]) => ({ children: { data: kinds.map((media_type) => ({ media_type })) } });
  const rows = [
    row("image", { media_type: "IMAGE", media_product_type: "FEED" }),
    row("reel", { media_type: "VIDEO", media_product_type: "REELS" }),
    row("two", { media_type: "CAROUSEL_ALBUM", ...children("IMAGE", "VIDEO") }),
    row("three", { media_type: "CAROUSEL_ALBUM", ...children("IMAGE", "IMAGE", "VIDEO") }),
    row("old", { media_type: "IMAGE", timestamp: "2026-11-20T09:00:00+0000" }),
  ];
  for (const [format, post, id] of [
    [image, imagePost, "image"],
    [reel, postOf({ format: "reel", media: [clip] }), "reel"],
    [carousel, postOf({ format: "carousel", media: [medium(), clip] }), "two"],
  ] as const) {
    const graph = scriptedGraph({
      [`GET ${g}/c1`]: { status_code: "PUBLISHED" },
      [`GET ${g}/789/media`]: { data: rows },
    });
    const ctx = contextOf(graph, { account });
    const answer = await probeOf(graph, ctx, format, "publish", { post, state: ready, intentAt });
    assert.ok(answer.ok && answer.value.kind === "found");
    assert.deepEqual(
      answer.value.candidates.map((it) => [it.externalId, it.ours]),
      [[id, true]],
    );
  }
});

test("two posts that could be it are both shown to a person, and without our container none is ours", async () => {
  const row = { caption: "Hello", timestamp: "2026-11-20T10:00:20+0000" };
  const data = [
    { id: "m1", ...row },
    { id: "m2", ...row },
  ];
  const ours = async (container: Scripted, list: JsonObject[]) => {
    const graph = scriptedGraph({ [`GET ${g}/c1`]: container, [`GET ${g}/789/media`]: { data: list } });
    const input = { post: imagePost, state: ready, intentAt };
    const answer = await probeOf(graph, contextOf(graph, { account }), image, "publish", input);
    return answer.ok && answer.value.kind === "found" && answer.value.candidates.map((it) => it.ours);
  };
  assert.deepEqual(await ours({ status_code: "PUBLISHED" }, data), [false, false]);
  assert.deepEqual(await ours(graphError(24, 2207006), data.slice(1)), [false]);
});

test("a published container no list names stays published without an address, once lists had their time", async () => {
  const clock = clockAt("2026-11-20T10:00:00Z");
  const graph = scriptedGraph({ [`GET ${g}/c1`]: { status_code: "PUBLISHED" }, [`GET ${g}/789/media`]: { data: [] } });
  const ctx = contextOf(graph, { account, clock });
  const input = { post: imagePost, state: ready, intentAt };
  const early = await probeOf(graph, ctx, image, "publish", input);
  assert.equal(early.ok && early.value.kind, "not_seen");
  clock.forward(180_000);
  const late = await probeOf(graph, ctx, image, "publish", input);
  assert.ok(late.ok && late.value.kind === "found");
  const [only] = late.value.candidates;
  assert.deepEqual([only?.externalId, only?.permalink, only?.ours], ["c1", undefined, true]);
  assert.ok(image.steps.every((step) => step.done(only?.state, imagePost)));
});

test("a container Instagram does not find is made anew twice; then the sign-in is looked at, and never called revoked", async () => {
  const lost = (page: Scripted) =>
    scriptedGraph({
      ...script(),
      [`POST ${g}/789/media`]: [{ id: "c0" }, { id: "c0" }, { id: "c1" }],
      [`GET ${g}/c0`]: finished,
      [`POST ${g}/789/media_publish`]: graphError(24, 2207006),
      [`GET ${g}/789`]: page,
    });
  const well = lost({ id: "789", username: "bakery" });
  const failed = await play(well, contextOf(well, { account }), image, imagePost);
  assert.ok(failed.failure?.kind === "content_rejected" && failed.failure.field === "media");
  assert.equal(well.calls.filter(({ line }) => line.endsWith("/789/media")).length, 3);
  const bad = lost(graphError(190, 460));
  assert.equal((await play(bad, contextOf(bad, { account }), image, imagePost)).failure?.kind, "auth_revoked");
  const weak = lost({ id: "789" });
  const ctx = contextOf(weak, { account });
  const credentials = { ...ctx.credentials, scopes: ["instagram_basic"] };
  assert.equal((await play(weak, { ...ctx, credentials }, image, imagePost)).failure?.kind, "scope_missing");
});

test("Instagram's own trouble at publishing is tried again with the same container, then with a new one", async () => {
  for (const trouble of [graphError(-1, 2207085), graphError(24, 2207008)]) {
    const graph = scriptedGraph({
      ...script(),
      [`POST ${g}/789/media`]: [{ id: "c0" }, { id: "c1" }],
      [`GET ${g}/c0`]: finished,
      [`POST ${g}/789/media_publish`]: ({ fields }) => (fields.creation_id === "c0" ? trouble : { id: "m1" }),
    });
    const played = await play(graph, contextOf(graph, { account }), image, imagePost);
    assert.equal(played.published?.externalId, "m1");
    const sent = graph.calls.filter(({ line }) => line.endsWith("media_publish"));
    assert.deepEqual(
      sent.map(({ fields }) => fields.creation_id),
      ["c0", "c0", "c0", "c1"],
    );
  }
});

test("after trouble at publishing the container is read before anything is sent again", async () => {
  const graph = scriptedGraph({
    ...script(),
    [`GET ${g}/c1`]: [finished, finished, { status_code: "PUBLISHED" }],
    [`POST ${g}/789/media_publish`]: graphError(-1, 2207085),
  });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.equal(played.failure?.kind, "outcome_unknown");
  assert.equal(graph.calls.filter(({ line }) => line.endsWith("media_publish")).length, 1);
});

test("a lost answer to publish is settled by the container, and only by it", async () => {
  const media = {
    data: [
      { id: "m1", caption: "Hello ", timestamp: "2026-11-20T10:00:20+0000" },
      { id: "m0", caption: "Hello", timestamp: "2026-11-20T09:00:00+0000" },
    ],
  };
  const cases = [
    [{ status_code: "PUBLISHED" }, media, "found"],
    [{ status_code: "PUBLISHED" }, { data: [] }, "not_seen"],
    [finished, media, "absent_authoritative"],
    [{ status_code: "EXPIRED" }, media, "absent_authoritative"],
    [{ status_code: "IN_PROGRESS" }, media, "not_seen"],
    [graphError(24, 2207006), { data: [] }, "not_seen"],
  ] as const;
  for (const [status, list, kind] of cases) {
    const graph = scriptedGraph({ [`GET ${g}/c1`]: status, [`GET ${g}/789/media`]: list });
    const answer = await probeOf(graph, contextOf(graph, { account }), image, "publish", {
      post: imagePost,
      state: ready,
      intentAt,
    });
    assert.equal(answer.ok && answer.value.kind, kind, JSON.stringify(status));
    if (answer.ok && answer.value.kind === "found")
      assert.deepEqual(
        answer.value.candidates.map((it) => [it.externalId, it.ours]),
        [["m1", true]],
      );
  }
});

test("a failed look-up of the address leaves a live post live", async () => {
  const graph = scriptedGraph({ ...script(), [`GET ${g}/m1`]: graphError(2) });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.deepEqual([played.failure, played.published], [undefined, { externalId: "m1" }]);
});

test("a file Instagram could not fetch is offered twice more, then rejected with the medium named", async () => {
  const fetchFailed = graphError(9004, 2207052);
  const graph = scriptedGraph({ ...script(), [`POST ${g}/789/media`]: [fetchFailed, { id: "c1" }] });
  const played = await play(graph, contextOf(graph, { account }), image, imagePost);
  assert.equal(played.published?.externalId, "m1");
  const never = scriptedGraph({ ...script(), [`POST ${g}/789/media`]: fetchFailed });
  const failed = await play(never, contextOf(never, { account }), image, imagePost);
  assert.ok(failed.failure?.kind === "content_rejected" && failed.failure.field === "media");
  assert.equal(never.calls.filter(({ line }) => line.endsWith("/789/media")).length, 3);
});

const withUsage = (percent: number, body: { [name: string]: string }, minutes?: number) => ({
  $status: 200,
  body,
  headers: {
    "x-business-use-case-usage": JSON.stringify({
      "789": [
        {
          type: "instagram",
          call_count: percent,
          ...(minutes === undefined ? {} : { estimated_time_to_regain_access: minutes }),
        },
      ],
    }),
  },
});

test("at 95 percent of Meta's allowance nothing more is published until it asks for more", async () => {
  const cases = [
    [94, undefined, undefined],
    [95, undefined, 300_000],
    [99, 7, 420_000],
  ] as const;
  for (const [percent, minutes, waitMs] of cases) {
    const graph = scriptedGraph({ ...script(), [`GET ${g}/c1`]: withUsage(percent, finished, minutes) });
    const played = await play(graph, contextOf(graph, { account }), image, imagePost, { state: ready });
    const failure = played.failure;
    assert.equal(failure?.kind === "rate_limited" ? failure.retryAfterMs : undefined, waitMs, `${percent}`);
    assert.equal(played.published?.externalId, waitMs === undefined ? "m1" : undefined);
  }
});

test("a nearly used allowance never hides what a lost answer did", async () => {
  const graph = scriptedGraph({ [`GET ${g}/c1`]: withUsage(99, finished) });
  const input = { post: imagePost, state: ready, intentAt };
  const answer = await probeOf(graph, contextOf(graph, { account }), image, "publish", input);
  assert.equal(answer.ok && answer.value.kind, "absent_authoritative");
});
