import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry, secret } from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { asId, ok } from "@postd/contracts";
import { z } from "zod";
import type { TargetRecord, TenantPublishing } from "../../ports/publishing-store.ts";
import type { OpenTenantApp } from "../../ports/tenant-apps.ts";
import { pullPlaces } from "../apps/pull-places.ts";
import { prepareTargets, problemsOf } from "./prepare-targets.ts";

const run = async () => ok({ state: {} });
const step = { name: "send", effect: "visible" as const, repeatable: true, done: () => true, run };
const format = { label: "Text", media: { min: 0, max: 0 }, start: () => ({}), steps: [step] };
const pulls = { when: () => true, app: "puller", verified: "urls", shownAt: "in its portal" };
const publishing = {
  ...barePublishing({ text: format }, { options: z.strictObject({}), defaultFormat: () => "text" }),
  pulls,
};
const registry = createRegistry([bareProvider([barePlatform({ id: "puller", name: "Puller", publishing })])]);
const checking = { registry, log: { error: (_fields: object, message: string) => assert.fail(message) } };

/** What is told of one post, by an account of this app, where the apps say this is verified. */
async function told(of: Pick<TargetRecord, "appId" | "simulated">, instance?: string, own?: string) {
  const target: TargetRecord = {
    tenantId: asId("tenant", "ten_1"),
    connectionId: asId("connection", "con_1"),
    platform: "puller",
    account: { externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} },
    status: "healthy",
    disconnected: false,
    ...of,
  };
  const store = { targets: async () => [target], media: async () => [] } as Partial<TenantPublishing>;
  const credentials = (urls: string | undefined) => ({
    value: (field: string) => (field === "urls" ? urls : undefined),
    secret: () => secret(""),
  });
  const tenantApp: OpenTenantApp = async () => ({ app: {} as never, credentials: credentials(own) });
  const places = pullPlaces({
    publicUrl: "https://posts.example.org",
    settings: { appCredentials: () => credentials(instance) },
    tenantApp,
  });
  const prepared = await prepareTargets(
    { content: { text: "Two photos", mediaIds: [], options: {} }, versions: {}, targets: [{ connectionId: "con_1" }] },
    store as TenantPublishing,
    { ...checking, pulls: places },
  );
  assert.ok(prepared.ok);
  return problemsOf(prepared.value).map(({ field, code, severity }) => `${severity} ${field} ${code}`);
}

test("a platform that fetches files itself is told about before the post is taken, by what the account's own app says is verified", async () => {
  const real = { appId: "instance", simulated: false };
  const unverified = "targets.0.media fetch_unverified";
  assert.deepEqual(await told(real, "example.org"), []);
  assert.deepEqual(await told(real, "other.net", "example.org"), [`error ${unverified}`]);
  assert.deepEqual(await told(real), [`warning ${unverified}`]);
  assert.deepEqual(await told({ ...real, appId: "app_1" }, "other.net", "example.org"), []);
  assert.deepEqual(await told({ ...real, appId: "app_1" }, "example.org", "other.net"), [`error ${unverified}`]);
});

test("a simulated platform fetches from wherever it is run", async () => {
  assert.deepEqual(await told({ appId: "instance", simulated: true }, "other.net"), []);
});
