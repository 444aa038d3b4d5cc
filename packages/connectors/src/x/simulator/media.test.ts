import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleGif, sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { setUp } from "./client-harness.ts";

const picture = sampleJpeg({ width: 40, height: 30 });
const film = (durationMs: number) => sampleMp4({ width: 640, height: 360, durationMs, payloadBytes: 4000 });
const blob = (bytes: Uint8Array) => new Blob([Buffer.from(bytes)]);

describe("an upload in pieces", () => {
  it("takes them in any order and again, and a picture is there at once", async () => {
    const { begin, append, finalize, posted, simulator, own } = setUp();
    const { id, media_key, expires_after_secs } = (await begin(picture, "image/jpeg", "tweet_image")).json.data;
    assert.deepEqual([media_key, expires_after_secs], [`3_${id}`, 86_400]);
    const [head, tail] = [picture.slice(0, 20), picture.slice(20)];
    for (const [bytes, index] of [
      [tail, 1],
      [tail, 0],
      [head, 0],
    ] as const)
      assert.ok((await append(id, bytes, index)).json.data.expires_at > 0);
    const done = (await finalize(id)).json.data;
    assert.deepEqual([done.size, done.image.w, done.processing_info], [picture.byteLength, 40, undefined]);
    await own.post("media/metadata", { id, metadata: { alt_text: { text: "A grey field" } } });
    await posted("", { media: { media_ids: [id] } });
    assert.deepEqual(simulator.posts()[0]?.media[0], {
      sha256: sha256Hex(picture),
      mimeType: "image/jpeg",
      sizeBytes: picture.byteLength,
      altText: "A grey field",
    });
  });

  it("refuses a large segment without a body, a gap, and one byte less than announced", async () => {
    const { begin, append, finalize, act } = setUp();
    await act("set", { segmentBytes: 100 });
    const id = (await begin(new Uint8Array(150), "video/mp4", "tweet_video")).json.data.id;
    const large = await append(id, new Uint8Array(100));
    assert.deepEqual([large.status, large.text], [413, ""]);
    await append(id, new Uint8Array(99), 1);
    assert.equal((await finalize(id)).status, 400, "no first piece");
    await append(id, new Uint8Array(50), 0);
    assert.equal((await finalize(id)).status, 400, "149 of 150");
    await append(id, new Uint8Array(51), 0);
    assert.equal((await finalize(id)).status, 200);
  });

  it("may answer a segment with nothing at all", async () => {
    const { begin, append, act } = setUp();
    await act("set", { appendStatus: 204 });
    const { id } = (await begin(picture, "image/jpeg", "tweet_image")).json.data;
    const { status, text } = await append(id, picture);
    assert.deepEqual([status, text], [204, ""]);
  });

  it("ends with an empty body or an empty object, and where told so with the object alone", async () => {
    const { begin, append, ask, account, act, finalize } = setUp();
    const bare = (id: string) =>
      ask({ url: `https://api.x.com/2/media/upload/${id}/finalize`, method: "POST", token: account.accessToken });
    const one = (await begin(picture, "image/jpeg", "tweet_image")).json.data.id;
    await append(one, picture);
    assert.equal((await bare(one)).status, 200);
    await act("set", { finalizeBody: "json" });
    const two = (await begin(picture, "image/jpeg", "tweet_image")).json.data.id;
    await append(two, picture);
    assert.equal((await bare(two)).json.errors[0].message, "Request body must be a JSON object.");
    assert.equal((await finalize(two)).status, 200);
  });

  it("of a film is worked on: pending, in progress, done; a post before that is refused", async () => {
    const { begin, append, finalize, status, advance, tweet, posted } = setUp();
    const bytes = film(4000);
    const { id } = (await begin(bytes, "video/mp4", "tweet_video")).json.data;
    await append(id, bytes);
    const first = (await finalize(id)).json.data.processing_info;
    assert.ok(["pending", "in_progress"].includes(first.state) && first.check_after_secs >= 1);
    const early = await tweet("Film", { media: { media_ids: [id] } });
    assert.deepEqual([early.status, early.json.errors[0].message], [400, "Your media IDs are invalid."]);
    advance(1000);
    assert.equal((await status(id)).json.data.processing_info.state, "in_progress");
    advance(5000);
    assert.equal((await status(id)).json.data.processing_info.state, "succeeded");
    await posted("Film", { media: { media_ids: [id] } });
  });

  it("waits longer where it is told to, and fails where it is decided or the film is none", async () => {
    const { begin, append, finalize, status, advance, mount, act, tweet } = setUp();
    const send = async (bytes: Uint8Array) => {
      const { id } = (await begin(bytes, "video/mp4", "tweet_video")).json.data;
      await append(id, bytes);
      await finalize(id);
      return id as string;
    };
    mount.arm({ fault: "slowProcessing", params: { ms: 600_000 } });
    const slow = await send(film(4000));
    await act("failMedia");
    const failed = await send(film(4000));
    const none = await send(new Uint8Array(64));
    advance(60_000);
    const state = async (id: string) => (await status(id)).json.data.processing_info;
    assert.equal((await state(slow)).state, "in_progress");
    for (const id of [failed, none]) {
      const { state: ended, error } = await state(id);
      assert.deepEqual([ended, error.name], ["failed", "InvalidMedia"]);
      assert.equal((await tweet(`Film ${id}`, { media: { media_ids: [id] } })).status, 400);
    }
  });
});

