import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";

describe("numbers", () => {
  const fields = "id,title,create_time,share_url,view_count,like_count,cover_image_url";

  it("lists public posts, newest first, in pages, also those made in the app", async () => {
    const { publish, post, act, advance, person, simulator } = setUp();
    await publish({ title: "One" });
    await publish({ title: "Hidden", privacy_level: "SELF_ONLY" });
    advance(60_000);
    await act("postInApp", { person, title: "By hand" });
    const list = async (body: Record<string, number>) => (await post(`video/list/?fields=${fields}`, body)).json.data;
    const first = await list({ max_count: 1 });
    assert.deepEqual([first.videos.length, first.videos[0].title, first.has_more], [1, "By hand", true]);
    const second = await list({ max_count: 1, cursor: first.cursor });
    assert.deepEqual([second.videos[0].title, second.has_more], ["One", false]);
    assert.equal(second.videos[0].id, simulator.posts()[0]?.id);
    assert.equal((await post(`video/list/?fields=${fields}`, { max_count: 21 })).status, 400);
    assert.equal((await post("video/list/?fields=id,reach", {})).status, 400);
  });

  it("asks for up to twenty by id, and answers nothing of others'", async () => {
    const { publish, post, act, advance, simulator, as } = setUp();
    await publish();
    advance(60_000);
    const id = simulator.posts()[0]?.id ?? "";
    await act("engage", { post_id: id, counts: { view_count: 10, like_count: 3 } });
    const query = (video_ids: readonly string[], by = post) =>
      by(`video/query/?fields=${fields}`, { filters: { video_ids } });
    const [video] = (await query([id, "7000000000000000000"])).json.data.videos;
    assert.deepEqual([video.id, video.view_count, video.like_count], [id, 10, 3]);
    assert.equal((await query(Array.from({ length: 21 }, () => id))).status, 400);
    const stranger = as(simulator.createAccount({}).accessToken);
    assert.deepEqual((await query([id], stranger.post)).json.data.videos, []);
    await act("set", { displayIds: "number" });
    assert.ok((await query([id])).text.includes(`"id":${id},`));
  });

  it("a field outside of what was granted fails the call with 401, and so does a missing scope", async () => {
    const { get, post } = setUp({ scopes: ["user.info.basic"] });
    assert.equal((await get("user/info/?fields=open_id,display_name")).json.data.user.display_name, "Ida Holm");
    for (const answer of [
      await get("user/info/?fields=open_id,username"),
      await get("user/info/?fields=follower_count"),
      await post(`video/list/?fields=${fields}`),
      await post("post/publish/creator_info/query/"),
    ])
      assert.deepEqual([answer.status, answer.json.error.code], [401, "scope_not_authorized"]);
    assert.equal((await get("user/info/?fields=email")).status, 400);
    assert.equal((await get("user/info/")).status, 400);
  });
});
