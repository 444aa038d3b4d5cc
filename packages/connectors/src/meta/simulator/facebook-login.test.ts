import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { appCredentials, loginConfigurationId } from "./apps.ts";
import { errorOf, fb, testClient } from "./test-client.ts";

const app = appCredentials.meta;
const redirectUri = "https://postd.example/callback";
const coffee = "104455667788990";
const scopes = "pages_show_list,pages_manage_posts,pages_read_engagement,instagram_basic,business_management";

type Client = ReturnType<typeof testClient>;

const dialogUrl = (extra: Record<string, string> = {}) => {
  const url = new URL("https://www.facebook.com/v25.0/dialog/oauth");
  const query = {
    client_id: app.app_id,
    redirect_uri: redirectUri,
    state: "s1",
    response_type: "code",
    scope: scopes,
    ...extra,
  };
  for (const [name, value] of Object.entries(query)) if (value !== "") url.searchParams.set(name, value);
  return url.href;
};

async function consent(client: Client, form: URLSearchParams, url = dialogUrl()): Promise<URL> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const told = await client.ask({ url, headers, bytes: Buffer.from(String(form)) });
  assert.equal(told.status, 302, told.text);
  return new URL(told.headers.location ?? "");
}

const exchangeUrl = (code: string, extra: Record<string, string> = {}) =>
  fb(
    `oauth/access_token?${new URLSearchParams({ client_id: app.app_id, client_secret: app.app_secret, redirect_uri: redirectUri, code, ...extra })}`,
  );

async function userToken(client: Client, form = new URLSearchParams({ decision: "continue" })): Promise<string> {
  const code = (await consent(client, form)).searchParams.get("code") ?? "";
  const short = (await client.get(exchangeUrl(code))).json.access_token;
  const query = new URLSearchParams({
    grant_type: "fb_exchange_token",
    client_id: app.app_id,
    client_secret: app.app_secret,
    fb_exchange_token: short,
  });
  return (await client.get(fb(`oauth/access_token?${query}`))).json.access_token;
}

