import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, extraOf, fb, ig, jpeg, mp4, png, testClient } from "./test-client.ts";

const day = 86_400_000;

/** Both ways to one kind of account: through a Page on graph.facebook.com, or directly on graph.instagram.com. */
const ways = [
  { kind: "facebook_login", base: fb },
  { kind: "instagram_login", base: ig },
] as const;

function setUp(way: (typeof ways)[number] = ways[0], scopes?: readonly string[]) {
  const client = testClient();
  const account = client.simulator.createAccount({
    kind: way.kind,
    name: "Corner Bakery",
    ...(scopes ? { scopes } : {}),
  });
  const { accessToken: token, id } = account;
  const post = (edge: string, form: Record<string, string>) => client.post(way.base(`${id}/${edge}`), token, form);
  const get = (path: string) => client.get(way.base(path), token);
  return {
    ...client,
    account,
    token,
    getPath: get,
    container: (form: Record<string, string>) => post("media", form),
    publish: (creationId: string) => post("media_publish", { creation_id: creationId }),
    status: async (containerId: string) => (await get(`${containerId}?fields=status_code,status`)).json,
    picture: (salt = 0) => client.host(`${salt}.jpg`, jpeg(1080, 1080, salt), "image/jpeg"),
    film: (ms = 5000) => client.host(`${ms}.mp4`, mp4(ms), "video/mp4"),
    url: way.base,
  };
}

for (const way of ways)
  describe(`Instagram through ${way.kind}`, () => {
    it("publishes an image in two steps, once", async () => {
      const kit = setUp(way);
      const made = (await kit.container({ image_url: kit.picture(), caption: "Hello", alt_text: "Bread" })).json;
      assert.deepEqual([kit.simulator.posts().length, kit.simulator.orphans()], [0, 1]);
      assert.equal((await kit.status(made.id)).status_code, "FINISHED");
      const { id } = (await kit.publish(made.id)).json;
      assert.equal((await kit.status(made.id)).status_code, "PUBLISHED");
      assert.equal(errorOf(await kit.publish(made.id)), "9007/2207027", "a published container makes no twin");
      const media = (
        await kit.getPath(
          `${id}?fields=permalink,media_type,media_product_type,timestamp,caption,shortcode,alt_text,username`,
        )
      ).json;
      assert.deepEqual(
        [media.media_type, media.media_product_type, media.caption, media.timestamp],
        ["IMAGE", "FEED", "Hello", "2026-11-20T12:00:00+0000"],
      );
      const live = kit.simulator.posts();
      assert.deepEqual(
        [live.length, live[0]?.permalink, live[0]?.media[0]?.altText, kit.simulator.orphans()],
        [1, media.permalink, "Bread", 0],
      );
      assert.equal((await kit.getPath(`${kit.account.id}/media?fields=id,caption`)).json.data[0].id, id);
    });

    it("works on a Reel before it can be published", async () => {
      const kit = setUp(way);
      const { id } = (await kit.container({ media_type: "REELS", video_url: kit.film(), share_to_feed: "true" })).json;
      assert.equal((await kit.status(id)).status_code, "IN_PROGRESS");
      assert.equal(errorOf(await kit.publish(id)), "9007/2207027");
      kit.advance(300);
      assert.equal((await kit.publish(id)).status, 200);
      assert.equal(kit.simulator.posts()[0]?.kind, "reel");
    });

    it("keeps a carousel's order and waits for its children", async () => {
      const kit = setUp(way);
      const first = (await kit.container({ image_url: kit.picture(1), is_carousel_item: "true", alt_text: "One" })).json
        .id;
      const second = (await kit.container({ media_type: "VIDEO", video_url: kit.film(), is_carousel_item: "true" }))
        .json.id;
      const parent = (children: string) => kit.container({ media_type: "CAROUSEL", children, caption: "Both" });
      assert.equal(errorOf(await parent(`${second},${first}`)), "9007/2207027");
      kit.advance(300);
      assert.equal(errorOf(await parent(first)), "100/2207028");
      const { id } = (await parent(JSON.stringify([second, first]))).json;
      await kit.publish(id);
      assert.deepEqual(
        kit.simulator.posts()[0]?.media.map((medium) => medium.mimeType),
        ["video/mp4", "image/jpeg"],
      );
      assert.equal(kit.simulator.orphans(), 0);
    });

    it("shows a story for a day, apart from the media list", async () => {
      const kit = setUp(way);
      const { id } = (
        await kit.container({ media_type: "STORIES", image_url: kit.host("tall.jpg", jpeg(1080, 1920), "image/jpeg") })
      ).json;
      await kit.publish(id);
      assert.deepEqual((await kit.getPath(`${kit.account.id}/media`)).json.data, []);
      assert.equal((await kit.getPath(`${kit.account.id}/stories`)).json.data.length, 1);
      kit.advance(day);
      assert.deepEqual([(await kit.getPath(`${kit.account.id}/stories`)).json.data, kit.simulator.posts()], [[], []]);
    });

    it("expires containers after a day", async () => {
      const kit = setUp(way);
      const { id } = (await kit.container({ image_url: kit.picture() })).json;
      kit.advance(day);
      assert.equal((await kit.status(id)).status_code, "EXPIRED");
      assert.equal(errorOf(await kit.publish(id)), "24/2207008");
    });

    it("counts posts of 24 hours against the quota", async () => {
      const kit = setUp(way);
      await kit.act("setQuota", { total: 1 });
      await kit.publish((await kit.container({ image_url: kit.picture(1) })).json.id);
      const second = (await kit.container({ image_url: kit.picture(2) })).json.id;
      assert.equal(errorOf(await kit.publish(second)), "9/2207042");
      const limit = (await kit.getPath(`${kit.account.id}/content_publishing_limit?fields=quota_usage,config`)).json;
      assert.deepEqual(limit.data, [{ quota_usage: 1, config: { quota_total: 1, quota_duration: 86_400 } }]);
      kit.advance(day - 1);
      assert.equal(errorOf(await kit.publish(second)), "9/2207042");
    });

    it("takes bytes over rupload and resumes at the offset", async () => {
      const kit = setUp(way);
      const { uri, id } = (await kit.container({ media_type: "REELS", upload_type: "resumable" })).json;
      assert.equal(uri, `https://rupload.facebook.com/ig-api-upload/v25.0/${id}`);
      const bytes = mp4(5000);
      const send = (from: number, to: number) =>
        kit.ask({
          url: uri,
          headers: { authorization: `OAuth ${kit.token}`, offset: String(from), file_size: String(bytes.byteLength) },
          bytes: bytes.slice(from, to),
        });
      await send(0, 40);
      assert.equal((await kit.status(id)).status_code, "IN_PROGRESS");
      assert.equal(errorOf(await send(0, 40)), "100/1363047");
      assert.deepEqual((await send(40, bytes.byteLength)).json, { success: true });
      kit.advance(300);
      assert.equal((await kit.publish(id)).status, 200);
    });

    it("needs the publish permission of its own login", async () => {
      const basic =
        way.kind === "facebook_login" ? ["instagram_basic", "pages_read_engagement"] : ["instagram_business_basic"];
      const kit = setUp(way, basic);
      assert.equal(errorOf(await kit.container({ image_url: kit.picture() })), "10/-");
    });
  });

