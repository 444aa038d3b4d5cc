import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base, errorOf, setUp } from "./client-harness.ts";

const texts = ({ json }: { json: { data: { text: string }[] } }) => json.data.map(({ text }) => text);

async function discussed() {
  const all = setUp();
  const id = await all.publish({ text: "What do you think?" });
  const write = async (to: string, text: string): Promise<string> => {
    all.advance(1_000);
    return Object(await all.act("reply", { to, text })).id;
  };
  return { ...all, id, write };
}

describe("replies on Threads", () => {
  it("lists the top level, all of a conversation, and in the order asked for", async () => {
    const { id, write, get, simulator, ask } = await discussed();
    const good = await write(id, "Good");
    await write(good, "Really?");
    await write(id, "Bad");
    const fields = "id,text,username,has_replies,root_post,replied_to,is_reply,hide_status,is_reply_owned_by_me";
    const top = await get(`${id}/replies`, { fields });
    assert.deepEqual(texts(top), ["Bad", "Good"]);
    assert.deepEqual(
      [top.json.data[1].has_replies, top.json.data[1].is_reply_owned_by_me, top.json.data[1].hide_status],
      [true, false, "NOT_HUSHED"],
    );
    assert.deepEqual(texts(await get(`${id}/replies`, { fields, reverse: "false" })), ["Good", "Bad"]);
    assert.deepEqual(texts(await get(`${id}/conversation`, { fields, reverse: "false" })), ["Good", "Really?", "Bad"]);
    assert.deepEqual(simulator.posts()[0]?.replies, ["Good", "Bad"]);
    assert.equal(simulator.posts().length, 1, "what others wrote is no post of ours");
    const { accessToken: token } = simulator.createAccount({ name: "Somebody else" });
    assert.equal(errorOf(await ask({ url: `${base}${id}/replies`, token })), "10/-");
  });

  it("hides an answer of the top level only, and shows it again", async () => {
    const { id, write, post, get, simulator } = await discussed();
    const good = await write(id, "Good");
    const below = await write(good, "Really?");
    assert.deepEqual((await post(`${good}/manage_reply`, { hide: "true" })).json, { success: true });
    assert.equal((await get(good, { fields: "hide_status" })).json.hide_status, "HIDDEN");
    assert.deepEqual(simulator.posts()[0]?.replies, []);
    await post(`${good}/manage_reply`, { hide: "false" });
    assert.deepEqual(simulator.posts()[0]?.replies, ["Good"]);
    assert.equal(errorOf(await post(`${below}/manage_reply`, { hide: "true" })), "100/-");
    assert.equal(errorOf(await post(`${good}/manage_reply`)), "100/-");
  });

  it("holds answers back where the post wants them approved", async () => {
    const { publish, act, get, post, simulator } = setUp();
    const id = await publish({ text: "Careful", enable_reply_approvals: "true" });
    const { id: yes } = Object(await act("reply", { to: id, text: "Yes" }));
    const { id: no } = Object(await act("reply", { to: id, text: "No" }));
    assert.deepEqual(texts(await get(`${id}/replies?fields=text`)), []);
    assert.deepEqual(texts(await get(`${id}/pending_replies?fields=text`)), ["No", "Yes"]);
    await post(`${yes}/manage_pending_reply`, { approve: "true" });
    await post(`${no}/manage_pending_reply`, { approve: "false" });
    assert.deepEqual(simulator.posts()[0]?.replies, ["Yes"]);
    assert.deepEqual(texts(await get(`${id}/pending_replies?fields=text`)), []);
    assert.equal(errorOf(await post(`${yes}/manage_pending_reply`, { approve: "true" })), "100/-");
  });

  it("keeps answers when their post is deleted, and finds mentions by the whole handle", async () => {
    const { publish, act, get, account, remove, simulator } = setUp();
    const id = await publish({ text: "One" });
    await publish({ text: "Two", reply_to_id: id });
    await remove(id);
    assert.deepEqual(
      simulator.posts().map(({ text }) => text),
      ["Two"],
    );
    await act("post", { text: `Hello @${account.handle}.` });
    await act("post", { text: `Hello @${account.handle}7` });
    assert.deepEqual(texts(await get("me/mentions?fields=text")), [`Hello @${account.handle}.`]);
    const few = setUp({ scopes: ["threads_basic", "threads_content_publish"] });
    assert.equal(errorOf(await few.get("me/mentions")), "10/-");
    assert.equal(errorOf(await few.get("me/replies")), "10/-");
  });
});
