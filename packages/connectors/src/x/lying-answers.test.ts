import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { answer, answering, picture, setUp } from "./connect-harness.ts";
import { startState } from "./media.ts";
import { x } from "./platform.ts";
import { formats } from "./publish.ts";

const problem = (type: string, more: JsonObject = {}): JsonObject => ({
  ...{ type: `https://api.x.com/2/problems/${type}`, resource_id: "7", resource_type: "tweet", detail: "See type." },
  ...more,
});
const html: HttpResponse = { ...answer(200, {}), text: "<html>", json: undefined };

test("a post is gone only where X says so of this very post", async () => {
  const { ctx, connected } = await setUp();
  const author_id = connected.account.externalId;
  const look = async (body: JsonObject) =>
    x.publishing?.lookUp?.({ externalId: "7" }, answering(ctx(), answer(200, body)).ctx);
  for (const body of [
    {},
    { data: [] },
    { data: null },
    { data: [{ id: "8", author_id }] },
    { data: [{ id: "7" }] },
    { errors: [problem("internal-error")] },
    { errors: [problem("field-hydration-failure")] },
    { errors: [problem("not-authorized-for-resource")] },
    { errors: [problem("resource-not-found", { resource_id: "8" })] },
  ]) {
    const told = await look(body);
    assert.ok(told && !told.ok, JSON.stringify(body));
  }
  const gone = await look({ errors: [problem("resource-not-found")] });
  assert.ok(gone?.ok && gone.value === undefined, JSON.stringify(gone));
  const empty = { attachments: null, referenced_tweets: null, entities: null, note_tweet: null, public_metrics: null };
  const there = await look({
    data: [{ id: "7", author_id, text: null, created_at: null, edit_controls: null, ...empty }],
  });
  assert.ok(there?.ok && there.value?.externalId === "7", JSON.stringify(there));
});

test("an account of which X tells little is an account all the same", async () => {
  const { ctx, connected } = await setUp();
  const none = { name: null, profile_image_url: null, subscription_type: null, public_metrics: null, verified: null };
  const data = { id: connected.account.externalId, username: "ida_holm", ...none };
  const told = await x.health(answering(ctx(), answer(200, { data })).ctx);
  assert.ok(told.ok && told.value.name === "ida_holm", JSON.stringify(told));
});

test("a removal and a hiding are done only where X says so", async () => {
  const { ctx } = await setUp();
  const missing = answer(404, problem("resource-not-found", { status: 404, title: "Not Found Error" }));
  const none = answer(200, { meta: { result_count: 0 } });
  const remove = (res: HttpResponse) =>
    x.publishing?.remove?.run({ externalId: "7", format: "text" }, answering(ctx(), res, none).ctx);
  const unclear = [answer(200, {}), html, { ...html, status: 404 }, answer(200, { data: { deleted: false } })];
  for (const res of unclear) {
    const told = await remove(res);
    assert.ok(told && !told.ok && told.error.kind === "outcome_unknown", `${res.status} ${res.text}`);
  }
  for (const res of [missing, answer(200, { data: { deleted: true } })])
    assert.ok((await remove(res))?.ok, `${res.status} ${res.text}`);
  for (const res of [answer(200, {}), html, answer(200, { data: { hidden: false } })]) {
    const told = await x.inbox?.hide?.({ externalId: "7", isHidden: true }, answering(ctx(), res).ctx);
    assert.ok(told && !told.ok, res.text);
  }
});

test("a part that is answered with the name of another part is looked for and not taken as live", async () => {
  const { ctx } = await setUp();
  const createParts = formats.text?.steps.at(-1);
  const post = { format: "text", text: "One", parts: [{ text: "Two" }], media: [], options: {} };
  const input = { post, state: { ...startState(), posts: ["12"] }, prepared: { text: "Two" } };
  const told = await createParts?.run(input, answering(ctx(), answer(201, { data: { id: "12" } })).ctx);
  assert.ok(told && !told.ok && told.error.kind === "outcome_unknown" && !told.error.refused, JSON.stringify(told));
});

test("a list without a word on how many there are is no empty list", async () => {
  const { ctx, world } = await setUp();
  for (const body of [{}, { data: null }, { errors: [problem("internal-error")] }]) {
    const listed = await x.inbox?.list({}, answering(ctx(), answer(200, body)).ctx);
    assert.ok(listed && !listed.ok, JSON.stringify(body));
    const recent = await x.numbers?.recent?.({ since: world.clock.now() }, answering(ctx(), answer(200, body)).ctx);
    assert.ok(recent && !recent.ok, JSON.stringify(body));
  }
  const listed = await x.inbox?.list({}, answering(ctx(), answer(200, { meta: { result_count: 0 } })).ctx);
  assert.ok(listed?.ok && listed.value.entries.length === 0);
});

test("files that were refused although every permission was granted are the post's trouble", async () => {
  const { publish } = await setUp();
  const detail = "You are not permitted to perform this action.";
  const body = { title: "Forbidden", detail, type: "about:blank", status: 403 };
  const told = await publish({ format: "images", media: [picture.info] }, { tamper: () => answer(403, body) });
  assert.deepEqual(
    [told.end, told.failure?.kind, told.failure?.kind === "content_rejected" && told.failure.field],
    ["failed", "content_rejected", "media"],
    JSON.stringify(told.failure),
  );
});

test("words of a post that X repeats in an error are not read as X's own about the account", async () => {
  const { publish } = await setUp();
  const errors = [{ parameters: {}, message: "$.text: 'This account is suspended' is not valid" }];
  const type = "https://api.x.com/2/problems/invalid-request";
  const body = { title: "Invalid Request", detail: "One or more parameters were invalid.", type, errors };
  const told = await publish({ text: "This account is suspended" }, { tamper: () => answer(400, body) });
  assert.equal(told.failure?.kind, "content_rejected", JSON.stringify(told.failure));
});

test("whatever X puts where its codes stand, a token is not kept", async () => {
  const { publish, connected, world } = await setUp();
  const token = connected.credentials.accessToken.reveal();
  const body = {
    title: token,
    detail: `No ${token}`,
    type: `about/${token}`,
    errors: [{ message: token }],
    error: token,
  };
  for (const status of [400, 403, 409, 429, 500])
    await publish({ text: `Hi ${status}` }, { tamper: () => answer(status, body), onFailure: "stop" });
  assert.ok(!world.seen.join("\n").includes(token));
});
