import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fb, testClient } from "./test-client.ts";

const page = () => {
  const client = testClient();
  const { id, accessToken: token } = client.simulator.createAccount({ kind: "page" });
  const post = async (message: string) => (await client.post(fb(`${id}/feed`), token, { message })).body.id as string;
  return { ...client, id, token, post };
};
const messages = (body: { data: { message: string }[] }) => body.data.map(({ message }) => message);

describe("paging of Graph lists", () => {
  it("leads to the next and the previous page by links that carry the token, and ends with a missing next", async () => {
    const { post, id, token, get, send } = page();
    const postId = await post("Hello");
    for (const text of ["a", "b", "c", "d", "e"])
      await send({
        method: "POST",
        url: fb(`${postId}/comments`),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" },
        body: `message=${text}`,
      });
    const first = await send({
      method: "GET",
      url: fb(`${postId}/comments?limit=2&fields=message&id=${id}`),
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(first.body.paging.previous, undefined);
    const second = await get(first.body.paging.next);
    const third = await get(second.body.paging.next);
    assert.deepEqual(
      [first, second, third].map(({ body }) => messages(body)),
      [["a", "b"], ["c", "d"], ["e"]],
    );
    assert.equal(third.body.paging.next, undefined);
    const back = await get(third.body.paging.previous);
    assert.deepEqual(messages(back.body), ["c", "d"]);
    assert.deepEqual(messages((await get(back.body.paging.previous)).body), ["a", "b"]);
    assert.deepEqual(messages((await get(back.body.paging.next)).body), ["e"]);
  });

  it("pages the feed by time and loses and repeats none of the posts of one second", async () => {
    const { post, id, token, get, advance } = page();
    for (const message of ["1", "2", "3", "4", "5"]) {
      await post(message);
      if (message === "2" || message === "4") advance(1_500);
    }
    const seen: string[] = [];
    let answer = await get(fb(`${id}/feed?fields=message&limit=2`), token);
    assert.equal(answer.body.paging.cursors, undefined);
    for (;;) {
      seen.push(...messages(answer.body));
      if (answer.body.paging.next === undefined) break;
      assert.match(answer.body.paging.next, /[?&]until=\d+(&|$)/);
      answer = await get(answer.body.paging.next);
    }
    assert.deepEqual(seen, ["5", "4", "3", "2", "1"]);
    answer = await get(answer.body.paging.previous);
    assert.deepEqual(messages(answer.body), ["3", "2"]);
    assert.deepEqual(messages((await get(answer.body.paging.previous)).body), ["5", "4"]);
  });

  it("keeps a window given by the caller on the way to older posts", async () => {
    const { post, id, token, get, advance, now } = page();
    for (const message of ["before", "1", "2", "3", "after"]) {
      await post(message);
      advance(10_000);
    }
    const second = (ago: number) => Math.floor(now() / 1000) - ago;
    const first = await get(fb(`${id}/feed?fields=message&limit=2&since=${second(42)}&until=${second(18)}`), token);
    const rest = await get(first.body.paging.next);
    assert.deepEqual([messages(first.body), messages(rest.body)], [["3", "2"], ["1"]]);
    assert.equal(rest.body.paging.next, undefined);
  });
});
