import assert from "node:assert/strict";
import { test } from "node:test";
import { type Connected, runFormat } from "@postd/connector-kit/conformance";
import { connect, makes, picture, setUp } from "./connect-harness.ts";
import type { PostState } from "./media.ts";
import { x } from "./platform.ts";

test("scopes that were not ticked are shown as missing", async () => {
  const { connected, world } = await setUp("plain", ["tweet.read", "users.read", "tweet.write"]);
  const told = await x.health(world.context(connected, "none"));
  assert.ok(told.ok, JSON.stringify(told));
  assert.deepEqual(told.value.missingScopes, ["media.write", "offline.access"]);
});

test("an edit asked for again after a lost answer is found, and takes no second of the five", async () => {
  const { publish, sent, ctx, live } = await setUp();
  const { published, state } = await publish({ text: "Fresh been" });
  assert.ok(published);
  const change = { format: "text", text: "Fresh beans", options: {} };
  const edit = () => x.publishing?.edit?.run({ ...published, state }, change, ctx());
  const first = await edit();
  assert.ok(first?.ok && first.value && first.value.externalId !== published.externalId, JSON.stringify(first));
  const calls = sent("POST", makes).length;
  const second = await edit();
  assert.deepEqual(second, first);
  assert.deepEqual([sent("POST", makes).length, live().map(({ text }) => text)], [calls, ["Fresh beans"]]);
  assert.deepEqual((first.value.state as PostState).posts, [first.value.externalId]);
});

test("an edit takes along what the post has besides words, or is refused", async () => {
  const { publish, act, sent, ctx, live } = await setUp();
  await act("set", { ownQuotes: true });
  const own = await publish({ text: "Mine" });
  const options = {
    ...{ quote: own.published?.externalId ?? "", replySettings: "following", madeWithAi: true, paidPartnership: true },
  };
  const quoting = await publish({ text: "As I sad", options });
  const change = { format: "text", text: "As I said", options };
  const ref = { externalId: quoting.published?.externalId ?? "" };
  const told = await x.publishing?.edit?.run(ref, change, ctx());
  assert.ok(told?.ok && told.value, JSON.stringify(told));
  const after = live().find(({ id }) => id === (told.ok ? told.value?.externalId : ""));
  assert.deepEqual(
    [after?.text, after?.details?.quoteOf, after?.details?.replySettings],
    ["As I said", own.published?.externalId, "following"],
  );
  assert.ok(after?.details?.made_with_ai && after.details.paid_partnership);
  const pictured = await publish({ format: "images", text: "A pictur", media: [picture.info] });
  const calls = sent("POST", makes).length;
  // One that a person linked: nothing is known of its files.
  const linked = { externalId: pictured.published?.externalId ?? "" };
  const refused = await x.publishing?.edit?.run(linked, { format: "images", text: "A picture", options: {} }, ctx());
  assert.ok(refused && !refused.ok && refused.error.kind === "content_rejected", JSON.stringify(refused));
  assert.equal(sent("POST", makes).length, calls);
  assert.equal(live().find(({ id }) => id === linked.externalId)?.media.length, 1);
});

test("a post whose edit was not answered is deleted under the name it has now", async () => {
  const { publish, act, ctx, live } = await setUp();
  await act("set", { deletesByOldName: false });
  const { published, state } = await publish({ text: "Fresh been" });
  const ref = { externalId: published?.externalId ?? "", format: "text", state };
  const edited = await x.publishing?.edit?.run(ref, { format: "text", text: "Fresh beans", options: {} }, ctx());
  assert.ok(edited?.ok && live().length === 1);
  for (let times = 0; times < 2; times += 1) {
    const gone = await x.publishing?.remove?.run(ref, ctx());
    assert.ok(gone?.ok && live().length === 0, JSON.stringify(gone));
  }
});

