import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { askedScopes, isMissing } from "./asked-scopes.ts";
import type { ConnectionsDeps } from "./deps.ts";

const signIn = { id: "login", kind: "oauth2", scopes: { required: ["list"], optional: ["post", "story", "numbers"] } };
const platforms: Readonly<Record<string, object>> = {
  pages: { requiredScopes: { login: ["list", "post"] }, optionalScopes: { login: ["numbers"] } },
  stories: { requiredScopes: { login: ["list", "story"] }, optionalScopes: { login: [] } },
};
/** Only what is asked of them here. */
const depsWith = (sharers: readonly { readonly platform: string }[]) =>
  ({
    registry: { get: (id: string) => platforms[id], providerOf: () => ({ signIns: [signIn] }) },
    connections: { forTenant: () => ({ standing: async () => ({ sharers }) }) },
  }) as unknown as Pick<ConnectionsDeps, "registry" | "connections">;
const record = (facts: Partial<ConnectionRecord>) =>
  ({ platform: "pages", authKind: "login", scopes: [], missingScopes: [], ...facts }) as unknown as ConnectionRecord;

test("an account alone on its sign-in asks for its own platform's scopes", async () => {
  assert.deepEqual(await askedScopes(depsWith([]), record({})), ["list", "post", "numbers"]);
});

test("what others on the same sign-in need is asked for too, since the new consent takes the old one's place", async () => {
  const asked = await askedScopes(depsWith([{ platform: "stories" }, { platform: "pages" }]), record({}));
  assert.deepEqual(asked, ["list", "post", "numbers", "story"]);
});

test("missing is what the platform says is, and of the rest what the sign-in does not have", () => {
  assert.equal(isMissing(record({ scopes: ["list"] }), "post"), true);
  assert.equal(isMissing(record({ scopes: ["list"] }), "list"), false);
  assert.equal(isMissing(record({ scopes: ["list", "post"], missingScopes: ["post"] }), "post"), true);
  assert.equal(isMissing(record({}), "list"), false, "nothing is known of it");
});
