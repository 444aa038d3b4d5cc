import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponse, OutgoingPost } from "@postd/connector-kit";
import {
  createWorld,
  type RunFormatOptions,
  runFormat,
  sampleMedia,
  samplePng,
} from "@postd/connector-kit/conformance";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { linkedin } from "./platform.ts";
import { provider } from "./provider.ts";

async function setUp(kind: "member" | "page", apiVersion = provider.apiVersion) {
  const world = createWorld({ provider: { ...provider, apiVersion }, platform: linkedin }, simulator);
  const connected = await connect(world, `linkedin_${kind}`);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "text", text: "Fresh beans", media: [], options: {}, ...post },
      ...more,
    });
  return { world, connected, publish, live: () => world.sim.simulator.posts() };
}
const picture = samplePng();
const pictured = { format: "image", media: [picture.info] };
/** Answers in which every `from` reads `to`. */
const saying = (from: string, to: () => string) => (answer: HttpResponse) => {
  if (!answer.text.includes(from)) return answer;
  const text = answer.text.replaceAll(from, to());
  return { ...answer, text, json: JSON.parse(text) };
};

test("LI-1: readers see every character the author wrote", async () => {
  const { publish, live } = await setUp("member");
  const text = String.raw`Sale (today) [50 %] {x} <b> @me *b* _i_ ~ \| \ end`;
  assert.equal((await publish({ text })).end, "published");
  assert.equal(live()[0]?.text, text);
});

test("LI-4: a lost answer is no second post: it is found, or LinkedIn names it in refusing a repeat", async () => {
  for (const kind of ["page", "member"] as const)
    for (const when of ["after", "before"] as const) {
      const { publish, live } = await setUp(kind);
      const meddle = (run: number) => (run === 0 ? ({ kind: "cut", when } as const) : undefined);
      const told = await publish({ firstComment: "More below" }, { meddle });
      assert.deepEqual([told.end, live().length], ["published", 1], JSON.stringify(told.failure));
      assert.equal(told.published?.externalId, live()[0]?.id);
      const isTold = kind === "member" && when === "after";
      assert.equal(
        told.failure?.message.includes("have a look") ?? false,
        isTold,
        "LinkedIn's word alone is said to be that",
      );
      assert.deepEqual(live()[0]?.replies, ["More below"]);
    }
});

test("a lost answer to a post with media, or one found out too late, asks a person and sends nothing", async () => {
  const { world, publish, live } = await setUp("member");
  world.add(picture);
  const lost = (_run: number, step: { name: string }) =>
    step.name === "create_post" ? ({ kind: "cut", when: "after" } as const) : undefined;
  assert.equal((await publish(pictured, { meddle: lost })).end, "asks_person");
  assert.equal(live().length, 1);
  const late = (run: number) => {
    if (run === 0) world.advance(10 * 60_000);
    return run === 0 ? ({ kind: "cut", when: "after" } as const) : undefined;
  };
  const told = await publish({ text: "Later" }, { meddle: late });
  assert.deepEqual([told.end, live().length], ["asks_person", 2]);
});

test("LI-6: a version that has ended holds the post for the operator", async () => {
  await assert.rejects(setUp("page", { current: "202501" }), /operator_must_act/, "nor can a page be connected");
  const { world, connected, publish, live } = await setUp("member", { current: "202501" });
  const told = await publish({});
  assert.deepEqual([told.end, told.failure?.kind, live().length], ["held", "operator_must_act", 0]);
  assert.ok((await linkedin.health(world.context(connected, "none"))).ok, "nobody is asked to sign in again");
});

test("LI-8: a link without a title is called by its page, else by its host", async () => {
  const url = "https://example.com/untitled";
  for (const [title, own, shown] of [
    ["Their title", undefined, "Their title"],
    ["Their title", "  ", "Their title"],
    [undefined, "", "example.com"],
  ] as const) {
    const { world, publish, live } = await setUp("member");
    if (title !== undefined) world.web.set(url, { url, title });
    await publish({ format: "article", link: { url, ...(own !== undefined && { title: own }) } });
    assert.deepEqual(live()[0]?.details?.content, { article: { source: url, title: shown } });
  }
});

test("LI-10: a picture LinkedIn still works on is waited for, then the post is made once", async () => {
  const { world, publish, live } = await setUp("member");
  world.add(picture);
  world.sim.arm({ fault: "slowProcessing", params: { ms: 14_000 } });
  const begun = world.clock.now().getTime();
  const told = await publish(pictured);
  const tries = told.trace.filter(({ step }) => step === "create_post").map(({ outcome }) => outcome);
  assert.deepEqual([told.end, tries, live().length], ["published", ["unavailable", "ok"], 1]);
  assert.ok(world.clock.now().getTime() - begun < 60_000, "it does not wait for the next day");
});

test("the picture of a link's card is ready before the post is made", async () => {
  const { world, publish, live } = await setUp("page");
  world.add(picture);
  world.sim.arm({ fault: "slowProcessing", params: { ms: 14_000 } });
  const link = { url: "https://example.com/", title: "A page", thumbMediaId: picture.info.id };
  const told = await publish({ format: "article", link });
  const failed = told.trace.filter(({ outcome }) => outcome !== "ok" && outcome !== "waiting");
  assert.deepEqual([told.end, failed, live().length], ["published", [], 1]);
});

test("an answer that does not name the post leaves it open: no address without a name is kept", async () => {
  const { world, publish, live } = await setUp("member");
  world.add(picture);
  const nameless = (answer: HttpResponse) => ({ ...answer, headers: { ...answer.headers, "x-restli-id": "" } });
  const told = await publish(pictured, { tamper: nameless });
  assert.deepEqual([told.end, told.published, live().length], ["asks_person", undefined, 1]);
});

