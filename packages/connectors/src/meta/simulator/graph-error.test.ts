import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import type { Answered } from "@postd/connector-kit/simulator";
import { instagramApp, metaApp } from "./apps.ts";
import { fb, ig, jpeg, testClient } from "./test-client.ts";

const typeOf = ({ json: { error } }: Answered) => `${error?.type} ${error?.code}/${error?.error_subcode ?? "-"}`;
const proof = (secret: string, message: string) => createHmac("sha256", secret).update(message).digest("hex");

describe("errors of the Graph", () => {
  it("have the type of their kind, and on Instagram's host that of the host", async () => {
    const { simulator, get } = testClient();
    const page = simulator.createAccount({ kind: "page" });
    const own = simulator.createAccount({ kind: "instagram_login" });
    assert.equal(typeOf(await get(fb("123456"), page.accessToken)), "GraphMethodException 100/33");
    assert.equal(typeOf(await get(fb(`${page.id}?fields=colour`), page.accessToken)), "OAuthException 100/-");
    assert.equal(typeOf(await get(fb("me"), "nobody's")), "OAuthException 190/467");
    assert.equal(typeOf(await get(ig("123456"), own.accessToken)), "IGApiException 100/33");
    assert.equal(typeOf(await get(ig("me"), "nobody's")), "IGApiException 190/467");
  });

  it("name a wrong proof, and a missing one where the app wants it, in Graph's own words", async () => {
    const { simulator, get, act } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const read = (query: string) => get(fb(`${id}?fields=id${query}`), token);
    const wrong = await read("&appsecret_proof=00");
    assert.equal(typeOf(wrong), "GraphMethodException 100/-");
    assert.deepEqual(
      [wrong.status, wrong.json.error.message],
      [400, "Invalid appsecret_proof provided in the API argument"],
    );
    assert.equal((await read(`&appsecret_proof=${proof(metaApp.app_secret, token)}`)).status, 200);
    assert.equal(
      typeOf(await read(`&appsecret_proof=${proof(instagramApp.app_secret, token)}`)),
      "GraphMethodException 100/-",
    );
    const timed = proof(metaApp.app_secret, `${token}|1795176000`);
    assert.equal((await read(`&appsecret_proof=${timed}&appsecret_time=1795176000`)).status, 200);
    assert.equal(
      typeOf(await read(`&appsecret_proof=${timed}&appsecret_time=1795176001`)),
      "GraphMethodException 100/-",
    );
    await act("requireAppsecretProof", {});
    const missing = await read("");
    assert.equal(typeOf(missing), "GraphMethodException 100/-");
    assert.equal(missing.json.error.message, "API calls from the server require an appsecret_proof argument");
  });
});

describe("a change that is read back", () => {
  it("stands though the read fails, and the error says what was written", async () => {
    const { simulator, post, host } = testClient();
    const page = simulator.createAccount({ kind: "page" });
    const own = simulator.createAccount({ kind: "instagram_login" });
    const asked = (path: string) => `${path}?fields=id,colour`;
    const refused = await post(fb(asked(`${page.id}/feed`)), page.accessToken, { message: "Out" });
    const [live] = simulator.posts();
    assert.equal(live?.text, "Out");
    assert.deepEqual([refused.status, typeOf(refused)], [400, "GraphMethodException 100/33"]);
    assert.deepEqual(refused.json.error.original_response, { id: live?.id });
    const read = await post(fb(`${live?.id}?fields=message`), page.accessToken, { message: "Still out" });
    assert.deepEqual(read.json, { success: true, message: "Still out", id: live?.id });
    const image_url = host("a.jpg", jpeg(1080, 1080), "image/jpeg");
    const container = await post(ig(asked(`${own.id}/media`)), own.accessToken, { image_url });
    const creation_id = container.json.error.original_response.id;
    const published = await post(ig(asked(`${own.id}/media_publish`)), own.accessToken, { creation_id });
    assert.deepEqual(published.json.error.original_response, { id: simulator.posts().at(-1)?.id });
  });
});

describe("the video host", () => {
  it("has the same edges and tokens as the Graph's own", async () => {
    const { simulator, get, post } = testClient();
    const { id, accessToken: token } = simulator.createAccount({ kind: "page" });
    const video = (path: string) => `https://graph-video.facebook.com/v25.0/${path}`;
    const begun = await post(video(`${id}/videos`), token, { upload_phase: "start", file_size: "10" });
    assert.equal(begun.json.start_offset, "0");
    assert.equal((await get(fb(begun.json.video_id), token)).status, 200);
    assert.deepEqual((await get(video(`${id}?fields=id`), token)).json, { id });
  });
});
