import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fieldsText, parseFields } from "@postd/connector-kit/simulator/graph";
import { errorOf, fb, ig, jpeg, mp4, testClient } from "./test-client.ts";

describe("lists inside fields", () => {
  it("are written as they were read", () => {
    const text = "id,comments.limit(2).order(chronological){id,replies{text}},children{media_url}";
    assert.equal(fieldsText(parseFields(text)), text);
  });

  it("have their own data, order, number and links, at any depth", async () => {
    const { simulator, post, get } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const postId = (await post(fb(`${id}/feed`), token, { message: "Hi" })).json.id;
    const write = async (on: string, message: string) =>
      (await post(fb(`${on}/comments`), token, { message })).json.id as string;
    const first = await write(postId, "first");
    await write(postId, "second");
    await write(first, "reply");
    const fields = "comments.limit(1).order(reverse_chronological).summary(true){message,comments{message,parent{id}}}";
    const { comments } = (await get(fb(`${postId}?fields=${fields}`), token)).json;
    assert.deepEqual(comments.summary, { order: "reverse_chronological", total_count: 2, can_comment: true });
    assert.deepEqual(
      comments.data.map((row: { message: string; comments: unknown }) => [row.message, row.comments]),
      [["second", { data: [] }]],
    );
    const rest = (await get(comments.paging.next)).json;
    assert.equal(rest.paging.next, undefined);
    assert.equal(rest.data[0].message, "first");
    assert.deepEqual(
      rest.data[0].comments.data.map((row: { message: string; parent: { id: string } }) => [
        row.message,
        row.parent.id,
      ]),
      [["reply", first]],
    );
    assert.equal((await get(rest.paging.previous)).json.data[0].message, "second");
    const none = (await get(fb(`${postId}?fields=comments.limit(0).summary(1)`), token)).json.comments;
    assert.deepEqual([none.data, none.summary.total_count], [[], 2]);
    assert.equal(errorOf(await get(fb(`${postId}?fields=comments{colour}`), token)), "100/-");
  });

  it("are there for comments and replies of Instagram media and for a carousel's children, on both hosts", async () => {
    for (const [kind, base] of [
      ["instagram_facebook", fb],
      ["instagram_login", ig],
    ] as const) {
      const { simulator, post, get, host } = testClient();
      const { id, accessToken: token } = simulator.createAccount({ kind });
      const container = async (form: Record<string, string>) =>
        (await post(base(`${id}/media`), token, form)).json.id as string;
      const child = (salt: number) =>
        container({ image_url: host(`${salt}.jpg`, jpeg(1080, 1080, salt), "image/jpeg"), is_carousel_item: "true" });
      const album = await container({ media_type: "CAROUSEL", children: `${await child(1)},${await child(2)}` });
      const media = (await post(base(`${id}/media_publish`), token, { creation_id: album })).json.id;
      const comment = (await post(base(`${media}/comments`), token, { message: "Yours?" })).json.id;
      await post(base(`${comment}/replies`), token, { message: "Ours." });
      const fields = "children.limit(1){media_type},comments{text,username,timestamp,like_count,hidden,replies{text}}";
      const { children, comments } = (await get(base(`${media}?fields=${fields}`), token)).json;
      assert.equal(children.data.length, 1, kind);
      assert.equal((await get(children.paging.next)).json.data.length, 1);
      assert.deepEqual(
        comments.data.map((row: { text: string; replies: { data: { text: string }[] } }) => [
          row.text,
          row.replies.data.map(({ text }) => text),
        ]),
        [["Yours?", ["Ours."]]],
      );
    }
  });
});

describe("comments of a Page", () => {
  it("come with or without replies, in either order, from a time on, and with their number", async () => {
    const { simulator, post, get, advance, now } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const postId = (await post(fb(`${id}/feed`), token, { message: "Hi" })).json.id;
    const write = async (on: string, message: string) =>
      (await post(fb(`${on}/comments`), token, { message })).json.id as string;
    const first = await write(postId, "first");
    advance(60_000);
    await write(first, "reply");
    await write(postId, "second");
    const read = async (query: string) => {
      const { json } = await get(fb(`${postId}/comments?fields=message&${query}`), token);
      return [json.data.map(({ message }: { message: string }) => message).join(" "), json.summary?.total_count];
    };
    assert.deepEqual(await read(""), ["first second", undefined]);
    assert.deepEqual(await read("filter=toplevel&summary=1"), ["first second", 2]);
    assert.deepEqual(await read("filter=stream&summary=true"), ["first reply second", 3]);
    assert.deepEqual(await read("filter=stream&order=reverse_chronological&limit=2"), ["second reply", undefined]);
    assert.deepEqual(await read(`filter=stream&since=${Math.floor(now().getTime() / 1000)}`), [
      "reply second",
      undefined,
    ]);
    assert.equal(errorOf(await get(fb(`${postId}/comments?filter=all`), token)), "100/-");
    assert.equal(errorOf(await get(fb(`${postId}/comments?order=ranked`), token)), "100/-");
  });
});

describe("addresses of videos", () => {
  it("are relative on the video, whole on its post, and lead to the post", async () => {
    const { simulator, post, get, host, advance } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const file_url = host("a.mp4", mp4(5000), "video/mp4");
    const video = (await post(fb(`${id}/videos`), token, { file_url, description: "Pour" })).json.id;
    advance(1_000);
    const read = (await get(fb(`${video}?fields=permalink_url,post_id`), token)).json;
    assert.equal(read.permalink_url, `/${id}/videos/${video}/`);
    const whole = (await get(fb(`${read.post_id}?fields=permalink_url`), token)).json.permalink_url;
    assert.equal(whole, `https://www.facebook.com${read.permalink_url}`);
    assert.equal(simulator.posts()[0]?.permalink, whole);
  });
});