test("a page's post that LinkedIn takes and then fails to show is said to be so", async () => {
  const { world, publish, live } = await setUp("page");
  world.add(picture);
  const states = ["PUBLISH_REQUESTED", "PUBLISH_FAILED"];
  const told = await publish(pictured, { tamper: saying('"PUBLISHED"', () => `"${states.shift()}"`) });
  assert.deepEqual([told.end, states.length, live().length], ["published", 0, 1]);
  assert.ok(told.failure?.kind === "content_rejected");
  assert.equal(told.failure.reason, "not_shown");
  assert.equal(told.published?.externalId, live()[0]?.id);
});

test("a video whose addresses LinkedIn refuses is begun anew three times and then said to be refused", async () => {
  const { world, publish, live } = await setUp("member");
  const bytes = sampleMp4({ width: 640, height: 360, durationMs: 5_000, payloadBytes: 100_000 });
  const film = sampleMedia(bytes, { kind: "video", mimeType: "video/mp4", width: 640, height: 360, durationMs: 5_000 });
  world.add(film);
  const json = { status: 403, code: "ACCESS_DENIED", message: "Forbidden" };
  const refusing = (answer: HttpResponse) =>
    answer.headers.etag ? { ...answer, status: 403, text: JSON.stringify(json), json } : answer;
  const told = await publish({ format: "video", media: [film.info] }, { tamper: refusing, onFailure: "stop" });
  const runs = told.trace.map(({ outcome }) => outcome);
  assert.deepEqual(
    [runs.filter((outcome) => outcome === "waiting").length, told.failure?.kind, live().length],
    [3, "scope_missing", 0],
  );
});

test("a changed text goes on leading to who is named in it", async () => {
  const { world, connected, publish, live } = await setUp("page");
  const mentions = [{ name: "Ida Holm", handles: { linkedin: "urn:li:person:abc" } }];
  const { published } = await publish({ text: "Thanks @Ida Holm", mentions });
  assert.ok(published);
  const change = { text: "Many thanks @Ida Holm", mentions, format: "text", options: {} };
  const edited = await linkedin.publishing?.edit?.run(published, change, world.context(connected, "visible"));
  assert.ok(edited?.ok);
  assert.equal(live()[0]?.text, "Many thanks Ida Holm", "an element, whose mark readers do not see");
});

test("a page's numbers are asked by whole days of the last twelve months", async () => {
  const { world, connected } = await setUp("page");
  const until = world.clock.now();
  const since = new Date(until.getTime() - 800 * 86_400_000);
  const told = await linkedin.numbers?.account?.({ since, until }, world.context(connected, "none"));
  assert.ok(told?.ok, JSON.stringify(told));
  assert.ok(told.value.some(({ since: from, at }) => from && at.getTime() - from.getTime() === 86_400_000));
});

test("a first comment stands under the post as it was written, by its author, on either kind of account", async () => {
  for (const kind of ["member", "page"] as const) {
    const { publish, live } = await setUp(kind);
    const told = await publish({ firstComment: "More (below) #coffee" });
    assert.deepEqual([told.end, told.failure, live()[0]?.replies], ["published", undefined, ["More (below) #coffee"]]);
  }
});

test("a comment this app may not write is left out: the post is published and nobody signs in again", async () => {
  const { publish, live } = await setUp("page");
  const gate = {
    status: 403,
    code: "ACCESS_DENIED",
    message: "Not enough permissions: partnerApiSocialActions.CREATE",
  };
  const refusing = (answer: HttpResponse) =>
    answer.text.includes("urn:li:comment:")
      ? { ...answer, status: 403, text: JSON.stringify(gate), json: gate }
      : answer;
  const told = await publish({ firstComment: "More below" }, { tamper: refusing });
  const tries = told.trace.filter(({ step }) => step === "first_comment").length;
  assert.deepEqual([told.end, tries, live().length], ["published", 2, 1], "both addresses are tried, each once");
  assert.match(String(told.state.commentNote), /does not have the product/);
});

test("a lost comment is found under a page's post, and never written twice", async () => {
  for (const [kind, known] of [
    ["page", true],
    ["member", false],
  ] as const) {
    const { publish, live } = await setUp(kind);
    const meddle = (_run: number, step: { name: string }) =>
      step.name === "first_comment" ? ({ kind: "cut", when: "after" } as const) : undefined;
    const told = await publish({ firstComment: "More below" }, { meddle });
    assert.deepEqual([told.end, live()[0]?.replies], ["published", ["More below"]]);
    assert.equal(told.state.commentId !== undefined, known);
  }
});

test("what a link's picture shows is said to those who cannot see it", async () => {
  const { world, publish, live } = await setUp("page");
  world.add(picture);
  const link = { url: "https://example.com/", title: "A page", thumbMediaId: picture.info.id };
  await publish({ format: "article", link, options: { thumbnailAltText: "Beans" } });
  assert.match(JSON.stringify(live()[0]?.details), /"thumbnailAltText":"Beans"/);
});

test("health tells a page whose role its person has lost", async () => {
  const { world, connected } = await setUp("page");
  assert.ok((await linkedin.health(world.context(connected, "none"))).ok);
  const tamper = saying(connected.account.externalId, () => "urn:li:organization:1");
  const told = await linkedin.health(world.context(connected, "none", { effectCalls: 0, tamper }));
  assert.ok(!told.ok && told.error.kind === "scope_missing");
  assert.match(told.error.message, /no longer administers/);
});
