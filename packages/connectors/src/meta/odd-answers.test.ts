import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectorContext, Format, OutgoingPost, PlatformFailure } from "@postd/connector-kit";
import { callEffect, decodeAnswer } from "@postd/connector-kit";
import { defaultTimeoutMs } from "@postd/connector-kit/rules";
import { asId, fail, type JsonObject, ok, type Result } from "@postd/contracts";
import { facebook } from "./facebook/platform.ts";
import { instagram } from "./instagram/platform.ts";
import { contextOf, medium, postOf, scriptedGraph } from "./scripted-graph.ts";

/** What may come back instead of an answer of Meta's: a status and a body, or a failure of the way out. */
type Odd = readonly [status: number, body: string] | PlatformFailure;
const error = (fields: JsonObject): string =>
  JSON.stringify({ error: { message: "x", type: "OAuthException", ...fields } });
const odd: readonly Odd[] = [
  [200, "<html>welcome</html>"],
  [200, ""],
  [204, ""],
  [201, "created"],
  [200, '{"id":"1'],
  [200, "[]"],
  [200, "null"],
  [200, "true"],
  [200, '"ok"'],
  [200, "{}"],
  [200, '{"success":false}'],
  [200, '{"success":"true"}'],
  [200, '{"data":[]}'],
  [200, '{"id":""}'],
  [200, '{"id":null}'],
  [200, '{"id":"a b\\u0000"}'],
  [200, '{"error":"no"}'],
  [200, error({ code: 100 })],
  [302, ""],
  [400, ""],
  [400, "Bad Request"],
  [400, "{}"],
  [400, '{"error":{}}'],
  [400, '{"error":{"message":"x"}}'],
  [400, '{"error":{"code":100}}'],
  [400, error({ code: 987_654 })],
  [400, error({ code: 404 })],
  [400, error({ code: 100, is_transient: true })],
  [400, error({ code: 1 })],
  [400, error({ code: 2 })],
  [400, error({ code: 6000 })],
  [400, error({ code: -1, error_subcode: 2207001 })],
  [400, '{"error_type":"OAuthException","code":400,"error_message":"x"}'],
  [400, '{"debug_info":{"retriable":false,"type":"ProcessingFailedError"}}'],
  [401, ""],
  [403, "<html>blocked</html>"],
  [404, "not found"],
  [404, "{}"],
  [408, error({ code: 100 })],
  [410, ""],
  [429, ""],
  [429, "{}"],
  [500, error({ code: 100 })],
  [500, error({ code: 368 })],
  [502, "<html>bad gateway</html>"],
  [503, "{}"],
  { kind: "unexpected_response", status: 200, message: "too long", cause: "answer_too_long" },
  { kind: "outcome_unknown", message: "cut" },
];

/** Answers every visible call with one thing, and reads as a Page and an account where nothing has come out yet. */
function contextWith(answer: Odd, account: Partial<ConnectorContext["account"]>): ConnectorContext {
  const ctx = contextOf(scriptedGraph({}), { account });
  const calmly = (url: string): unknown => {
    if (url.endsWith("/77"))
      return { status: { publishing_phase: { status: "not_started", publish_status: "draft" } } };
    if (url.endsWith("/c1")) return { status_code: "FINISHED" };
    if (url.endsWith("/123_1")) return { is_published: false };
    return { data: [] };
  };
  return {
    ...ctx,
    http: {
      async request(request): ReturnType<ConnectorContext["http"]["request"]> {
        const effect = callEffect("visible", request.effect);
        const calm = [200, JSON.stringify(calmly(request.url))] as const;
        const given = effect === "visible" ? answer : calm;
        if ("kind" in given) return fail(given);
        return ok(decodeAnswer({ status: given[0], headers: {}, bytes: new TextEncoder().encode(given[1]), effect }));
      },
    },
  };
}

