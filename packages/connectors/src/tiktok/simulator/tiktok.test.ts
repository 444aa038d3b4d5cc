import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { base, film, setUp } from "./client-harness.ts";
import { documentedErrors } from "./documented-errors.ts";
import { errorCodes } from "./words.ts";

const hour = 3_600_000;
const day = 86_400_000;

describe("what a creator may choose", () => {
  it("depends on the account, and on the audit of the app", async () => {
    const options = async (kind: string, settings = {}) => {
      const { act, post } = setUp({ kind });
      await act("set", settings);
      return (await post("post/publish/creator_info/query/")).json.data.privacy_level_options;
    };
    assert.deepEqual(await options("public"), ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]);
    assert.deepEqual(await options("private"), ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]);
    assert.deepEqual(await options("public", { audited: false }), ["SELF_ONLY"]);
    assert.equal((await options("public", { audited: false, unauditedOptions: "all" })).length, 3);
  });

  it("takes an empty body, and tells what the creator switched off", async () => {
    const { act, ask, account, person } = setUp();
    await act("setPerson", { person, duetDisabled: true, maxVideoSeconds: 180 });
    const { json } = await ask({
      url: `${base}post/publish/creator_info/query/`,
      method: "POST",
      token: account.accessToken,
      headers: { "content-type": "application/json; charset=UTF-8" },
    });
    const { comment_disabled, duet_disabled, stitch_disabled, max_video_post_duration_sec } = json.data;
    assert.deepEqual(
      [comment_disabled, duet_disabled, stitch_disabled, max_video_post_duration_sec],
      [false, true, false, 180],
    );
  });

  it("refuses a privacy that is absent, wrong or not offered in the same words", async () => {
    const { initVideo, wholeFile } = setUp();
    for (const privacy_level of [undefined, "", "EVERYBODY", "FOLLOWER_OF_CREATOR"]) {
      const { status, json } = await initVideo(wholeFile(film), { privacy_level });
      assert.deepEqual([status, json.error.code], [403, "privacy_level_option_mismatch"]);
    }
  });

  it("refuses branded content for oneself only, and fields nobody knows", async () => {
    const { initVideo, wholeFile } = setUp();
    const branded = { privacy_level: "SELF_ONLY", brand_content_toggle: true };
    assert.equal((await initVideo(wholeFile(film), branded)).status, 400);
    assert.equal((await initVideo(wholeFile(film), { colour: "red" })).json.error.code, "invalid_params");
  });

  it("counts a title in UTF-16 units: 2200 pass and 2201 do not, of photos 90 and 91, 4000 and 4001", async () => {
    const { initVideo, wholeFile, advance, photos, host } = setUp();
    const rocket = "\u{1f680}";
    assert.equal((await initVideo(wholeFile(film), { title: rocket.repeat(1100) })).status, 200);
    assert.equal((await initVideo(wholeFile(film), { title: `${rocket.repeat(1100)}a` })).status, 400);
    advance(60_000);
    const url = host("a.jpg", sampleJpeg({ width: 40, height: 30 }), "image/jpeg");
    for (const [info, status] of [
      [{ title: "x".repeat(90), description: "x".repeat(4000) }, 200],
      [{ title: "x".repeat(91) }, 400],
      [{ description: "x".repeat(4001) }, 400],
    ] as const)
      assert.equal((await photos([url], "DIRECT_POST", info)).status, status);
  });
});

