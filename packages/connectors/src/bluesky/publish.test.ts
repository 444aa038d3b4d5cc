import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectorHttp, checkPost, type HttpResponse, isTid, type OutgoingPost } from "@postd/connector-kit";
import {
  connectWithKeys,
  createWorld,
  runFormat,
  sampleMedia,
  samplePng,
  type World,
} from "@postd/connector-kit/conformance";
import { asId, fail, type JsonObject } from "@postd/contracts";
import { bluesky } from "./platform.ts";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);

async function connectedWorld(name = "Ida") {
  const world = createWorld({ provider, platform: bluesky }, simulator as NonNullable<typeof simulator>);
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
  const step = bluesky.publishing.formats.text?.steps.find(({ name }) => name === "put_post");
  assert.ok(step?.probe && step.prepare);
  const post = textPost("probe me");
  const state = bluesky.publishing.formats.text?.start({ post, account: connected.account, now: world.clock.now() });
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

test("a thread that mentions many is looked up in several runs, each handle once", async () => {
  const { world, connected } = await connectedWorld();
  const bo = world.sim.simulator.createAccount({ name: "Bo" });
  const many = Array.from({ length: 30 }, (_, index) => `@n${index}.example`);
  const post = textPost(`${many.slice(0, 15).join(" ")} @${bo.handle}`, {
    replies: [many.slice(15).join(" "), `@${bo.handle}`],
  });
  const report = await runFormat({ world, connected, post });
  assert.equal(report.end, "published", JSON.stringify(report.failure));
  assert.equal(report.trace.filter(({ step }) => step === "resolve_mentions").length, 2);
  assert.equal((report.state as { dids: Record<string, string> }).dids[bo.handle ?? ""], bo.id);
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

const unreadable: [
  title: string,
  answer: Pick<HttpResponse, "status" | "text" | "json"> & { headers?: HttpResponse["headers"] },
][] = [
  ["a page", { status: 200, text: "<html>Welcome</html>", json: undefined }],
  ["nothing, 204", { status: 204, text: "", json: undefined }],
  ["nothing, 200", { status: 200, text: "", json: undefined }],
  ["a cut body", { status: 200, text: '{"uri":"at', json: undefined }],
  ["JSON of another shape", { status: 200, text: "", json: { surprise: true } }],
  ["a list", { status: 200, text: "", json: [] }],
  ["null", { status: 200, text: "null", json: null }],
  [
    "another account's record",
    { status: 200, text: "", json: { uri: "at://did:plc:x/app.bsky.feed.post/3k", cid: "bafy" } },
  ],
  ["a cid that is none", { status: 200, text: "", json: { uri: "", cid: "a\u0000" } }],
  ["an error called a success", { status: 200, text: "", json: { error: "InvalidRequest", message: "no" } }],
  ["a redirect", { status: 302, text: "", json: undefined }],
  ["not modified", { status: 304, text: "", json: undefined }],
  ["a bare 400", { status: 400, text: "Bad Request", json: undefined }],
  ["a bare 401", { status: 401, text: "", json: undefined }],
  ["a bare 403", { status: 403, text: "<html>Forbidden", json: undefined }],
  ["a bare 404", { status: 404, text: "Not Found", json: undefined }],
  ["a bare 409", { status: 409, text: "", json: { code: 409 } }],
  ["a bare 413", { status: 413, text: "", json: undefined }],
  ["a bare 429", { status: 429, text: "", json: undefined, headers: { "retry-after": "1e300" } }],
  ["an error nobody knows", { status: 400, text: "", json: { error: "SomethingNew" } }],
  ["an error without a name", { status: 400, text: "", json: { error: 5 } }],
  ["a known name below a 500", { status: 500, text: "", json: { error: "InvalidRequest" } }],
  ["a bare 503", { status: 503, text: "", json: undefined }],
];

for (const [title, { headers = {}, ...answer }] of unreadable) {
  /** The first answers to a change are replaced; how many, and whether the server did what was asked. */
  const replaced = (times: number) => {
    let left = times;
    return (real: HttpResponse): HttpResponse =>
      real.effect === "visible" && left-- > 0 ? { ...real, ...answer, headers } : real;
  };

  test(`${title} as the answer to a live post is looked up by its key: published, once`, async () => {
    const { world, connected } = await connectedWorld();
    const report = await runFormat({
      world,
      connected,
      post: textPost("live"),
      tamper: replaced(1),
      onFailure: "stop",
    });
    assert.equal(report.end, "published", JSON.stringify(report.failure));
    assert.equal(world.sim.simulator.posts().length, 1);
  });

  test(`${title} while the post cannot be read leaves the outcome open, and refused is never said`, async () => {
    const { world, connected } = await connectedWorld();
    world.sim.arm({ fault: "replace", at: "before", status: 503, times: "always", match: { path: "getRecord" } });
    const report = await runFormat({
      world,
      connected,
      post: textPost("open"),
      tamper: replaced(1),
      onFailure: "stop",
    });
    assert.equal(report.failure?.kind, "outcome_unknown", JSON.stringify(report.failure));
    assert.equal(report.failure?.refused, undefined);
  });

  test(`${title} as the answer to a deletion is looked up: what is gone is removed, what is left is not`, async () => {
    const { world, connected } = await connectedWorld();
    const { published } = await runFormat({ world, connected, post: textPost("gone") });
    assert.ok(published);
    const remove = bluesky.publishing.remove?.run;
    const ref = { ...published, format: "text" };
    const spy = { effectCalls: 0, tamper: replaced(1) };
    const gone = await remove?.(ref, world.context(connected, "visible", spy));
    assert.ok(gone?.ok, JSON.stringify(gone));
    assert.equal(world.sim.simulator.posts().length, 0);
  });
}

test("a refusal in the platform's own words stays one, and proves that nothing was sent", async () => {
  const { world, connected } = await connectedWorld();
  const refusal = { error: "InvalidRequest", message: "Invalid app.bsky.feed.post record: text" };
  const said = (real: HttpResponse): HttpResponse =>
    real.effect === "visible" ? { ...real, status: 400, json: refusal } : real;
  const report = await runFormat({ world, connected, post: textPost("no"), tamper: said, onFailure: "stop" });
  assert.equal(report.failure?.kind, "content_rejected");
  assert.equal(report.failure?.refused, true);
});

test("an answer longer than may be read leaves the outcome open", async () => {
  const { world, connected } = await connectedWorld();
  const ctx = world.context(connected, "visible");
  const http: ConnectorHttp = {
    async request(request) {
      if (request.method === "GET") return fail({ kind: "unavailable", message: "down" });
      await ctx.http.request(request);
      return fail({ kind: "unexpected_response", status: 200, message: "too long", cause: "answer_too_long" });
    },
  };
  const step = bluesky.publishing.formats.text?.steps.find(({ name }) => name === "put_post");
  const { account } = connected;
  const post = textPost("long answer");
  const state = bluesky.publishing.formats.text?.start({ post, account, now: world.clock.now() });
  const prepared = step?.prepare?.({ post, state, account, now: world.clock.now(), randomBits: () => 3n });
  const result = await step?.run({ post, state, prepared }, { ...ctx, http });
  assert.ok(result && !result.ok && result.error.kind === "outcome_unknown");
  assert.equal(world.sim.simulator.posts().length, 1);
});

test("answers nobody can read to invisible steps are asked for again, and the post goes out", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ altText: "A bear" });
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "@ida.bsky.social", media: [picture.info], options: {} };
  const seen = new Set<string>();
  const firstIsPage = (real: HttpResponse): HttpResponse => {
    const key = `${real.effect}`;
    if (seen.has(key) || real.effect === "visible") return real;
    seen.add(key);
    return { ...real, status: 200, text: "<html>", json: undefined };
  };
  const report = await runFormat({ world, connected, post, tamper: firstIsPage });
  assert.equal(report.end, "published", JSON.stringify(report.failure));
});

