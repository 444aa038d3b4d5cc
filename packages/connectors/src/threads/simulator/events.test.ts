import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { app } from "./app.ts";
import { setUp } from "./client-harness.ts";

const address = "https://postd.example/webhooks/threads";

async function hooked(fields?: string[]) {
  const all = setUp();
  await all.act("setWebhook", { address, ...(fields && { fields }) });
  const events = async () => {
    await all.act("settle");
    return all.delivered.map(({ body, headers }) => ({ event: JSON.parse(body), body, headers }));
  };
  return { ...all, events };
}

describe("events of Threads", () => {
  it("tell of posts, answers, mentions and removals in their own shape, signed with the app's secret", async () => {
    const { publish, act, remove, account, events } = await hooked();
    const id = await publish({ text: "Beans" });
    const reply = Object(await act("reply", { to: id, text: `Nice, @${account.handle}` })).id;
    await remove(id);
    const sent = await events();
    assert.deepEqual(
      sent.map(({ event }) => [event.values.field, event.topic, event.target_id]),
      [
        ["publish", "interaction", id],
        ["replies", "moderate", reply],
        ["mentions", "interaction", account.id],
        ["delete", "moderate", id],
      ],
    );
    const [published, answered, mentioned, deleted] = sent.map(({ event }) => event.values.value);
    assert.deepEqual(Object.keys(published).sort(), ["id", "media_type", "permalink", "timestamp", "username"]);
    assert.deepEqual(answered.root_post, { id, owner_id: account.id, username: account.handle });
    assert.deepEqual([answered.replied_to, mentioned.is_reply], [{ id }, true]);
    assert.equal(deleted.owner.owner_id, account.id);
    for (const { body, headers, event } of sent) {
      const expected = createHmac("sha256", app.app_secret).update(body).digest("hex");
      assert.equal(headers["x-hub-signature-256"], `sha256=${expected}`);
      assert.equal(event.app_id, app.app_id);
    }
  });

  it("come only of what the dashboard names and the person granted, and none of answers to private profiles", async () => {
    const few = setUp({ scopes: ["threads_basic", "threads_content_publish"] });
    await few.act("setWebhook", { address });
    const posted = await few.publish({ text: "Beans" });
    await few.act("reply", { to: posted, text: "Nice" });
    await few.act("postByHand", { person: few.account.id, text: "From the app" });
    await few.act("settle");
    assert.deepEqual(
      few.delivered.map(({ body }) => JSON.parse(body).values.field),
      ["publish", "publish"],
    );
    const { publish, act, account, events } = await hooked(["replies"]);
    const id = await publish({ text: "Beans" });
    await act("setPerson", { person: account.id, isPrivate: true });
    await act("reply", { to: id, text: "Nice" });
    assert.deepEqual(await events(), []);
  });

  it("may be signed with the secret of the Meta app, and prove an address first", async () => {
    const { client, act, publish, events } = await hooked();
    client.onAsk = (url) => ({ status: 200, text: url.searchParams.get("hub.challenge") ?? "" });
    assert.deepEqual(await act("handshake"), { verified: true });
    const asked = new URL(client.asked[0] ?? "");
    assert.deepEqual(
      [asked.searchParams.get("hub.mode"), asked.searchParams.get("hub.verify_token")],
      ["subscribe", app.webhook_verify_token],
    );
    client.onAsk = () => ({ status: 403, text: "" });
    assert.deepEqual(await act("handshake"), { verified: false });
    await act("signWith", { secret: "meta-secret" });
    await publish({ text: "Beans" });
    const [sent] = await events();
    const expected = createHmac("sha256", "meta-secret")
      .update(sent?.body ?? "")
      .digest("hex");
    assert.equal(sent?.headers["x-hub-signature-256"], `sha256=${expected}`);
  });

  it("call back with a signed request when a person removes the app or wants their data deleted", async () => {
    const { act, account, delivered } = setUp();
    await act("setCallbacks", { uninstall: `${address}/uninstall`, deletion: `${address}/deletion` });
    await act("askDeletion", { person: account.id });
    await act("removeApp", { person: account.id });
    await act("settle");
    assert.deepEqual(
      delivered.map(({ url }) => url),
      [`${address}/deletion`, `${address}/uninstall`],
    );
    for (const { body } of delivered) {
      const [signature, payload = ""] = (new URLSearchParams(body).get("signed_request") ?? "").split(".");
      assert.equal(signature, createHmac("sha256", app.app_secret).update(payload).digest("base64url"));
      const { algorithm, user_id } = JSON.parse(Buffer.from(payload, "base64url").toString());
      assert.deepEqual([algorithm, user_id], ["HMAC-SHA256", account.id]);
    }
  });
});
