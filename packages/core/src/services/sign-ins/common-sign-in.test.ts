import assert from "node:assert/strict";
import { test } from "node:test";
import { type Credentials, secret } from "@postd/connector-kit";
import { commonSignIn } from "./common-sign-in.ts";

const of = (accessToken: string, more: { refresh?: string; user?: string; scopes?: string[] } = {}): Credentials => ({
  accessToken: secret(accessToken),
  ...(more.refresh ? { refreshToken: secret(more.refresh) } : {}),
  ...(more.user ? { extra: { userToken: secret(more.user) } } : {}),
  ...(more.scopes ? { scopes: more.scopes } : {}),
});

test("two Pages of one person have that person's token in common and keep their own", () => {
  const common = commonSignIn(of("page-1", { user: "u", scopes: ["a"] }), of("page-2", { user: "u" }));
  assert.equal(common?.keepOwn, true);
  assert.equal(common.credentials.accessToken.reveal(), "u");
  assert.deepEqual(common.credentials.scopes, ["a"]);
});

test("a Page and the account linked to it keep the token they both have", () => {
  const common = commonSignIn(of("page-1", { user: "u" }), of("page-1", { user: "u" }));
  assert.deepEqual([common?.keepOwn, common?.credentials.accessToken.reveal()], [true, "u"]);
});

test("a Page from before joins a sign-in that holds the person's token", () => {
  const common = commonSignIn(of("u"), of("page-2", { user: "u" }));
  assert.deepEqual([common?.keepOwn, common?.credentials.accessToken.reveal()], [true, "u"]);
});

test("accounts that act with one pair have it in common and nothing of their own", () => {
  const common = commonSignIn(of("a", { refresh: "r" }), of("a", { refresh: "r" }));
  assert.deepEqual([common?.keepOwn, common?.credentials.refreshToken?.reveal()], [false, "r"]);
  assert.equal(commonSignIn(of("a"), of("a"))?.keepOwn, false);
});

test("accounts that share nothing, or only a server's address, have two sign-ins", () => {
  assert.equal(commonSignIn(of("a", { refresh: "r" }), of("b", { refresh: "s" })), undefined);
  assert.equal(commonSignIn(of("page-1", { user: "u" }), of("page-2", { user: "v" })), undefined);
  const server = "https://pds.example";
  assert.equal(commonSignIn(of("a", { user: server }), of("b", { user: server })), undefined);
});