describe("Instagram container rules", () => {
  it("accepts JPEG only, within size and aspect, from a URL that can be fetched", async () => {
    const kit = setUp();
    const image = async (bytes: Uint8Array, type = "image/jpeg") =>
      errorOf(await kit.container({ image_url: kit.host("i", bytes, type) }));
    assert.equal(await image(png(1080, 1080), "image/png"), "36001/2207005");
    assert.equal(await image(jpeg(1000, 1400)), "36003/2207009");
    assert.equal(await image(jpeg(2000, 1000)), "36003/2207009");
    assert.equal(await image(new Uint8Array([...jpeg(1080, 1080), ...new Uint8Array(8_000_000)])), "36000/2207004");
    assert.equal(await image(new TextEncoder().encode("<html>not a picture</html>"), "text/html"), "9004/2207052");
    assert.equal(errorOf(await kit.container({ image_url: "https://media.example/gone.jpg" })), "9004/2207052");
    assert.equal(errorOf(await kit.container({ image_url: "https://media.example/bröd.jpg" })), "9004/2207052");
    for (const fine of [jpeg(1080, 1350), jpeg(1910, 1000)])
      assert.equal((await kit.container({ image_url: kit.host("f", fine, "image/jpeg") })).status, 200);
  });

  it("tells a bad video in the status, with its subcode", async () => {
    const kit = setUp();
    const reel = async (url: string) => (await kit.container({ media_type: "REELS", video_url: url })).json.id;
    for (const [url, subcode] of [
      [kit.film(2000), "2207026"],
      [kit.host("x.mp4", new Uint8Array(40), "video/x-msvideo"), "2207026"],
      ["https://media.example/gone.mp4", "2207052"],
    ] as const) {
      const id = await reel(url);
      const { status_code, status } = await kit.status(id);
      assert.equal(status_code, "ERROR");
      assert.match(status, new RegExp(`${subcode}$`));
      assert.equal(errorOf(await kit.publish(id)), "24/2207008");
    }
  });

  it("refuses what a kind does not take", async () => {
    const kit = setUp();
    const image_url = kit.picture();
    const video_url = kit.film();
    const cases: readonly (readonly [Record<string, string>, string])[] = [
      [{ media_type: "VIDEO", video_url }, "100/2207023"],
      [{ media_type: "PANORAMA", image_url }, "100/2207023"],
      [{ caption: "no media" }, "100/-"],
      [{ image_url, share_to_feed: "true" }, "100/-"],
      [{ image_url, is_carousel_item: "true", caption: "on a child" }, "100/-"],
      [{ image_url, is_carousel_item: "true", is_ai_generated: "true" }, "100/-"],
      [{ media_type: "STORIES", image_url, caption: "no captions" }, "100/-"],
      [{ media_type: "REELS", video_url, alt_text: "images only" }, "100/-"],
      [{ media_type: "REELS", video_url, thumb_offset: "soon" }, "1/2207057"],
      [{ media_type: "REELS", video_url, user_tags: '[{"username":"a","x":0.5,"y":0.5}]' }, "100/-"],
      [{ image_url, user_tags: '[{"username":"a"}]' }, "100/-"],
      [
        { image_url, user_tags: JSON.stringify(Array.from({ length: 21 }, () => ({ username: "a", x: 0, y: 0 }))) },
        "100/2207040",
      ],
      [{ image_url, collaborators: '["a","b","c","d"]' }, "100/-"],
      [{ image_url, alt_text: "x".repeat(1001) }, "100/-"],
      [{ image_url, caption: "x".repeat(2201) }, "36004/2207010"],
      [{ image_url, caption: Array.from({ length: 31 }, (_, i) => `#t${i}`).join(" ") }, "36004/2207010"],
    ];
    for (const [form, error] of cases)
      assert.equal(errorOf(await kit.container(form)), error, JSON.stringify(form).slice(0, 80));
    assert.equal((await kit.container({ image_url, caption: "x".repeat(2200) })).status, 200);
  });

  it("knows Facebook Login's own parameters on its host alone, and passes over them on the other", async () => {
    const viaFacebook = setUp(ways[0]);
    const direct = setUp(ways[1]);
    assert.equal(
      (await viaFacebook.container({ image_url: viaFacebook.picture(), is_paid_partnership: "true" })).status,
      200,
    );
    assert.equal((await direct.container({ image_url: direct.picture(), is_paid_partnership: "true" })).status, 200);
    const over = [viaFacebook, direct].map(({ simulator }) => Object(simulator.inspect?.()).passedOver);
    assert.deepEqual(over, [[], ["POST igUserOnly/media: is_paid_partnership"]]);
  });

  it("deletes media with Facebook Login only", async () => {
    const viaFacebook = setUp(ways[0]);
    const id = (await viaFacebook.publish((await viaFacebook.container({ image_url: viaFacebook.picture() })).json.id))
      .json.id;
    assert.deepEqual((await viaFacebook.remove(fb(id), viaFacebook.token)).json, { success: true });
    assert.equal(viaFacebook.simulator.posts().length, 0);
    const direct = setUp(ways[1]);
    const other = (await direct.publish((await direct.container({ image_url: direct.picture() })).json.id)).json.id;
    assert.equal(errorOf(await direct.remove(ig(other), direct.token)), "100/33");
    assert.equal(direct.simulator.posts().length, 1);
  });

  it("does not let one account's token reach another's media", async () => {
    const kit = setUp();
    const other = kit.simulator.createAccount({ kind: "facebook_login" });
    assert.equal(errorOf(await kit.post(fb(`${other.id}/media`), kit.token, { image_url: kit.picture() })), "100/33");
    assert.equal((await kit.get(fb(`${other.id}?fields=username`), extraOf(other, "userToken"))).status, 200);
  });
});
