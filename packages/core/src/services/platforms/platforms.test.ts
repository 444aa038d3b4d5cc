import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry, type KeysSignIn, type OAuth2SignIn, type Platform, type Provider } from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { ok, PlatformView } from "@postd/contracts";
import { z } from "zod";
import { type PlatformFacts, plannedMatrix, platformMatrix } from "./platforms.ts";

const never = async () => {
  throw new Error("the matrix must not call a connector");
};
const auth: KeysSignIn = {
  id: "app_password",
  kind: "keys",
  label: "App password",
  scopes: { required: [], optional: [] },
  fields: [{ name: "password", label: "Password", secret: true, required: true }],
  accounts: never,
  connect: never,
  refresh: never,
  revoke: never,
};
const format = (label: string) => ({
  label,
  media: { min: 0, max: 4, image: { mimeTypes: ["image/png"], maxBytes: 1_000_000 } },
  start: () => ({}),
  steps: [
    { name: "send", effect: "none" as const, repeatable: true, done: () => true, run: async () => ok({ state: {} }) },
  ],
});
const publishing = barePublishing(
  { text: format("Text"), photo: format("Photo") },
  {
    options: z.object({ title: z.string().max(100).describe("Title"), isPrivate: z.boolean().optional() }),
    aliases: { post: "text" },
    schedule: { minLeadMs: 0, maxLeadMs: 1, formats: ["text"], verify: never, cancel: never, move: never },
    edit: { formats: ["text"], run: never },
    remove: { formats: ["text", "photo"], run: never },
    trial: { formats: ["text"], to: "email", max: 5, run: never },
    destinations: { label: "Board", required: true, list: never },
    accountLimits: never,
    parts: { max: 10 },
    mentions: {},
  },
);
const platform = barePlatform({
  id: "example",
  publishing,
  source: { browse: never, read: never },
  numbers: { delayMs: 0, posts: never, account: never, site: never },
  inbox: { lists: "account", list: never },
  audience: { find: never },
  health: never,
});
const events: NonNullable<Provider["webhooks"]> = { verify: () => ({ kind: "accepted" }), parse: () => [] };
const full = bareProvider([platform], {
  hosts: ["example.com"],
  apiVersion: { current: "2", sunsetAt: "2027-01-01" },
  signIns: [auth],
  webhooks: events,
});
const without = <T extends object, K extends keyof T>(from: T, name: K): Omit<T, K> => {
  const { [name]: _gone, ...rest } = from;
  return rest;
};
const withPlatform = (changed: Platform): Provider => ({ ...full, platforms: [changed] });
/** The provider without one function of its publishing. */
const unable = (name: keyof typeof publishing): Provider =>
  withPlatform({ ...platform, publishing: without(publishing, name) as typeof publishing });
const facts: PlatformFacts = {
  isSimulated: () => true,
  isConfigured: () => true,
  apiVersion: (provider) => provider.apiVersion.current,
  health: () => "ok",
};
function viewOf(provider: Provider, changed: Partial<PlatformFacts> = {}): PlatformView {
  const [view] = platformMatrix(createRegistry([provider]), { ...facts, ...changed });
  assert.ok(view);
  return view;
}

test("everything a connector has is in the matrix, in the form the API promises", () => {
  const view = viewOf(full);
  assert.deepEqual(PlatformView.parse(view), view);
  assert.deepEqual(view.supports, {
    productTags: false,
    trendingAudio: false,
    scheduling: true,
    editing: true,
    deletion: true,
    reply: false,
    stream: false,
    edit: ["text"],
    delete: ["text", "photo"],
    nativeSchedule: ["text"],
    trial: ["text"],
    takes: ["parts", "mentions"],
    accountLimits: true,
    postAnalytics: true,
    accountAnalytics: true,
    siteAnalytics: true,
    source: true,
    inbox: true,
    audience: true,
    webhooks: true,
    refresh: true,
    revoke: true,
  });
  assert.deepEqual(
    view.formats.map(({ id, aliases }) => [id, aliases]),
    [
      ["text", ["post"]],
      ["photo", undefined],
    ],
  );
  assert.deepEqual(view.destinations, { label: "Board", required: true });
  const schema = z.object({ required: z.array(z.string()), properties: z.record(z.string(), z.unknown()) });
  const options = schema.parse(view.optionsSchema);
  assert.deepEqual(options.required, ["title"]);
  assert.deepEqual(Object.keys(options.properties), ["title", "isPrivate"]);
});

