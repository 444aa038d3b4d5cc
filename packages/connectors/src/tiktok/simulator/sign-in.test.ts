import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base, setUp } from "./client-harness.ts";
import { scopes } from "./sign-in.ts";
import { app, openIdOf } from "./world.ts";

const redirect_uri = "https://app.test/back";
const asking = {
  client_key: app.client_key,
  redirect_uri,
  response_type: "code",
  state: "st",
  scope: Object.keys(scopes).join(","),
  disable_auto_auth: "1",
};
const authorize = (more: Record<string, string> = {}) =>
  `https://www.tiktok.com/v2/auth/authorize/?${new URLSearchParams({ ...asking, ...more })}`;

function signingIn() {
  const all = setUp();
  const token = (form: Record<string, string>) =>
    all.ask({
      url: `${base}oauth/token/`,
      form: { client_key: app.client_key, client_secret: app.client_secret, ...form },
    });
  const exchange = (code: string | null) => token({ grant_type: "authorization_code", code: code ?? "", redirect_uri });
  const refresh = (refresh_token: string) => token({ grant_type: "refresh_token", refresh_token });
  return { ...all, token, exchange, refresh };
}

describe("the consent page", () => {
  it("lets a person leave scopes out, and the callback, the token and the API say so", async () => {
    const { ask, consent, exchange, as } = signingIn();
    const page = await ask({ url: authorize() });
    assert.ok(page.text.includes("Post content to TikTok (video.publish)") && !page.text.includes("disabled"));
    const back = await consent(authorize(), { listed: "1", person: "jonas", scope_granted: "user.info.basic" });
    assert.deepEqual([back.get("state"), back.get("scopes")], ["st", "user.info.basic"]);
    const { json } = await exchange(back.get("code"));
    assert.deepEqual([json.scope, json.open_id], ["user.info.basic", openIdOf(app.client_key, "jonas")]);
    const refused = await as(json.access_token).post("post/publish/creator_info/query/");
    assert.equal(refused.json.error.code, "scope_not_authorized");
  });

  it("tells the app of a no, of an unknown scope and of a wrong response type", async () => {
    const { consent, ask } = signingIn();
    const no = await consent(authorize(), { decision: "cancel" });
    assert.deepEqual([no.get("error"), no.get("state")], ["access_denied", "st"]);
    assert.ok(no.get("error_description"));
    for (const [more, error] of [
      [{ scope: "user.info.basic,fly" }, "invalid_scope"],
      [{ scope: "user.info.basic user.info.stats" }, "invalid_scope"],
      [{ response_type: "token" }, "invalid_request"],
      [{ code_challenge: "x", code_challenge_method: "S256" }, "invalid_request"],
    ] as const) {
      const { headers } = await ask({ url: authorize(more) });
      assert.equal(new URL(headers.location ?? "").searchParams.get("error"), error);
    }
  });

  it("sends nobody to an address that is not static and safe, nor for an app nobody knows", async () => {
    const { ask } = signingIn();
    for (const more of [
      { redirect_uri: "https://app.test/back?a=b" },
      { redirect_uri: "https://app.test/back#a" },
      { redirect_uri: "http://app.test/back" },
      { redirect_uri: `https://app.test/${"x".repeat(512)}` },
      { redirect_uri: "javascript:alert(1)" },
      { redirect_uri: "" },
      { client_key: "other" },
    ]) {
      const { status, headers } = await ask({ url: authorize(more) });
      assert.deepEqual([status, headers.location], [400, undefined], JSON.stringify(more));
    }
    assert.equal((await ask({ url: authorize({ redirect_uri: "http://127.0.0.1:3000/back" }) })).status, 200);
  });

  it("goes through with the account of last time, unless asked not to", async () => {
    const { ask, consent, exchange, act } = signingIn();
    const silent = authorize({ disable_auto_auth: "0" });
    assert.equal((await ask({ url: silent })).status, 200, "nobody consented yet");
    await consent(authorize(), { listed: "1", person: "jonas", scope_granted: "user.info.basic" });
    const few = authorize({ disable_auto_auth: "0", scope: "user.info.basic" });
    const again = await ask({ url: few });
    const code = new URL(again.headers.location ?? "").searchParams.get("code");
    assert.equal((await exchange(code)).json.open_id, openIdOf(app.client_key, "jonas"));
    assert.equal((await ask({ url: authorize({ scope: "user.info.basic" }) })).status, 200);
    await act("set", { remembersConsent: false });
    assert.equal((await ask({ url: few })).status, 200);
  });
});

