import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectorHttp, secret } from "@postd/connector-kit";
import { connectWithKeys, createWorld, type World } from "@postd/connector-kit/conformance";
import { fail, ok } from "@postd/contracts";
import { accountNamed, pdsFromDidDoc, serviceOrigin } from "./identity.ts";
import { bluesky } from "./platform.ts";
import { provider } from "./provider.ts";
import { appPassword } from "./sign-in.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);
const newWorld = () => createWorld({ provider, platform: bluesky }, simulator);

function typed(world: World, over: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { identifier, appPassword: password } = world.sim.simulator.createAccount({ name: "Ida" }).extra ?? {};
  return { identifier: String(identifier), appPassword: String(password), ...over };
}

async function rejectedField(world: World, fields: Readonly<Record<string, string>>): Promise<string> {
  const wrapped = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, secret(value)]));
  const answer = await appPassword.connect(wrapped, world.authContext("app_password"));
  if (answer.ok) return "connected";
  return answer.error.kind === "content_rejected" ? answer.error.field : answer.error.kind;
}

test("a wrong password, an empty handle and a bad server are each told at their own field", async () => {
  const world = newWorld();
  const good = typed(world);
  assert.equal(await rejectedField(world, good), "connected");
  assert.equal(await rejectedField(world, { ...good, identifier: `@${good.identifier}` }), "connected");
  assert.equal(await rejectedField(world, { ...good, appPassword: "aaaa-bbbb-cccc-dddd" }), "appPassword");
  assert.equal(await rejectedField(world, { ...good, identifier: " " }), "identifier");
  assert.equal(await rejectedField(world, { identifier: "ida.bsky.social" }), "appPassword");
  assert.equal(await rejectedField(world, { ...good, service: "not an address" }), "service");
});

test("the account is named by its DID and its own server, and carries no password", async () => {
  const world = newWorld();
  const fields = typed(world);
  const { account, credentials } = await connectWithKeys(world, "app_password", fields);
  assert.match(account.externalId, /^did:plc:/);
  assert.match(String(account.extras.pds), /^https:\/\/[a-z]+\..*host\.bsky\.network$/);
  const kept = [credentials.accessToken, credentials.refreshToken, ...Object.values(credentials.extra ?? {})];
  assert.ok(kept.every((value) => value?.reveal() !== fields.appPassword));
});

test("connecting and health need no AppView", async () => {
  const world = newWorld();
  world.sim.arm({ fault: "replace", status: 502, times: "always", match: { host: "public.api.bsky.app" } });
  const connected = await connectWithKeys(world, "app_password", typed(world));
  assert.equal(connected.account.name, connected.account.handle);
  const well = await bluesky.health(world.context(connected, "none"));
  assert.ok(well.ok && well.value.name === connected.account.handle);
});

test("where the account's own server cannot be reached, the typed one is used", async () => {
  const world = newWorld();
  world.sim.arm({ fault: "drop", match: { path: "com.atproto.server.getSession" } });
  const { account } = await connectWithKeys(world, "app_password", typed(world));
  assert.equal(account.extras.pds, "https://bsky.social");
});

/** A world whose answers come from a table of method names and addresses; what is not in it cannot be reached. */
function answering(table: Readonly<Record<string, unknown>>): { http: ConnectorHttp; asked: string[] } {
  const asked: string[] = [];
  const http: ConnectorHttp = {
    request: async ({ url, effect = "invisible" }) => {
      asked.push(url);
      const json = table[url] ?? table[url.split("/xrpc/").at(-1) ?? ""];
      if (json === undefined) return fail({ kind: "unavailable", message: "The platform could not be reached." });
      const answer = { headers: {}, text: JSON.stringify(json), json, effect };
      return ok(
        typeof json === "number"
          ? { ...answer, status: json, text: "<html>", json: undefined }
          : { ...answer, status: 200 },
      );
    },
  };
  return { http, asked };
}

const plc = (did: string, pds: string, ...handles: string[]) => ({
  [`https://plc.directory/${did}`]: {
    id: did,
    alsoKnownAs: handles.map((handle) => `at://${handle}`),
    service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: pds }],
  },
});
const claimed = (did: string, handle = "ida.test") => ({
  "com.atproto.server.createSession": { accessJwt: "a", refreshJwt: "r", did, handle, active: true },
});
const typedAt = (service: string) => ({
  service: secret(service),
  identifier: secret("ida.test"),
  appPassword: secret("x"),
});