describe("one upload in one request", () => {
  it("needs a category, and knows no commands", async () => {
    const { own } = setUp();
    const send = (more: Record<string, string>) => own.multipart("media/upload", { media: blob(picture), ...more });
    const { status, json } = await send({ media_category: "tweet_image" });
    assert.deepEqual([status, json.data.size], [200, picture.byteLength]);
    assert.equal((await send({})).status, 400);
    assert.equal((await send({ media_category: "tweet_image", command: "INIT" })).status, 400);
    assert.equal((await own.post("media/upload", { command: "INIT" })).status, 400);
  });
});

describe("media of a post", () => {
  it("are four pictures, or one GIF, or one film", async () => {
    const { upload, tweet, simulator, shown, act } = setUp();
    const pictures = [];
    for (let seed = 1; seed <= 5; seed += 1) pictures.push(await upload(sampleJpeg({ width: 40, height: 30, seed })));
    const gif = await upload(sampleGif({ width: 40, height: 30, frames: 2 }), "image/gif", "tweet_gif");
    const message = await upload(picture, "image/jpeg", "dm_image");
    const post = async (...media_ids: (string | undefined)[]) =>
      (await tweet(`With ${media_ids.join()}`, { media: { media_ids } })).status;
    const [first] = pictures;
    assert.deepEqual([await post(...pictures.slice(0, 4)), await post(...pictures)], [201, 400]);
    assert.deepEqual([await post(first, gif), await post(gif, gif), await post(gif)], [400, 400, 201]);
    assert.deepEqual([await post(message), await post("1")], [400, 400]);
    await act("set", { mixedMedia: true });
    assert.equal(await post(first, gif), 201);
    const [four] = simulator.posts();
    assert.equal(four?.media.length, 4);
    const { includes } = await shown(four?.id ?? "", "expansions=attachments.media_keys&media.fields=type,width");
    assert.deepEqual(
      includes.media.map(({ type }: { type: string }) => type),
      Array(4).fill("photo"),
    );
  });

  it("are the caller's own", async () => {
    const { upload, as, simulator, tweet } = setUp();
    const id = await upload(picture);
    const stranger = as(simulator.createAccount({}).accessToken);
    const media = { media_ids: [id] };
    assert.equal((await stranger.post("tweets", { text: "Mine?", media })).status, 400);
    assert.equal((await stranger.get(`media/upload?command=STATUS&media_id=${id}`)).status, 404);
    assert.equal((await tweet("Mine", { media })).status, 201);
  });

  it("are gone when their time is over", async () => {
    const { upload, advance, tweet, status, act } = setUp();
    await act("set", { mediaSeconds: 60 });
    const id = await upload(picture);
    advance(60_000);
    assert.equal(
      (await tweet("Too late", { media: { media_ids: [id] } })).json.errors[0].message,
      "Your media IDs are invalid.",
    );
    assert.equal((await status(id)).status, 404);
    await act("set", { unknownMediaStatus: 400 });
    assert.equal((await status(id)).status, 400);
  });

  it("that are films last 20 minutes on a plain account and 125 with Premium, which is looked at with the post", async () => {
    for (const [kind, minutes] of [
      ["plain", 20],
      ["premium", 125],
    ] as const) {
      const { upload, tweet } = setUp({ kind });
      const post = async (durationMs: number) => {
        const id = await upload(film(durationMs), "video/mp4", "tweet_video");
        return tweet(`Film of ${durationMs}`, { media: { media_ids: [id] } });
      };
      assert.equal((await post(minutes * 60_000)).status, 201);
      const { status, json } = await post(minutes * 60_000 + 1000);
      assert.deepEqual(
        [status, json.type, json.detail],
        [403, "about:blank", `This user is not allowed to post a video longer than ${minutes} minutes.`],
      );
    }
  });

  it("are refused before they are sent where they are too large for their kind, and without the scope", async () => {
    const { own } = setUp();
    const begin = async (media_category: string, total_bytes: number) =>
      (await own.post("media/upload/initialize", { media_category, total_bytes, media_type: "image/gif" })).status;
    const mega = 1_048_576;
    assert.deepEqual([await begin("tweet_image", 5 * mega), await begin("tweet_image", 5 * mega + 1)], [200, 400]);
    assert.deepEqual([await begin("tweet_gif", 15 * mega), await begin("tweet_gif", 15 * mega + 1)], [200, 400]);
    const old = setUp({ scopes: ["tweet.read", "tweet.write", "users.read", "offline.access"] });
    assert.equal((await old.begin(picture, "image/jpeg", "tweet_image")).status, 403);
    assert.equal((await old.tweet("Words go")).status, 201);
  });
});
