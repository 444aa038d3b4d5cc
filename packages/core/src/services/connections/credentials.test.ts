import assert from "node:assert/strict";
import { test } from "node:test";
import { type Credentials, secret } from "@postd/connector-kit";
import { packCredentials, shareSecret, unpackCredentials } from "./credentials.ts";

const credentials = (token: string, extra: Readonly<Record<string, string>> = {}): Credentials => ({
  accessToken: secret(token),
  refreshToken: secret(`${token}-refresh`),
  extra: Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, secret(value)])),
});

test("two accounts at one server do not live on one sign-in", () => {
  const pds = "https://morel.us-east.host.bsky.network";
  assert.equal(shareSecret(credentials("ida", { pds }), credentials("bo", { pds })), false);
  const stored = unpackCredentials(packCredentials(credentials("ida", { pds })));
  assert.equal(shareSecret(stored, credentials("bo", { pds: `${pds}/` })), false);
});

test("a token or key of one that is also the other's is one sign-in", () => {
  assert.equal(shareSecret(credentials("page-1", { userToken: "u" }), credentials("page-2", { userToken: "u" })), true);
  assert.equal(shareSecret(credentials("same"), credentials("same")), true);
  assert.equal(shareSecret(credentials("key:secret"), credentials("other", { key: "key:secret" })), true);
});
