import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, fb, jpeg, mp4, png, testClient } from "./test-client.ts";

const minute = 60_000;
const day = 86_400_000;
const mp4Type = "video/mp4";

function setUp(scopes?: readonly string[]) {
  const client = testClient();
  const page = client.simulator.createAccount({ kind: "page", name: "Corner Bakery", ...(scopes ? { scopes } : {}) });
  const token = page.accessToken;
  return {
    ...client,
    page,
    token,
    feed: (form: Record<string, string>) => client.post(fb(`${page.id}/feed`), token, form),
    photo: (form: Record<string, string>) => client.post(fb(`${page.id}/photos`), token, form),
    texts: () => client.simulator.posts().map((post) => post.text),
    read: (id: string, fields: string) => client.get(fb(`${id}?fields=${fields}`), token),
    unixIn: (ms: number) => String(Math.round((client.now().getTime() + ms) / 1000)),
  };
}

describe("Page posts", () => {
  it("shows a text post at once, with a permalink and our app on it", async () => {
    const { feed, read, page, simulator } = setUp();
    const { id } = (await feed({ message: "Fresh rolls" })).json;
    assert.match(id, new RegExp(`^${page.id}_\\d+$`));
    const post = (await read(id, "message,permalink_url,is_published,created_time,application")).json;
    assert.deepEqual(
      [post.message, post.permalink_url, post.is_published, post.created_time, post.application.id],
      ["Fresh rolls", `https://www.facebook.com/${id}`, true, "2026-11-20T12:00:00+0000", page.appId],
    );
    assert.equal(simulator.posts()[0]?.permalink, post.permalink_url);
  });

  it("answers fields asked for with the change itself", async () => {
    const { post, page, token } = setUp();
    const told = await post(fb(`${page.id}/feed?fields=id,permalink_url`), token, { message: "hi" });
    assert.ok(told.json.permalink_url);
  });

  it("keeps an unpublished post out of sight and of lists until is_published, which may be repeated", async () => {
    const { feed, post, get, page, token, texts, simulator, read } = setUp();
    const { id } = (await feed({ message: "Two steps", published: "false" })).json;
    assert.deepEqual([texts(), simulator.orphans()], [[], 1]);
    for (const list of ["feed", "posts", "published_posts", "scheduled_posts"])
      assert.deepEqual((await get(fb(`${page.id}/${list}`), token)).json.data, [], list);
    for (const time of [1, 2])
      assert.deepEqual((await post(fb(id), token, { is_published: "true" })).json, { success: true }, String(time));
    assert.deepEqual([texts(), simulator.orphans()], [["Two steps"], 0]);
    assert.equal((await read(id, "is_published")).json.is_published, true);
    assert.equal(
      errorOf(await post(fb(id), token, { is_published: "false" })),
      "100/-",
      "un-publishing is not supported",
    );
    assert.equal((await get(fb(`${page.id}/feed`), token)).json.data[0].id, id);
  });

  it("refuses is_published where told to, so that the one-step way can be tested", async () => {
    const { feed, post, token, texts, act } = setUp();
    await act("refuseTwoStep", { code: 200, subcode: 99 });
    const { id } = (await feed({ message: "x", published: "false" })).json;
    assert.equal(errorOf(await post(fb(id), token, { is_published: "true" })), "200/99");
    assert.deepEqual(texts(), []);
    await act("refuseTwoStep", { on: false });
    assert.equal((await post(fb(id), token, { is_published: "true" })).status, 200);
  });

  it("publishes scheduled posts by itself, lists and moves them, within 10 minutes to 75 days", async () => {
    const { feed, post, get, page, token, texts, advance, unixIn } = setUp();
    for (const wait of [9 * minute, 76 * day])
      assert.equal(
        errorOf(await feed({ message: "no", published: "false", scheduled_publish_time: unixIn(wait) })),
        "100/-",
      );
    assert.equal(
      errorOf(await feed({ message: "no", scheduled_publish_time: unixIn(day) })),
      "100/-",
      "published must be false",
    );
    const { id } = (await feed({ message: "Later", published: "false", scheduled_publish_time: unixIn(20 * minute) }))
      .json;
    const listed = (await get(fb(`${page.id}/scheduled_posts?fields=id,scheduled_publish_time`), token)).json.data;
    assert.deepEqual(listed, [{ id, scheduled_publish_time: Number(unixIn(20 * minute)) }]);
    await post(fb(id), token, { scheduled_publish_time: unixIn(40 * minute) });
    advance(39 * minute);
    assert.deepEqual(texts(), []);
    advance(minute);
    assert.deepEqual(texts(), ["Later"]);
  });

  it("refuses empty posts, bad links and facebook.com links", async () => {
    const { feed } = setUp();
    assert.equal(errorOf(await feed({ mesage: "y" })), "100/-");
    assert.equal(errorOf(await feed({})), "100/-");
    assert.equal(errorOf(await feed({ link: "nowhere" })), "1609005/-");
    assert.equal(errorOf(await feed({ link: "https://www.facebook.com/x" })), "100/1609008");
    assert.equal(errorOf(await feed({ message: "x".repeat(63_207) })), "100/-");
    assert.equal((await feed({ message: "x".repeat(63_206) })).status, 200);
  });

  it("pulls a photo, records its hash and keeps its alt text", async () => {
    const { photo, host, simulator, mount } = setUp();
    const told = await photo({
      url: host("a.png", png(800, 600), "image/png"),
      message: "Menu",
      alt_text_custom: "A menu",
    });
    assert.ok(told.json.id && told.json.post_id);
    const post = simulator.posts()[0];
    assert.deepEqual(
      [post?.kind, post?.media[0]?.altText, post?.media[0]?.sha256],
      ["photo", "A menu", mount.fetches()[0]?.sha256],
    );
  });

  it("takes a photo as multipart source and refuses what is no picture or cannot be fetched", async () => {
    const { ask, photo, page, token, host, simulator } = setUp();
    const source = new Blob([new Uint8Array(jpeg(100, 100))], { type: "image/jpeg" });
    const sent = await ask({ url: fb(`${page.id}/photos`), token, multipart: { message: "Sent", source } });
    assert.equal(sent.status, 200);
    assert.equal(simulator.posts()[0]?.media[0]?.mimeType, "image/jpeg");
    assert.equal(errorOf(await photo({ url: "https://media.example/missing.jpg" })), "100/2069019");
    assert.equal(errorOf(await photo({ url: host("x.webp", new Uint8Array(40), "image/webp") })), "100/1366046");
    assert.equal(
      errorOf(
        await photo({
          url: host("big.jpg", new Uint8Array([...jpeg(10, 10), ...new Uint8Array(4_000_000)]), "image/jpeg"),
        }),
      ),
      "100/1366046",
    );
  });

  it("holds a photo of a post to 4 MB also when it was uploaded unseen before", async () => {
    const { photo, feed, host } = setUp();
    const bytes = new Uint8Array([...jpeg(10, 10), ...new Uint8Array(4_000_000)]);
    const { id } = (await photo({ url: host("big.jpg", bytes, "image/jpeg"), published: "false" })).json;
    const attached_media = JSON.stringify([{ media_fbid: id }]);
    assert.equal(errorOf(await feed({ message: "Too big", attached_media })), "100/1366046");
  });

  it("keeps several photos in the order given and refuses photos already posted", async () => {
    const { photo, feed, host, simulator } = setUp();
    const ids: string[] = [];
    for (const salt of [1, 2, 3]) {
      const url = host(`${salt}.jpg`, jpeg(100, 100, salt), "image/jpeg");
      const told = await photo({ url, published: "false", alt_text_custom: `Photo ${salt}` });
      assert.equal(told.json.post_id, undefined);
      ids.push(told.json.id);
    }
    assert.equal(simulator.orphans(), 3);
    const attached = JSON.stringify([ids[2], ids[0], ids[1]].map((id) => ({ media_fbid: id })));
    const { id } = (await feed({ message: "Three", attached_media: attached })).json;
    assert.deepEqual(
      simulator.posts()[0]?.media.map((medium) => medium.altText),
      ["Photo 3", "Photo 1", "Photo 2"],
    );
    assert.equal(simulator.orphans(), 0);
    assert.equal(errorOf(await feed({ message: "Again", attached_media: attached })), "100/1366051");
    assert.ok(id);
  });

  it("wants temporary photos and unpublished_content_type for a scheduled parent", async () => {
    const { photo, feed, host, unixIn, advance, texts } = setUp();
    const url = host("t.jpg", jpeg(100, 100), "image/jpeg");
    const loose = (await photo({ url, published: "false" })).json.id;
    const temporary = (await photo({ url, published: "false", temporary: "true" })).json.id;
    const form = (id: string) => ({
      message: "Soon",
      published: "false",
      scheduled_publish_time: unixIn(day),
      attached_media: JSON.stringify([{ media_fbid: id }]),
    });
    assert.equal(errorOf(await feed(form(temporary))), "100/-");
    assert.equal(errorOf(await feed({ ...form(loose), unpublished_content_type: "SCHEDULED" })), "100/-");
    assert.equal((await feed({ ...form(temporary), unpublished_content_type: "SCHEDULED" })).status, 200);
    advance(day);
    assert.deepEqual(texts(), ["Soon"]);
  });

  it("edits and deletes posts of this app only", async () => {
    const { feed, post, remove, token, texts, act, page, read } = setUp();
    const { id } = (await feed({ message: "First" })).json;
    assert.deepEqual((await post(fb(id), token, { message: "Second" })).json, { success: true });
    assert.deepEqual(texts(), ["Second"]);
    const byHand = (await act("postByHand", { accountId: page.id, text: "By hand" })) as { id: string };
    assert.equal(errorOf(await post(fb(byHand.id), token, { message: "Changed" })), "200/-");
    assert.deepEqual((await remove(fb(id), token)).json, { success: true });
    assert.deepEqual(texts(), ["By hand"]);
    assert.equal(errorOf(await read(id, "id")), "100/33");
  });

  it("needs a Page token, CREATE_CONTENT and both permissions", async () => {
    const { post, page, feed, token, act, get } = setUp();
    assert.equal(errorOf(await post(fb(`${page.id}/feed`), String(page.extra?.userToken), { message: "x" })), "210/-");
    await act("setTasks", { pageId: page.id, tasks: ["ANALYZE"] });
    assert.equal(errorOf(await feed({ message: "x" })), "200/-");
    const other = setUp(["pages_show_list", "pages_manage_posts"]);
    assert.equal(errorOf(await other.feed({ message: "x" })), "200/-");
    await act("loseRole", { pageId: page.id });
    assert.equal(errorOf(await get(fb("me"), token)), "190/492");
  });

  it("answers 506 for the same text twice only when told to", async () => {
    const { feed, act, texts } = setUp();
    await feed({ message: "Twin" });
    assert.equal((await feed({ message: "Twin" })).status, 200);
    await act("duplicateCheck");
    assert.equal(errorOf(await feed({ message: "Twin" })), "506/-");
    assert.equal(texts().length, 2);
  });
});

