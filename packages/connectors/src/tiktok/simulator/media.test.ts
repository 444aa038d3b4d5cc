import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleJpeg, sampleMp4, samplePng, sampleWebm } from "@postd/connector-kit/media-samples";
import { setUp } from "./client-harness.ts";

describe("what a film and a photo must be", () => {
  const size = { width: 720, height: 1280, durationMs: 4000 };
  for (const [what, bytes, reason] of [
    ["360 pixels", sampleMp4({ ...size, width: 360 }), undefined],
    ["359 pixels", sampleMp4({ ...size, width: 359 }), "picture_size_check_failed"],
    ["4096 pixels", sampleMp4({ ...size, height: 4096 }), undefined],
    ["4097 pixels", sampleMp4({ ...size, height: 4097 }), "picture_size_check_failed"],
    ["22 frames a second", sampleMp4({ ...size, framesPerSecond: 22 }), "frame_rate_check_failed"],
    ["23 frames a second", sampleMp4({ ...size, framesPerSecond: 23 }), undefined],
    ["60 frames a second", sampleMp4({ ...size, framesPerSecond: 60 }), undefined],
    ["61 frames a second", sampleMp4({ ...size, framesPerSecond: 61 }), "frame_rate_check_failed"],
    ["10 minutes", sampleMp4({ ...size, durationMs: 600_000 }), undefined],
    ["a millisecond more than 10 minutes", sampleMp4({ ...size, durationMs: 600_001 }), "duration_check_failed"],
    ["H.265", sampleMp4({ ...size, codec: "hvc1" }), undefined],
    ["another codec", sampleMp4({ ...size, codec: "mjpa" }), "file_format_check_failed"],
    ["a WebM", sampleWebm({ width: 720, height: 1280 }), undefined],
    ["a picture in a film's place", samplePng({ width: 400, height: 400 }), "file_format_check_failed"],
  ] as const)
    it(`${reason === undefined ? "takes" : "refuses"} a film of ${what}`, async () => {
      const { publish, status, simulator } = setUp();
      const done = await status(await publish({}, bytes));
      assert.deepEqual([done.status, done.fail_reason], [reason ? "FAILED" : "PUBLISH_COMPLETE", reason]);
      assert.equal(simulator.posts().length, reason ? 0 : 1);
    });

  it("takes a film as long as its creator may post", async () => {
    const { act, person, publish, status } = setUp();
    await act("setPerson", { person, maxVideoSeconds: 180 });
    const long = (durationMs: number) => publish({}, sampleMp4({ ...size, durationMs }));
    assert.equal((await status(await long(180_000))).status, "PUBLISH_COMPLETE");
    assert.equal((await status(await long(180_001))).fail_reason, "duration_check_failed");
  });

  for (const [what, bytes, type, reason] of [
    ["1080 by 1920", sampleJpeg({ width: 1080, height: 1920 }), "image/jpeg", undefined],
    ["1920 by 1080", sampleJpeg({ width: 1920, height: 1080 }), "image/jpeg", undefined],
    ["1081 by 1920", sampleJpeg({ width: 1081, height: 1920 }), "image/jpeg", "picture_size_check_failed"],
    ["1080 by 1921", sampleJpeg({ width: 1080, height: 1921 }), "image/jpeg", "picture_size_check_failed"],
    ["PNG", samplePng({ width: 40, height: 30 }), "image/png", "file_format_check_failed"],
  ] as const)
    it(`${reason === undefined ? "takes" : "refuses"} a photo of ${what}`, async () => {
      const { photos, host, advance, status } = setUp();
      const { publish_id } = (await photos([host("a", bytes, type)])).json.data;
      advance(5000);
      assert.equal((await status(publish_id)).fail_reason, reason);
    });

  it("can refuse every photo wider than 1080, as was met", async () => {
    const { act, photos, host, advance, status } = setUp();
    await act("set", { photoSides: "width1080" });
    const { publish_id } = (await photos([host("a", sampleJpeg({ width: 1081, height: 100 }), "image/jpeg")])).json
      .data;
    advance(5000);
    assert.equal((await status(publish_id)).fail_reason, "picture_size_check_failed");
  });

  it("takes 35 photos and no 36th, and shows them in order", async () => {
    const { photos, host, advance, simulator, publicIds } = setUp();
    const urls = Array.from({ length: 36 }, (_, seed) =>
      host(`${seed}.jpg`, sampleJpeg({ width: 40, height: 30, seed: seed + 1 }), "image/jpeg"),
    );
    assert.equal((await photos(urls)).json.error.code, "invalid_params");
    assert.equal((await photos([])).json.error.code, "invalid_params");
    const { publish_id } = (await photos(urls.slice(0, 35))).json.data;
    advance(65_000);
    const [live] = simulator.posts();
    assert.deepEqual([live?.text, new Set(live?.media.map(({ sha256 }) => sha256)).size], ["Beans\nWashed", 35]);
    assert.ok(live?.permalink?.endsWith(`/photo/${(await publicIds(publish_id))[0]}`));
  });

  for (const reason of ["internal", "spam_risk", "spam_risk_text", "spam_risk_too_many_posts"] as const)
    it(`can end with ${reason}`, async () => {
      const { act, publish, status, simulator } = setUp();
      await act("fail", { reason });
      const [bad, good] = [await publish(), await publish()];
      const seen = [(await status(bad)).fail_reason, (await status(good)).status, simulator.posts().length];
      assert.deepEqual(seen, [reason, "PUBLISH_COMPLETE", 1]);
    });
});
