import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";
import { app } from "./world.ts";

const redirect_uri = "https://postd.example/callback";
const login = "https://login.mailchimp.com/oauth2/";
const authorize = (more: Record<string, string> = {}) =>
  `${login}authorize?${new URLSearchParams({ response_type: "code", client_id: app.client_id, redirect_uri, state: "s1", ...more })}`;

describe("signing in to Mailchimp", () => {
  it("trades a code for a token without an end, which tells its data centre", async () => {
    const { consent, ask } = setUp();
    const back = await consent(authorize());
    assert.equal(back.get("state"), "s1");
    const form = { grant_type: "authorization_code", ...app, redirect_uri, code: back.get("code") ?? "" };
    const token = await ask({ url: `${login}token`, form });
    assert.deepEqual(Object.keys(token.json), ["access_token", "expires_in", "scope"]);
    assert.deepEqual([token.json.expires_in, token.json.scope], [0, null]);
    const headers = { authorization: `OAuth ${token.json.access_token}` };
    const about = await ask({ url: `${login}metadata`, headers });
    assert.equal(about.json.api_endpoint, "https://us19.api.mailchimp.com");
    assert.equal(about.json.accountname, "Northfold Coffee");
    const root = await ask({ url: `${about.json.api_endpoint}/3.0/`, token: token.json.access_token });
    assert.equal(root.json.login_id, String(about.json.user_id));
    assert.equal((await ask({ url: `${login}metadata`, token: token.json.access_token })).status, 401);
    assert.equal((await ask({ url: `${login}token`, form })).json.error, "invalid_grant", "a code is good for once");
  });

  it("refuses a scope, PKCE, an unknown app, and tells of a person's no", async () => {
    const { consent, ask } = setUp();
    assert.equal((await consent(authorize({ scope: "campaigns" }))).get("error"), "invalid_scope");
    const pkce = { code_challenge: "x", code_challenge_method: "S256" };
    assert.equal((await consent(authorize(pkce))).get("error"), "invalid_request");
    assert.equal((await consent(authorize(), { decision: "cancel" })).get("error"), "access_denied");
    assert.match((await ask({ url: authorize({ client_id: "1" }) })).text, /client_id is unknown/);
  });

  it("takes a key by Basic and by Bearer, at its own data centre only", async () => {
    const { ask, get, base, token, act } = setUp();
    const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`any:${key}`).toString("base64")}` });
    assert.match((await get("ping")).json.health_status, /Chimpy/);
    assert.equal((await ask({ url: `${base}ping`, headers: basic(token) })).status, 200);
    const wrong = await ask({ url: "https://us1.api.mailchimp.com/3.0/ping", token });
    assert.deepEqual([wrong.status, wrong.json.title], [401, "API Key Invalid"]);
    assert.match(wrong.json.detail, /you've attempted to access the wrong datacenter\.$/);
    await act("set", { wrongDataCentre: 403 });
    assert.equal((await ask({ url: "https://us1.api.mailchimp.com/3.0/ping", token })).json.title, "WrongDatacenter");
    assert.equal((await ask({ url: `${base}ping` })).json.title, "API Key Missing");
    assert.equal((await ask({ url: `${base}ping?access_token=${token}` })).json.title, "API Key Missing");
    assert.equal((await ask({ url: `${base}ping`, headers: basic("wrong-us19") })).status, 401);
    const nameless = { authorization: `Basic ${Buffer.from(token).toString("base64")}` };
    assert.equal((await ask({ url: `${base}ping`, headers: nameless })).status, 401, "the key is the password");
  });

  it("tells a key that was switched off from an account that was", async () => {
    const { get, act, account, token } = setUp();
    await act("setAccount", { account: account.id, isDisabled: true });
    assert.deepEqual((await get("ping")).json.title, "User Disabled");
    await act("setAccount", { account: account.id, isDisabled: false, role: "viewer" });
    assert.equal((await get("lists")).status, 200);
    await act("disableKey", { key: token });
    assert.equal((await get("lists")).json.detail, "API key has been disabled");
  });

  it("lets nobody see another account's things", async () => {
    const { get, draft, client } = setUp();
    const other = client.simulator.createAccount({});
    const id = await draft();
    const url = `https://us19.api.mailchimp.com/3.0/campaigns/${id}`;
    assert.equal((await client.ask({ url, token: other.accessToken })).status, 404);
    assert.equal((await get(`campaigns/${id}`)).status, 200);
  });
});
