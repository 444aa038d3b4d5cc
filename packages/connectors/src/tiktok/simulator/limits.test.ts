import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { film, setUp } from "./client-harness.ts";

const day = 86_400_000;

describe("apps and people with limits", () => {
  it("an app without audit posts to private accounts only, for oneself, and for five people a day", async () => {
    const { act, simulator, as, wholeFile, advance } = setUp();
    await act("set", { audited: false });
    const post = async (kind: string, privacy_level: string) => {
      const { accessToken } = simulator.createAccount({ kind });
      const json = { post_info: { privacy_level }, source_info: wholeFile(film) };
      return (await as(accessToken).post("post/publish/video/init/", json)).json.error.code;
    };
    assert.equal(await post("public", "SELF_ONLY"), "unaudited_client_can_only_post_to_private_accounts");
    assert.equal(await post("private", "FOLLOWER_OF_CREATOR"), "privacy_level_option_mismatch");
    for (let nth = 0; nth < 5; nth += 1) assert.equal(await post("private", "SELF_ONLY"), "ok");
    assert.equal(await post("private", "SELF_ONLY"), "reached_active_user_cap");
    advance(day);
    assert.equal(await post("private", "SELF_ONLY"), "ok");
  });

  it("six inits a minute for each person, twenty looks at the creator, thirty at a status", async () => {
    const { post, initVideo, wholeFile, advance, simulator, as } = setUp();
    const codes = async (times: number, call: () => Promise<{ json: { error: { code: string } } }>) => {
      const all = [];
      for (let nth = 0; nth < times; nth += 1) all.push((await call()).json.error.code);
      return [all.filter((code) => code === "ok" || code === "invalid_publish_id").length, all.at(-1)];
    };
    const limited = "rate_limit_exceeded";
    assert.deepEqual(await codes(7, () => initVideo(wholeFile(film))), [6, limited]);
    assert.deepEqual(await codes(21, () => post("post/publish/creator_info/query/")), [20, limited]);
    assert.deepEqual(await codes(31, () => post("post/publish/status/fetch/", { publish_id: "x" })), [30, limited]);
    const other = as(simulator.createAccount({}).accessToken);
    assert.equal((await other.post("post/publish/creator_info/query/")).status, 200);
    advance(60_000);
    const limitedAnswer = await initVideo(wholeFile(film));
    assert.equal(limitedAnswer.status, 200);
  });

  it("fifteen posts a day, whatever app they come by, and none for the banned", async () => {
    const { act, publish, post, initVideo, wholeFile, person, advance, later } = setUp();
    for (let nth = 0; nth < 15; nth += 1) {
      await publish();
      advance(10_000);
    }
    const asked = async () => (await post("post/publish/creator_info/query/")).json.error.code;
    const full = await initVideo(wholeFile(film));
    assert.deepEqual(
      [full.status, full.json.error.code, await asked()],
      [403, "spam_risk_too_many_posts", "spam_risk_too_many_posts"],
    );
    await act("set", { creatorInfoRefusal: 200 });
    assert.equal((await post("post/publish/creator_info/query/")).status, 200);
    await later(day);
    assert.equal(await asked(), "ok");
    await act("setPerson", { person, isBanned: true });
    assert.equal((await initVideo(wholeFile(film))).json.error.code, "spam_risk_user_banned_from_posting");
  });

  it("nobody reads or cancels the publish of another", async () => {
    const { publish, simulator, as } = setUp();
    const publish_id = await publish();
    const stranger = as(simulator.createAccount({}).accessToken);
    for (const path of ["post/publish/status/fetch/", "post/publish/cancel/"]) {
      const { status, json } = await stranger.post(path, { publish_id });
      assert.deepEqual([status, json.error.code], [400, "token_not_authorized_for_specified_publish_id"]);
    }
  });
});
