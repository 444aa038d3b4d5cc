import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, fb, ig, jpeg, mp4, testClient } from "./test-client.ts";

interface Row {
  readonly id: string;
  readonly message: string;
  readonly text: string;
}
type Guest = { readonly objectId: string; readonly text: string } & Readonly<
  Record<string, string | boolean | string[]>
>;

/** An account with one post, and the calls on its comments in short. */
async function talk(kind: "page" | "facebook_login" | "instagram_login" = "page", scopes?: readonly string[]) {
  const client = testClient();
  const { simulator, host } = client;
  const account = simulator.createAccount({ kind, ...(scopes && { scopes }) });
  const token = account.accessToken;
  const base = kind === "instagram_login" ? ig : fb;
  const get = async (path: string) => (await client.get(base(path), token)).json;
  const post = (path: string, form: Record<string, string> = {}) => client.post(base(path), token, form);
  const remove = (path: string) => client.remove(base(path), token);
  const guest = async (objectId: string, text: string, fields: Omit<Guest, "objectId" | "text"> = {}) =>
    ((await client.act("comment", { objectId, text, ...fields })) as { id: string }).id;
  const texts = async (path: string) =>
    (await get(path)).data.map(({ message, text }: Row) => message ?? text) as readonly string[];
  const image_url = host("a.jpg", jpeg(1080, 1080), "image/jpeg");
  const publish = async () => {
    if (kind === "page") return post(`${account.id}/feed`, { message: "Bread" });
    const creation_id = (await post(`${account.id}/media`, { image_url })).json.id;
    return post(`${account.id}/media_publish`, { creation_id });
  };
  const id: string = (await publish()).json.id;
  return { ...client, account, token, id, getPath: get, postPath: post, removePath: remove, guest, texts };
}

describe("comments of a Page", () => {
  it("say what the Page may do with them, and whether it likes them", async () => {
    const { id, guest, getPath, postPath, removePath } = await talk();
    const comment = await guest(id, "When do you open?");
    const fields = "can_like,can_comment,can_hide,user_likes,like_count,object";
    const read = () => getPath(`${comment}?fields=${fields}`);
    const may = { can_like: true, can_comment: true, can_hide: true, object: { id }, id: comment };
    assert.deepEqual(await read(), { ...may, user_likes: false, like_count: 0 });
    for (const isLiked of [true, true, false, false]) {
      const { json } = await (isLiked ? postPath(`${comment}/likes`) : removePath(`${comment}/likes`));
      assert.deepEqual(json, { success: true });
      assert.deepEqual(await read(), { ...may, user_likes: isLiked, like_count: Number(isLiked) });
    }
  });

  it("refuse what their fields deny, and change nothing", async () => {
    const { id, guest, getPath, postPath, texts } = await talk();
    const comment = await guest(id, "When do you open?", { cannot: ["like", "comment", "hide"] });
    const fields = "can_like,can_comment,can_hide,user_likes,is_hidden";
    const before = await getPath(`${comment}?fields=${fields}`);
    assert.deepEqual([before.can_like, before.can_comment, before.can_hide], [false, false, false]);
    assert.equal(errorOf(await postPath(`${comment}/likes`)), "200/-");
    assert.equal(errorOf(await postPath(`${comment}/comments`, { message: "At nine." })), "200/-");
    assert.equal(errorOf(await postPath(comment, { is_hidden: "true" })), "200/-");
    assert.deepEqual([await getPath(`${comment}?fields=${fields}`), await texts(`${comment}/comments`)], [before, []]);
  });

  it("take likes with the permission to engage and from their own Page alone", async () => {
    const { id, guest, post, simulator, getPath } = await talk();
    const comment = await guest(id, "Nice");
    const stranger = simulator.createAccount({ kind: "page", name: "Another page" });
    assert.equal(errorOf(await post(fb(`${comment}/likes`), stranger.accessToken)), "100/33");
    assert.equal((await getPath(`${comment}?fields=like_count`)).like_count, 0);
    const reader = await talk("page", ["pages_manage_posts", "pages_read_engagement", "pages_read_user_content"]);
    const readOnly = await reader.guest(reader.id, "Nice");
    assert.equal(errorOf(await reader.postPath(`${readOnly}/likes`)), "200/-");
    assert.equal((await reader.getPath(`${readOnly}?fields=user_likes`)).user_likes, false);
  });

  it("nest to any depth: under one another, and in one row with filter=stream", async () => {
    const { id, guest, postPath, texts, getPath, simulator, advance } = await talk();
    const first = await guest(id, "first");
    advance(1_000);
    const reply = (await postPath(`${first}/comments`, { message: "reply" })).json.id as string;
    const deeper = await guest(reply, "deeper");
    await guest(id, "second");
    assert.deepEqual(await texts(`${id}/comments`), ["first", "second"]);
    assert.deepEqual(await texts(`${id}/comments?filter=stream`), ["first", "reply", "deeper", "second"]);
    assert.deepEqual(await texts(`${id}/comments?filter=stream&order=reverse_chronological`), [
      "second",
      "deeper",
      "reply",
      "first",
    ]);
    assert.deepEqual([await texts(`${first}/comments`), await texts(`${reply}/comments`)], [["reply"], ["deeper"]]);
    const { parent, object } = await getPath(`${deeper}?fields=parent,object`);
    assert.deepEqual([parent.id, object.id], [reply, id]);
    assert.deepEqual(simulator.posts()[0]?.replies, ["first", "reply", "deeper", "second"]);
    await postPath(reply, { is_hidden: "true" });
    assert.deepEqual(simulator.posts()[0]?.replies, ["first", "second"], "hidden with its answers");
  });

  it("go with everything written below them", async () => {
    const { id, guest, texts, removePath, get, token } = await talk();
    const first = await guest(id, "first");
    const reply = await guest(first, "reply");
    const deeper = await guest(reply, "deeper");
    await guest(id, "second");
    await removePath(first);
    assert.deepEqual(await texts(`${id}/comments?filter=stream`), ["second"]);
    assert.equal(errorOf(await get(fb(deeper), token)), "100/33");
  });

  it("are written under films too, whose webhook names the post and the film", async () => {
    const { account, guest, postPath, texts, host, advance, act, delivered, getPath } = await talk();
    const file_url = host("a.mp4", mp4(5000), "video/mp4");
    const video = (await postPath(`${account.id}/videos`, { file_url, description: "Pour" })).json.id as string;
    advance(1_000);
    await act("setWebhook", { url: "https://postd.example/hook" });
    await postPath(`${account.id}/subscribed_apps`, { subscribed_fields: "feed" });
    const comment = await guest(video, "Which beans?");
    const reply = await guest(comment, "These");
    assert.deepEqual(await texts(`${video}/comments?filter=stream`), ["Which beans?", "These"]);
    await act("settle");
    const { post_id } = await getPath(`${video}?fields=post_id`);
    const told = delivered.map(({ body }) => JSON.parse(body).entry[0].changes[0].value);
    assert.deepEqual(
      told.map((value) => [value.comment_id, value.parent_id, value.post_id, value.video_id]),
      [
        [comment, post_id, post_id, video],
        [reply, comment, post_id, video],
      ],
    );
  });

  it("come from one person by one name, from the given author, or from the Page itself by hand", async () => {
    const { id, guest, getPath, account } = await talk();
    const from = async (comment: string) => (await getPath(`${comment}?fields=from`)).from;
    const [one, again] = [await from(await guest(id, "a")), await from(await guest(id, "b"))];
    assert.deepEqual(one, again);
    assert.notEqual((await from(await guest(id, "c", { name: "Jonas" }))).id, one.id);
    assert.deepEqual(await from(await guest(id, "d", { name: "Ida", authorId: "3123" })), { id: "3123", name: "Ida" });
    const own = await from(await guest(id, "e", { authorId: account.id }));
    assert.deepEqual(own, { id: account.id, name: account.name });
    assert.equal(await from(await guest(id, "f", { isUnnamed: true })), undefined);
    await assert.rejects(guest("1", "nowhere"), /no post 1/);
  });
});

