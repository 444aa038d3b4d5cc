import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountRef, type HttpResponse, type Platform, secret } from "@postd/connector-kit";
import {
  type Connected,
  createWorld,
  type RunFormatOptions,
  runFormat,
  sampleMedia,
} from "@postd/connector-kit/conformance";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { facebook } from "./facebook/platform.ts";
import { instagram } from "./instagram/platform.ts";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);
const definition = simulator;
const picture = sampleMedia(sampleJpeg({ width: 1080, height: 1080, seed: 1 }), {
  kind: "image",
  mimeType: "image/jpeg",
  width: 1080,
  height: 1080,
});

/** Facebook, and Instagram by both its sign-ins. */
const places = [
  [facebook, "page", "facebook_login"],
  [instagram, "professional", "facebook_login"],
  [instagram, "instagram_login", "instagram_login"],
] as const;
type Place = (typeof places)[number];

/** An account of one of them with a live post; `isBare`: signed in without what a person need not grant. */
async function setUp([platform, kind, authKind]: Place, isBare = false) {
  const world = createWorld({ provider, platform: platform as Platform }, definition);
  const auth = provider.signIns.find(({ id }) => id === authKind);
  assert.ok(auth);
  const { required, optional } = auth.scopes;
  const scopes = isBare ? (platform.requiredScopes?.[authKind] ?? required) : [...required, ...optional];
  const made = world.sim.simulator.createAccount({ kind, name: "Ida Holm", ...(isBare && { scopes }) });
  const account: AccountRef = {
    externalId: made.id,
    kind: platform.accountKinds[0]?.id ?? "",
    authKind,
    name: made.name,
    ...(made.handle && { handle: made.handle }),
    extras: {},
  };
  const connected: Connected = { account, credentials: { accessToken: secret(made.accessToken), scopes } };
  world.add(picture);
  const content = kind === "page" ? { format: "text", media: [] } : { format: "image", media: [picture.info] };
  const live = await runFormat({ world, connected, post: { ...content, text: "Fresh buns", options: {} } });
  const post = live.published?.externalId ?? "";
  const context = (tamper?: (answer: HttpResponse) => HttpResponse) =>
    world.context(connected, "none", { effectCalls: 0, ...(tamper && { tamper }) });
  const inbox = platform.inbox;
  assert.ok(inbox?.hide);
  const { hide } = inbox;
  const [step] = inbox.reply?.steps ?? [];
  const postOf = (destination: string, text: string) => {
    return { format: "reply", text, media: [], options: {}, destination };
  };
  return {
    world,
    post,
    /** Somebody writes under the post. */
    async comment(text: string) {
      world.advance(1_000);
      const made = await world.sim.simulator.act?.("comment", { objectId: post, text });
      return (made as { id: string }).id;
    },
    async list(tamper?: (answer: HttpResponse) => HttpResponse) {
      const entries = [];
      let cursor: string | undefined;
      do {
        const page = await inbox.list({ postId: post, ...(cursor && { cursor }) }, context(tamper));
        assert.ok(page.ok, JSON.stringify(page));
        entries.push(...page.value.entries);
        cursor = page.value.cursor;
      } while (cursor !== undefined);
      return entries;
    },
    reply(destination: string, text = "Thank you!", more: Partial<RunFormatOptions> = {}) {
      world.advance(1_000);
      return runFormat({ world, connected, post: postOf(destination, text), ...more });
    },
    /** Looks for an answer that was lost just now. */
    probe: (destination: string, text: string, tamper?: (answer: HttpResponse) => HttpResponse) =>
      step?.probe?.(
        { post: postOf(destination, text), state: {}, prepared: null, intentAt: world.clock.now() },
        context(tamper),
      ),
    hide: (externalId: string, isHidden: boolean) =>
      hide({ externalId, isHidden }, world.context(connected, "visible")),
    /** Comments that were written through the API. */
    written: () => world.sim.effectCalls().filter(({ path }) => /\/(comments|replies)$/.test(path)).length,
  };
}