const clip = medium({ kind: "video", mimeType: "video/mp4" });
const pictures = [medium(), medium({ id: asId("media", "med_00000002") })];
const feed = { mode: "two_step", photoIds: [], showTries: 0 };
const sent = {
  uploaded: true,
  finished: false,
  polls: 0,
  parts: 0,
  restarts: 0,
  live: false,
  videoId: "77",
  sessionId: "s",
};
const container = {
  quotaChecked: true,
  childIds: [],
  readyChildren: 0,
  containerId: "c1",
  ready: true,
  polls: 0,
  remakes: 0,
};
const commented = { options: { firstComment: "More" } };
const insta = { externalId: "789", kind: "professional" };

type Place = readonly [
  name: string,
  format: Format | undefined,
  step: string,
  post: OutgoingPost,
  state: JsonObject,
  account?: Partial<ConnectorContext["account"]>,
];
const { formats: fb } = facebook.publishing;
const { formats: ig } = instagram.publishing;
const places: readonly Place[] = [
  ["text", fb.text, "show", postOf(), { ...feed, draftId: "123_1", isUnseen: true }],
  ["text", fb.text, "post", postOf(), { ...feed, mode: "one_step" }],
  ["text", fb.text, "schedule", postOf(), { ...feed, mode: "scheduled", publishAt: "2026-11-21T10:00:00Z" }],
  ["text", fb.text, "first_comment", postOf(commented), { ...feed, liveId: "123_1", permalink: "https://x" }],
  ["link", fb.link, "create_unpublished_with_media", postOf({ options: { link: "https://a.example" } }), feed],
  [
    "photos",
    fb.multi_photo,
    "create_unpublished_with_media",
    postOf({ format: "multi_photo", media: pictures }),
    { ...feed, photoIds: ["9", "10"] },
  ],
  ["video", fb.video, "finish", postOf({ format: "video", media: [clip] }), sent],
  ["reel", fb.reel, "finish", postOf({ format: "reel", media: [clip] }), sent],
  ["video story", fb.video_story, "finish", postOf({ format: "video_story", media: [clip] }), sent],
  [
    "photo story",
    fb.photo_story,
    "publish_story",
    postOf({ format: "photo_story", media: [medium()] }),
    { photoIds: ["9"] },
  ],
  ...(["image", "carousel", "reel", "story"] as const).flatMap((format): Place[] =>
    ["facebook_login", "instagram_login"].map((authKind) => [
      `${format} by ${authKind}`,
      ig[format],
      "publish",
      postOf({ format, media: pictures.slice(0, format === "carousel" ? 2 : 1) }),
      container,
      { ...insta, authKind },
    ]),
  ),
  [
    "image",
    ig.image,
    "first_comment",
    postOf({ format: "image", media: [medium()], ...commented }),
    { ...container, mediaId: "m1", detailsRead: true },
    insta,
  ],
];

/** Everything a state may say of something being out. */
const claims = (state: JsonObject) =>
  [state.liveId, state.mediaId, state.finished, state.live, state.postId, state.commentId, state.commentNote].map(
    (value) => value || undefined,
  );

test("every visible step of both platforms is among the places that are attacked", () => {
  const known = new Set(places.map(([, , step]) => step));
  for (const { publishing } of [facebook, instagram])
    for (const format of Object.values(publishing.formats))
      for (const step of format.steps) if (step.effect === "visible") assert.ok(known.has(step.name), step.name);
});

for (const [name, format, stepName, post, state, account = {}] of places)
  test(`${name}, ${stepName}: an answer Meta does not document is neither a refusal nor a success`, async () => {
    const step = format?.steps.find((it) => it.name === stepName);
    assert.ok(step && !step.done(state, post) && step.effect === "visible");
    for (const answer of odd) {
      const result = await step.run({ post, state, prepared: null }, contextWith(answer, account));
      const story: string = JSON.stringify([answer, result]);
      if (result.ok) {
        // The comment's loss is kept in the state, as the post itself is live and named.
        assert.deepEqual(claims(result.value.state), claims(state), story);
        assert.equal(result.value.state.mode, state.mode, story);
        assert.ok(result.value.waitMs, story);
        if (stepName !== "first_comment") assert.equal(result.value.published, undefined, story);
        continue;
      }
      assert.equal(result.error.kind, "outcome_unknown", story);
      assert.equal(result.error.refused, undefined, story);
    }
  });

