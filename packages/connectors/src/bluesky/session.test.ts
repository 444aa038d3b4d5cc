import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectorHttp, secret } from "@postd/connector-kit";
import { connectWithKeys, createWorld, type World } from "@postd/connector-kit/conformance";
import { ok } from "@postd/contracts";
import { bluesky } from "./connector.ts";
import { appPassword, pdsFromDidDoc, serviceOrigin } from "./session.ts";
import { simulators } from "./simulator.ts";

const [simulator] = simulators;
assert.ok(simulator);
const newWorld = () => createWorld(bluesky, simulator);

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

test("a server that sends no DID document is used itself", async () => {
  const world = newWorld();
  const session = { accessJwt: "a", refreshJwt: "r", did: "did:plc:ida", handle: "ida.test" };
  const http: ConnectorHttp = {
    request: async ({ url }) =>
      ok({
        status: 200,
        headers: {},
        text: "",
        json: url.endsWith("getSession") ? session : { ...session, active: true },
        effect: "none",
      }),
  };
  const ctx = { ...world.authContext("app_password"), http };
  const typedIn = { service: secret("pds.example"), identifier: secret("ida.test"), appPassword: secret("x") };
  const granted = await appPassword.connect(typedIn, ctx);
  assert.ok(granted.ok, JSON.stringify(granted));
  const [account] = await appPassword.accounts(granted.value, ctx).then((found) => (found.ok ? found.value : []));
  assert.equal(account?.extras.pds, "https://pds.example");
});

test("a public host that asks for a sign-in never makes the account look signed out", async () => {
  const world = newWorld();
  const connected = await connectWithKeys(world, "app_password", typed(world));
  const http: ConnectorHttp = {
    request: async () => ok({ status: 401, headers: {}, text: "", json: { error: "AuthMissing" }, effect: "none" }),
  };
  const ctx = { ...world.context(connected, "none"), http };
  const ref = { externalId: "at://did:plc:ida/app.bsky.feed.post/2222222222222", format: "text" };
  const numbers = await bluesky.analytics?.post?.(ref, ctx);
  assert.ok(numbers && !numbers.ok && numbers.error.kind === "unavailable");
});

test("only an https server in the DID document is taken", () => {
  const doc = (serviceEndpoint: unknown, id = "#atproto_pds") => ({ service: [{ id, serviceEndpoint }] });
  assert.equal(pdsFromDidDoc(doc("https://pds.example/")), "https://pds.example");
  assert.equal(pdsFromDidDoc(doc("https://pds.example", "did:plc:abc#atproto_pds")), "https://pds.example");
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
  for (const bad of ["ftp://pds.example", "https://u:p@pds.example", "a b"])
    assert.equal(serviceOrigin(bad), undefined, bad);
});

test("a refresh that answers for another account is refused", async () => {
  const world = newWorld();
  const ida = await connectWithKeys(world, "app_password", typed(world));
  const bo = await connectWithKeys(world, "app_password", typed(world));
  const mixed = { account: ida.account, credentials: bo.credentials };
  const answer = await appPassword.refresh?.(world.context(mixed, "none"));
  assert.ok(answer && !answer.ok && answer.error.kind === "unexpected_response");
});