describe("comments of Instagram media", () => {
  for (const kind of ["facebook_login", "instagram_login"] as const) {
    it(`nest one level and may come without a name (${kind})`, async () => {
      const { id, guest, texts, getPath, postPath, removePath } = await talk(kind);
      const first = await guest(id, "first");
      const reply = (await postPath(`${first}/replies`, { message: "reply" })).json.id as string;
      const other = await guest(reply, "an answer to the answer", { isUnnamed: true });
      assert.deepEqual(await texts(`${id}/comments`), ["first"]);
      assert.deepEqual(await texts(`${first}/replies`), ["reply", "an answer to the answer"]);
      const read = await getPath(`${other}?fields=parent_id,media,username,from`);
      assert.deepEqual(read, { parent_id: first, media: { id }, id: other });
      await removePath(first);
      assert.deepEqual(await texts(`${id}/comments`), []);
      assert.equal((await getPath(reply)).error.code, 100);
    });

    it(`come in either order, for none is promised (${kind})`, async () => {
      const { id, guest, texts, act, getPath } = await talk(kind);
      const first = await guest(id, "first");
      await guest(first, "one");
      await guest(first, "two");
      await guest(id, "second");
      assert.deepEqual(
        [await texts(`${id}/comments`), await texts(`${first}/replies`)],
        [
          ["first", "second"],
          ["one", "two"],
        ],
      );
      await act("newestCommentsFirst");
      assert.deepEqual(
        [await texts(`${id}/comments`), await texts(`${first}/replies`)],
        [
          ["second", "first"],
          ["two", "one"],
        ],
      );
      const { comments } = await getPath(`${id}?fields=comments{text}`);
      assert.deepEqual(
        comments.data.map(({ text }: Row) => text),
        ["second", "first"],
      );
    });
  }

  it("have no likes to give", async () => {
    const { id, guest, postPath } = await talk("facebook_login");
    assert.equal(errorOf(await postPath(`${await guest(id, "Nice")}/likes`)), "100/-");
  });
});