test("a change of spaces, lines or a name is a change", async () => {
  const { publish, ctx, live } = await setUp();
  const { published, state } = await publish({ text: "Fresh beans" });
  let ref = { externalId: published?.externalId ?? "", state };
  for (const text of ["Fresh\nbeans", "@jonas_berg Fresh\nbeans", "Fresh\nbeans https://x.com/ida/status/12"]) {
    const told = await x.publishing?.edit?.run(ref, { format: "text", text, options: {} }, ctx());
    assert.ok(told?.ok && told.value, JSON.stringify(told));
    ref = { externalId: told.value.externalId, state: told.value.state ?? {} };
    assert.deepEqual(
      live().map((post) => post.text),
      [text],
    );
  }
});

test("an account without a subscription is told why its post cannot be edited", async () => {
  const { publish, ctx } = await setUp("plain");
  const { published, state } = await publish({});
  const change = { format: "text", text: "Other words", options: {} };
  const told = await x.publishing?.edit?.run({ externalId: published?.externalId ?? "", state }, change, ctx());
  assert.ok(told && !told.ok && told.error.kind === "content_rejected", JSON.stringify(told));
  assert.match(told.error.message, /Premium/);
});

test("what is said to an account is listed, answered and hidden", async () => {
  const { world, connected, publish, live, ctx } = await setUp();
  const guest = await connect(world);
  const post = await publish({ text: `What do you think, @${guest.account.handle}?` });
  const say = (who: Connected, text: string, destination: string) =>
    runFormat({ world, connected: who, post: { format: "reply", text, media: [], options: {}, destination } });
  const said = await say(guest, `@${connected.account.handle} I like it`, post.published?.externalId ?? "");
  assert.equal(said.end, "published", JSON.stringify(said.failure));
  const list = await x.inbox?.list({}, ctx());
  assert.ok(list?.ok, JSON.stringify(list));
  const [entry] = list.value.entries;
  assert.deepEqual(
    [entry?.externalId, entry?.postId, entry?.author?.handle, entry?.cannot],
    [said.published?.externalId, post.published?.externalId, guest.account.handle, undefined],
  );
  assert.match(entry?.text ?? "", /I like it/);
  const ofPost = await x.inbox?.list({ postId: post.published?.externalId ?? "" }, ctx());
  assert.ok(ofPost?.ok && ofPost.value.entries.some(({ externalId }) => externalId === entry?.externalId));
  // Whoever answered a post answered what it was before an edit as well.
  const change = { format: "text", text: `What do you think then, @${guest.account.handle}?`, options: {} };
  const ref = { externalId: post.published?.externalId ?? "", state: post.state };
  const edited = await x.publishing?.edit?.run(ref, change, ctx());
  const newId = (edited?.ok && edited.value?.externalId) || "";
  const ofEdited = await x.inbox?.list({ postId: newId }, ctx());
  assert.ok(ofEdited?.ok && newId !== ref.externalId);
  assert.deepEqual(
    ofEdited.value.entries.filter(({ isOwn }) => !isOwn).map(({ externalId, postId }) => [externalId, postId]),
    [[entry?.externalId, newId]],
  );
  const thanks = await say(connected, "Thank you", entry?.externalId ?? "");
  assert.equal(thanks.end, "published", JSON.stringify(thanks.failure));
  assert.equal(live().length, 3);
  for (const isHidden of [true, true, false]) {
    const hidden = await x.inbox?.hide?.({ externalId: entry?.externalId ?? "", isHidden }, ctx());
    assert.ok(hidden?.ok, JSON.stringify(hidden));
  }
});

test("posts of the account are listed whoever made them, newest first, each with its format", async () => {
  const { world, publish, ctx } = await setUp();
  const since = world.clock.now();
  await publish({ text: "Words & more https://example.com/a" });
  world.advance(60_000);
  await publish({ format: "images", text: "A picture", media: [picture.info] });
  world.advance(60_000);
  await publish({ format: "poll", text: "Which?", options: { poll: { options: ["A", "B"], durationMinutes: 60 } } });
  const read = await x.numbers?.recent?.({ since }, ctx());
  assert.ok(read?.ok, JSON.stringify(read));
  assert.deepEqual(
    read.value.posts.map(({ format, text }) => [format, text]),
    [
      ["poll", "Which?"],
      ["images", "A picture"],
      ["text", "Words & more https://example.com/a"],
    ],
  );
});