const { numbers } = platform;
const cases: readonly (readonly [string, Provider, (view: PlatformView) => unknown])[] = [
  ["edit", unable("edit"), (view) => view.supports.edit.length > 0],
  ["remove", unable("remove"), (view) => view.supports.delete.length > 0],
  ["schedule", unable("schedule"), (view) => view.supports.nativeSchedule.length > 0],
  ["trial", unable("trial"), (view) => view.supports.trial.length > 0],
  ["destinations", unable("destinations"), (view) => view.destinations],
  ["accountLimits", unable("accountLimits"), (view) => view.supports.accountLimits],
  ["parts", unable("parts"), (view) => view.supports.takes.includes("parts")],
  [
    "publishing",
    withPlatform(without(platform, "publishing")),
    (view) => view.constraints.text && view.formats.length > 0,
  ],
  ["source", withPlatform(without(platform, "source")), (view) => view.supports.source],
  ["inbox", withPlatform(without(platform, "inbox")), (view) => view.supports.inbox],
  ["audience", withPlatform(without(platform, "audience")), (view) => view.supports.audience],
  ["numbers", withPlatform(without(platform, "numbers")), (view) => view.supports.accountAnalytics],
  [
    "numbers.posts",
    withPlatform({ ...platform, numbers: without(numbers, "posts") }),
    (view) => view.supports.postAnalytics,
  ],
  [
    "numbers.site",
    withPlatform({ ...platform, numbers: without(numbers, "site") }),
    (view) => view.supports.siteAnalytics,
  ],
  ["webhooks", without(full, "webhooks"), (view) => view.supports.webhooks],
  ["a sign-in that refreshes", { ...full, signIns: [without(auth, "refresh")] }, (view) => view.supports.refresh],
  ["a sign-in that revokes", { ...full, signIns: [without(auth, "revoke")] }, (view) => view.supports.revoke],
  [
    "the format photo",
    withPlatform({ ...platform, publishing: { ...publishing, formats: { text: format("Text") } } }),
    (view) => view.formats.some(({ id }) => id === "photo"),
  ],
];
for (const [name, less, has] of cases)
  test(`a connector without ${name} loses exactly that capability`, () => {
    assert.ok(has(viewOf(full)), "it is there before");
    assert.ok(!has(viewOf(less)), "it is gone after");
  });

test("a login whose app is not registered is shown as not configured", () => {
  const { connect: _connect, ...common } = auth;
  const oauth: OAuth2SignIn = { ...common, kind: "oauth2", app: "example", start: never, finish: never };
  const provider = { ...full, apps: [{ id: "example", fields: [] }], signIns: [oauth] };
  const view = viewOf(provider, { isConfigured: () => false });
  assert.equal(view.healthStatus, "not_configured");
  assert.equal(view.auth[0]?.configured, false);
  assert.deepEqual(view.auth[0]?.fields, auth.fields, "what has to be typed first is told");
  assert.equal(viewOf(full, { isConfigured: () => false }).healthStatus, "ok", "keys need no app");
});

test("a platform sees the sign-ins that open it, with the scopes it needs itself", () => {
  const scopes = { required: ["read"], optional: ["write", "stats"] };
  const other = barePlatform({ id: "other", provider: "example", requiredScopes: { app_password: ["read", "write"] } });
  const signIns = [
    { ...auth, scopes },
    { ...auth, id: "only_example", platforms: ["example"] },
  ];
  const views = platformMatrix(createRegistry([bareProvider([platform, other], { signIns })]), facts);
  assert.deepEqual(
    views.map((view) => [view.id, view.provider, view.auth.map((one) => [one.id, one.scopes])]),
    [
      [
        "example",
        "example",
        [
          ["app_password", scopes],
          ["only_example", { required: [], optional: [] }],
        ],
      ],
      ["other", "example", [["app_password", { required: ["read", "write"], optional: ["stats"] }]]],
    ],
  );
});