describe("tokens", () => {
  it("last two hours and 180 days, and a code has to be decoded and works once", async () => {
    const { consent, exchange } = signingIn();
    const code = (await consent(authorize())).get("code") ?? "";
    assert.ok(code.includes("*"));
    const undecoded = await exchange(String(new URLSearchParams({ code })).slice("code=".length));
    assert.deepEqual([undecoded.status, undecoded.json.error], [200, "invalid_grant"]);
    const { status, json } = await exchange(code);
    assert.deepEqual(
      [status, json.expires_in, json.refresh_expires_in, json.token_type, json.scope],
      [200, 7200, 15_552_000, "Bearer", Object.keys(scopes).join(",")],
    );
    assert.equal((await exchange(code)).json.error, "invalid_grant");
  });

  it("rotate: the refresh token before stops, and the successor goes on", async () => {
    const { consent, exchange, refresh, as, advance } = signingIn();
    const first = (await exchange((await consent(authorize())).get("code"))).json;
    advance(7_200_000);
    const second = (await refresh(first.refresh_token)).json;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.deepEqual([second.open_id, second.scope], [first.open_id, first.scope]);
    assert.equal((await refresh(first.refresh_token)).json.error, "invalid_grant");
    assert.equal((await as(second.access_token).get("user/info/?fields=open_id")).status, 200);
    assert.ok((await refresh(second.refresh_token)).json.access_token);
  });

  it("of refusals are flat and come with 200", async () => {
    const { token, ask } = signingIn();
    for (const [form, error] of [
      [{ client_secret: "wrong", grant_type: "refresh_token" }, "invalid_client"],
      [{ client_key: "other", grant_type: "refresh_token" }, "invalid_client"],
      [{ grant_type: "password" }, "unsupported_grant_type"],
      [{ grant_type: "refresh_token", refresh_token: "nobody" }, "invalid_grant"],
      [{ grant_type: "authorization_code", code: "nobody" }, "invalid_grant"],
    ] as const) {
      const { status, json } = await token(form);
      assert.deepEqual(
        [status, json.error, typeof json.error_description, typeof json.log_id],
        [200, error, "string", "string"],
      );
      assert.equal(json.access_token, undefined);
    }
    const json = await ask({ url: `${base}oauth/token/`, json: { grant_type: "refresh_token" } });
    assert.equal(json.json.error, "invalid_request");
  });

  it("do not gain scopes by a later consent", async () => {
    const { consent, exchange, as } = signingIn();
    const few = authorize({ scope: "user.info.basic" });
    const before = (await exchange((await consent(few)).get("code"))).json.access_token;
    const after = (await exchange((await consent(authorize())).get("code"))).json.access_token;
    const username = "user/info/?fields=username";
    assert.deepEqual([(await as(before).get(username)).status, (await as(after).get(username)).status], [401, 200]);
  });

  it("are withdrawn by either of them, with nothing left that can be renewed, and a second time does no harm", async () => {
    const { consent, exchange, refresh, ask, as } = signingIn();
    const { access_token, refresh_token } = (await exchange((await consent(authorize())).get("code"))).json;
    const revoke = (form: Record<string, string>) =>
      ask({ url: `${base}oauth/revoke/`, form: { client_key: app.client_key, token: access_token, ...form } });
    assert.equal((await revoke({ client_secret: "wrong" })).json.error, "invalid_client");
    for (let times = 0; times < 2; times += 1) {
      const { status, text } = await revoke({ client_secret: app.client_secret });
      assert.deepEqual([status, text], [200, ""]);
    }
    assert.equal((await as(access_token).get("user/info/?fields=open_id")).status, 401);
    assert.equal((await refresh(refresh_token)).json.error, "invalid_grant");
  });
});
