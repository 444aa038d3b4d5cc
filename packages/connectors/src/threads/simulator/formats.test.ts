import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base, errorOf, setUp } from "./client-harness.ts";
import { countText, topicIn } from "./text-rules.ts";

const json = JSON.stringify;

describe("what a Threads post may carry", () => {
  it("makes the first tag of a text its topic, shows it without the mark, and a named topic wins", async () => {
    const { publish, last, get, act } = setUp();
    const id = await publish({ text: "Number #1 is #roasted, says #ida" });
    assert.equal(last()?.text, "Number #1 is roasted, says #ida");
    assert.deepEqual([last()?.details?.topic, last()?.details?.isTopicFromText], ["roasted", true]);
    const read = () => get(id, { fields: "text,topic_tag" });
    assert.deepEqual((await read()).json, { id, text: "Number #1 is roasted, says #ida", topic_tag: "roasted" });
    await act("set", { textKeepsTag: true });
    assert.equal((await read()).json.text, "Number #1 is #roasted, says #ida");
    await publish({ text: "Still #roasted", topic_tag: "Coffee people" });
    assert.deepEqual([last()?.text, last()?.details?.topic], ["Still #roasted", "Coffee people"]);
  });

  it("ends a tag where the platform does, and refuses a topic with a period or ampersand or beyond 50", async () => {
    for (const [text, topic] of [
      ["#a.b", "a"],
      ["go #fresh! now", "fresh"],
      ["#2026 #x2026;", "x2026"],
      ["#1 only", undefined],
      ["mail#home", undefined],
      ["# nothing", undefined],
    ] as const)
      assert.equal(topicIn(text), topic, text);
    const { create } = setUp();
    for (const topic_tag of ["a.b", "R&D", "x".repeat(51)])
      assert.equal(errorOf(await create({ text: "Hi", topic_tag })), "100/-", topic_tag);
  });

  it("counts an emoji as its bytes and anything else as one", () => {
    for (const [text, count] of [
      ["abc", 3],
      ["é", 1],
      ["e\u0301", 1],
      ["😀", 4],
      ["👨‍👩‍👧‍👦", 25],
      ["🇩🇪", 8],
      ["日本", 2],
    ] as const)
      assert.equal(countText(text), count, text);
  });

  it("holds polls, GIFs, long texts, spoilers, ghosts and who may answer", async () => {
    const { publish, last, simulator, advance, create, get } = setUp();
    const poll_attachment = json({ option_a: "Light", option_b: "Dark" });
    const id = await publish({ text: "Which?", poll_attachment });
    assert.deepEqual(last()?.details?.poll, { option_a: "Light", option_b: "Dark" });
    const asked = await get(id, { fields: "poll_attachment{option_a,option_a_votes_percentage}" });
    assert.deepEqual(asked.json.poll_attachment, { option_a: "Light", option_a_votes_percentage: 0.5 });
    await publish({ gif_attachment: json({ gif_id: "g1", provider: "GIPHY" }) });
    assert.equal(last()?.details?.gif, "g1");
    await publish({ text_attachment: json({ plaintext: "Long".repeat(2_500) }) });
    const spoiler = json([{ entity_type: "SPOILER", offset: 0, length: 3 }]);
    await publish({ text: "The end", text_entities: spoiler, reply_control: "mentioned_only" });
    assert.deepEqual(last()?.details?.spoilers, [{ offset: 0, length: 3 }]);
    await publish({ text: "See https://example.com/a." });
    assert.equal(last()?.details?.link, "https://example.com/a");
    await publish({ text: "See https://example.com/a.", link_attachment: "https://example.com/b" });
    assert.equal(last()?.details?.link, "https://example.com/b");
    await publish({ text: "Boo", is_ghost_post: "true" });
    assert.equal(simulator.posts().length, 7);
    const ghost = last()?.id ?? "";
    advance(86_400_000);
    assert.equal(simulator.posts().length, 6, "a ghost is gone after a day");
    assert.equal(errorOf(await get(ghost)), "100/33");
    assert.equal((await get("me/threads")).json.data.length, 6);
    for (const wrong of [
      { text: "Hi", poll_attachment: json({ option_a: "One" }) },
      { text: "Hi", poll_attachment: json({ option_a: "x".repeat(26), option_b: "b" }) },
      { gif_attachment: json({ gif_id: "g1", provider: "TENOR" }) },
      { text_attachment: json({ plaintext: "L".repeat(10_001) }) },
      { text: "Hi", text_entities: json([{ entity_type: "SPOILER", offset: 0, length: 3 }]) },
      { text: "Hi", reply_control: "nobody" },
      { text: "Hi", media_type: "IMAGE", image_url: "https://media.example/1.jpg", poll_attachment },
      { text: "Hi", is_spoiler_media: "perhaps" },
    ])
      assert.equal(errorOf(await create(wrong)), "100/-", json(wrong));
  });

  it("chains answers, quotes and reposts, which show where they belong", async () => {
    const { publish, post, last, simulator, get, create } = setUp();
    const first = await publish({ text: "One" });
    const second = await publish({ text: "Two", reply_to_id: first });
    const third = await publish({ text: "Three", reply_to_id: second });
    const { json: read } = await get(third, { fields: "root_post,replied_to,is_reply" });
    assert.deepEqual(read, { id: third, is_reply: true, root_post: { id: first }, replied_to: { id: second } });
    assert.deepEqual(simulator.posts()[0]?.replies, ["Two"]);
    await publish({ text: "Look", quote_post_id: first });
    assert.equal(last()?.details?.quoted, first);
    const reposted = await post(`${first}/repost`);
    assert.deepEqual([last()?.kind, last()?.details?.reposted, last()?.id], ["repost", first, reposted.json.id]);
    const own = await get("me/threads?fields=media_type");
    assert.deepEqual(
      own.json.data.map((one: { media_type: string }) => one.media_type),
      ["REPOST_FACADE", "TEXT_POST", "TEXT_POST"],
    );
    const answers = await get("me/replies?fields=text");
    assert.deepEqual(
      answers.json.data.map((one: { text: string }) => one.text),
      ["Three", "Two"],
    );
    assert.equal(errorOf(await create({ text: "Hi", reply_to_id: "18099999999999999" })), "100/33");
  });

  it("asks for the permission each of them needs, and for gates an account may not have", async () => {
    const few = setUp({ scopes: ["threads_basic", "threads_content_publish"] });
    const id = await few.publish({ text: "One" });
    assert.equal(errorOf(await few.create({ text: "Two", reply_to_id: id })), "10/-");
    assert.equal(errorOf(await few.create({ text: "Two", crossreshare_to_ig: "true" })), "10/-");
    assert.equal(errorOf(await few.create({ text: "Two", location_id: "106377336067638" })), "10/-");
    assert.equal(errorOf(await few.remove(id)), "10/-");
    assert.equal(errorOf(await few.get("location_search?q=market")), "10/-");
    const { create, publish, act, account, last, get } = setUp();
    const gated = { text: "Hi", allowlisted_country_codes: "NO,DE" };
    assert.match((await create(gated)).json.error.message, /THREADS_API__FEATURE_NOT_AVAILABLE/);
    await act("setPerson", { person: account.id, isEligibleForGeoGating: true });
    await publish(gated);
    assert.deepEqual(last()?.details?.countries, ["NO", "DE"]);
    const wrong = await create({ ...gated, allowlisted_country_codes: "Norway" });
    assert.match(wrong.json.error.message, /THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES/);
    const [place] = (await get("location_search?q=market&fields=id,name")).json.data;
    await publish({ text: "Here", location_id: place.id, crossreshare_to_ig: "true" });
    assert.deepEqual([last()?.details?.location, last()?.details?.isSharedToInstagram], ["Northfold Market", true]);
    assert.equal((await get(place.id, { fields: "city" })).json.city, "Northfold");
  });

  it("reads parameters from query, form, JSON and multipart, passes unknown ones over and says which", async () => {
    const { ask, token, simulator, post } = setUp();
    const sent = { media_type: "TEXT", text: "Hi", auto_publish_text: "true", id: "1", colour: "red" };
    const url = `${base}me/threads`;
    for (const call of [
      { url: `${url}?${new URLSearchParams(sent)}`, method: "POST" },
      { url, form: sent },
      { url, json: { ...sent, auto_publish_text: true } },
      { url, multipart: sent },
    ])
      assert.equal((await ask({ ...call, token })).status, 200);
    assert.equal(simulator.posts().length, 4);
    assert.deepEqual(Object(simulator.inspect?.()).passedOver, ["POST user/threads: colour"]);
    const read = await post("me/threads?fields=id,status", { media_type: "TEXT", text: "Read back" });
    assert.equal(read.json.status, "FINISHED");
    const failed = await post("me/threads?fields=colour", { media_type: "TEXT", text: "Read back" });
    assert.equal(errorOf(failed), "100/33");
    assert.ok(failed.json.error.original_response.id);
  });
});
