import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, fb, jpeg, testClient } from "./test-client.ts";

describe("parameters of Graph calls", () => {
  it("takes unknown parameters and an id with every change, as Graph does, and remembers those it passed over", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const posted = await client.post(fb(`${page.id}/feed`), page.accessToken, {
      message: "Hi",
      id: page.id,
      colour: "red",
    });
    assert.equal(posted.status, 200);
    const gone = await client.remove(fb(`${posted.json.id}?id=${posted.json.id}`), page.accessToken);
    assert.deepEqual(gone.json, { success: true });
    assert.deepEqual(Object(client.simulator.inspect?.()).passedOver, ["POST page/feed: colour"]);
  });

  it("takes a list as JSON, with commas, and in the form of PHP, in a form and in a JSON body", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const upload = async (salt: number) =>
      (
        await client.post(fb(`${page.id}/photos`), page.accessToken, {
          url: client.host(`${salt}.jpg`, jpeg(100, 100, salt), "image/jpeg"),
          published: "false",
        })
      ).json.id;
    const medium = (id: string) => JSON.stringify({ media_fbid: id });
    const shown = () => client.simulator.posts().at(-1)?.media.length;
    const [a, b, c, d] = [await upload(1), await upload(2), await upload(3), await upload(4)];
    const form = { message: "PHP", "attached_media[0]": medium(a), "attached_media[1]": medium(b) };
    assert.equal((await client.post(fb(`${page.id}/feed`), page.accessToken, form)).status, 200);
    assert.equal(shown(), 2);
    const json = { message: "JSON", "attached_media[1]": { media_fbid: d }, "attached_media[0]": { media_fbid: c } };
    const sent = await client.ask({ url: fb(`${page.id}/feed`), token: page.accessToken, json });
    assert.equal(sent.status, 200, sent.text);
    assert.equal(shown(), 2);
    for (const fields of ["subscribed_fields=feed,mention", "subscribed_fields[]=feed&subscribed_fields[]=mention"])
      assert.equal(
        (await client.post(fb(`${page.id}/subscribed_apps?${fields}`), page.accessToken)).status,
        200,
        fields,
      );
  });

  it("schedules posts by any text of a date, and photos, videos and changes by unix seconds alone", async () => {
    const client = testClient();
    const page = client.simulator.createAccount({ kind: "page" });
    const send = (path: string, form: Record<string, string>) => client.post(fb(path), page.accessToken, form);
    const scheduled = { published: "false", message: "Later" };
    const post = await send(`${page.id}/feed`, { ...scheduled, scheduled_publish_time: "+1 hour" });
    assert.equal(post.status, 200);
    const read = await client.get(fb(`${post.json.id}?fields=scheduled_publish_time`), page.accessToken);
    assert.equal(read.json.scheduled_publish_time, (client.now().getTime() + 3_600_000) / 1000);
    const url = client.host("a.jpg", jpeg(100, 100), "image/jpeg");
    const inAnHour = String((client.now().getTime() + 3_600_000) / 1000);
    for (const written of ["+1 hour", "2026-11-20T13:00:00Z", "tomorrow"]) {
      assert.equal(
        errorOf(await send(`${page.id}/photos`, { ...scheduled, url, scheduled_publish_time: written })),
        "100/-",
      );
      assert.equal(
        errorOf(await send(`${page.id}/videos`, { ...scheduled, file_url: url, scheduled_publish_time: written })),
        "100/-",
      );
      assert.equal(errorOf(await send(post.json.id, { scheduled_publish_time: written })), "100/-");
    }
    assert.equal(
      (await send(`${page.id}/photos`, { ...scheduled, url, scheduled_publish_time: inAnHour })).status,
      200,
    );
    assert.equal((await send(post.json.id, { scheduled_publish_time: inAnHour })).status, 200);
    const vague = await send(`${page.id}/feed`, { ...scheduled, scheduled_publish_time: "when it suits" });
    assert.equal(errorOf(vague), "100/-");
  });
});
