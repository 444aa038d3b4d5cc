import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutgoingPost } from "@postd/connector-kit";
import { createWorld, type RunFormatOptions, runFormat } from "@postd/connector-kit/conformance";
import { connect, simulator } from "./connect-harness.ts";
import { threads } from "./platform.ts";
import { provider } from "./provider.ts";

const { inbox, numbers, publishing } = threads;
assert.ok(inbox?.reply && inbox.hide && numbers?.recent && publishing.lookUp);

async function setUp() {
  const world = createWorld({ provider, platform: threads }, simulator);
  const connected = await connect(world);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({ world, connected, post: { format: "text", text: "", media: [], options: {}, ...post }, ...more });
  const act = (name: string, about: object) => world.sim.simulator.act?.(name, about as never);
  const read = async (given: Parameters<NonNullable<typeof inbox>["list"]>[0]) => {
    const page = await threads.inbox?.list(given, world.context(connected, "none"));
    assert.ok(page?.ok, JSON.stringify(page));
    return page.value;
  };
  const post = async (text: string, more: Partial<OutgoingPost> = {}) => {
    world.advance(60_000);
    const done = await publish({ text, ...more });
    assert.ok(done.published, JSON.stringify(done.failure));
    return done.published.externalId;
  };
  return { world, connected, publish, act, read, post, live: () => world.sim.simulator.posts() };
}

test("answers to every post and mentions are listed together, newest first, the account's own among them", async () => {
  const { world, connected, act, read, post } = await setUp();
  const ids = [];
  for (let n = 0; n < 12; n += 1) ids.push(await post(`Post ${n}`));
  for (const n of [1, 11]) {
    world.advance(60_000);
    await act("reply", { to: ids[n], text: `To ${n}` });
  }
  world.advance(60_000);
  await act("post", { text: `Thanks @${connected.account.handle}` });
  const first = await read({});
  assert.deepEqual(
    first.entries.map(({ text }) => text),
    [`Thanks @${connected.account.handle}`, "To 11"],
  );
  const [mention, answer] = first.entries;
  assert.deepEqual(
    [mention?.postId, mention?.cannot, answer?.postId, answer?.cannot],
    [undefined, ["hide"], ids[11], undefined],
  );
  assert.ok(first.cursor !== undefined);
  const second = await read({ cursor: first.cursor });
  assert.deepEqual([second.entries.map(({ text }) => text), second.cursor], [["To 1"], undefined]);
  assert.deepEqual(
    (await read({ postId: ids[11] ?? "" })).entries.map(({ text }) => text),
    ["To 11"],
  );
});

test("an answer is a post of its own below the entry, once, whatever is lost, and comes back as the account's", async () => {
  for (const when of ["after", "before"] as const) {
    const { act, read, post, publish, live } = await setUp();
    const id = await post("Open today");
    await act("reply", { to: id, text: "Until when?" });
    const [asked] = (await read({ postId: id })).entries;
    assert.ok(asked);
    let times = 0;
    const done = await publish(
      { format: "reply", text: "Until six", destination: asked.externalId },
      { meddle: (_run, { name }) => (name === "publish" && times++ === 0 ? { kind: "cut", when } : undefined) },
    );
    assert.equal(done.end, "published", JSON.stringify(done.trace));
    assert.equal(live().filter(({ text }) => text === "Until six").length, 1);
    const own = (await read({ postId: id })).entries.find(
      ({ externalId }) => externalId === done.published?.externalId,
    );
    assert.deepEqual([own?.isOwn, own?.parentId, own?.cannot], [true, asked.externalId, ["hide"]]);
  }
});

test("an answer to the post is hidden and shown again, and either twice does no harm", async () => {
  const { world, connected, act, read, post } = await setUp();
  const id = await post("Open today");
  await act("reply", { to: id, text: "Spam" });
  const [spam] = (await read({ postId: id })).entries;
  assert.ok(spam && spam.isHidden !== true);
  for (const isHidden of [true, true, false, false]) {
    const done = await threads.inbox?.hide?.(
      { externalId: spam.externalId, isHidden },
      world.context(connected, "visible"),
    );
    assert.ok(done?.ok, JSON.stringify(done));
    assert.equal((await read({ postId: id })).entries[0]?.isHidden, isHidden);
  }
});

test("posts made elsewhere are listed with those made here, each with the format its numbers are asked with", async () => {
  const { world, connected, act, post } = await setUp();
  await post("Made here");
  world.advance(60_000);
  await act("postByHand", { person: connected.account.externalId, text: "Made by hand" });
  const since = new Date(0);
  const page = await numbers?.recent?.({ since }, world.context(connected, "none"));
  assert.ok(page?.ok, JSON.stringify(page));
  const shown = page.value.posts.map(({ text, format, createdAt }) => [text, format, createdAt > since]);
  assert.deepEqual(shown, [
    ["Made by hand", "text", true],
    ["Made here", "text", true],
  ]);
});

test("a post is found by its id and by its address, and somebody else's is not", async () => {
  const { world, connected, act, post, live } = await setUp();
  const id = await post("Here");
  const find = async (named: Parameters<NonNullable<typeof publishing.lookUp>>[0]) => {
    const found = await publishing.lookUp?.(named, world.context(connected, "none"));
    assert.ok(found?.ok, JSON.stringify(found));
    return found.value?.externalId;
  };
  const permalink = live().find((it) => it.id === id)?.permalink ?? "";
  assert.ok(URL.canParse(permalink), permalink);
  assert.deepEqual([await find({ externalId: id }), await find({ permalink: `${permalink}/?utm=1` })], [id, id]);
  await act("post", { text: "Of another" });
  const others = live().find(({ text }) => text === "Of another")?.id;
  assert.equal(await find({ externalId: others ?? "1" }), undefined);
  assert.equal(await find({ externalId: "17999999999999999" }), undefined);
});

test("where an account has no follower count there is no number, and no failure", async () => {
  const { world, connected } = await setUp();
  const body = { error: { message: "(#10) THREADS_API__FEATURE_NOT_AVAILABLE", type: "THApiException", code: 10 } };
  world.sim.arm({ fault: "platformError", status: 400, body, skip: 1, match: { path: "threads_insights" } } as never);
  const until = world.clock.now();
  const range = { since: new Date(until.getTime() - 86_400_000), until };
  const read = await numbers?.account?.(range, world.context(connected, "none"));
  assert.ok(read?.ok && !read.value.some(({ name }) => name === "followers"), JSON.stringify(read));
});