describe("Facebook Login", () => {
  it("shows a form that lists Pages, Instagram accounts and permissions, and posts back with code and state", async () => {
    const client = testClient();
    const page = await client.get(dialogUrl());
    assert.equal(page.status, 200);
    for (const part of [
      "Northfold Coffee",
      "@northfold.coffee",
      "pages_manage_posts",
      'value="continue"',
      'value="cancel"',
      'action="https://www.facebook.com/v25.0/dialog/oauth"',
    ])
      assert.ok(page.text.includes(part), part);
    const hidden = [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name = "", value = ""]): [string, string] => [name, value.replaceAll("&amp;", "&")],
    );
    const form = new URLSearchParams([
      ...hidden,
      ["decision", "continue"],
      ["account", coffee],
      ["scope_granted", "pages_show_list"],
    ]);
    const back = await consent(client, form, "https://www.facebook.com/v25.0/dialog/oauth");
    assert.equal(back.searchParams.get("state"), "s1");
    assert.ok(back.searchParams.get("code"));
  });

  it("answers access_denied when the person cancels", async () => {
    const back = await consent(testClient(), new URLSearchParams({ decision: "cancel" }));
    assert.equal(back.searchParams.get("error"), "access_denied");
    assert.equal(back.searchParams.get("error_reason"), "user_denied");
    assert.equal(back.searchParams.get("state"), "s1");
    assert.equal(back.searchParams.get("code"), null);
  });

  it("refuses a dialog of another app, an unknown scope and another response type", async () => {
    const client = testClient();
    for (const bad of [
      { client_id: "1" },
      { scope: "manage_everything" },
      { response_type: "token" },
      { redirect_uri: "nowhere" },
    ])
      assert.equal((await client.get(dialogUrl(bad))).status, 400, JSON.stringify(bad));
  });

  it("grants the whole configuration or nothing when config_id is used", async () => {
    const client = testClient();
    const form = new URLSearchParams({ decision: "continue", listed: "1", account: coffee });
    const back = await consent(client, form, dialogUrl({ scope: "", config_id: loginConfigurationId }));
    const token = (await client.get(exchangeUrl(back.searchParams.get("code") ?? ""))).json.access_token;
    const permissions = (await client.get(fb("me/permissions"), token)).json.data;
    assert.ok(permissions.length > 10);
    assert.ok(permissions.every((each: { status: string }) => each.status === "granted"));
  });

  it("spends a code once, for one redirect_uri and only with the app secret", async () => {
    const client = testClient();
    const newCode = async () =>
      (await consent(client, new URLSearchParams({ decision: "continue" }))).searchParams.get("code") ?? "";
    const elsewhere = { redirect_uri: "https://other.example/" };
    assert.equal(errorOf(await client.get(exchangeUrl(await newCode(), elsewhere))), "100/-");
    const code = await newCode();
    assert.equal(errorOf(await client.get(exchangeUrl(code, { client_secret: "wrong" }))), "100/-");
    const first = await client.get(exchangeUrl(code));
    assert.equal(first.json.expires_in, 3600);
    assert.equal(errorOf(await client.get(exchangeUrl(code))), "100/-");
  });

  it("gives Page tokens without end from a long-lived token and for an hour from a short one", async () => {
    const client = testClient();
    const code = (await consent(client, new URLSearchParams({ decision: "continue" }))).searchParams.get("code") ?? "";
    const short = (await client.get(exchangeUrl(code))).json.access_token;
    const fromShort = (await client.get(fb("me/accounts"), short)).json.data[0].access_token;
    const long = await userToken(client);
    const fromLong = (await client.get(fb("me/accounts"), long)).json.data[0].access_token;
    client.advance(3_600_000);
    assert.equal(errorOf(await client.get(fb("me"), fromShort)), "190/463");
    assert.equal((await client.get(fb("me"), fromLong)).status, 200);
    client.advance(61 * 86_400_000);
    assert.equal(errorOf(await client.get(fb("me/accounts"), long)), "190/463");
    assert.equal((await client.get(fb("me"), fromLong)).status, 200);
    assert.equal(
      (await client.get(fb(`debug_token?input_token=${fromLong}&access_token=${app.app_id}|${app.app_secret}`))).json
        .data.expires_at,
      0,
    );
  });

  it("refuses reads 90 days after the last login though the token is valid", async () => {
    const client = testClient();
    const page = (await client.get(fb("me/accounts"), await userToken(client))).json.data[0].access_token;
    client.advance(90 * 86_400_000);
    assert.equal(errorOf(await client.get(fb("me"), page)), "10/-");
  });

  it("lists only ticked Pages, with tasks, and leaves out Pages owned through a business", async () => {
    const client = testClient();
    const all = (await client.get(fb("me/accounts?fields=id,name,tasks"), await userToken(client))).json.data;
    assert.deepEqual(
      all.map((page: { name: string }) => page.name),
      ["Northfold Coffee", "Northfold Roastery", "Old Test Page"],
    );
    assert.ok(!all[2].tasks.includes("CREATE_CONTENT"));
    const form = new URLSearchParams({ decision: "continue", listed: "1", account: coffee });
    for (const scope of ["pages_show_list", "instagram_basic"]) form.append("scope_granted", scope);
    const fewer = await userToken(client, form);
    const fields = "fields=id,instagram_business_account{id,username}";
    const data = (await client.get(fb(`me/accounts?${fields}`), fewer)).json.data;
    assert.deepEqual(data, [{ id: coffee }], "the unticked Instagram account stays away");
  });

  it("pages /me/accounts by cursors and next", async () => {
    const client = testClient();
    const token = await userToken(client);
    const first = (await client.get(fb("me/accounts?fields=id&limit=2"), token)).json;
    assert.equal(first.data.length, 2);
    const second = (await client.get(first.paging.next)).json;
    assert.deepEqual([second.data.length, second.paging.next], [1, undefined]);
    assert.equal(new Set([...first.data, ...second.data].map((page: { id: string }) => page.id)).size, 3);
  });

  it("shows business Pages through /me/businesses and their linked Instagram account where it is ticked", async () => {
    const client = testClient();
    const token = await userToken(client);
    const business = (await client.get(fb("me/businesses"), token)).json.data[0];
    const owned = (await client.get(fb(`${business.id}/owned_pages?fields=name,access_token`), token)).json.data;
    assert.equal(owned[0].name, "Northfold Events");
    assert.ok(owned[0].access_token);
    assert.deepEqual((await client.get(fb(`${business.id}/client_pages`), token)).json, { data: [] });
    const page = (await client.get(fb(`${coffee}?fields=instagram_business_account{username},picture{url}`), token))
      .json;
    assert.equal(page.instagram_business_account.username, "northfold.coffee");
    assert.match(page.picture.data.url, /^https:\/\/graph\.facebook\.com\//);
  });

  it("tells declined permissions and enforces them", async () => {
    const client = testClient();
    const token = await userToken(
      client,
      new URLSearchParams({ decision: "continue", listed: "1", scope_granted: "pages_show_list" }),
    );
    const data = (await client.get(fb("me/permissions"), token)).json.data;
    assert.equal(data.find((each: { permission: string }) => each.permission === "instagram_basic").status, "declined");
    assert.equal(errorOf(await client.get(fb("me/businesses"), token)), "200/-");
  });

  it("withdraws one permission, then everything: tokens answer 190/458", async () => {
    const client = testClient();
    const token = await userToken(client);
    assert.deepEqual((await client.remove(fb("me/permissions/pages_show_list"), token)).json, { success: true });
    assert.equal(errorOf(await client.get(fb("me/accounts"), token)), "200/-");
    assert.deepEqual((await client.remove(fb("me/permissions"), token)).json, { success: true });
    assert.equal(errorOf(await client.get(fb("me"), token)), "190/458");
  });

  it("ends one token with the subcode of its reason, and says that it is not valid", async () => {
    const client = testClient();
    const token = await userToken(client);
    await client.act("endTokens", { token });
    assert.equal(errorOf(await client.get(fb("me"), token)), "190/460");
    const asked = { input_token: token, access_token: `${app.app_id}|${app.app_secret}` };
    assert.equal((await client.get(fb(`debug_token?${new URLSearchParams(asked)}`))).json.data.is_valid, false);
    assert.equal((await client.get(fb("me"), await userToken(client))).status, 200);
  });

  it("checks appsecret_proof where given and wants it where the app says so", async () => {
    const client = testClient();
    const token = await userToken(client);
    const proof = createHmac("sha256", app.app_secret).update(token).digest("hex");
    assert.equal((await client.get(fb(`me?appsecret_proof=${proof}`), token)).status, 200);
    assert.equal(errorOf(await client.get(fb("me?appsecret_proof=00"), token)), "100/-");
    await client.act("requireAppsecretProof");
    assert.equal(errorOf(await client.get(fb("me"), token)), "100/-");
  });

  it("serves an expired version by the oldest live one and refuses one that never was", async () => {
    const client = testClient();
    const token = await userToken(client);
    const old = await client.get("https://graph.facebook.com/v20.0/me", token);
    assert.deepEqual([old.status, old.headers["facebook-api-version"]], [200, "v21.0"]);
    assert.deepEqual(await client.act("expiredVersionCalls"), { calls: 1 });
    assert.equal(errorOf(await client.get("https://graph.facebook.com/v99.0/me", token)), "100/-");
  });

  it("refuses a token of the other host", async () => {
    const client = testClient();
    const instagram = client.simulator.createAccount({ kind: "instagram_login" });
    assert.equal(errorOf(await client.get(fb("me"), instagram.accessToken)), "190/467");
    const exchange = { client_id: app.app_id, client_secret: app.app_secret, grant_type: "fb_exchange_token" };
    const query = new URLSearchParams({ ...exchange, fb_exchange_token: instagram.accessToken });
    assert.equal(errorOf(await client.get(fb(`oauth/access_token?${query}`))), "100/-");
    assert.equal(errorOf(await client.get("https://graph.instagram.com/v25.0/me", await userToken(client))), "190/467");
  });
});