test("an account's own server is asked for in the directory, whatever the server that answered says", async () => {
  const did = "did:plc:ida";
  const { http } = answering({
    ...claimed(did),
    ...plc(did, "https://pds.example", "ida.test"),
    "com.atproto.server.getSession": { did, handle: "ida.test" },
  });
  const ctx = { ...newWorld().authContext("app_password"), http };
  const granted = await appPassword.connect(typedAt("pds.example"), ctx);
  assert.ok(granted.ok, JSON.stringify(granted));
  const [account] = await appPassword.accounts(granted.value, ctx).then((found) => (found.ok ? found.value : []));
  assert.equal(account?.extras.pds, "https://pds.example");
  assert.equal(account?.credentials.extra, undefined, "the server's address is no secret");
});

test("a server that claims somebody else's account connects nothing", async () => {
  const victim = "did:plc:victim";
  const home = "https://home.example";
  const rejects = { error: "InvalidToken", message: "no" };
  const lying = async (table: Readonly<Record<string, unknown>>, service = "https://evil.example") => {
    const { http, asked } = answering({ ...claimed(victim, "victim.test"), ...table });
    const answer = await appPassword.connect(typedAt(service), { ...newWorld().authContext("app_password"), http });
    assert.ok(!answer.ok, "nothing is connected");
    return { error: answer.error, asked };
  };
  const elsewhere = await lying({ ...plc(victim, home), [`${home}/xrpc/com.atproto.server.getSession`]: rejects });
  assert.ok(elsewhere.error.kind === "content_rejected" && elsewhere.error.field === "service");
  assert.match(elsewhere.error.message, /lives at home\.example/);
  const other = { did: "did:plc:other", handle: "other.test" };
  const mixed = await lying({ ...plc(victim, home), [`${home}/xrpc/com.atproto.server.getSession`]: other });
  assert.equal(mixed.error.kind, "content_rejected");
  assert.equal((await lying({ [`https://plc.directory/${victim}`]: 404 })).error.kind, "content_rejected");
  assert.equal((await lying({})).error.kind, "unavailable", "a directory that cannot be asked proves nothing");
  assert.equal((await lying(plc(victim, home))).error.kind, "unavailable", "nor does a home that cannot be asked");
  const forged = {
    [`https://plc.directory/${victim}`]: {
      id: "did:plc:evil",
      service: [{ id: "#atproto_pds", serviceEndpoint: "https://evil.example" }],
    },
  };
  assert.equal((await lying(forged)).error.kind, "content_rejected");
});

test("an id of the web is resolved at its own host, and one of another kind nowhere", async () => {
  const did = "did:web:ida.example";
  const doc = { id: did, service: [{ id: `${did}#atproto_pds`, serviceEndpoint: "https://pds.example" }] };
  const { http, asked } = answering({ ...claimed(did), "https://ida.example/.well-known/did.json": doc });
  const granted = await appPassword.connect(typedAt("https://pds.example"), {
    ...newWorld().authContext("app_password"),
    http,
  });
  assert.ok(granted.ok, JSON.stringify(granted));
  assert.ok(asked.includes("https://ida.example/.well-known/did.json"));
});

test("a handle the account does not list is not shown", async () => {
  const did = "did:plc:ida";
  const { http } = answering({ ...claimed(did, "famous.example"), ...plc(did, "https://pds.example", "ida.test") });
  const granted = await appPassword.connect(typedAt("pds.example"), {
    ...newWorld().authContext("app_password"),
    http,
  });
  assert.ok(granted.ok && granted.value.subject.name === "ida.test");
});

test("whoever is meant is understood, however it was copied", () => {
  for (const [typedText, meant] of [
    ["ida.bsky.social", "ida.bsky.social"],
    [" @Ida.bsky.social ", "ida.bsky.social"],
    ["https://bsky.app/profile/ida.bsky.social", "ida.bsky.social"],
    ["http://www.bsky.app/profile/@ida.bsky.social/post/3k?x=1#y", "ida.bsky.social"],
    ["bsky.app/profile/ida.bsky.social/", "ida.bsky.social"],
    ["https://bsky.app/profile/%40ida.bsky.social", "ida.bsky.social"],
    ["https://bsky.app/profile/did:plc:abc234", "did:plc:abc234"],
    ["https://ida.example/", "ida.example"],
    ["at://ida.example/app.bsky.feed.post/3k", "ida.example"],
    ["\u200e@ida.bsky.social\u202c\u200f", "ida.bsky.social"],
    ["ida . bsky . social", "ida.bsky.social"],
    ["\tida.bsky.social\n", "ida.bsky.social"],
    ["＠ida.bsky.social", "ida.bsky.social"],
    ["ida.bsky.social.", "ida.bsky.social"],
    ["ida", "ida.bsky.social"],
    ["@Ida", "ida.bsky.social"],
    ["ida@example.com", "ida@example.com"],
    ["did:web:ida.example", "did:web:ida.example"],
    ["", undefined],
    ["@", undefined],
    ["ida_b.example", undefined],
    ["https://bsky.app/profile/", undefined],
  ] as const)
    assert.equal(accountNamed(typedText), meant, JSON.stringify(typedText));
  assert.equal(accountNamed("ida", "https://pds.example"), undefined, "another server has no names of Bluesky's");
});

