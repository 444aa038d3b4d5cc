import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instagramApp, metaApp } from "./apps.ts";
import { errorOf, ig, testClient } from "./test-client.ts";

const redirectUri = "https://postd.example/callback";
const account = "17841400455667711";
const dayMs = 86_400_000;

type Client = ReturnType<typeof testClient>;

async function authorise(client: Client, form: Record<string, string> = {}): Promise<string> {
  const query = {
    client_id: instagramApp.app_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "instagram_business_basic,instagram_business_content_publish",
    state: "s2",
  };
  const url = `https://www.instagram.com/oauth/authorize?${new URLSearchParams(query)}`;
  const page = await client.get(url);
  assert.ok(page.text.includes("@ida.brews"));
  const told = await client.ask({ url, form: { person: account, decision: "continue", ...form } });
  assert.match(told.headers.location ?? "", /#_$/);
  return new URL(told.headers.location ?? "").searchParams.get("code") ?? "";
}

const exchange = (client: Client, code: string, extra: Record<string, string> = {}) =>
  client.ask({
    url: "https://api.instagram.com/oauth/access_token",
    form: {
      client_id: instagramApp.app_id,
      client_secret: instagramApp.app_secret,
      grant_type: "authorization_code",
      redirect_uri: redirectUri,
      code,
      ...extra,
    },
  });

const longUrl = (token: string) =>
  `https://graph.instagram.com/access_token?${new URLSearchParams({ grant_type: "ig_exchange_token", client_secret: instagramApp.app_secret, access_token: token })}`;
const refreshUrl = (token: string) =>
  `https://graph.instagram.com/refresh_access_token?${new URLSearchParams({ grant_type: "ig_refresh_token", access_token: token })}`;

describe("Instagram Login", () => {
  it("exchanges a code once by a form and names user_id, the id for paths", async () => {
    const client = testClient();
    const code = await authorise(client);
    const told = await exchange(client, code);
    assert.equal(told.json.user_id, account);
    assert.equal(told.json.permissions, "instagram_business_basic,instagram_business_content_publish");
    assert.equal(errorOf(await exchange(client, code)), "100/-");
    const me = (await client.get(ig("me?fields=user_id,id,username,account_type"), told.json.access_token)).json;
    assert.deepEqual([me.user_id, me.username, me.account_type], [account, "ida.brews", "MEDIA_CREATOR"]);
    assert.notEqual(me.id, me.user_id);
    assert.equal(
      errorOf(await client.get(ig(me.id), told.json.access_token)),
      "100/33",
      "the app-scoped id is no path",
    );
  });

  it("answers the exchange in both documented shapes", async () => {
    const client = testClient();
    await client.act("wrapInstagramExchange");
    await client.act("permissionsAsList");
    const { data } = (await exchange(client, await authorise(client))).json;
    assert.deepEqual(data[0].permissions, ["instagram_business_basic", "instagram_business_content_publish"]);
  });

  it("refuses the Meta app's secret and parameters in the query", async () => {
    const client = testClient();
    const code = await authorise(client);
    assert.equal(errorOf(await exchange(client, code, { client_secret: metaApp.app_secret })), "100/-");
    const url = `https://api.instagram.com/oauth/access_token?code=${code}`;
    assert.equal(errorOf(await client.ask({ url, form: {} })), "100/-");
    assert.equal((await exchange(client, code)).status, 200, "the code was not spent by refusals");
  });

  it("lives an hour short and 60 days long, and refreshes only after a day", async () => {
    const client = testClient();
    const short = (await exchange(client, await authorise(client))).json.access_token;
    assert.equal(errorOf(await client.get(refreshUrl(short))), "100/-");
    const long = (await client.get(longUrl(short))).json;
    assert.equal(long.expires_in, 5_183_944);
    client.advance(3_600_000);
    assert.equal(errorOf(await client.get(longUrl(short))), "190/463");
    assert.equal(errorOf(await client.get(refreshUrl(long.access_token))), "100/-");
    client.advance(23 * 3_600_000);
    const fresh = (await client.get(refreshUrl(long.access_token))).json;
    assert.match(fresh.permissions, /instagram_business_basic/);
    client.advance(59.9 * dayMs);
    assert.equal((await client.get(ig("me"), fresh.access_token)).status, 200);
    client.advance(dayMs);
    assert.equal(errorOf(await client.get(refreshUrl(fresh.access_token))), "190/463");
  });
});
