import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mp4Box, sampleJpeg, sampleMp4, type VideoSample } from "@postd/connector-kit/media-samples";
import { errorOf, fb, testClient } from "./test-client.ts";

function account() {
  const client = testClient();
  const { id, accessToken: token } = client.simulator.createAccount({ kind: "instagram" });
  const make = async (form: Record<string, string>) => client.post(fb(`${id}/media`), token, form);
  return {
    ...client,
    image: (bytes: Uint8Array) => make({ image_url: client.host("a.jpg", bytes, "image/jpeg") }),
    publish: (creation_id: string) => client.post(fb(`${id}/media_publish`), token, { creation_id }),
    /** What a container says of a film once it has been looked at. */
    async film(sample: Partial<VideoSample>, form: Record<string, string> = { media_type: "REELS" }) {
      const bytes = sampleMp4({ width: 1080, height: 1920, durationMs: 5_000, ...sample });
      const made = await make({ ...form, video_url: client.host("a.mp4", bytes, "video/mp4") });
      client.advance(60_000);
      const { status_code, status } = (await client.get(fb(`${made.json.id}?fields=status_code,status`), token)).json;
      return status_code === "ERROR" ? `ERROR ${/\d{7}/.exec(status)?.[0]}` : status_code;
    },
  };
}

const u32 = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
};
const edits = (...starts: readonly number[]) =>
  mp4Box("edts", mp4Box("elst", u32(0, starts.length, ...starts.flatMap((start) => [2_000, start, 0x10000]))));

describe("films for Instagram", () => {
  it("are refused in the container's status without an index in front, cut by a list, or in other codecs", async () => {
    const { film } = account();
    assert.equal(await film({}), "FINISHED");
    assert.equal(await film({ codec: "hvc1" }), "FINISHED");
    assert.equal(await film({ boxes: { track: edits(1_001) } }), "FINISHED", "an offset as encoders write it");
    assert.equal(await film({ indexAtEnd: true }), "ERROR 2207026");
    assert.equal(await film({ withoutIndex: true }), "ERROR 2207026");
    assert.equal(await film({ boxes: { track: edits(0, 90_000) } }), "ERROR 2207026");
    for (const codec of ["vp09", "av01", "mp4v", "apcn"]) assert.equal(await film({ codec }), "ERROR 2207026", codec);
  });

  it("are refused wider than 1920 pixels, upright 4K among them, and slower than 23 or faster than 60 frames", async () => {
    const { film } = account();
    assert.equal(await film({ width: 1920, height: 1080 }), "FINISHED");
    assert.equal(await film({ width: 1440, height: 2560 }), "FINISHED");
    assert.equal(await film({ width: 1922, height: 1080 }), "ERROR 2207026");
    assert.equal(await film({ width: 2160, height: 3840 }), "ERROR 2207026");
    for (const [framesPerSecond, said] of [
      [23, "FINISHED"],
      [60, "FINISHED"],
      [20, "ERROR 2207026"],
      [90, "ERROR 2207026"],
    ] as const)
      assert.equal(await film({ framesPerSecond }), said, `${framesPerSecond}`);
  });

  it("are looked at the same in stories and carousels", async () => {
    const { film } = account();
    for (const form of [{ media_type: "STORIES" }, { media_type: "VIDEO", is_carousel_item: "true" }]) {
      assert.equal(await film({}, form), "FINISHED");
      assert.equal(await film({ codec: "vp09" }, form), "ERROR 2207026");
    }
  });
});

describe("pictures for Instagram", () => {
  it("are taken in colours of print and held in those of a screen", async () => {
    const { image, publish, simulator, mount } = account();
    const made = await image(sampleJpeg({ width: 1080, height: 1080, channels: 4 }));
    assert.equal(made.status, 200);
    assert.equal((await publish(made.json.id)).status, 200);
    const sent = mount.fetches().at(-1)?.sha256;
    assert.ok(sent);
    assert.notEqual(simulator.posts()[0]?.media[0]?.sha256, sent);
    const plain = await image(sampleJpeg({ width: 1080, height: 1080, channels: 3, seed: 2 }));
    await publish(plain.json.id);
    assert.equal(simulator.posts().at(-1)?.media[0]?.sha256, mount.fetches().at(-1)?.sha256);
  });

  it("are measured as they are shown, or by a switch as their pixels lie, for that is unverified", async () => {
    const { image, act } = account();
    const lying = sampleJpeg({ width: 1350, height: 1080, orientation: 6 });
    const tooTall = sampleJpeg({ width: 1900, height: 1000, orientation: 8 });
    assert.equal((await image(lying)).status, 200);
    assert.equal(errorOf(await image(tooTall)), "36003/2207009");
    await act("ignoreOrientation", {});
    assert.equal((await image(tooTall)).status, 200);
    assert.equal(errorOf(await image(sampleJpeg({ width: 1000, height: 1900, orientation: 6 }))), "36003/2207009");
    await act("ignoreOrientation", { on: false });
    assert.equal((await image(sampleJpeg({ width: 1000, height: 1900, orientation: 6 }))).status, 200);
  });
});