test("a wrong password is named only where the server says so", async () => {
  const connectAt = async (status: number, json: unknown) => {
    const http: ConnectorHttp = {
      request: async () => ok({ status, headers: {}, text: "", json, effect: "none" }),
    };
    const answer = await appPassword.connect(typedAt("pds.example"), {
      ...newWorld().authContext("app_password"),
      http,
    });
    assert.ok(!answer.ok);
    return answer.error.kind === "content_rejected" ? answer.error.field : answer.error.kind;
  };
  assert.equal(
    await connectAt(401, { error: "AuthenticationRequired", message: "Invalid identifier or password" }),
    "appPassword",
  );
  assert.equal(
    await connectAt(401, { error: "AccountTakedown", message: "Account has been taken down" }),
    "account_blocked",
  );
  assert.equal(await connectAt(429, { error: "RateLimitExceeded" }), "rate_limited");
  assert.equal(await connectAt(503, undefined), "unavailable");
  assert.equal(await connectAt(400, { error: "InvalidRequest", message: "no" }), "identifier");
  for (const status of [200, 204, 401, 403, 404]) assert.equal(await connectAt(status, undefined), "service");
});

test("an account that is taken down, deactivated or deleted is never healthy, and the sign-in is not blamed", async () => {
  const world = newWorld();
  const connected = await connectWithKeys(world, "app_password", typed(world));
  const session = { did: connected.account.externalId, handle: "ida.test" };
  const health = async (status: number, json: unknown) => {
    const http: ConnectorHttp = { request: async () => ok({ status, headers: {}, text: "", json, effect: "none" }) };
    const answer = await bluesky.health({ ...world.context(connected, "none"), http });
    return answer.ok ? "healthy" : answer.error.kind;
  };
  assert.equal(await health(200, { ...session, active: true }), "healthy");
  for (const status of ["deactivated", "takendown", "suspended", "deleted", "desynchronized", undefined])
    assert.equal(await health(200, { ...session, active: false, status }), "account_blocked", status ?? "no status");
  const gone = `Could not find user info for account: ${session.did}`;
  assert.equal(await health(400, { error: "InvalidRequest", message: gone }), "account_blocked");
  for (const error of ["AccountTakedown", "AccountDeactivated", "AccountSuspended", "AccountNotFound"])
    assert.equal(await health(401, { error }), "account_blocked", error);
  assert.equal(await health(400, { error: "ExpiredToken" }), "auth_expired");
  assert.equal(await health(502, undefined), "unavailable");
});

test("ending one account's session leaves the other's alone", async () => {
  const world = newWorld();
  const ida = await connectWithKeys(world, "app_password", typed(world));
  const bo = await connectWithKeys(world, "app_password", typed(world));
  const ended = await appPassword.revoke?.(world.signInContext(ida, "visible"));
  assert.ok(ended?.ok);
  const renewed = async (connected: typeof ida) =>
    (await appPassword.refresh?.(world.signInContext(connected, "none")))?.ok;
  assert.deepEqual([await renewed(ida), await renewed(bo)], [false, true]);
});

test("a sign-in is renewed and ended at the server it told of, and no account is needed for it", async () => {
  const world = newWorld();
  const ida = await connectWithKeys(world, "app_password", typed(world));
  const asked: string[] = [];
  const http: ConnectorHttp = {
    request: async ({ url }) => {
      asked.push(url);
      return fail({ kind: "unavailable", message: "not now" });
    },
  };
  const signIn = { subject: ida.account.externalId, extras: { pds: "https://pds.example/" } };
  const ctx = { ...world.signInContext({ ...ida, signIn }, "none"), http };
  assert.equal("account" in ctx, false);
  await appPassword.refresh?.(ctx);
  await appPassword.revoke?.(ctx);
  assert.deepEqual(asked, [
    "https://pds.example/xrpc/com.atproto.server.refreshSession",
    "https://pds.example/xrpc/com.atproto.server.deleteSession",
  ]);
});