test("a reference that cannot be stored is never put into a job's state", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng();
  world.add(picture);
  const post: OutgoingPost = { format: "image", text: "x", media: [picture.info], options: {} };
  for (const later of ["a\u0000", "\ud83d", "x".repeat(100_000)]) {
    const hostile = (answer: HttpResponse): HttpResponse => {
      const body = answer.json as { blob?: JsonObject } | undefined;
      return body?.blob ? { ...answer, json: { blob: { ...body.blob, later } } } : answer;
    };
    const report = await runFormat({ world, connected, post, tamper: hostile, onFailure: "stop" });
    assert.equal(report.failure?.kind, "outcome_unknown");
    assert.deepEqual((report.state as { blobs: unknown[] }).blobs, []);
  }
});

async function liveThread() {
  const { world, connected } = await connectedWorld();
  const post = textPost("one", { replies: ["two", "three"] });
  const { published, state } = await runFormat({ world, connected, post });
  assert.ok(published);
  return { world, connected, ref: { ...published, format: "text", state } };
}
const liveTexts = (world: World) =>
  world.sim.simulator
    .posts()
    .map(({ text }) => text)
    .sort();

test("removing a thread removes every part, and again does no harm", async () => {
  const { world, connected, ref } = await liveThread();
  for (let i = 0; i < 2; i++) {
    const gone = await bluesky.publishing.remove?.run(ref, world.context(connected, "visible"));
    assert.ok(gone?.ok, JSON.stringify(gone));
    assert.deepEqual(liveTexts(world), []);
  }
});

