import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enc, setUp } from "./test-client.ts";

interface Element {
  readonly id: string;
  readonly commentUrn: string;
  readonly actor: string;
  readonly object: string;
  readonly parentComment?: string;
  readonly message: { readonly text: string };
  readonly commentsSummary: { readonly aggregatedTotalComments: number };
}

/** A page with one post, and its talk in short. */
async function talk(scopes?: readonly string[]) {
  const page = setUp("page", scopes);
  const { account, send, get, remove, act } = page;
  const post = (await page.post()).headers["x-restli-id"] ?? "";
  const path = (target: string) => `rest/socialActions/${enc(target)}/comments`;
  const write = (target: string, text: string, fields: Record<string, unknown> = {}) =>
    send(path(target), { actor: account.id, object: post, message: { text }, ...fields });
  const list = async (target: string, query = ""): Promise<readonly Element[]> => {
    const { status, json } = await get(`${path(target)}${query}`);
    return status === 404 ? [] : json.elements;
  };
  const guest = async (text: string, fields: Record<string, string> = {}) =>
    (await act("comment", { post, text, ...fields })) as { id: string; actor: string };
  return { ...page, postId: post, path, write, list, guest, remove };
}
const texts = (elements: readonly Element[]) => elements.map(({ message }) => message.text);

describe("comments of a page's post", () => {
  it("go by the activity, which is not the post's own number, and are reached by either", async () => {
    const { postId, guest, list, write } = await talk();
    const { id, actor } = await guest("When do you open?");
    const [element] = await list(postId);
    assert.ok(element);
    assert.deepEqual([element.commentUrn, element.actor], [id, actor]);
    assert.equal(element.commentUrn, `urn:li:comment:(${element.object},${element.id})`);
    assert.match(element.object, /^urn:li:activity:\d+$/);
    assert.notEqual(element.object.split(":").at(-1), postId.split(":").at(-1));
    assert.deepEqual(await list(element.object), await list(postId));
    const made = await write(element.object, "At nine.", { object: element.object });
    assert.deepEqual([made.status, made.headers["x-restli-id"]], [201, made.json.id]);
    assert.deepEqual(texts(await list(postId)), ["When do you open?", "At nine."]);
  });

  it("are answered with the comment as the target or as parentComment, and answers are listed under it alone", async () => {
    const { postId, guest, list, write, simulator } = await talk();
    const { id } = await guest("When do you open?");
    assert.equal((await write(id, "At nine.")).json.parentComment, id);
    assert.equal((await write(postId, "On Sunday at ten.", { parentComment: id })).status, 201);
    await guest("Thanks", { parent: id, author: "Jonas Berg" });
    assert.deepEqual(
      (await list(postId)).map((each) => [each.message.text, each.commentsSummary.aggregatedTotalComments]),
      [["When do you open?", 3]],
    );
    const answers = await list(id);
    assert.deepEqual(texts(answers), ["At nine.", "On Sunday at ten.", "Thanks"]);
    assert.deepEqual(new Set(answers.map(({ parentComment }) => parentComment)), new Set([id]));
    assert.deepEqual(simulator.posts()[0]?.replies, ["When do you open?", ...texts(answers)]);
  });

  it("nest one level, stay on their post and say what they are on", async () => {
    const { postId, guest, list, write, post } = await talk();
    const { id } = await guest("When do you open?");
    const answer = (await write(id, "At nine.")).json.commentUrn;
    const elsewhere = (await post({ commentary: "Another" })).headers["x-restli-id"] ?? "";
    for (const [target, fields] of [
      [answer, {}],
      [postId, { parentComment: answer }],
      [postId, { parentComment: "urn:li:comment:(urn:li:activity:1,2)" }],
      [id, { parentComment: answer }],
      [elsewhere, { object: elsewhere, parentComment: id }],
      [postId, { object: elsewhere }],
      [postId, { object: undefined }],
      [postId, { message: { text: "x".repeat(1251) } }],
    ] as const)
      assert.equal((await write(target, "No", fields)).status, 400, JSON.stringify([target, fields]));
    assert.deepEqual([texts(await list(postId)), texts(await list(id))], [["When do you open?"], ["At nine."]]);
  });

  it("answer 404 where there are none and where the post is gone, and come in pages", async () => {
    const { postId, guest, list, get, path, remove } = await talk();
    assert.equal((await get(path(postId))).status, 404);
    const { id } = await guest("one");
    await guest("two");
    await guest("three");
    assert.equal((await get(path(id))).status, 404);
    assert.deepEqual(texts(await list(postId, "?start=1&count=1")), ["two"]);
    assert.equal((await get(`${path(postId)}?count=200`)).status, 400);
    await remove(`rest/posts/${enc(postId)}`);
    for (const target of [postId, id]) assert.equal((await get(path(target))).status, 404, target);
  });

  it("are taken away by whoever wrote them, with their answers", async () => {
    const { postId, guest, list, write, remove, path, account } = await talk();
    const others = await guest("When do you open?");
    const own = (await write(postId, "News")).json;
    await guest("Which?", { parent: own.commentUrn });
    const urlOf = (urn: string) => `${path(postId)}/${/(\d+)\)$/.exec(urn)?.[1]}`;
    assert.equal((await remove(urlOf(others.id))).status, 403);
    assert.equal((await remove(`${urlOf(others.id)}?actor=${enc(account.id)}`)).status, 403);
    assert.equal((await remove(`${urlOf(own.commentUrn)}?actor=${enc(account.id)}`)).status, 204);
    assert.equal((await remove(urlOf(own.commentUrn))).status, 404);
    assert.deepEqual([texts(await list(postId)), await list(own.commentUrn)], [["When do you open?"], []]);
  });

  it("are read with the scope by who administers the page, and nobody's posts of members", async () => {
    const blind = await talk(["w_organization_social", "w_organization_social_feed"]);
    const refused = await blind.get(blind.path(blind.postId));
    assert.deepEqual([refused.status, refused.json.code], [403, "ACCESS_DENIED"]);
    const { simulator, ask, postId, path, account, send } = await talk();
    const stranger = simulator.createAccount({ kind: "page", name: "Another page" });
    const headers = { "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0" };
    const url = `https://api.linkedin.com/${path(postId)}`;
    assert.equal((await ask({ url, token: stranger.accessToken, headers })).status, 403);
    const words = { actor: stranger.id, object: postId, message: { text: "As another page" } };
    assert.equal((await send(path(postId), words)).status, 403);
    assert.notEqual(stranger.id, account.id);
    const member = setUp();
    const own = (await member.post()).headers["x-restli-id"] ?? "";
    assert.match((await member.get(path(own))).json.message, /partnerApiSocialActions\.GET_ALL/);
  });

  it("come from the same person by one name, and from another by another", async () => {
    const { guest } = await talk();
    const [one, again, other] = [await guest("a"), await guest("b"), await guest("c", { author: "Jonas Berg" })];
    assert.equal(one.actor, again.actor);
    assert.notEqual(one.actor, other.actor);
    await assert.rejects(guest("d", { parent: "urn:li:comment:(urn:li:activity:1,2)" }));
  });
});

