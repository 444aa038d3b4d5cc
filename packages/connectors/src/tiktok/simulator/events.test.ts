import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hmacSha256Hex } from "@postd/connector-kit/simulator";
import { base, film, setUp } from "./client-harness.ts";
import { app } from "./world.ts";

describe("webhooks", () => {
  async function subscribed(kind = "public") {
    const all = setUp({ kind });
    await all.act("setWebhook", { address: "https://app.test/hook" });
    const events = async () => {
      await all.act("settle");
      return all.delivered.map(({ body }) => JSON.parse(body));
    };
    return { ...all, events };
  }

  it("are signed over time and body, and hold their content as JSON inside of JSON", async () => {
    const { publish, status, events, delivered, now, account, advance } = await subscribed();
    const id = await publish();
    await status(id);
    advance(60_000);
    await status(id);
    const [complete, seen] = await events();
    assert.deepEqual([complete.event, seen.event], ["post.publish.complete", "post.publish.publicly_available"]);
    assert.deepEqual([seen.client_key, seen.user_openid, seen.user_openid[0]], [app.client_key, account.id, "-"]);
    const content = JSON.parse(seen.content);
    assert.deepEqual(
      [content.publish_id, content.publish_type, typeof content.post_id],
      [id, "DIRECT_PUBLISH", "string"],
    );
    const { body = "", headers = {} } = delivered[1] ?? {};
    const time = Math.floor(now().getTime() / 1000);
    const digest = hmacSha256Hex(app.client_secret, `${time}.${body}`);
    assert.equal(headers["tiktok-signature"], `t=${time},s=${digest}`);
    assert.ok(seen.create_time > complete.create_time);
  });

  it("tell of drafts, of failures and of what vanished, in either spelling", async () => {
    const { draft, publish, status, act, events, simulator, advance } = await subscribed();
    const id = await draft();
    await status(id);
    await act("finishDraft", { publish_id: id, times: 2 });
    advance(60_000);
    await act("fail", { reason: "spam_risk" });
    await status(await publish());
    for (const spelling of ["publicaly", "publicly"] as const) {
      await act("set", { takedownSpelling: spelling });
      await act("takeDown", { post_id: simulator.posts()[0]?.id ?? "" });
    }
    const all = await events();
    assert.deepEqual(
      all.map(({ event, content }) => [event.slice(13), JSON.parse(content).publish_type]),
      [
        ["inbox_delivered", "INBOX_SHARE"],
        ["complete", "INBOX_SHARE"],
        ["publicly_available", "INBOX_SHARE"],
        ["publicly_available", "INBOX_SHARE"],
        ["failed", "DIRECT_PUBLISH"],
        ["no_longer_publicaly_available", "INBOX_SHARE"],
        ["no_longer_publicly_available", "INBOX_SHARE"],
      ],
    );
    assert.equal(JSON.parse(all[4].content).reason, "spam_risk");
  });

  it("come late, in another order, twice, under older names, or not at all", async () => {
    const { publish, status, act, events, advance } = await subscribed();
    await act("holdEvents");
    const id = await publish();
    advance(60_000);
    await status(id);
    assert.equal((await events()).length, 0);
    await act("releaseEvents", { order: "reversed" });
    await act("redeliver", { index: 0 });
    assert.deepEqual(
      (await events()).map(({ event }) => event),
      ["post.publish.publicly_available", "post.publish.complete", "post.publish.complete"],
    );
    await act("set", { eventNames: "older" });
    await status(await publish());
    assert.equal((await events()).at(-1)?.event, "video.publish.completed");
    await act("set", { eventNames: "none" });
    await status(await publish());
    assert.equal((await events()).length, 4);
  });

  it("tell that access ended, and why", async () => {
    const { act, events, person, get, ask, simulator } = await subscribed();
    const other = simulator.createAccount({});
    await act("withdraw", { subject: person, reason: "banned" });
    const form = { client_key: app.client_key, client_secret: app.client_secret, token: other.accessToken };
    const revoked = await ask({ url: `${base}oauth/revoke/`, form });
    assert.deepEqual([revoked.status, revoked.text], [200, ""]);
    assert.deepEqual(
      (await events()).map(({ event, content }) => [event, content]),
      [
        ["authorization.removed", '{"reason":4}'],
        ["authorization.removed", '{"reason":5}'],
      ],
    );
    assert.equal((await get("user/info/?fields=open_id")).status, 401);
  });

  it("a publish whose access ended before it was done fails with auth_removed", async () => {
    const { publish, act, person, inspect } = await (async () => {
      const all = await subscribed();
      return { ...all, inspect: () => JSON.stringify(all.simulator.inspect?.()) };
    })();
    const id = await publish();
    assert.ok(id);
    const { act: again, initVideo, wholeFile, put, advance, simulator, person: who } = setUp();
    const { upload_url } = (await initVideo(wholeFile(film))).json.data;
    await put(upload_url, film, 0, film.byteLength);
    await again("withdraw", { subject: who });
    advance(5000);
    assert.ok(JSON.stringify(simulator.inspect?.()).includes("auth_removed"));
    await act("withdraw", { subject: person });
    assert.ok(!inspect().includes("auth_removed"), "what was over stays as it is");
  });
});