for (const place of places) {
  const [{ id, inbox }, kind] = place;
  const where = `${id} (${kind})`;

  test(`${where}: what people write under a post is listed with its author, and answers below what they answer`, async () => {
    const { post, comment, reply, list } = await setUp(place);
    const first = await comment("When do you open?");
    await comment("Lovely");
    const told = await reply(first);
    assert.equal(told.end, "published", JSON.stringify(told.failure));
    const entries = await list();
    const of = (text: string) => entries.find((entry) => entry.text === text);
    assert.deepEqual(entries.map(({ text }) => text).sort(), ["Lovely", "Thank you!", "When do you open?"]);
    for (const entry of entries) assert.deepEqual([entry.kind, entry.postId, entry.isHidden], ["comment", post, false]);
    const asked = of("When do you open?");
    assert.deepEqual([asked?.externalId, asked?.parentId, asked?.isOwn], [first, undefined, undefined]);
    assert.ok(asked?.author?.externalId && asked.author.name);
    const answer = of("Thank you!");
    assert.deepEqual([answer?.externalId, answer?.parentId, answer?.isOwn], [told.published?.externalId, first, true]);
    assert.equal(asked.permalink?.startsWith("https://www.facebook.com/") ?? false, id === "facebook");
  });

  test(`${where}: many comments and many answers come page by page, each once`, async () => {
    const { comment, reply, list } = await setUp(place);
    const first = await comment("No 0");
    for (let n = 1; n < 104; n += 1) await comment(`No ${n}`);
    for (let n = 0; n < 103; n += 1) assert.equal((await reply(first, `Answer ${n}`)).end, "published");
    const entries = await list();
    assert.deepEqual([entries.length, new Set(entries.map(({ externalId }) => externalId)).size], [207, 207]);
    assert.equal(entries.filter(({ parentId }) => parentId === first).length, 103);
  });

  test(`${where}: a lost answer is found below the comment, and never written twice`, async () => {
    const { comment, reply, list, written } = await setUp(place);
    const first = await comment("When do you open?");
    const meddle = (when: "before" | "after") => (run: number) =>
      run === 0 ? ({ kind: "cut", when } as const) : undefined;
    const found = await reply(first, "At six", { meddle: meddle("after") });
    const [entry] = (await list()).filter(({ text }) => text === "At six");
    assert.deepEqual([found.end, found.published?.externalId, written()], ["published", entry?.externalId, 1]);
    const asked = await reply(first, "At seven", { meddle: meddle("before") });
    assert.deepEqual([asked.end, written()], ["asks_person", 1]);
  });

  test(`${where}: the same words of somebody else, or of long before, are not the lost answer`, async () => {
    const { world, comment, reply, probe, written } = await setUp(place);
    const first = await comment("When do you open?");
    assert.equal((await reply(first, "At six")).end, "published");
    world.advance(3_600_000);
    const meddle = (run: number) => (run === 0 ? ({ kind: "cut", when: "before" } as const) : undefined);
    const old = await reply(first, "At six", { meddle });
    assert.deepEqual([old.end, old.published, written()], ["asks_person", undefined, 1]);
    const byOthers = (answer: HttpResponse): HttpResponse => {
      const text = answer.text.replaceAll(/"from":\{[^}]*\}/g, '"from":{"id":"9","username":"jonas"}');
      const named = text.replaceAll(/"username":"ida[^"]*"/g, '"username":"jonas"');
      return { ...answer, text: named, json: JSON.parse(named) };
    };
    await reply(first, "At eight");
    const found = async (tamper?: (answer: HttpResponse) => HttpResponse) => {
      const told = await probe(first, "At eight", tamper);
      assert.ok(told?.ok, JSON.stringify(told));
      return told.value.kind;
    };
    assert.deepEqual([await found(), await found(byOthers)], ["found", "not_seen"]);
  });

  test(`${where}: an answer to an answer stands in its thread, and is found there when it was lost`, async () => {
    const { comment, reply, list } = await setUp(place);
    const first = await comment("When do you open?");
    const own = (await reply(first, "At six")).published?.externalId ?? "";
    const meddle = (run: number) => (run === 0 ? ({ kind: "cut", when: "after" } as const) : undefined);
    const told = await reply(own, "On Sundays at eight", { meddle });
    assert.equal(told.end, "published", JSON.stringify(told.trace));
    const entry = (await list()).find(({ externalId }) => externalId === told.published?.externalId);
    assert.ok([first, own].includes(entry?.parentId ?? ""));
  });

  test(`${where}: a comment is hidden and shown again, and both may be repeated`, async () => {
    const { comment, list, hide } = await setUp(place);
    const first = await comment("Buy followers");
    for (const isHidden of [true, true, false, false]) {
      assert.ok((await hide(first, isHidden)).ok);
      assert.equal((await list())[0]?.isHidden, isHidden);
    }
  });

  test(`${where}: an answer to what is gone blames the entry, and to no entry at all sends nothing`, async () => {
    const { reply, written, post } = await setUp(place);
    for (const entry of ["17000000000000001", `${post}/likes`]) {
      const told = await reply(entry);
      assert.ok(told.failure?.kind === "content_rejected", JSON.stringify(told.failure));
      assert.deepEqual([told.end, told.failure.field, written()], ["failed", "destination", 0]);
    }
  });

  test(`${where}: without the right to comments an answer fails by itself, and nothing of the account is held`, async () => {
    const { comment, reply, written } = await setUp(place, true);
    const told = await reply(await comment("When do you open?"));
    assert.ok(told.failure?.kind === "content_rejected", JSON.stringify(told.failure));
    assert.deepEqual([told.end, told.failure.reason, written()], ["failed", "not_allowed", 0]);
    assert.match(told.failure.message, /right to write comments \(.*comments|engagement/);
  });

  test(`${where}: comments of unknown shape or time are left out, and nobody is made their author`, async () => {
    const { comment, list } = await setUp(place);
    await comment("Lovely");
    const odd = (answer: HttpResponse): HttpResponse => {
      const [row] = (answer.json as { data: object[] }).data;
      const timeless = { ...row, id: "3", created_time: "soon", timestamp: undefined };
      const nameless = { ...row, id: "4", from: undefined, username: undefined, is_hidden: "no", hidden: 1 };
      return { ...answer, text: JSON.stringify({ data: [7, { surprise: true }, timeless, nameless] }) };
    };
    const entries = await list(odd);
    assert.deepEqual(
      entries.map(({ externalId, author, isOwn, isHidden }) => [externalId, author, isOwn, isHidden]),
      [["4", undefined, undefined, undefined]],
    );
  });

  test(`${where}: comments are listed by post and cannot be liked`, () => {
    assert.deepEqual([inbox?.lists, inbox?.like], ["post", undefined]);
  });
}

test("what Facebook does not let the Page hide is said to be so", async () => {
  const { comment, list } = await setUp(places[0]);
  await comment("Lovely");
  const [entry] = await list((answer) => ({
    ...answer,
    text: answer.text.replaceAll('"can_hide":true', '"can_hide":false'),
  }));
  assert.deepEqual(entry?.cannot, ["hide"]);
  assert.equal((await list())[0]?.cannot, undefined);
});
