import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { film, setUp } from "./client-harness.ts";

describe("pulling", () => {
  const pull = (video_url: string) => ({ source: "PULL_FROM_URL", video_url });

  it("only from a verified domain, what is below it, or a verified prefix", async () => {
    const { act, initVideo, advance } = setUp();
    await act("verify", { address: "cdn.example.org" });
    await act("verify", { address: "https://shop.example.net/media/" });
    for (const [url, code] of [
      ["https://cdn.example.org/a.mp4", "ok"],
      ["https://eu.cdn.example.org/a.mp4", "ok"],
      ["https://evilcdn.example.org/a.mp4", "url_ownership_unverified"],
      ["https://example.org/a.mp4", "url_ownership_unverified"],
      ["https://shop.example.net/media/a.mp4", "ok"],
      ["https://shop.example.net/mediaother/a.mp4", "url_ownership_unverified"],
      ["https://shop.example.net/media/../a.mp4", "url_ownership_unverified"],
      ["http://cdn.example.org/a.mp4", "invalid_params"],
      ["https://cdn.example.org@evil.example/a.mp4", "invalid_params"],
      ["https://192.0.2.7/a.mp4", "invalid_params"],
      ["https://[2001:db8::1]/a.mp4", "invalid_params"],
      ["a.mp4", "invalid_params"],
    ] as const) {
      assert.equal((await initVideo(pull(url))).json.error.code, code, url);
      advance(60_000);
    }
    await act("unverify", { address: "cdn.example.org" });
    assert.equal((await initVideo(pull("https://cdn.example.org/a.mp4"))).status, 403);
  });

  it("downloads, counts bytes, and is live then", async () => {
    const { host, initVideo, status, advance, simulator } = setUp();
    const bytes = sampleMp4({ width: 720, height: 1280, payloadBytes: 1_000_000 });
    const { publish_id, upload_url } = (await initVideo(pull(host("a.mp4", bytes, "video/mp4")))).json.data;
    assert.deepEqual([upload_url, (await status(publish_id)).status], [undefined, "PROCESSING_DOWNLOAD"]);
    assert.ok(publish_id.startsWith("v_pub_url~"));
    advance(5000);
    const done = await status(publish_id);
    assert.deepEqual([done.status, done.downloaded_bytes], ["PUBLISH_COMPLETE", bytes.byteLength]);
    assert.equal(simulator.posts().length, 1);
  });

  it("fails where nobody answers, of photos already at the first that is missing", async () => {
    const { host, initVideo, photos, status, advance } = setUp();
    const film_ = (await initVideo(pull("https://media.example/none.mp4"))).json.data.publish_id;
    const there = host("a.jpg", sampleJpeg({ width: 40, height: 30 }), "image/jpeg");
    const set = (await photos([there, "https://media.example/none.jpg"])).json.data.publish_id;
    advance(5000);
    assert.deepEqual(
      [(await status(film_)).fail_reason, (await status(set)).fail_reason],
      ["video_pull_failed", "photo_pull_failed"],
    );
  });

  it("fails where the download takes more than an hour", async () => {
    const { mount, host, initVideo, status, advance } = setUp();
    mount.arm({ fault: "slowProcessing", params: { ms: 3_600_000 } });
    const { publish_id } = (await initVideo(pull(host("a.mp4", film, "video/mp4")))).json.data;
    advance(3_599_000);
    assert.equal((await status(publish_id)).status, "PROCESSING_DOWNLOAD");
    advance(5000);
    assert.equal((await status(publish_id)).fail_reason, "video_pull_failed");
  });

  it("can be cancelled while it downloads and not after, and an upload only where that is switched on", async () => {
    const { host, initVideo, wholeFile, post, status, advance, act, simulator } = setUp();
    const cancel = async (publish_id: string) =>
      (await post("post/publish/cancel/", { publish_id })).json.error.code as string;
    const url = host("a.mp4", film, "video/mp4");
    const [early, late] = [
      (await initVideo(pull(url))).json.data.publish_id,
      (await initVideo(pull(url))).json.data.publish_id,
    ];
    assert.deepEqual([await cancel(early), await cancel(early)], ["ok", "publish_not_cancellable"]);
    advance(5000);
    assert.equal(await cancel(late), "publish_not_cancellable");
    const gone = await status(early);
    assert.deepEqual([gone.status, gone.fail_reason, simulator.posts().length], ["FAILED", "publish_cancelled", 1]);
    const file = (await initVideo(wholeFile(film))).json.data.publish_id;
    assert.equal(await cancel(file), "publish_not_cancellable");
    await act("set", { cancelsUploads: true });
    assert.deepEqual([await cancel(file), await cancel("v_pub_url~none")], ["ok", "invalid_publish_id"]);
  });
});