test("a removal that stops half-way leaves the thread's beginning, and the next one goes on", async () => {
  const { world, connected, ref } = await liveThread();
  world.sim.arm({ fault: "replace", at: "before", status: 503, skip: 1, match: { path: "deleteRecord" } });
  const stopped = await bluesky.publishing.remove?.run(ref, world.context(connected, "visible"));
  assert.ok(stopped && !stopped.ok && stopped.error.kind === "outcome_unknown");
  assert.deepEqual(liveTexts(world), ["one", "two"]);
  const gone = await bluesky.publishing.remove?.run(ref, world.context(connected, "visible"));
  assert.ok(gone?.ok);
  assert.deepEqual(liveTexts(world), []);
});

test("a cut answer to a deletion is told as unknown, and repeating it finds the record gone", async () => {
  const { world, connected, ref } = await liveThread();
  world.sim.arm({ fault: "drop", at: "after", match: { path: "deleteRecord" } });
  const cut = await bluesky.publishing.remove?.run(ref, world.context(connected, "visible"));
  assert.ok(cut && !cut.ok && cut.error.kind === "outcome_unknown");
  const gone = await bluesky.publishing.remove?.run(ref, world.context(connected, "visible"));
  assert.ok(gone?.ok);
  assert.deepEqual(liveTexts(world), []);
});

test("what is not a post of this account is never called removed", async () => {
  const { world, connected } = await connectedWorld();
  for (const externalId of [
    "at://did:plc:other/app.bsky.feed.post/3k",
    "https://bsky.app/profile/x/post/3k",
    "3k",
    "",
  ]) {
    const answer = await bluesky.publishing.remove?.run(
      { externalId, format: "text" },
      world.context(connected, "visible"),
    );
    assert.ok(answer && !answer.ok && answer.error.kind === "content_rejected", externalId);
  }
});

const page = {
  url: "https://example.com/a",
  title: "A page",
  description: "About it",
  imageUrl: "https://img.example/p.png",
};
const embedOf = async (world: World, uri = "") =>
  ((await recordOf(world, uri)) as { embed?: { external: JsonObject & { thumb?: JsonObject } } }).embed?.external;

test("a post with a link gets the card of its page by itself, with the picture", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ width: 20, height: 20 });
  world.web.set(page.url, page).set(page.imageUrl, { bytes: picture.bytes, mimeType: "image/png" });
  const { published } = await runFormat({ world, connected, post: textPost(`see ${page.url} and https://b.example`) });
  const external = await embedOf(world, published?.externalId);
  assert.deepEqual(
    [external?.uri, external?.title, external?.description],
    ["https://example.com/a", "A page", "About it"],
  );
  assert.equal(external?.thumb?.$type, "blob");
});

