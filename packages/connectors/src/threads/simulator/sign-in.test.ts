import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { app } from "./app.ts";
import { setUp } from "./client-harness.ts";

const redirect_uri = "https://postd.example/callback";
const { app_id: client_id, app_secret: client_secret } = app;
const graph = "https://graph.threads.net";

const authorize = (more: Record<string, string> = {}) =>
  `https://threads.net/oauth/authorize?${new URLSearchParams({
    client_id,
    redirect_uri,
    response_type: "code",
    scope: "threads_basic,threads_content_publish,threads_delete",
    state: "s1",
    ...more,
  })}`;

function signIn() {
  const { client } = setUp();
  const exchange = (code: string, more: Record<string, string> = {}) =>
    client.ask({
      url: `${graph}/oauth/access_token`,
      form: { client_id, client_secret, grant_type: "authorization_code", redirect_uri, code, ...more },
    });
  const lengthen = (token: string, more: Record<string, string> = {}) =>
    client.ask({
      url: `${graph}/access_token?${new URLSearchParams({ grant_type: "th_exchange_token", client_secret, access_token: token, ...more })}`,
    });
  const refresh = (token: string) =>
    client.ask({
      url: `${graph}/refresh_access_token?${new URLSearchParams({ grant_type: "th_refresh_token", access_token: token })}`,
    });
  const me = (token: string, fields = "id,username") => client.ask({ url: `${graph}/v1.0/me?fields=${fields}`, token });
  return { ...client, exchange, lengthen, refresh, me };
}

describe("signing in to Threads", () => {
  it("gives a code with #_, a user_id no number keeps, an hour, then 60 days, and longer after a day", async () => {
    const { send, exchange, lengthen, refresh, me, advance } = signIn();
    const page = await send({ url: authorize() });
    assert.match(JSON.stringify(page), /Post for you \(threads_content_publish\)/);
    const back = await send({ url: authorize(), form: { decision: "continue" } });
    assert.ok(typeof back === "object");
    const location = new URL(back.headers?.location ?? "");
    assert.deepEqual([location.hash, location.searchParams.get("state")], ["#_", "s1"]);
    const code = location.searchParams.get("code") ?? "";
    const short = await exchange(code);
    const userId = /"user_id":(\d+)/.exec(short.text)?.[1];
    assert.equal(userId, "17841461234567891");
    assert.notEqual(String(short.json.user_id), userId);
    assert.deepEqual(Object.keys(short.json), ["access_token", "user_id"]);
    assert.equal((await me(short.json.access_token)).json.id, userId);
    assert.equal((await exchange(code)).status, 400, "a code works once");
    assert.equal((await refresh(short.json.access_token)).json.error.code, 100, "a short token is not refreshed");
    assert.equal((await lengthen(short.json.access_token, { client_secret: "wrong" })).json.error.code, 1);
    const long = await lengthen(short.json.access_token);
    assert.deepEqual([long.json.token_type, long.json.expires_in], ["bearer", 5_183_944]);
    assert.equal((await refresh(long.json.access_token)).json.error.code, 100, "not within a day");
    advance(86_400_000);
    assert.equal((await lengthen(short.json.access_token)).json.error.code, 190, "the hour is over");
    const fresh = await refresh(long.json.access_token);
    assert.equal((await me(fresh.json.access_token)).status, 200);
    advance(5_183_944_000);
    assert.equal((await refresh(fresh.json.access_token)).json.error.error_subcode, 463);
  });

  it("takes the exchange from the query of a POST, from both hosts, and says errors flat in the known forms", async () => {
    const { consent, ask, exchange, act } = signIn();
    const code = (await consent(authorize())).get("code") ?? "";
    const query = new URLSearchParams({
      client_id,
      client_secret,
      grant_type: "authorization_code",
      redirect_uri,
      code,
    });
    assert.equal(
      (await ask({ url: `https://graph.threads.com/oauth/access_token?${query}`, method: "POST" })).status,
      200,
    );
    assert.deepEqual(Object.keys((await exchange("unknown")).json).sort(), [
      "error_code",
      "error_message",
      "error_type",
    ]);
    await act("set", { tokenErrors: "code" });
    assert.equal((await exchange("unknown")).json.code, 100);
    await act("set", { tokenErrors: "graph" });
    assert.equal((await exchange("unknown")).json.error.code, 100);
    await act("set", { userIdAs: "text" });
    const again = await exchange((await consent(authorize())).get("code") ?? "");
    assert.equal(again.json.user_id, "17841461234567891");
  });

  it("asks for threads_basic, lets other scopes be left out, and tells a no", async () => {
    const { send, exchange, ask, consent } = signIn();
    const refused = await send({ url: authorize({ scope: "threads_delete" }) });
    assert.ok(typeof refused === "object" && refused.status === 400);
    const no = await consent(authorize(), { decision: "cancel" });
    assert.deepEqual([no.get("error"), no.get("error_reason")], ["access_denied", "user_denied"]);
    const form = { listed: "1", scope_granted: "threads_delete" };
    const { json } = await exchange((await consent(authorize(), form)).get("code") ?? "");
    const token: string = json.access_token;
    const told = await ask({ url: `${graph}/debug_token?input_token=${token}&access_token=${token}` });
    const { data } = told.json;
    assert.deepEqual([data.scopes, data.type, data.is_valid], [["threads_basic", "threads_delete"], "USER", true]);
    assert.equal(data.expires_at - data.issued_at, 3600);
    const refusal = await ask({ url: `${graph}/v1.0/me/threads`, token, form: { media_type: "TEXT", text: "Hi" } });
    assert.equal(refusal.json.error.code, 10);
  });

  it("renews a private profile, or does not where the platform does not", async () => {
    const { client, token } = setUp({ kind: "private" });
    const url = `${graph}/refresh_access_token?grant_type=th_refresh_token&access_token=${token}`;
    assert.equal((await client.ask({ url })).status, 200);
    await client.act("set", { privateMayRefresh: false });
    assert.equal((await client.ask({ url })).json.error.code, 100);
  });

  it("gives an app token, which opens no profile", async () => {
    const { ask, me } = signIn();
    const url = `${graph}/oauth/access_token?grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`;
    const { json } = await ask({ url });
    assert.match(json.access_token, /^TH\|\d+\|/);
    assert.equal((await me(json.access_token)).json.error.code, 190);
  });

  it("answers the profile with a picture whose address ends, and says when access is gone", async () => {
    const { client, account, token, get } = setUp();
    const fields = "id,username,name,threads_profile_picture_url,threads_biography,is_verified";
    const { json } = await get("me", { fields });
    assert.deepEqual([json.id, json.username], [account.id, account.handle]);
    const picture = () => client.ask({ url: json.threads_profile_picture_url });
    assert.equal((await picture()).status, 200);
    client.advance(90_000_000);
    assert.equal((await picture()).status, 403);
    assert.equal((await get(account.id)).json.id, account.id);
    const other = (await get("17841461234567891")).json.error;
    assert.deepEqual([other.error_subcode, other.type], [33, "THApiException"]);
    await client.act("removeApp", { person: account.id });
    const gone = await client.ask({ url: `${graph}/v1.0/me`, token });
    assert.deepEqual([gone.status, gone.json.error.code, gone.json.error.error_subcode], [400, 190, 458]);
    await client.act("set", { revokedCode: 100 });
    assert.equal((await client.ask({ url: `${graph}/v1.0/me`, token })).json.error.code, 100);
  });
});
