import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fb, testClient } from "./test-client.ts";

const page = () => {
  const client = testClient();
  const { id, accessToken: token } = client.simulator.createAccount({ kind: "page" });
  const post = async (message: string) => (await client.post(fb(`${id}/feed`), token, { message })).json.id as string;
  return { ...client, id, token, post };
};
const messages = (body: { data: { message: string }[] }) => body.data.map(({ message }) => message);

describe("paging of Graph lists", () => {
  it("leads to the next and the previous page by links that carry the token, and ends with a missing next", async () => {
    const { post, id, token, get, ask } = page();
    const postId = await post("Hello");
    for (const message of ["a", "b", "c", "d", "e"])
      await ask({ url: fb(`${postId}/comments`), token, form: { message } });
    const first = await ask({ url: fb(`${postId}/comments?limit=2&fields=message&id=${id}`), token });
    assert.equal(first.json.paging.previous, undefined);
    const second = await get(first.json.paging.next);
    const third = await get(second.json.paging.next);
    assert.deepEqual(
      [first, second, third].map(({ json }) => messages(json)),
      [["a", "b"], ["c", "d"], ["e"]],
    );
    assert.equal(third.json.paging.next, undefined);
    const back = await get(third.json.paging.previous);
    assert.deepEqual(messages(back.json), ["c", "d"]);
    assert.deepEqual(messages((await get(back.json.paging.previous)).json), ["a", "b"]);
    assert.deepEqual(messages((await get(back.json.paging.next)).json), ["e"]);
  });

  it("pages the feed by time and loses and repeats none of the posts of one second", async () => {
    const { post, id, token, get, advance } = page();
    for (const message of ["1", "2", "3", "4", "5"]) {
      await post(message);
      if (message === "2" || message === "4") advance(1_500);
    }
    const seen: string[] = [];
    let answer = await get(fb(`${id}/feed?fields=message&limit=2`), token);
    assert.equal(answer.json.paging.cursors, undefined);
    for (;;) {
      seen.push(...messages(answer.json));
      if (answer.json.paging.next === undefined) break;
      assert.match(answer.json.paging.next, /[?&]until=\d+(&|$)/);
      answer = await get(answer.json.paging.next);
    }
    assert.deepEqual(seen, ["5", "4", "3", "2", "1"]);
    answer = await get(answer.json.paging.previous);
    assert.deepEqual(messages(answer.json), ["3", "2"]);
    assert.deepEqual(messages((await get(answer.json.paging.previous)).json), ["5", "4"]);
  });

  it("keeps a window given by the caller on the way to older posts", async () => {
    const { post, id, token, get, advance, now } = page();
    for (const message of ["before", "1", "2", "3", "after"]) {
      await post(message);
      advance(10_000);
    }
    const second = (ago: number) => Math.floor(now().getTime() / 1000) - ago;
    const first = await get(fb(`${id}/feed?fields=message&limit=2&since=${second(42)}&until=${second(18)}`), token);
    const rest = await get(first.json.paging.next);
    assert.deepEqual([messages(first.json), messages(rest.json)], [["3", "2"], ["1"]]);
    assert.equal(rest.json.paging.next, undefined);
  });
});