for (const [name, format, stepName, post, state, account = {}] of places.filter(([, , it]) => it !== "first_comment"))
  test(`${name}, ${stepName}: what Meta documents as a refusal is one`, async () => {
    const step = format?.steps.find((it) => it.name === stepName);
    for (const [fields, kind] of [
      [{ code: 190, error_subcode: 460 }, "auth_revoked"],
      [{ code: 4, is_transient: true }, "rate_limited"],
      [{ code: 368 }, "account_blocked"],
      [{ code: 506 }, "content_rejected"],
    ] as const) {
      const result = await step?.run({ post, state, prepared: null }, contextWith([400, error(fields)], account));
      assert.ok(result && !result.ok);
      assert.deepEqual([result.error.kind, result.error.refused], [kind, true]);
    }
  });

for (const [name, format, stepName, post, state, account = {}] of places)
  test(`${name}, ${stepName}: where nothing is out a look says so or cannot tell, and no call outlasts its step`, async () => {
    const step = format?.steps.find((it) => it.name === stepName);
    assert.ok(step?.probe, "a lost answer could never be settled");
    const { timeoutMs: stepMs = defaultTimeoutMs } = step;
    const ctx = contextWith({ kind: "outcome_unknown", message: "cut" }, account);
    const asked: (number | undefined)[] = [];
    const http: ConnectorContext["http"] = {
      request(request) {
        if (callEffect("visible", request.effect) === "visible") asked.push(request.timeoutMs);
        return ctx.http.request(request);
      },
    };
    await step.run({ post, state, prepared: null }, { ...ctx, http });
    assert.equal(asked.length, 1, "one visible call");
    // The lease is made for the step's time; a call that wanted more would be cut within it.
    assert.ok((asked[0] ?? 0) <= stepMs, `${asked[0]} ms in a step of ${stepMs} ms`);
    const looked = await step.probe({ post, state, prepared: null, intentAt: ctx.clock.now() }, ctx);
    assert.ok(looked.ok, JSON.stringify(looked));
    const story = JSON.stringify(looked.value);
    if (looked.value.kind !== "found") return;
    // The post itself is live and named before its comment is begun; of the comment nothing is claimed.
    assert.equal(stepName, "first_comment", story);
    for (const { state: told } of looked.value.candidates) assert.ok(told.commentNote && !told.commentId, story);
  });

const ref = { externalId: "123_1", format: "text" };
const changes: readonly (readonly [
  string,
  (ctx: ConnectorContext) => Promise<Result<unknown, PlatformFailure>> | undefined,
])[] = [
  ["facebook edit", (ctx) => facebook.publishing.edit?.run(ref, { text: "New", format: "text", options: {} }, ctx)],
  ["facebook remove", (ctx) => facebook.publishing.remove?.run(ref, ctx)],
  ["facebook cancel", (ctx) => facebook.publishing.schedule?.cancel(ref, ctx)],
  ["facebook move", (ctx) => facebook.publishing.schedule?.move(ref, new Date("2026-11-22T10:00:00Z"), ctx)],
  ["instagram remove", (ctx) => instagram.publishing.remove?.run({ externalId: "m1", format: "image" }, ctx)],
];
for (const [name, run] of changes)
  test(`${name}: an answer Meta does not document is neither a refusal nor a success`, async () => {
    for (const answer of odd) {
      const result = await run(contextWith(answer, {}));
      assert.ok(result && !result.ok, JSON.stringify(answer));
      assert.deepEqual(
        [result.error.kind, result.error.refused],
        ["outcome_unknown", undefined],
        JSON.stringify(answer),
      );
    }
  });