describe("reactions", () => {
  it("are one of an actor on a post or a comment, and can be taken back", async () => {
    const { postId, guest, send, remove, account, simulator } = await talk();
    const { id } = await guest("Lovely");
    const react = (root: string, reactionType: string) =>
      send(`rest/reactions?actor=${enc(account.id)}`, { root, reactionType });
    assert.equal((await react(id, "LIKE")).status, 201);
    assert.equal((await react(id, "PRAISE")).status, 201);
    assert.equal((await react(postId, "MAYBE")).status, 400);
    assert.equal((await react("urn:li:share:1", "LIKE")).status, 404);
    const shown = () => simulator.posts()[0]?.details?.reactions;
    assert.deepEqual(shown(), [{ actor: account.id, root: id, type: "PRAISE" }]);
    const key = `rest/reactions/(actor:${enc(account.id)},entity:${enc(id)})`;
    assert.equal((await remove(key)).status, 204);
    assert.equal((await remove(key)).status, 404);
    assert.equal(shown(), undefined);
  });

  it("are closed to apps without the programme, and to actors that are not the caller's", async () => {
    const { guest, send, account } = await talk();
    const { id, actor } = await guest("Lovely");
    const body = { root: id, reactionType: "LIKE" };
    assert.equal((await send(`rest/reactions?actor=${enc(actor)}`, body)).status, 403);
    assert.equal((await send("rest/reactions", body)).status, 400);
    assert.equal((await send(`rest/reactions?actor=${enc(account.id)}`, body)).status, 201);
    const member = setUp();
    const refused = await member.send(`rest/reactions?actor=${enc(member.account.id)}`, body);
    assert.match(refused.json.message, /partnerApiReactions\.CREATE/);
  });
});
