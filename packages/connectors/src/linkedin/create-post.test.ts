import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectorContext, type HttpRequest, type OutgoingPost, secret } from "@postd/connector-kit";
import { samplePng } from "@postd/connector-kit/conformance";
import { ok } from "@postd/contracts";
import { formats } from "./publish.ts";
import type { PostState } from "./uploads.ts";

const [picture] = [samplePng()];
const post: OutgoingPost = { format: "image", text: "One", media: [picture.info], options: {} };
const link = { url: "https://example.com/", title: "A page" };

type Answer = { readonly status: number; readonly json: unknown };

/** LinkedIn answering every call of one step with the same, or reads with another. */
function answering(status: number, json: unknown, { read, kind = "member" }: { read?: Answer; kind?: string } = {}) {
  const externalId = kind === "page" ? "urn:li:organization:1" : "urn:li:person:a";
  const account = { externalId, kind, authKind: `linkedin_${kind}`, name: "Ida", extras: {} };
  const ctx = {
    apiVersion: "202609",
    account,
    credentials: { accessToken: secret("token"), scopes: ["w_member_social"] },
    clock: { now: () => new Date("2026-11-26T12:00:00Z") },
    http: {
      async request(request: HttpRequest) {
        const said = (request.method === "GET" && read) || { status, json };
        const effect = request.method === "GET" ? "none" : "visible";
        return ok({ ...said, headers: {}, text: JSON.stringify(said.json), effect } as const);
      },
    },
  };
  return ctx as unknown as ConnectorContext;
}
const run = async (
  step: string,
  state: PostState,
  ctx: ConnectorContext,
  given: OutgoingPost = post,
  more: { repeats?: true } = {},
) => {
  const found = formats[given.format]?.steps.find(({ name }) => name === step);
  assert.ok(found, step);
  return found.run({ post: given, state, prepared: {}, ...more }, ctx);
};
const sentAll = (restarts?: number): PostState => ({
  files: { names: ["urn:li:image:1"], ready: 1, ...(restarts !== undefined && { restarts }) },
});

test("a file LinkedIn has lost is sent anew and the post prepared anew, three times and no more", async () => {
  const said = { status: 400, code: "EXPIRED_UPLOAD_URL", message: "The upload URL has expired" };
  for (const restarts of [0, 1, 2]) {
    const again = await run("create_post", sentAll(restarts), answering(400, said));
    assert.ok(again.ok && again.value.refused, JSON.stringify(again));
    assert.deepEqual(again.value.state.files, { names: [], ready: 0, restarts: restarts + 1 });
  }
  const ended = await run("create_post", sentAll(3), answering(400, said));
  assert.ok(!ended.ok && ended.error.refused);
});

test("a file LinkedIn could not read after all is sent anew once, and then it is the file", async () => {
  for (const said of [
    { status: 400, code: "MEDIA_ASSET_PROCESSING_FAILED", message: "Processing failed" },
    { status: 400, message: "MEDIA_ASSET_PROCESSING_FAILED" },
  ]) {
    const again = await run("create_post", sentAll(), answering(400, said));
    assert.ok(again.ok && again.value.refused, JSON.stringify(again));
    const ended = await run("create_post", sentAll(1), answering(400, said));
    assert.ok(!ended.ok && ended.error.kind === "content_rejected");
    assert.equal(ended.error.field, "media");
  }
  const status = { status: "PROCESSING_FAILED", processingFailureReason: "no index" };
  const waiting: PostState = { files: { names: ["urn:li:image:1"], ready: 0 } };
  const again = await run("await_images", waiting, answering(200, status));
  assert.deepEqual(again.ok && again.value.state.files, { names: [], ready: 0, restarts: 1 });
  const ended = await run("await_images", { files: { ...waiting.files, restarts: 1 } }, answering(200, status));
  assert.ok(!ended.ok && ended.error.kind === "content_rejected");
  assert.deepEqual([ended.error.field, /no index/.test(ended.error.message)], ["media.0", true]);
});

test("a card whose picture is lost is made anew with it", async () => {
  const said = { status: 400, code: "EXPIRED_UPLOAD_URL", message: "Expired" };
  const carded = { ...sentAll(), card: { title: "A page", description: "" } };
  const article = { ...post, format: "article", media: [], link };
  const again = await run("create_post", carded, answering(400, said), article);
  assert.ok(again.ok);
  assert.deepEqual(again.value.state, { files: { names: [], ready: 0, restarts: 1 } });
});

test("only LinkedIn's own word for it starts a file anew: a cut or a bare status leaves the post open", async () => {
  for (const [status, body] of [
    [500, { status: 500, code: "EXPIRED_UPLOAD_URL", message: "x" }],
    [400, "EXPIRED_UPLOAD_URL"],
  ] as const) {
    const told = await run("create_post", sentAll(), answering(status, body));
    assert.equal(told.ok ? "sent anew" : told.error.kind, "outcome_unknown");
  }
});

test("a post begun before an update begins its uploads anew and stays the post it is", () => {
  const older = formats.article?.olderStates?.[1];
  assert.deepEqual(older?.({ assets: ["urn:li:image:1"], ready: 1 }), none);
  assert.deepEqual(older?.({ assets: [], ready: 0, postUrn: urn, isSeen: true }), { ...none, postUrn: urn });
});

const twin = (urn: string) => ({
  status: 422,
  message: `com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of ${urn}`,
  errorDetailType: "com.linkedin.common.error.BadRequest",
  errorDetails: { inputErrors: [{ code: "DUPLICATE_POST", description: "Duplicate post is detected" }] },
});
const urn = "urn:li:share:7012345678901234567";
const text: OutgoingPost = { ...post, format: "text", media: [] };
const none: PostState = { files: { names: [], ready: 0 } };
const repeat = (ctx: ConnectorContext) => run("create_post", none, ctx, text, { repeats: true });

test("a twin is refused; only in answer to a repeat is the one LinkedIn names ours", async () => {
  const first = await run("create_post", none, answering(422, twin(urn)), text);
  assert.ok(!first.ok && first.error.kind === "content_rejected" && first.error.refused);
  const again = await repeat(answering(422, twin(urn)));
  assert.equal(again.ok && again.value.published?.externalId, urn);
  const nameless = await repeat(answering(422, twin("another post")));
  assert.ok(!nameless.ok && nameless.error.refused);
});

test("a twin LinkedIn names to a page is read first: one that is gone, or another's, is not taken for the post", async () => {
  const page = (read: Answer) => repeat(answering(422, twin(urn), { read, kind: "page" }));
  const shown = await page({ status: 200, json: { id: urn, author: "urn:li:organization:1" } });
  assert.equal(shown.ok && shown.value.published?.externalId, urn);
  const anothers = await page({ status: 200, json: { id: urn, author: "urn:li:organization:2" } });
  const gone = await page({ status: 404, json: { status: 404, message: "Not found" } });
  for (const told of [anothers, gone]) assert.ok(!told.ok && told.error.refused);
  const down = await page({ status: 503, json: undefined });
  assert.equal(down.ok ? "taken" : down.error.kind, "outcome_unknown", "what cannot be read now stays open");
});