test("a page or picture that cannot be had never stops the post", async () => {
  const { world, connected } = await connectedWorld();
  const without = await runFormat({ world, connected, post: textPost("see https://gone.example") });
  assert.equal(without.end, "published");
  assert.equal(await embedOf(world, without.published?.externalId), undefined);
  assert.match(String((without.state as { cardRemark: string }).cardRemark), /could not be reached/);
  const huge = { bytes: new Uint8Array(1_000_001), mimeType: "image/png" };
  world.web.set(page.url, page).set(page.imageUrl, huge);
  const plain = await runFormat({ world, connected, post: textPost(page.url) });
  const external = await embedOf(world, plain.published?.externalId);
  assert.deepEqual([external?.title, external?.thumb], ["A page", undefined]);
});

test("no card is made where the author says so, gave one, or shows pictures; a picture refused leaves the card", async () => {
  const { world, connected } = await connectedWorld();
  const picture = samplePng({ altText: "A bear" });
  world.add(picture);
  world.web.set(page.url, page).set(page.imageUrl, { bytes: picture.bytes, mimeType: "image/png" });
  const off = await runFormat({ world, connected, post: textPost(page.url, { linkCard: false }) });
  assert.equal(await embedOf(world, off.published?.externalId), undefined);
  const own = { linkCard: { uri: "https://own.example/", title: "Own" } };
  const given = await runFormat({ world, connected, post: textPost(page.url, own) });
  assert.equal((await embedOf(world, given.published?.externalId))?.title, "Own");
  const post: OutgoingPost = { format: "image", text: page.url, media: [picture.info], options: {} };
  const pictured = await runFormat({ world, connected, post });
  assert.equal(await embedOf(world, pictured.published?.externalId), undefined);
  const refuse = (real: HttpResponse): HttpResponse =>
    real.effect === "invisible" ? { ...real, status: 400, json: { error: "InvalidMimeType", message: "no" } } : real;
  const bare = await runFormat({ world, connected, post: textPost(page.url), tamper: refuse });
  assert.equal((await embedOf(world, bare.published?.externalId))?.title, "A page");
});

test("a repeated send carries the very same card, though the page has changed meanwhile", async () => {
  const { world, connected } = await connectedWorld();
  world.web.set(page.url, { url: page.url, title: "Before" });
  const cut = (_run: number, { name }: { name: string }) => {
    if (name !== "put_post") return undefined;
    world.web.set(page.url, { url: page.url, title: "After" });
    return seenPuts++ === 0 ? ({ kind: "cut", when: "after" } as const) : undefined;
  };
  let seenPuts = 0;
  const report = await runFormat({ world, connected, post: textPost(page.url), meddle: cut });
  assert.equal(report.end, "published");
  assert.equal(world.sim.simulator.posts().length, 1);
  assert.equal((await embedOf(world, report.published?.externalId))?.title, "Before");
});

test("a language is sent as servers want it", async () => {
  const { world, connected } = await connectedWorld();
  const { published } = await runFormat({
    world,
    connected,
    post: textPost("hi", { langs: ["EN", "pt-BR", "EN-gb"] }),
  });
  assert.deepEqual((await recordOf(world, published?.externalId ?? "")).langs, ["en", "pt-BR", "en-gb"]);
});

test("what a person recognises a post by is cut between characters", async () => {
  const { world, connected } = await connectedWorld();
  const step = bluesky.publishing.formats.text?.steps.find(({ name }) => name === "put_post");
  const { account } = connected;
  const post = textPost(`${"x".repeat(198)}👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦`);
  const state = bluesky.publishing.formats.text?.start({ post, account, now: world.clock.now() });
  const prepared = step?.prepare?.({ post, state, account, now: world.clock.now(), randomBits: () => 9n });
  const input = { post, state, prepared, intentAt: world.clock.now() };
  await step?.run(input, world.context(connected, "visible"));
  const looked = await step?.probe?.(input, world.context(connected, "none"));
  assert.ok(looked?.ok && looked.value.kind === "found");
  assert.equal(looked.value.candidates[0]?.preview, `${"x".repeat(198)}👨‍👩‍👧‍👦…`);
});
