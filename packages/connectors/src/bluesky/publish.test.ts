import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type HttpResponse, isTid, type OutgoingPost } from "@postd/connector-kit";
import {
  connectWithKeys,
  createWorld,
  runFormat,
  sampleMedia,
  samplePng,
  type World,
} from "@postd/connector-kit/conformance";
import { asId, type JsonObject } from "@postd/contracts";
import { bluesky } from "./connector.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);

async function connectedWorld(name = "Ida") {
  const world = createWorld(bluesky, simulator as NonNullable<typeof simulator>);
  const { identifier, appPassword } = world.sim.simulator.createAccount({ name }).extra ?? {};
  const fields = { identifier: String(identifier), appPassword: String(appPassword) };
  return { world, connected: await connectWithKeys(world, "app_password", fields) };
}

const textPost = (text: string, options: JsonObject = {}): OutgoingPost => ({
  format: "text",
  text,
  media: [],
  options,
});
const rkeys = (world: World) => world.sim.simulator.posts().map(({ id }) => id.split("/").at(-1) ?? "");

/** The record as the account's server holds it. */
async function recordOf(world: World, uri: string): Promise<JsonObject> {
  const [, , repo, collection, rkey] = uri.split("/");
  const answer = await world.sim.apply({
    method: "GET",
    host: "bsky.social",
    path: "/xrpc/com.atproto.repo.getRecord",
    query: new URLSearchParams({ repo: String(repo), collection: String(collection), rkey: String(rkey) }),
    headers: {},
    rawBody: new Uint8Array(),
  });
  assert.ok(typeof answer === "object" && answer.status === 200, JSON.stringify(answer));
  return (answer.json as { value: JsonObject }).value;
}

test("a retry puts the same record under the same key, with the same time", async () => {
  const { world, connected } = await connectedWorld();
  const cut = (run: number) => (run === 0 ? ({ kind: "cut", when: "after" } as const) : undefined);
  const report = await runFormat({ world, connected, post: textPost("once"), meddle: cut });
  assert.deepEqual(
    report.trace.map(({ step, outcome }) => `${step} ${outcome}`),
    ["put_post outcome_unknown", "put_post ok"],
  );
  const [key] = rkeys(world);
  assert.ok(key && isTid(key));
  const record = await recordOf(world, report.published?.externalId ?? "");
  assert.equal(record.createdAt, "2026-11-20T12:00:00.000Z");
});

test("a 500 for a record that is live is settled by its key at once", async () => {
  const { world, connected } = await connectedWorld();
  world.sim.arm({ fault: "replace", at: "after", status: 500, match: { path: "putRecord" } });
  const report = await runFormat({ world, connected, post: textPost("live all the same"), onFailure: "stop" });
  assert.equal(report.end, "published");
  assert.equal(world.sim.simulator.posts().length, 1);
});

test("a 500 for a record that is not there leaves the outcome open", async () => {
  const { world, connected } = await connectedWorld();
  world.sim.arm({ fault: "replace", at: "before", status: 500, match: { path: "putRecord" } });
  const report = await runFormat({ world, connected, post: textPost("not there"), onFailure: "stop" });
  assert.equal(report.failure?.kind, "outcome_unknown");
});

test("the probe finds a record by our key, or says with authority that it is absent", async () => {
  const { world, connected } = await connectedWorld();
  const step = bluesky.publish.text?.steps.find(({ name }) => name === "put_post");
  assert.ok(step?.probe && step.prepare);
  const post = textPost("probe me");
  const state = bluesky.publish.text?.start({ post, account: connected.account, now: world.clock.now() });
  const prepared = step.prepare({
    post,
    state,
    account: connected.account,
    now: world.clock.now(),
    randomBits: () => 7n,
  });
  const input = { post, state, prepared, intentAt: world.clock.now() };
  const before = await step.probe(input, world.context(connected, "none"));
  assert.equal(before.ok && before.value.kind, "absent_authoritative");
  await step.run(input, world.context(connected, "visible"));
  const after = await step.probe(input, world.context(connected, "none"));
  assert.ok(after.ok && after.value.kind === "found");
  assert.equal(after.value.candidates[0]?.ours, true);
  assert.equal(after.value.candidates[0]?.preview, "probe me");
});

test("a thread is a chain: every part answers the one before, all name the first, and keys sort", async () => {
  const { world, connected } = await connectedWorld();
  const post = textPost("one", { replies: ["two", "three"], langs: ["en"] });
  const { state } = await runFormat({ world, connected, post });
  const records = (state as { records: { uri: string; cid: string }[] }).records;
  const [first, second, third] = records;
  assert.ok(first && second && third);
  const refs = async (uri: string) => (await recordOf(world, uri)).reply;
  assert.equal(await refs(first.uri), undefined);
  assert.deepEqual(await refs(second.uri), { root: first, parent: first });
  assert.deepEqual(await refs(third.uri), { root: first, parent: second });
  const keys = records.map(({ uri }) => uri.split("/").at(-1) ?? "");
  assert.deepEqual([...keys].sort(), keys);
});

test("an answer to a post of somebody else keeps that thread's root", async () => {
  const { world, connected } = await connectedWorld();
  const first = await runFormat({ world, connected, post: textPost("root") });
  const [root] = (first.state as { records: { uri: string; cid: string }[] }).records;
  assert.ok(root);
  const reply = await runFormat({ world, connected, post: textPost("answer", { replyTo: root, replies: ["more"] }) });
  const [answer, more] = (reply.state as { records: { uri: string; cid: string }[] }).records;
  assert.ok(answer && more);
  assert.deepEqual((await recordOf(world, answer.uri)).reply, { root, parent: root });
  assert.deepEqual((await recordOf(world, more.uri)).reply, { root, parent: answer });
});

