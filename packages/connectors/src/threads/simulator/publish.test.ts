import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256Hex } from "@postd/connector-kit/simulator";
import { base, errorOf, film, jpeg, setUp } from "./client-harness.ts";

describe("publishing on Threads", () => {
  it("does not find a container right after it was made, then shows it once and names no post", async () => {
    const { container, publishId, advance, get, simulator, last, account } = setUp();
    const id = await container({ text: "Fresh beans", reply_control: "followers_only" });
    assert.deepEqual((await get(id)).json, { id, status: "FINISHED" });
    const early = await publishId(id);
    assert.deepEqual([early.status, errorOf(early), early.json.error.is_transient], [400, "24/4279009", false]);
    assert.deepEqual([simulator.posts().length, simulator.orphans()], [0, 1]);
    advance(7_000);
    const live = await publishId(id);
    assert.equal(live.status, 200, live.text);
    assert.deepEqual((await get(id)).json, { id, status: "PUBLISHED" });
    assert.equal(errorOf(await publishId(id)), "24/4279009", "never twice");
    assert.deepEqual([simulator.posts().length, simulator.orphans()], [1, 0]);
    assert.deepEqual([last()?.id, last()?.text, last()?.accountId], [live.json.id, "Fresh beans", account.id]);
    assert.equal(last()?.details?.replyControl, "followers_only");
    const read = await get(live.json.id, { fields: "id,permalink,media_type,media_product_type,text,timestamp" });
    assert.deepEqual(
      [read.json.media_type, read.json.text, read.json.permalink],
      ["TEXT_POST", "Fresh beans", last()?.permalink],
    );
    const status = await get(live.json.id, { fields: "status" });
    assert.match(status.json.error.message, /Tried accessing nonexisting field \(status\)/);
  });

  it("expires a container after a day and loses one for good when told to", async () => {
    const { container, publishId, advance, get, act } = setUp();
    const old = await container({ text: "Old" });
    advance(86_400_000);
    assert.equal((await get(old)).json.status, "EXPIRED");
    assert.equal(errorOf(await publishId(old)), "24/2207008");
    await act("loseContainers", { times: 1 });
    const lost = await container({ text: "Lost" });
    const found = await container({ text: "Found" });
    advance(60_000);
    assert.equal((await get(lost)).json.status, "FINISHED");
    assert.equal(errorOf(await publishId(lost)), "24/4279009");
    assert.equal((await publishId(found)).status, 200);
  });

  it("publishes a text in one call where asked, and only a text", async () => {
    const { create, simulator, image } = setUp();
    assert.equal((await create({ text: "At once", auto_publish_text: "true" })).status, 200);
    assert.deepEqual([simulator.posts().length, simulator.orphans()], [1, 0]);
    const picture = { media_type: "IMAGE", image_url: image(), auto_publish_text: "true" };
    assert.equal(errorOf(await create(picture)), "100/-");
  });

  it("pulls a picture at the create call and a film while it is worked on, and holds them with their words", async () => {
    const { publish, container, image, video, advance, get, last, create } = setUp();
    await publish({ media_type: "IMAGE", image_url: image(), text: "Beans", alt_text: "A sack" });
    assert.deepEqual(last()?.media[0], {
      sha256: sha256Hex(jpeg()),
      mimeType: "image/jpeg",
      sizeBytes: jpeg().byteLength,
      altText: "A sack",
    });
    const id = await container({ media_type: "VIDEO", video_url: video(), text: "Film" });
    assert.equal((await get(id, { fields: "status" })).json.status, "IN_PROGRESS");
    advance(12_000);
    assert.equal((await get(id, { fields: "status" })).json.status, "FINISHED");
    await publish({ media_type: "VIDEO", video_url: video() });
    assert.equal(last()?.media[0]?.sha256, sha256Hex(film()));
    const missing = { media_type: "IMAGE", image_url: "https://media.example/none.jpg" };
    assert.equal(errorOf(await create(missing)), "1/2207052");
    const far = await container({ media_type: "VIDEO", video_url: "https://media.example/none.mp4" });
    advance(12_000);
    assert.deepEqual((await get(far, { fields: "status,error_message" })).json, {
      id: far,
      status: "ERROR",
      error_message: "FAILED_DOWNLOADING_VIDEO",
    });
  });

  it("says what is wrong with a medium in the container's status, by the platform's own names", async () => {
    const { container, client, advance, get, act } = setUp();
    const status = async (form: Record<string, string>) => {
      const id = await container(form);
      advance(60_000);
      return (await get(id, { fields: "status,error_message" })).json.error_message;
    };
    const wide = client.host("wide.jpg", jpeg(1, 2_200, 200), "image/jpeg");
    assert.equal(await status({ media_type: "IMAGE", image_url: wide }), "UNKNOWN");
    const long = client.host("long.mp4", film(301_000), "video/mp4");
    assert.equal(await status({ media_type: "VIDEO", video_url: long }), "INVALID_DURATION");
    await act("failNext", { error: "FAILED_PROCESSING_AUDIO" });
    const good = client.host("good.mp4", film(), "video/mp4");
    assert.equal(await status({ media_type: "VIDEO", video_url: good }), "FAILED_PROCESSING_AUDIO");
    assert.equal(await status({ media_type: "VIDEO", video_url: good }), undefined);
  });

  it("makes a carousel of 2 to 20 finished items, and publishes it once it is finished itself", async () => {
    const { container, create, image, advance, publishId, last, simulator, get } = setUp();
    const item = (seed: number) =>
      container({ media_type: "IMAGE", image_url: image(seed), is_carousel_item: "true", alt_text: `Item ${seed}` });
    const [a, b] = [await item(1), await item(2)];
    const carousel = { media_type: "CAROUSEL", text: "Both" };
    assert.equal(errorOf(await create({ ...carousel, children: `${a},${b}` })), "24/4279009", "items are worked on");
    advance(60_000);
    assert.equal(errorOf(await publishId(a)), "100/-", "an item is no post");
    assert.equal(errorOf(await create({ ...carousel, children: a })), "100/-");
    const id = await container({ ...carousel, children: `${a},${b}` });
    assert.equal((await get(id)).json.status, "IN_PROGRESS");
    advance(60_000);
    const live = await publishId(id);
    assert.deepEqual(
      last()?.media.map(({ altText }) => altText),
      ["Item 1", "Item 2"],
    );
    assert.deepEqual([simulator.posts().length, simulator.orphans()], [1, 0]);
    const { json } = await get(live.json.id, { fields: "media_type,children{id,media_type}" });
    assert.deepEqual(
      [json.media_type, json.children.data.length, json.children.data[0].media_type],
      ["CAROUSEL_ALBUM", 2, "IMAGE"],
    );
  });

  it("deletes an own post, nobody else's, and knows none the second time", async () => {
    const { publish, remove, simulator, ask } = setUp();
    const id = await publish({ text: "Gone soon" });
    const { accessToken: token } = simulator.createAccount({ name: "Somebody else" });
    assert.equal(errorOf(await ask({ method: "DELETE", url: base + id, token })), "10/-");
    assert.equal(simulator.posts().length, 1);
    assert.deepEqual((await remove(id)).json, { success: true, deleted_id: id });
    assert.equal(errorOf(await remove(id)), "100/33");
    assert.equal(simulator.posts().length, 0);
  });

  it("answers lists newest first, by time, in pages, and hides from them what is too young when told to", async () => {
    const { publish, get, ask, mount, now } = setUp();
    for (const text of ["one", "two", "three"]) await publish({ text });
    const texts = (json: { data: { text: string }[] }) => json.data.map(({ text }) => text);
    const first = await get("me/threads?fields=id,text&limit=2");
    assert.match(first.json.paging.next, /^https:\/\/graph\.threads\.net\/v1\.0\/me\/threads\?/);
    assert.deepEqual(texts(first.json), ["three", "two"]);
    assert.deepEqual(texts((await ask({ url: first.json.paging.next })).json), ["one"]);
    const since = String(Math.floor(now().getTime() / 1000) - 90);
    assert.deepEqual(texts((await get("me/threads?fields=text", { since })).json), ["three", "two"]);
    mount.arm({ fault: "hideFromLists" });
    assert.deepEqual((await get("me/threads?fields=text")).json.data, []);
  });

  it("takes no blank text, no text over 500 with emoji as bytes, and at most five links", async () => {
    const { create } = setUp();
    const code = async (form: Record<string, string>) => errorOf(await create(form));
    assert.match((await create({ text: " " })).json.error.message, /can't be blank/);
    assert.equal((await create({ text: `${"a".repeat(496)}😀` })).status, 200);
    assert.match((await create({ text: `${"a".repeat(497)}😀` })).json.error.message, /at most 500 characters/);
    const links = Array.from({ length: 5 }, (_, nth) => `https://example.com/${nth}`);
    const text = links.join(" ");
    assert.equal((await create({ text, link_attachment: "https://example.com/0" })).status, 200);
    const six = await create({ text, link_attachment: "https://example.com/9" });
    assert.match(six.json.error.message, /THREADS_API__LINK_LIMIT_EXCEEDED/);
    assert.equal(await code({ text: "Hi", link_attachment: "nowhere" }), "100/-");
    assert.equal(await code({ text: "Hi", media_type: "STORY" }), "100/-");
  });
});