test("a page instead of an answer does not count as a session that has ended", async () => {
  const world = newWorld();
  const connected = await connectWithKeys(world, "app_password", typed(world));
  const ended = async (status: number, text: string, json?: unknown) => {
    const http: ConnectorHttp = { request: async () => ok({ status, headers: {}, text, json, effect: "invisible" }) };
    return (await appPassword.revoke?.({ ...world.signInContext(connected, "none"), http }))?.ok;
  };
  assert.equal(await ended(200, ""), true);
  assert.equal(await ended(400, "", { error: "ExpiredToken" }), true);
  assert.equal(await ended(200, "<html>Welcome"), false);
  assert.equal(await ended(401, ""), false);
});

test("only the server itself ends a sign-in: a bare 401 or a page on the way renews nothing and loses nothing", async () => {
  const world = newWorld();
  const connected = await connectWithKeys(world, "app_password", typed(world));
  const refresh = async (status: number, json?: unknown) => {
    const http: ConnectorHttp = { request: async () => ok({ status, headers: {}, text: "", json, effect: "none" }) };
    const answer = await appPassword.refresh?.({ ...world.signInContext(connected, "none"), http });
    return answer && !answer.ok ? answer.error.kind : "renewed";
  };
  assert.equal(await refresh(400, { error: "ExpiredToken", message: "Token has been revoked" }), "auth_revoked");
  assert.equal(await refresh(401, { error: "AccountTakedown" }), "account_blocked");
  assert.equal(await refresh(401), "unavailable");
  for (const status of [200, 204, 302, 403, 404]) assert.equal(await refresh(status), "unavailable", `${status}`);
});

test("a public host that asks for a sign-in never makes the account look signed out", async () => {
  const world = newWorld();
  const connected = await connectWithKeys(world, "app_password", typed(world));
  const http: ConnectorHttp = {
    request: async () => ok({ status: 401, headers: {}, text: "", json: { error: "AuthMissing" }, effect: "none" }),
  };
  const ctx = { ...world.context(connected, "none"), http };
  const ref = { externalId: "at://did:plc:ida/app.bsky.feed.post/2222222222222", format: "text" };
  const numbers = await bluesky.numbers?.posts?.([ref], ctx);
  assert.ok(numbers && !numbers.ok && numbers.error.kind === "unavailable");
});

test("only an https server in the DID document is taken", () => {
  const doc = (serviceEndpoint: unknown, id = "#atproto_pds") => ({ service: [{ id, serviceEndpoint }] });
  assert.equal(pdsFromDidDoc(doc("https://pds.example/")), "https://pds.example");
  assert.equal(pdsFromDidDoc(doc("https://pds.example", "did:plc:abc#atproto_pds")), "https://pds.example");
  assert.equal(pdsFromDidDoc(doc("http://pds.lan:2583"), "http://pds.lan:2583"), "http://pds.lan:2583");
  assert.equal(pdsFromDidDoc(doc("http://other.lan"), "http://pds.lan:2583"), undefined);
  for (const bad of [
    doc("http://localhost:2583"),
    doc("https://u@pds.example"),
    doc(5),
    doc("https://x.example", "#other"),
    {},
    null,
  ])
    assert.equal(pdsFromDidDoc(bad), undefined, JSON.stringify(bad));
});

test("a server may be typed with or without https, and empty means Bluesky's own", () => {
  assert.equal(serviceOrigin(undefined), "https://bsky.social");
  assert.equal(serviceOrigin("  "), "https://bsky.social");
  assert.equal(serviceOrigin("pds.example/"), "https://pds.example");
  assert.equal(serviceOrigin("https://pds.example:8443/x"), "https://pds.example:8443");
  assert.equal(serviceOrigin("\u200ehttps://bsky.app/ "), "https://bsky.social");
  for (const bad of ["ftp://pds.example", "https://u:p@pds.example", "a b"])
    assert.equal(serviceOrigin(bad), undefined, bad);
});

test("a refresh that answers for another account is refused", async () => {
  const world = newWorld();
  const ida = await connectWithKeys(world, "app_password", typed(world));
  const bo = await connectWithKeys(world, "app_password", typed(world));
  const mixed = { ...ida, credentials: bo.credentials };
  const answer = await appPassword.refresh?.(world.signInContext(mixed, "none"));
  assert.ok(answer && !answer.ok && answer.error.kind === "unexpected_response");
});