test("a mention becomes a DID where somebody has the handle, and stays text where nobody has", async () => {
  const { world, connected } = await connectedWorld();
  const bo = world.sim.simulator.createAccount({ name: "Bo" });
  const { published } = await runFormat({ world, connected, post: textPost(`Hi @${bo.handle} and @nobody.example`) });
  const { facets } = (await recordOf(world, published?.externalId ?? "")) as { facets: { features: JsonObject[] }[] };
  assert.deepEqual(
    facets.flatMap(({ features }) => features),
    [{ $type: "app.bsky.richtext.facet#mention", did: bo.id }],
  );
});

test("handles that cannot be looked up just now stop the post before anything is sent", async () => {
  const { world, connected } = await connectedWorld();
  world.sim.arm({ fault: "replace", status: 502, match: { path: "resolveHandle" } });
  const report = await runFormat({ world, connected, post: textPost("Hi @bo.example"), onFailure: "stop" });
  assert.equal(report.failure?.kind, "unavailable");
  assert.equal(world.sim.simulator.posts().length, 0);
});

test("pictures carry their description, shape and the very bytes that were given", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ width: 40, height: 30, altText: "Ein Bär" });
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "", media: [picture.info], options: {} };
  const { published } = await runFormat({ world, connected, post });
  const [live] = world.sim.simulator.posts();
  assert.deepEqual([live?.media[0]?.sha256, live?.media[0]?.altText], [picture.info.sha256, "Ein Bär"]);
  const { embed } = (await recordOf(world, published?.externalId ?? "")) as { embed: { images: JsonObject[] } };
  assert.deepEqual(embed.images[0]?.aspectRatio, { width: 40, height: 30 });
});

test("a card shows its picture; one over a million bytes is refused before it is sent", async () => {
  const { world, connected } = await connectedWorld();
  const thumb = samplePng({ width: 20, height: 20 });
  const huge = sampleMedia(new Uint8Array(1_000_001), { kind: "image", mimeType: "image/png" });
  world.add(thumb);
  world.add(huge);
  const card = (thumbMediaId: string) => ({
    linkCard: { uri: "https://example.com/", title: "Example", thumbMediaId },
  });
  const { published } = await runFormat({ world, connected, post: textPost("card", card(thumb.info.id)) });
  const { embed } = (await recordOf(world, published?.externalId ?? "")) as { embed: { external: JsonObject } };
  assert.equal(embed.external.description, "");
  assert.equal((embed.external.thumb as { $type: string }).$type, "blob");
  const { failure } = await runFormat({ world, connected, post: textPost("card", card(huge.info.id)) });
  assert.ok(failure?.kind === "content_rejected" && failure.field === "options.linkCard.thumbMediaId");
});

test("unknown members of a blob reference go back to the server untouched", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng();
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "x", media: [picture.info], options: {} };
  const extra = (answer: HttpResponse): HttpResponse => {
    const body = answer.json as { blob?: JsonObject } | undefined;
    return body?.blob ? { ...answer, json: { blob: { ...body.blob, later: { kept: true } } } } : answer;
  };
  const { state } = await runFormat({ world, connected, post, tamper: extra, onFailure: "stop" });
  assert.deepEqual((state as { blobs: JsonObject[] }).blobs[0]?.later, { kept: true });
});

test("files the server dropped while the post was held are sent again", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ altText: "A bear" });
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "held", media: [picture.info], options: {} };
  let isHeld = true;
  const holdBeforePut = (_run: number, { name }: { name: string }) => {
    if (name === "put_post" && isHeld) {
      isHeld = false;
      world.advance(26 * 3_600_000);
    }
    return undefined;
  };
  const report = await runFormat({ world, connected, post, meddle: holdBeforePut });
  assert.equal(report.end, "published");
  assert.equal(world.sim.simulator.posts()[0]?.media[0]?.sha256, picture.info.sha256);
  assert.equal(report.trace.filter(({ step }) => step === "upload_pictures").length, 2);
});

test("a false word that the files are missing never makes a second post", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ altText: "A bear" });
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "never", media: [picture.info], options: {} };
  const missing = (answer: HttpResponse): HttpResponse =>
    answer.effect === "visible" ? { ...answer, status: 400, json: { error: "BlobNotFound" } } : answer;
  const report = await runFormat({ world, connected, post, tamper: missing });
  assert.equal(world.sim.simulator.posts().length, 1, "the record went in; only the answer was false");
  assert.equal(report.end, "published", "read by its key it is live");
});

test("every problem of a thread, a card and pictures is told before sending", async () => {
  const { connected } = await connectedWorld();
  const id = asId("media", "med_00000000");
  const media = [{ ...samplePng().info, id, altText: " " }];
  const options = {
    replies: ["", "x".repeat(301), "👨‍👩‍👧‍👦".repeat(200)],
    linkCard: { uri: "https://example.com", title: "t" },
  };
  const problems = checkPost(bluesky, { format: "image", text: "x", media, options }, connected.account);
  assert.deepEqual(
    problems.map(({ field, code, severity }) => `${field} ${code} ${severity}`),
    [
      "options.replies.0 text_required error",
      "options.replies.1 text_too_long error",
      "options.replies.2 text_too_large error",
      "options.linkCard card_and_media error",
      "media.0.altText alt_missing warning",
    ],
  );
  const bad = {
    langs: ["en", "de", "fr", "it"],
    tags: ["#hash"],
    linkCard: { uri: "javascript:alert(1)", title: "t" },
    colour: 1,
  };
  const fields = checkPost(bluesky, textPost("x", bad), connected.account).map(({ field }) => field);
  assert.deepEqual(fields, ["options.langs", "options.tags.0", "options.linkCard.uri", "options.colour"]);
});
