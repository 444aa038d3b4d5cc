import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base64UrlEncode, sha256 } from "@postd/connector-kit/simulator";
import { base, basic, setUp } from "./client-harness.ts";
import { app } from "./world.ts";

const redirect_uri = "https://app.test/back";
const code_verifier = "v".repeat(43);
const asking = {
  client_id: app.client_id,
  redirect_uri,
  response_type: "code",
  state: "st",
  scope: "tweet.read tweet.write users.read media.write offline.access",
  code_challenge: base64UrlEncode(sha256(code_verifier)),
  code_challenge_method: "S256",
};
const authorize = (more: Record<string, string> = {}, host = "x.com/i") =>
  `https://${host}/oauth2/authorize?${new URLSearchParams({ ...asking, ...more })}`;

function signingIn() {
  const all = setUp();
  const form = (path: string, fields: Record<string, string>, headers = basic(app.client_id, app.client_secret)) =>
    all.ask({ url: `${base}oauth2/${path}`, form: fields, headers });
  const exchange = (code: string | null, more: Record<string, string> = {}) =>
    form("token", { grant_type: "authorization_code", code: code ?? "", redirect_uri, code_verifier, ...more });
  const refresh = (refresh_token: string) => form("token", { grant_type: "refresh_token", refresh_token });
  const revoke = (token: string) => form("revoke", { token });
  return { ...all, form, exchange, refresh, revoke };
}

describe("signing in", () => {
  it("lets a person leave scopes out, and the token and the API say so", async () => {
    const { ask, consent, exchange, as } = signingIn();
    const page = await ask({ url: authorize() });
    assert.ok(page.text.includes("Upload media for you (media.write)") && !page.text.includes("disabled"));
    const form = { listed: "1", person: "2244994945", scope_granted: "tweet.read" };
    const back = await consent(authorize({}, "api.x.com/2"), form);
    assert.equal(back.get("state"), "st");
    const { json } = await exchange(back.get("code"));
    assert.deepEqual(
      [json.token_type, json.expires_in, json.scope, json.refresh_token],
      ["bearer", 7200, "tweet.read", undefined],
    );
    const refused = await as(json.access_token).get("users/me");
    assert.deepEqual([refused.status, refused.json.title], [403, "Forbidden"]);
  });

  it("tells a no and an unknown scope, and needs PKCE and an app it knows", async () => {
    const { ask, consent } = signingIn();
    const no = await consent(authorize(), { decision: "cancel" });
    assert.deepEqual([...no.keys()].sort(), ["error", "state"]);
    assert.equal(no.get("error"), "access_denied");
    const { code_challenge, ...bare } = asking;
    const without = await ask({ url: `https://x.com/i/oauth2/authorize?${new URLSearchParams(bare)}` });
    assert.equal(new URL(without.headers.location ?? "").searchParams.get("error"), "invalid_request");
    assert.equal((await ask({ url: authorize({ client_id: "other" }) })).status, 400);
    assert.equal((await ask({ url: authorize({ state: "s".repeat(501) }) })).status, 400);
  });

  it("gives a code for 30 seconds, one use and its own verifier", async () => {
    const { consent, exchange, advance } = signingIn();
    const code = async () => (await consent(authorize())).get("code");
    const late = await code();
    advance(30_000);
    assert.equal((await exchange(late)).json.error, "invalid_request");
    const wrong = await exchange(await code(), { code_verifier: "w".repeat(43) });
    assert.deepEqual([wrong.status, wrong.json.error], [400, "invalid_request"]);
    const once = await code();
    assert.equal((await exchange(once)).status, 200);
    assert.equal((await exchange(once)).status, 400);
  });
});

describe("tokens", () => {
  it("last two hours, and a refresh token dies with its first use", async () => {
    const { consent, exchange, refresh, as, advance } = signingIn();
    const first = (await exchange((await consent(authorize())).get("code"))).json;
    advance(7_200_000);
    const expired = await as(first.access_token).get("users/me");
    assert.deepEqual([expired.status, expired.json.title], [401, "Unauthorized"]);
    const second = (await refresh(first.refresh_token)).json;
    assert.notEqual(second.refresh_token, first.refresh_token);
    const again = await refresh(first.refresh_token);
    assert.deepEqual([again.status, again.json.error], [400, "invalid_request"]);
    assert.equal((await as(second.access_token).get("users/me")).status, 200);
    assert.ok((await refresh(second.refresh_token)).json.access_token);
  });

  it("are revoked one by one, the refresh token with all of its consent", async () => {
    const { consent, exchange, refresh, revoke, as, form } = signingIn();
    const first = (await exchange((await consent(authorize())).get("code"))).json;
    assert.equal((await form("revoke", { token: first.access_token }, basic(app.client_id, "no"))).status, 401);
    assert.deepEqual((await revoke(first.access_token)).json, { revoked: true });
    assert.equal((await as(first.access_token).get("users/me")).status, 401);
    const second = (await refresh(first.refresh_token)).json;
    assert.deepEqual((await revoke(second.refresh_token)).json, { revoked: true });
    assert.equal((await as(second.access_token).get("users/me")).status, 401);
    assert.equal((await refresh(second.refresh_token)).status, 400);
  });

  it("need the client's secret in a Basic header", async () => {
    const { form } = signingIn();
    const fields = { grant_type: "refresh_token", refresh_token: "x", client_secret: app.client_secret };
    assert.equal((await form("token", fields, basic(app.client_id, "wrong"))).json.error, "invalid_client");
  });

  it("of the app alone come by its consumer pair, read, and do not post", async () => {
    const { ask, as, posted } = signingIn();
    const id = await posted("Hello");
    const fields = { grant_type: "client_credentials" };
    const token = (pair: Record<string, string>) =>
      ask({ url: "https://api.x.com/oauth2/token", form: fields, headers: pair });
    assert.equal((await token(basic(app.client_id, app.client_secret))).status, 403);
    const { json } = await token(basic(app.api_key, app.api_secret));
    assert.equal(json.access_token, app.bearer_token);
    assert.equal((await as(json.access_token).get(`tweets/${id}`)).json.data.text, "Hello");
    const refused = await as(json.access_token).post("tweets", { text: "No" });
    assert.deepEqual(
      [refused.status, refused.json.title, refused.json.type],
      [403, "Unsupported Authentication", "https://api.x.com/2/problems/unsupported-authentication"],
    );
  });

  it("of a suspended or locked account are refused with its code", async () => {
    for (const [kind, code] of [
      ["suspended", 64],
      ["locked", 326],
    ] as const) {
      const { tweet } = setUp({ kind });
      const { status, json } = await tweet("Hello");
      assert.deepEqual([status, json.errors[0].code], [403, code]);
    }
  });
});