describe("a direct post", () => {
  it("is live once it is worked on, and has a public id beyond 2^53 once moderation is over", async () => {
    const { publish, status, publicIds, simulator, advance } = setUp();
    const id = await publish();
    assert.ok(id.length <= 64 && id.startsWith("v_pub_file~v2"));
    assert.equal((await status(id)).status, "PUBLISH_COMPLETE");
    assert.deepEqual([await publicIds(id), simulator.posts()[0]?.permalink], [[], undefined]);
    advance(60_000);
    const [live] = simulator.posts();
    assert.deepEqual(await publicIds(id), [live?.id]);
    assert.ok(BigInt(live?.id ?? 0) > 2n ** 53n && BigInt(live?.id ?? 0) < 2n ** 63n);
    assert.deepEqual([live?.text, live?.permalink?.endsWith(`/video/${live.id}`)], ["Fresh beans", true]);
  });

  it("never has a public id where not everybody may see it", async () => {
    const open = setUp();
    const own = await open.publish({ privacy_level: "SELF_ONLY" });
    const closed = setUp({ kind: "private" });
    const followers = await closed.publish({ privacy_level: "FOLLOWER_OF_CREATOR" });
    for (const [all, id] of [
      [open, own],
      [closed, followers],
    ] as const) {
      await all.later(30 * day);
      assert.deepEqual([(await all.status(id)).status, await all.publicIds(id)], ["PUBLISH_COMPLETE", []]);
      assert.equal(all.simulator.posts().length, 1);
    }
    assert.equal(closed.simulator.posts()[0]?.details?.disable_duet, true, "forced off on private accounts");
  });

  it("waits for moderation as long as it takes, and for ever where it is refused", async () => {
    const { act, publish, publicIds, later } = setUp();
    await act("set", { moderationMs: 6 * hour });
    const [one, two, three] = [await publish(), await publish(), await publish()];
    await act("moderate", { publish_id: one });
    await act("moderate", { publish_id: two, isAllowed: false });
    await later(hour);
    assert.deepEqual([(await publicIds(one)).length, (await publicIds(three)).length], [1, 0]);
    await later(6 * hour);
    assert.deepEqual([(await publicIds(two)).length, (await publicIds(three)).length], [0, 1]);
  });

  it("made twice is two posts, and a lost answer does not undo it", async () => {
    const { mount, send, account, wholeFile, simulator, publish } = setUp();
    await publish();
    await publish();
    assert.equal(simulator.posts().length, 2);
    mount.arm({ fault: "dropAfterAccept" });
    const json = { post_info: { privacy_level: "SELF_ONLY" }, source_info: wholeFile(film) };
    assert.equal(await send({ url: `${base}post/publish/video/init/`, token: account.accessToken, json }), "drop");
    assert.equal(simulator.orphans(), 1);
  });

  it("shows the frame that was asked for, and the first where there is none", async () => {
    const { publish, simulator } = setUp();
    for (const video_cover_timestamp_ms of [4000, 4001, -1]) await publish({ video_cover_timestamp_ms });
    assert.deepEqual(
      simulator.posts().map(({ details }) => details?.coverMs),
      [4000, 0, 0],
    );
  });

  it("waits longer where it is told to", async () => {
    const { mount, initVideo, wholeFile, put, status, advance } = setUp();
    mount.arm({ fault: "slowProcessing", params: { ms: hour } });
    const { publish_id, upload_url } = (await initVideo(wholeFile(film))).json.data;
    await put(upload_url, film, 0, film.byteLength);
    advance(hour);
    assert.equal((await status(publish_id)).status, "PROCESSING_UPLOAD");
    advance(5000);
    assert.equal((await status(publish_id)).status, "PUBLISH_COMPLETE");
  });
});

describe("errors", () => {
  it("no code it has a status for is missing from the documented ones", () => {
    const documented = new Set(documentedErrors.map(({ name }) => name));
    assert.deepEqual(
      errorCodes.filter((code) => !documented.has(code)),
      [],
    );
  });

  it("every documented one can be armed by its code and comes with its status", async () => {
    for (const { body, status } of documentedErrors) {
      const { error } = body as { error?: { code: string } | string };
      if (typeof error !== "object" || error.code === "ok" || status === 200) continue;
      const { mount, get } = setUp();
      mount.arm({ fault: "platformError", code: error.code });
      const answer = await get("user/info/?fields=open_id");
      assert.deepEqual([answer.status, answer.json.error.code], [status, error.code]);
    }
  });

  it("a token that is missing, unknown or expired is 401 access_token_invalid", async () => {
    const { ask, as, get, advance } = setUp();
    const codes = [
      (await ask({ url: `${base}user/info/?fields=open_id` })).json.error.code,
      (await as("nobody").get("user/info/?fields=open_id")).json.error.code,
    ];
    advance(7_200_000);
    const expired = await get("user/info/?fields=open_id");
    assert.deepEqual(
      [...codes, expired.json.error.code, expired.status],
      [...Array(3).fill("access_token_invalid"), 401],
    );
  });
});
