import assert from "node:assert/strict";
import { createPublicKey, createVerify } from "node:crypto";
import { describe, it } from "node:test";
import { apis, setUp } from "../client-harness.ts";
import { app } from "../world.ts";

const address = "https://postd.example/api/webhooks/google";
const json = (text: string, form: "base64" | "base64url" = "base64") =>
  JSON.parse(Buffer.from(text, form).toString("utf8"));

async function subscribed(types: readonly string[] = ["NEW_REVIEW", "UPDATED_REVIEW", "VOICE_OF_MERCHANT_UPDATED"]) {
  const all = setUp();
  const setting = `${apis.notifications}/${all.account.extra?.account}/notificationSetting`;
  const patch = (body: object, mask = "pubsubTopic,notificationTypes") =>
    all.send("PATCH", `${setting}?updateMask=${mask}`, body);
  assert.equal((await patch({ pubsubTopic: app.pubsub_topic, notificationTypes: types })).status, 200);
  await all.act("pushTo", { address });
  const pushed = () => all.delivered.map(({ body }) => JSON.parse(body));
  const told = () => pushed().map(({ message }) => json(message.data));
  return { ...all, setting, patch, pushed, told };
}

describe("a notification setting", () => {
  it("is one per account, set by its mask, and stopped by leaving types or topic empty", async () => {
    const { get, setting, patch } = await subscribed(["NEW_REVIEW"]);
    const name = setting.replace(`${apis.notifications}/`, "");
    assert.deepEqual((await get(setting)).json, {
      name,
      pubsubTopic: app.pubsub_topic,
      notificationTypes: ["NEW_REVIEW"],
    });
    await patch({ pubsubTopic: "projects/x/topics/y", notificationTypes: [] }, "notificationTypes");
    assert.deepEqual((await get(setting)).json, { name, pubsubTopic: app.pubsub_topic });
    for (const [body, mask] of [
      [{ pubsubTopic: "topic" }, "pubsubTopic"],
      [{ notificationTypes: ["NEW_QUESTION"] }, "notificationTypes"],
      [{ name: "accounts/1/notificationSetting" }, "pubsubTopic"],
      [{}, "name"],
      [{}, ""],
    ] as const)
      assert.equal((await patch(body, mask)).status, 400, JSON.stringify(body));
  });
});

describe("a push", () => {
  it("is signed by the push service account for its audience, and verified with Google's keys", async () => {
    const { act, location, delivered, ask, now } = await subscribed();
    await act("addReview", { location });
    const [push] = delivered;
    assert.equal(push?.url, address);
    const [head = "", body = "", signature = ""] = (push?.headers.authorization ?? "")
      .replace("Bearer ", "")
      .split(".");
    const { keys } = (await ask({ url: "https://www.googleapis.com/oauth2/v3/certs" })).json;
    const { alg, kid } = json(head, "base64url");
    assert.equal(alg, "RS256");
    const key = createPublicKey({ key: keys.find((one: { kid: string }) => one.kid === kid), format: "jwk" });
    assert.ok(createVerify("RSA-SHA256").update(`${head}.${body}`).verify(key, signature, "base64url"));
    const { iss, aud, email, email_verified, iat, exp } = json(body, "base64url");
    assert.deepEqual(
      [iss, aud, email, email_verified],
      ["https://accounts.google.com", app.pubsub_audience, app.pubsub_push_service_account, true],
    );
    const seconds = now().getTime() / 1000;
    assert.ok(iat <= seconds && exp > seconds);
  });

  it("tells resource names alone, in any of the spellings clients have met", async () => {
    const { act, location, bare, told, pushed } = await subscribed();
    const { reviewId } = (await act("addReview", { location, comment: "Secret words" })) as { reviewId: string };
    const review = `${location}/reviews/${reviewId}`;
    assert.deepEqual(told().at(-1), { notificationType: "NEW_REVIEW", locationName: location, reviewName: review });
    await act("set", { pushNames: "snake", pushLocation: "bare" });
    await act("changeReview", { review: reviewId, stars: 1 });
    assert.deepEqual(told().at(-1), { notification_type: "UPDATED_REVIEW", location_name: bare, review_name: review });
    await act("set", { pushNames: "short" });
    await act("setVoice", { location, hasVoice: false });
    assert.deepEqual(told().at(-1), { notificationType: "VOICE_OF_MERCHANT_UPDATED", location: bare });
    assert.ok(!JSON.stringify([pushed(), told()]).includes("Secret words"));
    assert.match(pushed()[0].subscription, /^projects\/.+\/subscriptions\//);
  });

  it("comes for the kinds an account asked for, and again under the same id", async () => {
    const { act, location, pushed } = await subscribed(["NEW_REVIEW"]);
    const { reviewId } = (await act("addReview", { location })) as { reviewId: string };
    await act("changeReview", { review: reviewId, stars: 2 });
    await act("setVoice", { location, hasVoice: false });
    assert.equal(pushed().length, 1);
    await act("redeliver");
    const [first, again] = pushed();
    assert.deepEqual(again, first);
    await act("publish", { message: { data: "%%%", messageId: "1" } });
    assert.equal(pushed().at(-1).message.data, "%%%");
  });
});
