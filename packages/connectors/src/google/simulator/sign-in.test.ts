import assert from "node:assert/strict";
import { createPublicKey, createVerify } from "node:crypto";
import { describe, it } from "node:test";
import { apis, day, setUp } from "./client-harness.ts";
import { manage } from "./sign-in.ts";
import { app } from "./world.ts";

const redirect_uri = "https://app.test/back";
const authorize = (more: Record<string, string> = {}) =>
  `https://accounts.google.com/o/oauth2/v2/auth?${new URLSearchParams({
    client_id: app.client_id,
    redirect_uri,
    response_type: "code",
    scope: `openid email profile ${manage}`,
    state: "st",
    access_type: "offline",
    prompt: "consent",
    ...more,
  })}`;

function signingIn() {
  const all = setUp();
  const tokenOf = async (more: Record<string, string> = {}, form: Record<string, string> = {}) => {
    const back = await all.consent(authorize(more), form);
    return (await all.exchange({ grant_type: "authorization_code", code: back.get("code") ?? "", redirect_uri })).json;
  };
  return { ...all, tokenOf };
}

describe("Google's consent page", () => {
  it("lets a person untick Business Profile but not who they are; callback, token and API say so", async () => {
    const { ask, consent, exchange, get } = signingIn();
    const page = await ask({ url: authorize() });
    assert.match(page.text, /business listings/);
    const back = await consent(authorize(), { listed: "1", person: "100000000000000000001" });
    assert.deepEqual([back.get("state"), back.get("scope")], ["st", "openid email profile"]);
    const code = back.get("code") ?? "";
    const { json } = await exchange({ grant_type: "authorization_code", code, redirect_uri });
    assert.equal(json.scope, "openid email profile");
    const refused = await get(`${apis.accounts}/accounts`, json.access_token);
    assert.deepEqual([refused.status, refused.json.error.details[0].reason], [403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"]);
  });

  it("hands a no to the app, and shows a wrong request to the person alone", async () => {
    const { consent, ask } = signingIn();
    const no = await consent(authorize(), { decision: "cancel" });
    assert.deepEqual([no.get("error"), no.get("state")], ["access_denied", "st"]);
    for (const more of [{ scope: "openid fly" }, { client_id: "x" }, { response_type: "token" }])
      assert.equal((await ask({ url: authorize(more) })).status, 400);
  });
});

describe("Google's tokens", () => {
  it("come with a refresh token at the first consent, and later only where consent was asked for again", async () => {
    const { tokenOf } = signingIn();
    assert.equal((await tokenOf({ access_type: "online" })).refresh_token, undefined);
    const first = await tokenOf();
    assert.ok(first.refresh_token);
    assert.deepEqual([first.expires_in, first.token_type], [3599, "Bearer"]);
    assert.equal((await tokenOf({ prompt: "" })).refresh_token, undefined);
    assert.ok((await tokenOf()).refresh_token);
  });

  it("keep the scopes of before where they are included", async () => {
    const { tokenOf } = signingIn();
    await tokenOf();
    const only = { scope: "openid" };
    assert.equal((await tokenOf(only)).scope, "openid");
    assert.ok((await tokenOf({ ...only, include_granted_scopes: "true" })).scope.includes(manage));
  });

  it("are renewed without another refresh token, as often as anybody likes", async () => {
    const { refresh, get, advance, account } = setUp();
    advance(3600 * 1000);
    assert.equal((await get(`${apis.accounts}/accounts`, account.accessToken)).json.error.status, "UNAUTHENTICATED");
    for (const _ of [1, 2]) {
      const { json } = await refresh();
      assert.equal(json.refresh_token, undefined);
      assert.equal((await get(`${apis.accounts}/accounts`, json.access_token)).status, 200);
    }
    const wrong = await refresh("1//unknown");
    assert.deepEqual([wrong.status, wrong.json.error], [400, "invalid_grant"]);
  });

  it("die with a revocation of either, half a year without use, and a week in testing", async () => {
    const revoked = setUp();
    const revoke = () =>
      revoked.ask({ url: "https://oauth2.googleapis.com/revoke", form: { token: revoked.account.accessToken } });
    assert.equal((await revoke()).status, 200);
    assert.deepEqual([(await revoke()).status, (await revoke()).json.error], [400, "invalid_token"]);
    assert.equal((await revoked.refresh()).json.error, "invalid_grant");
    const unused = setUp();
    await unused.later(182 * day);
    unused.advance(182 * day);
    assert.equal((await unused.refresh()).status, 200);
    unused.advance(184 * day);
    assert.equal((await unused.refresh()).json.error, "invalid_grant");
    const testing = setUp();
    await testing.act("set", { consentScreen: "testing" });
    testing.advance(6 * day);
    assert.equal((await testing.refresh()).status, 200);
    testing.advance(2 * day);
    assert.equal((await testing.refresh()).json.error, "invalid_grant");
  });

  it("number a hundred of one person and client; the oldest is dropped without a word", async () => {
    const { tokenOf, refresh } = signingIn();
    const first = (await tokenOf()).refresh_token;
    for (let times = 0; times < 99; times += 1) await tokenOf();
    assert.equal((await refresh(first)).status, 200);
    await tokenOf();
    assert.equal((await refresh(first)).json.error, "invalid_grant");
  });

  it("tell who signed in, signed with the key at the certs address", async () => {
    const { tokenOf, ask, get } = signingIn();
    const { id_token, access_token } = await tokenOf();
    const [head = "", body = "", signature = ""] = String(id_token).split(".");
    const json = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    const { keys } = (await ask({ url: "https://www.googleapis.com/oauth2/v3/certs" })).json;
    const jwk = keys.find(({ kid }: { kid: string }) => kid === json(head).kid);
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const verified = createVerify("RSA-SHA256").update(`${head}.${body}`).verify(key, signature, "base64url");
    assert.ok(verified);
    const { sub, iss, aud } = json(body);
    assert.deepEqual([sub, iss, aud], ["100000000000000000001", "https://accounts.google.com", app.client_id]);
    const who = await get("https://openidconnect.googleapis.com/v1/userinfo", access_token);
    assert.deepEqual([who.json.sub, who.json.name], [sub, "Ida Holm"]);
  });
});
