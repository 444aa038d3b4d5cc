import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { film, setUp } from "./client-harness.ts";

const file = (video_size: number, chunk_size: number, total_chunk_count: number) => ({
  source: "FILE_UPLOAD",
  video_size,
  chunk_size,
  total_chunk_count,
});
const mb = 1_000_000;

describe("the pieces of a film", () => {
  for (const [what, size, chunk, count, words] of [
    ["64 MB whole", 64 * mb, 64 * mb, 1, undefined],
    ["a byte more than 64 MB whole", 64 * mb + 1, 64 * mb + 1, 1, "chunk size"],
    ["66,259,900 bytes whole", 66_259_900, 66_259_900, 1, "chunk size"],
    ["66,259,900 bytes in two", 66_259_900, 33_129_950, 2, undefined],
    ["less than 5 MB whole", 5 * mb - 1, 5 * mb - 1, 1, undefined],
    ["less than 5 MB in pieces", 5 * mb - 1, mb, 4, "chunk size"],
    ["pieces of 5 MB", 15 * mb, 5 * mb, 3, undefined],
    ["pieces of a byte less than 5 MB", 15 * mb, 5 * mb - 1, 3, "chunk size"],
    ["pieces of 64 MB", 200 * mb, 64 * mb, 3, undefined],
    ["pieces of a byte more than 64 MB", 200 * mb, 64 * mb + 1, 3, "chunk size"],
    ["a single piece that is not the file", 20 * mb, 19 * mb, 2, "total chunk count"],
    ["a single piece larger than the file", 20 * mb, 21 * mb, 1, "chunk size"],
    ["50,000,123 bytes in 5", 50_000_123, 10 * mb, 5, undefined],
    ["50,000,123 bytes in 6, rounded up", 50_000_123, 10 * mb, 6, "total chunk count"],
    ["no bytes", 0, 0, 0, "video_size"],
  ] as const)
    it(`${words === undefined ? "takes" : "refuses"} ${what}`, async () => {
      const { status, json } = await setUp().initVideo(file(size, chunk, count));
      assert.equal(status, words === undefined ? 200 : 400);
      if (words === undefined) assert.equal(json.error.code, "ok");
      else {
        assert.equal(json.error.code, "invalid_params");
        assert.ok(json.error.message.includes(words), json.error.message);
      }
    });

  it("takes at most 1000 pieces and 4 GB", async () => {
    const { initVideo } = setUp();
    assert.equal((await initVideo(file(4 * 1024 ** 3 + 1, 64 * mb, 67))).json.error.code, "invalid_file_upload");
    const small = setUp();
    await small.act("set", { maxVideoBytes: 10_000 * mb });
    assert.equal((await small.initVideo(file(5000 * mb, 5 * mb, 1000))).status, 200);
    assert.equal((await small.initVideo(file(5005 * mb, 5 * mb, 1001))).status, 400);
  });
});

