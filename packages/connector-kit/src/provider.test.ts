import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { barePlatform, bareProvider, barePublishing, bareSignIn } from "./conformance/bare-provider.ts";
import type { AuthContext } from "./context.ts";
import type { Platform } from "./platform.ts";
import { defineProvider, type Provider, scopesFor, signInsOf, usedScopes } from "./provider.ts";
import type { Format, Step } from "./publish.ts";
import { secret } from "./secret.ts";
import { type OAuth2SignIn, ownAccounts } from "./sign-in.ts";

const never = () => Promise.reject(new Error("nothing is called here"));
const step = (over: Partial<Step<object>> = {}): Step<object> => ({
  name: "send",
  effect: "visible",
  repeatable: true,
  done: () => true,
  run: async () => ok({ state: {} }),
  probe: never,
  ...over,
});
const format = (...steps: readonly Step<object>[]): Format => ({
  label: "Text",
  media: { min: 0, max: 0 },
  start: () => ({}),
  steps,
});
const text = format(step());
const platform = barePlatform({ id: "board", publishing: barePublishing({ text }) });
const oauth: OAuth2SignIn = {
  kind: "oauth2",
  id: "login",
  label: "Login",
  app: "board",
  scopes: { required: ["read"], optional: ["write"] },
  start: never,
  finish: never,
  accounts: never,
};
const provider = bareProvider([platform], { apps: [{ id: "board", fields: [] }], signIns: [bareSignIn, oauth] });
const withPlatform = (change: Partial<Platform>): Provider => ({
  ...provider,
  platforms: [{ ...platform, ...change }],
});
const withPublishing = (over: object): Provider => withPlatform({ publishing: { ...platform.publishing, ...over } });

test("a whole provider is taken as it is", () => {
  assert.equal(defineProvider(provider), provider);
});

const refused: readonly (readonly [string, Provider, RegExp])[] = [
  ["an id that is none", { ...provider, id: "Board!" }, /no provider id/],
  ["no host", { ...provider, hosts: [] }, /names no host/],
  ["no platform", { ...provider, platforms: [] }, /has no platform/],
  ["two platforms of one id", { ...provider, platforms: [platform, platform] }, /two platforms are named board/],
  ["two sign-ins of one id", { ...provider, signIns: [oauth, oauth] }, /two sign-ins are named login/],
  ["an app nobody declared", { ...provider, apps: [] }, /login uses the app board, which is not declared/],
  [
    "a sign-in to a platform nobody declared",
    { ...provider, signIns: [{ ...oauth, platforms: ["elsewhere"] }, bareSignIn] },
    /opens elsewhere, which is not declared/,
  ],
  [
    "an address outside the callbacks",
    { ...provider, signIns: [{ ...oauth, redirectPath: "/anywhere" }] },
    /not under \/api\/oauth\//,
  ],
  ["a platform of somebody else", withPlatform({ provider: "other" }), /names other as its provider/],
  ["a platform nobody can sign in to", { ...provider, signIns: [] }, /no sign-in opens it/],
  [
    "scopes nobody asks for",
    withPlatform({ requiredScopes: { login: ["admin"] } }),
    /board: login does not ask for admin/,
  ],
  ["scopes of an unknown sign-in", withPlatform({ requiredScopes: { other: [] } }), /requires scopes of other/],
  ["a format without steps", withPublishing({ formats: { text: format() } }), /text has no steps/],
  [
    "two steps of one name",
    withPublishing({ formats: { text: format(step(), step()) } }),
    /two steps of text are named send/,
  ],
  ["an edit of no format", withPublishing({ edit: { formats: ["poem"], run: never } }), /edit names poem/],
  [
    "a price in parts of a millionth",
    withPlatform({ prices: [{ call: "post", label: "Post", usdMicros: 0.5, since: "2026-04-20" }] }),
    /the price of post is no whole number/,
  ],
  [
    "two prices of one call",
    withPlatform({
      prices: [1, 2].map((usdMicros) => ({ call: "post", label: "Post", usdMicros, since: "2026-04-20" })),
    }),
    /two prices are named post/,
  ],
  ["a thread of no format", withPublishing({ parts: { formats: ["poem"] } }), /parts names poem/],
  ["an alias that leads nowhere", withPublishing({ aliases: { post: "poem" } }), /alias post stands for poem/],
  ["an alias that hides a format", withPublishing({ aliases: { text: "text" } }), /alias text is the name of a format/],
  [
    "an option that names a file and does not say so",
    withPublishing({ options: z.object({ coverMediaId: z.string() }) }),
    /coverMediaId names a file/,
  ],
  [
    "renewing what is not subscribed",
    { ...provider, webhooks: { verify: () => ({ kind: "accepted" }), parse: () => [], renew: never } },
    /have to be subscribed/,
  ],
];
for (const [name, wrong, words] of refused)
  test(`a provider with ${name} is refused, and the place is named`, () => {
    assert.throws(() => defineProvider(wrong), words);
    assert.throws(() => defineProvider(wrong), new RegExp(`^Error: ${wrong.id.replace("!", "\\!")}: `));
  });

test("a visible step that cannot be looked at is refused, a repeatable one too: its job may be live until a look", () => {
  for (const repeatable of [false, true]) {
    const { probe: _probe, ...blind } = step({ repeatable });
    const provider = withPublishing({ formats: { text: format(blind) } });
    assert.throws(() => defineProvider(provider), /text\.send: .* needs a probe/);
  }
});

test("a platform that does nothing is refused", () => {
  const { publishing: _gone, ...idle } = platform;
  assert.throws(() => defineProvider({ ...provider, platforms: [idle] }), /board: it does nothing/);
});

test("a platform sees the sign-ins that open it, and its own scopes among theirs", () => {
  const signIns = [oauth, { ...bareSignIn, platforms: ["elsewhere"] }];
  assert.deepEqual(signInsOf({ signIns }, "board"), [oauth]);
  assert.deepEqual(scopesFor(oauth, { requiredScopes: { login: ["write"] } }), {
    required: ["write"],
    optional: ["read"],
  });
  assert.equal(scopesFor(oauth, {}), oauth.scopes);
});

test("what a platform makes use of is asked for again, and nothing of its neighbours", () => {
  assert.deepEqual(usedScopes(oauth, {}), [...oauth.scopes.required, ...oauth.scopes.optional]);
  const facts = { requiredScopes: { login: ["write"] } };
  assert.deepEqual(usedScopes(oauth, facts), ["write", "read"]);
  assert.deepEqual(usedScopes(oauth, { ...facts, optionalScopes: { login: ["numbers"] } }), ["write", "numbers"]);
});

test("an account that signs in itself stands on every platform of the sign-in, with what was granted", async () => {
  const credentials = { accessToken: secret("t") };
  const subject = { externalId: "7", name: "Ida Holm" };
  const granted = { subject, credentials, scopes: [], extras: { instance: "north" } };
  const found = await ownAccounts("profile", "board", "shelf")(granted, {} as AuthContext);
  const common = { ...subject, kind: "profile", extras: { instance: "north" }, credentials, missingScopes: [] };
  assert.deepEqual(found, ok(["board", "shelf"].map((platform) => ({ ...common, platform }))));
});

test("options that no client could make a form of are refused when the server starts, and not in somebody's request", () => {
  const broken = z.object({
    get size(): z.ZodType {
      throw new Error("no size");
    },
  });
  assert.throws(() => defineProvider(withPublishing({ options: broken })), /size|told as JSON Schema/);
});