describe("Page videos, Reels and stories", () => {
  it("shows a pulled video only once it is processed", async () => {
    const { post, page, token, host, advance, texts, read, simulator } = setUp();
    const { id } = (
      await post(fb(`${page.id}/videos`), token, {
        file_url: host("v.mp4", mp4(5000), mp4Type),
        description: "Film",
        title: "T",
      })
    ).json;
    assert.deepEqual([texts(), simulator.orphans()], [[], 0]);
    assert.equal((await read(id, "status")).json.status.video_status, "processing");
    advance(300);
    assert.deepEqual(texts(), ["Film"]);
    const video = (await read(id, "status,post_id,length")).json;
    assert.deepEqual(
      [video.status.video_status, video.status.publishing_phase.publish_status, video.length],
      ["ready", "published", 5],
    );
    assert.equal(simulator.posts()[0]?.id, video.post_id);
  });

  it("takes a video in phases, each from the offset it named", async () => {
    const { post, ask, page, token, advance, simulator } = setUp();
    const bytes = mp4(4000);
    const url = fb(`${page.id}/videos`);
    const started = (await post(url, token, { upload_phase: "start", file_size: String(bytes.byteLength) })).json;
    assert.deepEqual([started.start_offset, started.end_offset], ["0", String(bytes.byteLength)]);
    const part = (from: number, to: number) =>
      ask({
        url,
        token,
        multipart: {
          upload_phase: "transfer",
          upload_session_id: started.upload_session_id,
          start_offset: String(from),
          video_file_chunk: new Blob([new Uint8Array(bytes.slice(from, to))]),
        },
      });
    assert.equal((await part(0, 50)).json.start_offset, "50");
    assert.equal(errorOf(await part(0, 50)), "100/-");
    await part(50, bytes.byteLength);
    const finish = { upload_phase: "finish", upload_session_id: started.upload_session_id, description: "In parts" };
    assert.deepEqual((await post(url, token, finish)).json, { success: true });
    assert.equal(errorOf(await post(url, token, finish)), "100/-");
    advance(300);
    assert.equal(simulator.posts()[0]?.media[0]?.sizeBytes, bytes.byteLength);
  });

  async function startReel(kit: ReturnType<typeof setUp>, edge = "video_reels") {
    const { video_id: id, upload_url: url } = (
      await kit.post(fb(`${kit.page.id}/${edge}`), kit.token, { upload_phase: "start" })
    ).json;
    const upload = (headers: Record<string, string>, body?: Uint8Array) =>
      kit.ask({
        method: "POST",
        url,
        headers: { authorization: `OAuth ${kit.token}`, ...headers },
        ...(body && { bytes: body }),
      });
    const finish = (form: Record<string, string> = {}) =>
      kit.post(fb(`${kit.page.id}/${edge}`), kit.token, { upload_phase: "finish", video_id: id, ...form });
    return { id: String(id), url: String(url), upload, finish };
  }

  it("resumes a Reel's upload from bytes_transfered, publishes it once and says so in its phases", async () => {
    const kit = setUp();
    const reel = await startReel(kit);
    const bytes = mp4(6000);
    const size = String(bytes.byteLength);
    assert.equal(reel.url, `https://rupload.facebook.com/video-upload/v25.0/${reel.id}`);
    assert.equal(errorOf(await reel.finish({ video_state: "PUBLISHED" })), "100/-", "no bytes yet");
    await reel.upload({ offset: "0", file_size: size }, bytes.slice(0, 30));
    const phase = (await kit.read(reel.id, "status")).json.status.uploading_phase;
    assert.deepEqual([phase.status, phase.bytes_transfered], ["in_progress", 30]);
    assert.equal(errorOf(await reel.upload({ offset: "0", file_size: size }, bytes.slice(0, 30))), "100/1363047");
    assert.deepEqual((await reel.upload({ offset: "30", file_size: size }, bytes.slice(30))).json, { success: true });
    assert.deepEqual((await reel.finish({ video_state: "PUBLISHED", description: "Reel", title: "R" })).json, {
      success: true,
    });
    assert.equal(errorOf(await reel.finish({ video_state: "PUBLISHED" })), "100/-", "a second finish is refused");
    assert.deepEqual(kit.texts(), []);
    kit.advance(300);
    assert.equal((await kit.read(reel.id, "status")).json.status.publishing_phase.publish_status, "published");
    assert.equal(kit.simulator.posts()[0]?.permalink, `https://www.facebook.com/reel/${reel.id}/`);
  });

  it("takes a Reel by file_url but not from fbcdn or without the OAuth header", async () => {
    const kit = setUp();
    const reel = await startReel(kit);
    assert.equal(errorOf(await reel.upload({ file_url: "https://video.fbcdn.net/x.mp4" })), "100/1349125");
    assert.equal(
      errorOf(await reel.upload({ authorization: `Bearer ${kit.token}`, file_url: "https://x.example/" })),
      "190/467",
    );
    assert.deepEqual((await reel.upload({ file_url: kit.host("r.mp4", mp4(4000), mp4Type) })).json, { success: true });
  });

  it("refuses a Reel shorter than 3 or longer than 90 seconds", async () => {
    for (const [lengthMs, said] of [
      [2900, "100/2069019"],
      [3000, "200"],
      [90_000, "200"],
      [90_100, "100/2069019"],
    ] as const) {
      const kit = setUp();
      const reel = await startReel(kit);
      await reel.upload({ file_url: kit.host("r.mp4", mp4(lengthMs), mp4Type) });
      const told = await reel.finish({ video_state: "PUBLISHED" });
      assert.equal(told.status === 200 ? "200" : errorOf(told), said, `${lengthMs} ms`);
    }
  });

  it("schedules a Reel at most 29 days ahead", async () => {
    const kit = setUp();
    const reel = await startReel(kit);
    await reel.upload({ file_url: kit.host("r.mp4", mp4(4000), mp4Type) });
    assert.equal(
      errorOf(await reel.finish({ video_state: "SCHEDULED", scheduled_publish_time: kit.unixIn(30 * day) })),
      "100/-",
    );
    assert.equal(
      (await reel.finish({ video_state: "SCHEDULED", description: "Later", scheduled_publish_time: kit.unixIn(day) }))
        .status,
      200,
    );
    kit.advance(day - 1000);
    assert.deepEqual(kit.texts(), []);
    kit.advance(1000);
    assert.deepEqual(kit.texts(), ["Later"]);
  });

  it("lengthens processing while slowProcessing is armed", async () => {
    const kit = setUp();
    kit.mount.arm({ fault: "slowProcessing", params: { ms: 60_000 } });
    const { id } = (
      await kit.post(fb(`${kit.page.id}/videos`), kit.token, { file_url: kit.host("v.mp4", mp4(5000), mp4Type) })
    ).json;
    kit.advance(59_000);
    assert.equal((await kit.read(id, "status")).json.status.video_status, "processing");
    kit.advance(2000);
    assert.equal((await kit.read(id, "status")).json.status.video_status, "ready");
  });

  it("makes photo and video stories once per medium and archives them after a day", async () => {
    const kit = setUp();
    const photo = (await kit.photo({ url: kit.host("s.jpg", jpeg(1080, 1920), "image/jpeg"), published: "false" })).json
      .id;
    const story = (id: string) => kit.post(fb(`${kit.page.id}/photo_stories`), kit.token, { photo_id: id });
    const made = (await story(photo)).json;
    assert.equal(made.success, true);
    assert.equal(errorOf(await story(photo)), "100/1366051");
    const video = await startReel(kit, "video_stories");
    await video.upload({ file_url: kit.host("s.mp4", mp4(9000), mp4Type) });
    assert.equal(errorOf(await video.finish({ video_state: "SCHEDULED" })), "100/-");
    assert.ok((await video.finish()).json.post_id);
    kit.advance(300);
    const list = async () =>
      (await kit.get(fb(`${kit.page.id}/stories?fields=post_id,status,media_type`), kit.token)).json.data;
    assert.deepEqual(
      (await list()).map((each: { media_type: string; status: string }) => [each.media_type, each.status]),
      [
        ["video", "PUBLISHED"],
        ["photo", "PUBLISHED"],
      ],
    );
    assert.equal(kit.simulator.posts().length, 2);
    kit.advance(day);
    assert.ok((await list()).every((each: { status: string }) => each.status === "ARCHIVED"));
    assert.equal(kit.simulator.posts().length, 0);
  });
});