test("a facet is partial where it lacks something, and says what; the platform is with it", () => {
  const whole = viewOf({
    ...full,
    platforms: [
      {
        ...platform,
        numbers: { ...numbers, recent: never },
        publishing: { ...publishing, edit: { formats: ["text", "photo"], run: never } },
      },
    ],
  });
  const active = { status: "active" };
  const every = { signIn: active, publishing: active, numbers: active, webhooks: active, health: active };
  assert.deepEqual([whole.status, whole.facets], ["active", every]);

  const less = viewOf({ ...full, signIns: [without(auth, "revoke")], webhooks: { ...events, accountKinds: ["page"] } });
  assert.equal(less.status, "partial");
  assert.deepEqual(less.facets, {
    signIn: { status: "partial", lacks: ["withdrawing"] },
    publishing: { status: "partial", lacks: ["editing (Photo)"] },
    numbers: { status: "partial", lacks: ["posts made elsewhere"] },
    webhooks: { status: "partial", lacks: ["events (Profile)"] },
    health: active,
  });
  const none = viewOf(without(withPlatform(without(without(platform, "publishing"), "numbers")), "webhooks"));
  assert.deepEqual(
    [none.facets.publishing, none.facets.numbers, none.facets.webhooks],
    [{ status: "absent" }, { status: "absent" }, { status: "absent" }],
  );
});

test("limits in one line are the widest over the formats, and none where a format has none", () => {
  const image = (more: object) => ({ mimeTypes: ["image/png"], maxBytes: 1_000_000, ...more });
  const video = (more: object) => ({ mimeTypes: ["video/mp4"], maxBytes: 5_000, minMs: 3_000, ...more });
  const wide = (formats: Parameters<typeof barePublishing>[0]) =>
    viewOf(withPlatform({ ...platform, publishing: barePublishing(formats) })).constraints;
  const one = { ...format("One"), media: { min: 0, max: 4, image: image({ minWidth: 320, maxPixels: 10_000 }) } };
  const two = { ...format("Two"), media: { min: 1, max: 10, image: image({ minWidth: 200, maxPixels: 40_400 }) } };
  const film = { ...format("Film"), media: { min: 1, max: 1, video: video({ maxMs: 90_500 }) } };
  const { text: _text, ...all } = wide({ one, two, film });
  assert.deepEqual(all, {
    characterLimit: 500,
    imageSizeMin: 200,
    imageSizeMax: 200,
    videoLengthMin: 3,
    videoLengthMax: 90.5,
    videoSizeMax: 5_000,
    carouselMax: 10,
  });
  const free = { ...film, media: { min: 1, max: 1, image: image({}), video: video({}) } };
  const { text: _free, ...less } = wide({ one, film, free });
  assert.deepEqual(less, { characterLimit: 500, videoLengthMin: 3, videoSizeMax: 5_000, carouselMax: 4 });
});

test("what is to come is told until there is a connector for it", () => {
  const facts = { what: "Deleting", why: "It has no such call.", checkedOn: "2026-11-20" };
  const plan = [
    { id: "example", name: "Example", comes: ["signIn"] as const },
    { id: "later", name: "Later", comes: ["signIn", "health"] as const, impossible: [facts] },
  ];
  const [absent, planned] = [{ status: "absent" }, { status: "planned" }];
  assert.deepEqual(plannedMatrix(createRegistry([full], plan)), [
    {
      id: "later",
      name: "Later",
      status: "planned",
      facets: { signIn: planned, publishing: absent, numbers: absent, webhooks: absent, health: planned },
      impossible: [facts],
    },
  ]);
  assert.deepEqual(viewOf(withPlatform({ ...platform, impossible: [facts] })).impossible, [facts]);
});

test("what a tenant's accounts were granted, and what ends soon, stands beside it", () => {
  const standing = new Map([["example", { scopesGranted: ["read"], warning: "Token expires in 2 days" }]]);
  const { scopesGranted, warning } = viewOf(full, { standing });
  assert.deepEqual([scopesGranted, warning], [["read"], "Token expires in 2 days"]);
  assert.deepEqual([viewOf(full).scopesGranted, viewOf(full).warning], [[], undefined]);
});
