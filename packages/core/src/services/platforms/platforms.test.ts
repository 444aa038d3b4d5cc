import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connector, KeysAuth } from "@postd/connector-kit";
import { ok, PlatformView } from "@postd/contracts";
import { z } from "zod";
import { type PlatformFacts, platformMatrix } from "./platforms.ts";

const never = async () => {
  throw new Error("the matrix must not call a connector");
};
const auth: KeysAuth = {
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
const full: Connector = {
  id: "example",
  name: "Example",
  family: "example",
  icon: "<svg/>",
  color: "#000000",
  previewKind: "microblog",
  auth: [auth],
  appCredentials: [],
  hosts: ["example.com"],
  apiVersion: { current: "2", sunsetAt: "2027-01-01" },
  accountKinds: [{ id: "profile", label: "Profile" }],
  options: z.object({ title: z.string().max(100).describe("Title"), isPrivate: z.boolean().optional() }),
  extras: z.object({}),
  limits: { text: { max: 300, unit: "graphemes", count: (text) => text.length, rule: "graphemes" } },
  publish: { text: format("Text"), photo: format("Photo") },
  defaultFormat: () => "text",
  fingerprint: () => "",
  schedule: { minLeadMs: 0, maxLeadMs: 1, formats: ["text"], verify: never, cancel: never, move: never },
  edit: { formats: ["text"], run: never },
  remove: { formats: ["text", "photo"], run: never },
  analytics: { delayMs: 0, post: never, account: never },
  webhooks: { verify: () => ({ kind: "accepted" }), parse: () => [] },
  health: never,
};
const facts: PlatformFacts = {
  isSimulated: () => true,
  isConfigured: () => true,
  apiVersion: (connector) => connector.apiVersion.current,
  health: () => "ok",
};
function viewOf(connector: Connector, changed: Partial<PlatformFacts> = {}): PlatformView {
  const [view] = platformMatrix({ get: () => connector, all: () => [connector] }, { ...facts, ...changed });
  assert.ok(view);
  return view;
}

test("everything a connector has is in the matrix, in the form the API promises", () => {
  const view = viewOf(full);
  assert.deepEqual(PlatformView.parse(view), view);
  assert.deepEqual(view.supports, {
    edit: ["text"],
    delete: ["text", "photo"],
    nativeSchedule: ["text"],
    postAnalytics: true,
    accountAnalytics: true,
    webhooks: true,
    refresh: true,
    revoke: true,
  });
  assert.deepEqual(
    view.formats.map(({ id }) => id),
    ["text", "photo"],
  );
  const schema = z.object({ required: z.array(z.string()), properties: z.record(z.string(), z.unknown()) });
  const options = schema.parse(view.optionsSchema);
  assert.deepEqual(options.required, ["title"]);
  assert.deepEqual(Object.keys(options.properties), ["title", "isPrivate"]);
});

const cases: readonly (readonly [string, (connector: Connector) => Connector, (view: PlatformView) => unknown])[] = [
  ["edit", ({ edit: _gone, ...rest }) => rest, (view) => view.supports.edit.length > 0],
  ["remove", ({ remove: _gone, ...rest }) => rest, (view) => view.supports.delete.length > 0],
  ["schedule", ({ schedule: _gone, ...rest }) => rest, (view) => view.supports.nativeSchedule.length > 0],
  ["webhooks", ({ webhooks: _gone, ...rest }) => rest, (view) => view.supports.webhooks],
  ["analytics", ({ analytics: _gone, ...rest }) => rest, (view) => view.supports.accountAnalytics],
  [
    "analytics.post",
    (connector) => ({ ...connector, analytics: { delayMs: 0, account: never } }),
    (view) => view.supports.postAnalytics,
  ],
  [
    "auth.refresh",
    (connector) => {
      const { refresh: _gone, ...rest } = auth;
      return { ...connector, auth: [rest] };
    },
    (view) => view.supports.refresh,
  ],
  [
    "auth.revoke",
    (connector) => {
      const { revoke: _gone, ...rest } = auth;
      return { ...connector, auth: [rest] };
    },
    (view) => view.supports.revoke,
  ],
  [
    "publish.photo",
    (connector) => ({ ...connector, publish: { text: format("Text") } }),
    (view) => view.formats.some(({ id }) => id === "photo"),
  ],
];
for (const [name, without, has] of cases)
  test(`a connector without ${name} loses exactly that capability`, () => {
    assert.ok(has(viewOf(full)), "it is there before");
    assert.ok(!has(viewOf(without(full))), "it is gone after");
  });

test("a login whose app is not registered is shown as not configured", () => {
  const oauth = {
    ...auth,
    kind: "oauth2" as const,
    pkce: "S256" as const,
    appCredentials: "example",
    authorizationUrl: () => new URL("https://example.com"),
    exchange: never,
  };
  const view = viewOf({ ...full, auth: [oauth] }, { isConfigured: () => false });
  assert.equal(view.healthStatus, "not_configured");
  assert.equal(view.auth[0]?.configured, false);
  assert.equal(viewOf(full, { isConfigured: () => false }).healthStatus, "ok", "keys need no app");
});