describe("sending pieces", () => {
  const bytes = sampleMp4({ width: 720, height: 1280, durationMs: 4000, payloadBytes: 10 * mb });
  const total = bytes.byteLength;
  const chunk = 5 * mb;

  async function begun() {
    const all = setUp();
    const { json } = await all.initVideo(file(total, chunk, Math.floor(total / chunk)));
    const { publish_id, upload_url } = json.data;
    const send = (from: number, to: number, headers?: Record<string, string>) =>
      all.put(upload_url, bytes.subarray(from, to), from, total, headers);
    return { ...all, publish_id, upload_url, send };
  }

  it("goes on with 206 and ends with 201, each telling the count of bytes, and keeps them as they are", async () => {
    const { send, status, publish_id, advance, simulator } = await begun();
    const first = await send(0, chunk);
    assert.deepEqual([first.status, first.headers["content-range"]], [206, `bytes 0-${chunk}/${total}`]);
    assert.equal((await status(publish_id)).uploaded_bytes, chunk);
    assert.equal(simulator.orphans(), 1);
    const last = await send(chunk, total);
    assert.deepEqual([last.status, last.headers["content-range"]], [201, `bytes 0-${total}/${total}`]);
    assert.equal((await status(publish_id)).status, "PROCESSING_UPLOAD");
    advance(30_000);
    assert.equal((await status(publish_id)).status, "PUBLISH_COMPLETE");
    assert.deepEqual([simulator.posts()[0]?.media[0]?.sha256, simulator.orphans()], [sha256Hex(bytes), 0]);
  });

  it("answers 416 to any piece but the next, and says where to go on", async () => {
    const { send } = await begun();
    for (const [from, to] of [
      [chunk, total],
      [0, chunk - 1],
      [0, chunk + 1],
      [0, total],
    ] as const) {
      const { status, headers } = await send(from, to);
      assert.deepEqual([status, headers["content-range"]], [416, `bytes 0-0/${total}`], `${from}-${to}`);
    }
    await send(0, chunk);
    const again = await send(0, chunk);
    assert.deepEqual([again.status, again.headers["content-range"]], [416, `bytes 0-${chunk}/${total}`]);
    await send(chunk, total);
    const done = await send(chunk, total);
    assert.deepEqual([done.status, done.headers["content-range"]], [416, `bytes 0-${total}/${total}`]);
  });

  it("answers 400 where headers and bytes disagree, or a token comes along", async () => {
    const { send, put, upload_url } = await begun();
    for (const headers of [
      { "content-range": `bytes 0-${chunk}/${total}` },
      { "content-range": `bytes 0-${chunk - 1}/${total + 1}` },
      { "content-range": `bytes 0-${chunk - 1}/*` },
      { "content-range": "" },
      { "content-length": String(chunk + 1) },
      { "content-type": "application/octet-stream" },
      { authorization: "Bearer secret" },
    ])
      assert.equal((await send(0, chunk, headers)).status, 400, JSON.stringify(headers));
    assert.equal((await put(upload_url, new Uint8Array(), 0, total)).status, 400);
    assert.equal((await send(0, chunk)).status, 206, "nothing of that was kept");
  });

  it("answers 404 to an address that is not whole, and 403 after an hour", async () => {
    const { put, upload_url, send, advance } = await begun();
    const url = new URL(upload_url);
    for (const name of ["upload_id", "upload_token"]) {
      const other = new URL(url);
      other.searchParams.delete(name);
      assert.equal((await put(other.href, bytes.subarray(0, chunk), 0, total)).status, 404, name);
    }
    advance(3_599_999);
    assert.equal((await send(0, chunk)).status, 206);
    advance(1);
    const ended = await send(chunk, total);
    assert.deepEqual([ended.status, ended.headers["content-range"]], [403, `bytes 0-${chunk}/${total}`]);
  });

  it("can tell the last byte in place of the count, and be another host", async () => {
    const all = setUp();
    await all.act("set", { rangeEndsWith: "lastByte", uploadHost: "upload.us.tiktokapis.com" });
    const { upload_url } = (await all.initVideo(file(total, chunk, 2))).json.data;
    assert.ok(upload_url.startsWith("https://upload.us.tiktokapis.com/video/?"));
    assert.ok(upload_url.length <= 256);
    const first = await all.put(upload_url, bytes.subarray(0, chunk), 0, total);
    assert.equal(first.headers["content-range"], `bytes 0-${chunk - 1}/${total}`);
  });

  it("an upload whose end was lost says that all is there, also when the post is out", async () => {
    const { put, initVideo, wholeFile, advance, status } = setUp();
    const { upload_url, publish_id } = (await initVideo(wholeFile(film))).json.data;
    const send = () => put(upload_url, film, 0, film.byteLength);
    await send();
    advance(5000);
    assert.equal((await status(publish_id)).status, "PUBLISH_COMPLETE");
    const again = await send();
    assert.deepEqual(
      [again.status, again.headers["content-range"]],
      [416, `bytes 0-${film.byteLength}/${film.byteLength}`],
    );
  });

  it("a 5xx takes nothing, so that the same piece goes again", async () => {
    const { mount, put, initVideo, wholeFile } = setUp();
    const { upload_url } = (await initVideo(wholeFile(film))).json.data;
    mount.arm({ fault: "serverError", match: { method: "PUT" } });
    const send = () => put(upload_url, film, 0, film.byteLength);
    assert.deepEqual([(await send()).status, (await send()).status], [500, 201]);
  });
});
