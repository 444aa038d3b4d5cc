import assert from "node:assert/strict";
import { test } from "node:test";
import type { FoundAccount } from "@postd/connector-kit";
import { createWorld } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";
import { provider } from "../provider.ts";
import { connect, findLocations, simulator } from "./connect-harness.ts";
import { businessProfile } from "./platform.ts";
import { businessSignIn, permissions } from "./sign-in.ts";
import { readVoice } from "./voice.ts";

const redirectUri = "https://postd.example/api/oauth/google/callback";

/** A person at Google's page, with what they tick, until the browser is back. */
async function signIn(ticked: readonly string[], asPerson?: string) {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const made = world.sim.simulator.createAccount({ name: "Ida Holm" });
  const ctx = world.authContext(businessSignIn.id);
  const scopes = businessSignIn.scopes.required;
  const started = await businessSignIn.start({ redirectUri, state: "state-1", scopes, fields: {} }, ctx);
  assert.ok(started.ok, JSON.stringify(started));
  const { url, keep = {} } = started.value;
  const form = new URLSearchParams(url.searchParams);
  form.set("person", asPerson ?? String(made.extra?.subject));
  form.set("listed", "1");
  form.set("decision", "continue");
  for (const scope of ticked) form.append("scope_granted", scope);
  const answer = await world.sim.handle({
    method: "POST",
    host: url.host,
    path: url.pathname,
    query: new URLSearchParams(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    rawBody: new TextEncoder().encode(form.toString()),
  });
  assert.ok(typeof answer === "object" && answer.headers, "Google did not lead back");
  const back = Object.entries(answer.headers).find(([name]) => name.toLowerCase() === "location")?.[1];
  const callback = Object.fromEntries(new URL(back ?? "").searchParams);
  const finished = await businessSignIn.finish({ callback, redirectUri, state: "state-1", fields: {}, keep }, ctx);
  return { world, url, finished, made };
}

test("a sign-in asks for one scope and for a token that lasts, and is named after the person's own account", async () => {
  const { url, finished, made } = await signIn(businessSignIn.scopes.required);
  const { access_type, prompt, scope, code_challenge_method } = Object.fromEntries(url.searchParams);
  assert.deepEqual(
    [access_type, prompt, scope, code_challenge_method],
    ["offline", "consent", "https://www.googleapis.com/auth/business.manage", "S256"],
  );
  assert.ok(finished.ok, JSON.stringify(finished));
  const { externalId, name } = finished.value.subject;
  assert.ok(/^accounts\/\d+$/.test(externalId) && externalId !== made.extra?.account, "no group of locations");
  assert.equal(name, "Ida Holm");
  assert.ok(finished.value.credentials.refreshToken);
});

test("an unticked permission is named, and nothing is connected", async () => {
  // Somebody who has not granted it before: what was granted once is granted again.
  const { finished } = await signIn([], "100000000000000000002");
  assert.ok(!finished.ok, "it was connected all the same");
  assert.ok(["scope_missing", "auth_revoked"].includes(finished.error.kind), JSON.stringify(finished.error));
});

test("a person without a location is told so", async () => {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const { found, made } = await findLocations(world);
  await world.sim.simulator.act?.("removeMember", {
    account: String(made.extra?.account),
    person: String(made.extra?.subject),
  } satisfies JsonObject);
  const told = await found();
  assert.ok(!told.ok && told.error.kind === "content_rejected", JSON.stringify(told));
  assert.match(told.error.message, /manages no location/);
});

test("a location Google has not verified is connected, told of, and neither posted to nor answered from", async () => {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const { found, made } = await findLocations(world);
  await world.sim.simulator.act?.("setVoice", { location: made.id, hasVoice: false });
  const all = await found();
  assert.ok(all.ok, JSON.stringify(all));
  const [one] = all.value as readonly FoundAccount[];
  assert.ok(one && one.blocked === undefined);
  const rights = permissions(one);
  assert.deepEqual(
    rights?.missing.map(({ facet }) => facet),
    ["publishing", "inbox"],
  );
  assert.match(rights?.missing[0]?.message ?? "", /its owner verifies it at https:\/\/business\.google\.com/);
  const { externalId, kind, name, extras, credentials } = one;
  const account = { externalId, kind, authKind: businessSignIn.id, name, extras };
  const well = () => businessProfile.health(world.context({ account, credentials }, "none"));
  const before = await well();
  assert.ok(before.ok && before.value.notes?.length === 1 && before.value.extras?.isVerified === false);
  await world.sim.simulator.act?.("setVoice", { location: made.id, hasVoice: true });
  const after = await well();
  assert.ok(after.ok && after.value.notes === undefined, "it is seen by itself");
  assert.deepEqual(permissions({ extras: { ...extras, ...after.value.extras } })?.missing, []);
});

test("why a business may not speak for its location is told, as far as Google tells it", async () => {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const connected = await connect(world);
  const location = { name: connected.account.externalId, hasVoice: undefined };
  const ask = (json: JsonObject, status = 200) => {
    const ctx = world.context(connected, "none", {
      effectCalls: 0,
      tamper: (answer) => ({ ...answer, status, json, text: JSON.stringify(json) }),
    });
    return readVoice(ctx, location, connected.credentials);
  };
  for (const [json, value] of [
    [{ hasVoiceOfMerchant: true, hasBusinessAuthority: true }, { isVerified: true }],
    [{ waitForVoiceOfMerchant: {} }, { isVerified: false, lacks: "waitForVoiceOfMerchant" }],
    [
      { complyWithGuidelines: { recommendationReason: "BUSINESS_LOCATION_SUSPENDED" } },
      { isVerified: false, lacks: "complyWithGuidelines" },
    ],
    [{}, { isVerified: false }],
  ] as const)
    assert.deepEqual(await ask(json), { ok: true, value });
  const reason = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SERVICE_DISABLED" };
  const disabled = { error: { code: 403, message: "disabled", status: "PERMISSION_DENIED", details: [reason] } };
  assert.deepEqual(await ask(disabled, 403), { ok: true, value: {} }, "where that API is not enabled nothing is known");
  const away = await ask({}, 503);
  assert.ok(!away.ok && away.error.kind === "unavailable");
});

test("an account that may not be read, or a location nobody tells of, hides no other", async () => {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const { found, made } = await findLocations(world);
  const act = async (name: string, about: JsonObject) => world.sim.simulator.act?.(name, about);
  const added = await act("addAccounts", { person: String(made.extra?.subject), names: ["Closed"] });
  const [closed = ""] = (added as { accounts: string[] }).accounts;
  await act("addLocations", { account: closed, titles: ["Hidden"] });
  world.sim.arm({ fault: "platformError", name: "PERMISSION_DENIED", match: { path: `${closed}/locations$` } });
  await act("setVoice", { location: made.id, hasVoice: false });
  world.sim.arm({ fault: "platformError", name: "NOT_FOUND", match: { path: "VoiceOfMerchantState$" } });
  const all = await found();
  assert.ok(all.ok, JSON.stringify(all));
  const [one, ...others] = all.value;
  assert.ok(one && made.id.endsWith(one.externalId) && others.length === 0, JSON.stringify(all.value));
  assert.equal(one.extras.isVerified, undefined, "nobody knows");
  world.sim.arm({ fault: "platformError", name: "PERMISSION_DENIED", times: 3, match: { path: "/locations$" } });
  const none = await found();
  assert.ok(!none.ok && none.error.kind === "scope_missing", "where nothing can be read that is said");
});

test("more locations nobody speaks for than Google may be asked about are connected all the same", async () => {
  const world = createWorld({ provider, platform: businessProfile }, simulator);
  const { found, made } = await findLocations(world);
  const titles = Array.from({ length: 5 }, (_, at) => `Shop ${at}`);
  await world.sim.simulator.act?.("addLocations", { account: String(made.extra?.account), titles, hasVoice: false });
  const path = "VoiceOfMerchantState$";
  world.sim.arm({ fault: "rateLimited", times: 5, match: { path } });
  const all = await found();
  assert.ok(all.ok && all.value.length === 6, JSON.stringify(all));
  assert.equal(world.sim.requests().filter((one) => new RegExp(path).test(one.path)).length, 1);
});

test("what Google does not tell of a location hides nothing", () => {
  assert.equal(permissions({ extras: { account: "accounts/1" } }), undefined);
});
