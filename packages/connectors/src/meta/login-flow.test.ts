import assert from "node:assert/strict";
import { test } from "node:test";
import type { FoundAccount, Granted, OAuth2SignIn, Platform } from "@postd/connector-kit";
import { createWorld, type World } from "@postd/connector-kit/conformance";
import { facebook } from "./facebook/platform.ts";
import { instagram } from "./instagram/platform.ts";
import { provider } from "./provider.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);
const redirectUri = "https://postd.example/api/oauth/facebook/callback";

/** Presses "Continue" on the simulated dialog with everything ticked that is ticked, save `declined` values. */
async function consent(world: World, url: URL, declined: readonly string[]): Promise<URL> {
  const ask = { host: url.host, path: url.pathname, query: url.searchParams, headers: {}, rawBody: new Uint8Array() };
  const page = await world.sim.handle({ ...ask, method: "GET" });
  assert.ok(typeof page === "object" && page.status === 200);
  const html = page.text ?? new TextDecoder().decode(page.bytes);
  const fields = new URLSearchParams({ decision: "continue" });
  for (const [tag] of html.matchAll(/<input [^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    const value = /value="([^"]*)"/.exec(tag)?.[1] ?? "";
    const sent = tag.includes('type="hidden"') || (tag.includes("checked") && !declined.includes(value));
    if (name && sent) fields.append(name, value.replaceAll("&amp;", "&"));
  }
  const done = await world.sim.handle({
    ...ask,
    method: "POST",
    query: new URLSearchParams(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    rawBody: new TextEncoder().encode(fields.toString()),
  });
  assert.ok(typeof done === "object" && done.headers);
  const location = Object.entries(done.headers).find(([name]) => name.toLowerCase() === "location")?.[1];
  assert.ok(location);
  return new URL(location);
}

async function signIn(
  platform: Platform,
  authKind: string,
  declined: readonly string[] = [],
): Promise<{ granted: Granted; accounts: readonly FoundAccount[]; world: World; auth: OAuth2SignIn }> {
  const world = createWorld({ provider, platform }, simulator ?? assert.fail());
  const auth = provider.signIns.find(({ id }) => id === authKind);
  assert.ok(auth?.kind === "oauth2");
  const ctx = world.authContext(authKind);
  const scopes = [...auth.scopes.required, ...auth.scopes.optional];
  const started = await auth.start({ redirectUri, state: "st", scopes, fields: {} }, ctx);
  assert.ok(started.ok, JSON.stringify(started));
  const back = await consent(world, started.value.url, declined);
  assert.equal(back.searchParams.get("state"), "st");
  const code = `${back.searchParams.get("code") ?? ""}${back.hash}`;
  const granted = await auth.finish(
    { callback: { code, state: "st" }, redirectUri, state: "st", fields: {}, keep: started.value.keep ?? {} },
    ctx,
  );
  assert.ok(granted.ok, JSON.stringify(granted));
  const accounts = await auth.accounts(granted.value, ctx, platform.id);
  assert.ok(accounts.ok, JSON.stringify(accounts));
  return { granted: granted.value, accounts: accounts.value, world, auth };
}

for (const connector of [facebook, instagram])
  test(`${connector.id}: one sign-in with Facebook opens Pages and their Instagram accounts, and what it opens works`, async () => {
    const { granted, accounts, world } = await signIn(connector, "facebook_login");
    assert.ok(granted.credentials.expiresAt);
    const own = accounts.filter(({ platform, blocked }) => platform === connector.id && !blocked);
    assert.ok(own.length > 0);
    assert.ok(accounts.some(({ platform }) => platform === "facebook"));
    assert.ok(accounts.some(({ platform }) => platform === "instagram"));
    const ids = accounts.map(({ platform, externalId }) => `${platform}:${externalId}`);
    assert.equal(new Set(ids).size, ids.length, "each account once");
    for (const { externalId, kind, name, extras, credentials, missingScopes } of own) {
      assert.deepEqual(missingScopes, []);
      assert.equal(credentials.expiresAt, undefined, "Page tokens do not end");
      const account = { externalId, kind, authKind: "facebook_login", name, extras: connector.extras.parse(extras) };
      // Longer than the person's own token lives, shorter than Meta goes on giving out data.
      world.advance(24 * 3_600_000);
      const health = await connector.health(world.context({ account, credentials }, "none"));
      assert.ok(health.ok, JSON.stringify(health));
    }
  });

test("a Page on which the person may not post is shown with the reason", async () => {
  const { accounts } = await signIn(facebook, "facebook_login");
  const blocked = accounts.filter((account) => account.blocked);
  assert.ok(blocked.length > 0);
  for (const account of blocked) assert.match(account.blocked ?? "", /sign in again/);
});

test("a declined permission is missing from the grant and named at the accounts it matters to", async () => {
  const { granted, accounts } = await signIn(facebook, "facebook_login", ["pages_manage_posts"]);
  assert.ok(!granted.scopes.includes("pages_manage_posts"));
  for (const account of accounts)
    assert.deepEqual(account.missingScopes, account.platform === "facebook" ? ["pages_manage_posts"] : []);
});

test("Instagram's own login opens its one account, and the token is renewed after a day and not before", async () => {
  const { granted, accounts, world, auth } = await signIn(instagram, "instagram_login");
  const [only, ...more] = accounts;
  assert.ok(only && more.length === 0);
  assert.equal(only.externalId, granted.subject.externalId);
  const account = { externalId: only.externalId, kind: only.kind, authKind: auth.id, name: only.name, extras: {} };
  const ctx = () => world.signInContext({ account, credentials: only.credentials }, "none");
  const early = await auth.refresh?.(ctx());
  assert.ok(early?.ok && early.value.accessToken === only.credentials.accessToken);
  world.advance(41 * 24 * 3_600_000);
  const renewed = await auth.refresh?.(ctx());
  assert.ok(renewed?.ok, JSON.stringify(renewed));
  assert.ok(
    only.credentials.expiresAt && renewed.value.expiresAt && renewed.value.expiresAt > only.credentials.expiresAt,
  );
});
