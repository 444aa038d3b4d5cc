import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld, type World } from "@postd/connector-kit/conformance";
import { connect, simulator } from "./connect-harness.ts";
import { threads } from "./platform.ts";
import { provider } from "./provider.ts";
import { scopes, threadsSignIn } from "./sign-in.ts";

const DAY_MS = 86_400_000;
const redirectUri = "https://postd.example/api/oauth/threads/callback";

async function setUp() {
  const world = createWorld({ provider, platform: threads }, simulator);
  const connected = await connect(world);
  const refresh = () => threadsSignIn.refresh?.(world.signInContext(connected, "none"));
  const asked = (path: RegExp) => world.sim.requests().filter((one) => path.test(one.path)).length;
  return { world, connected, refresh, asked };
}

/** Presses "Continue" on the consent page with what is ticked there, save `declined`. */
async function consent(world: World, url: URL, declined?: string): Promise<URL> {
  const ask = { host: url.host, path: url.pathname, query: url.searchParams, rawQuery: url.search.slice(1) };
  const page = await world.sim.handle({ ...ask, method: "GET", headers: {}, rawBody: Buffer.alloc(0) });
  assert.ok(typeof page === "object" && page.status === 200, JSON.stringify(page));
  const html = page.text ?? new TextDecoder().decode(page.bytes);
  const fields = new URLSearchParams({ decision: "continue" });
  for (const [tag] of html.matchAll(/<input [^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    const value = /value="([^"]*)"/.exec(tag)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const isSent = tag.includes('type="hidden"') || (tag.includes("checked") && value !== declined);
    if (name && isSent) fields.append(name, value);
  }
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const done = await world.sim.handle({ ...ask, method: "POST", headers, rawBody: Buffer.from(fields.toString()) });
  assert.ok(typeof done === "object" && done.headers, JSON.stringify(done));
  const location = Object.entries(done.headers).find(([name]) => name.toLowerCase() === "location")?.[1];
  assert.ok(location, JSON.stringify(done));
  return new URL(location);
}

test("a code that comes back with #_ behind it signs in for 60 days, as the account /me names", async () => {
  for (const declined of [undefined, "threads_delete"]) {
    const world = createWorld({ provider, platform: threads }, simulator);
    const ctx = world.authContext("threads");
    const all = [...scopes.required, ...scopes.optional];
    const started = await threadsSignIn.start({ redirectUri, state: "s1", scopes: all, fields: {} }, ctx);
    assert.ok(started.ok, JSON.stringify(started));
    const { url, keep = {} } = started.value;
    const back = await consent(world, url, declined);
    const callback = { code: `${back.searchParams.get("code")}${back.hash || "#_"}`, state: "s1" };
    const granted = await threadsSignIn.finish({ callback, redirectUri, state: "s1", fields: {}, keep }, ctx);
    assert.ok(granted.ok, JSON.stringify(granted));
    const { credentials, subject, scopes: told } = granted.value;
    assert.deepEqual([...told].toSorted(), all.filter((scope) => scope !== declined).toSorted());
    assert.ok((credentials.expiresAt?.getTime() ?? 0) > world.clock.now().getTime() + 59 * DAY_MS);
    const found = await threadsSignIn.accounts(granted.value, ctx);
    assert.ok(found.ok && found.value[0]?.externalId === subject.externalId, JSON.stringify(found));
    assert.match(subject.externalId, /^\d{16,}$/);
  }
});

test("a token is not renewed in its first day, and from day 45 on", async () => {
  const { world, connected, refresh, asked } = await setUp();
  const young = {
    ...connected,
    credentials: { ...connected.credentials, expiresAt: new Date(world.clock.now().getTime() + 60 * DAY_MS) },
  };
  const kept = await threadsSignIn.refresh?.(world.signInContext(young, "none"));
  assert.ok(kept?.ok && kept.value === young.credentials);
  assert.equal(asked(/refresh_access_token/), 0);
  assert.equal(threadsSignIn.refreshBeforeMs, 15 * DAY_MS);
  world.advance(43 * DAY_MS);
  const renewed = await refresh();
  assert.ok(renewed?.ok, JSON.stringify(renewed));
  assert.ok((renewed.value.expiresAt?.getTime() ?? 0) > world.clock.now().getTime() + 59 * DAY_MS);
});

test("a token that is over, or was withdrawn under code 100, asks the person to connect again", async () => {
  const over = await setUp();
  over.world.advance(61 * DAY_MS);
  const ended = await over.refresh();
  assert.ok(ended && !ended.ok && ended.error.kind === "auth_revoked", JSON.stringify(ended));
  const gone = await setUp();
  await gone.world.sim.simulator.act?.("set", { revokedCode: 100 } as never);
  gone.world.sim.arm({ fault: "tokenRevoked", times: "always" });
  const refused = await gone.refresh();
  assert.ok(refused && !refused.ok && refused.error.kind === "auth_revoked", JSON.stringify(refused));
  const health = await threads.health(gone.world.context(gone.connected, "none"));
  assert.ok(!health.ok && health.error.kind === "auth_revoked", JSON.stringify(health));
});

test("where Threads may not renew a profile's token, whatever it says, the old one goes on", async () => {
  for (const code of [10, 100]) {
    const { world, connected, refresh } = await setUp();
    const body = { error: { message: `(#${code}) Not allowed for this profile`, type: "THApiException", code } };
    world.sim.arm({ fault: "platformError", status: 400, body, match: { path: "refresh_access_token" } } as never);
    const kept = await refresh();
    assert.ok(kept?.ok && kept.value === connected.credentials, JSON.stringify(kept));
  }
  const { world, connected, refresh } = await setUp();
  await world.sim.simulator.act?.("setPerson", { person: connected.account.externalId, isPrivate: true } as never);
  await world.sim.simulator.act?.("set", { privateMayRefresh: false } as never);
  const kept = await refresh();
  assert.ok(kept?.ok && kept.value === connected.credentials, JSON.stringify(kept));
});

test("a token that lacks a few seconds of its first day is not renewed", async () => {
  const { world, connected, asked } = await setUp();
  const lifeMs = 5_183_944_000;
  const young = {
    ...connected.credentials,
    expiresAt: new Date(world.clock.now().getTime() + lifeMs - DAY_MS + 20_000),
  };
  const kept = await threadsSignIn.refresh?.(world.signInContext({ ...connected, credentials: young }, "none"));
  assert.ok(kept?.ok && kept.value === young, JSON.stringify(kept));
  assert.equal(asked(/refresh_access_token/), 0);
});
