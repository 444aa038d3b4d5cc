import assert from "node:assert/strict";
import { test } from "node:test";
import { secret } from "@postd/connector-kit";
import bare from "./fixtures/instagram-token-bare.json" with { type: "json" };
import wrapped from "./fixtures/instagram-token-wrapped.json" with { type: "json" };
import { instagramLogin } from "./login-instagram.ts";
import { contextOf, graphError, scriptedGraph } from "./scripted-graph.ts";

const app = { app_id: "ig1", app_secret: "igs" };
const redirectUri = "https://postd.example/api/oauth/instagram/callback";
const me = { id: "5", user_id: "17841400000000001", username: "bakery", name: "Bakery", account_type: "BUSINESS" };
const script = (short: object) => ({
  "POST api.instagram.com/oauth/access_token": JSON.parse(JSON.stringify(short)),
  "GET graph.instagram.com/access_token": { access_token: "long-ig", token_type: "bearer", expires_in: 5_183_944 },
  "GET graph.instagram.com/v25.0/me": me,
});

for (const [form, answer] of [
  ["bare", bare.answer],
  ["wrapped", wrapped.answer],
] as const)
  test(`the ${form} answer of the exchange leads to the long token and the account's own number`, async () => {
    const graph = scriptedGraph(script(answer));
    const granted = await instagramLogin.finish(
      { callback: { code: "abc#_", state: "st" }, redirectUri, state: "st", fields: {}, keep: {} },
      contextOf(graph, { app }),
    );
    assert.ok(granted.ok);
    assert.equal(graph.calls[0]?.fields.code, "abc", "the trailing #_ is not part of the code");
    assert.equal(graph.calls[1]?.fields.grant_type, "ig_exchange_token");
    assert.equal(granted.value.subject.externalId, "17841400000000001", "user_id, never id");
    assert.deepEqual(granted.value.scopes, ["instagram_business_basic", "instagram_business_content_publish"]);
    assert.equal(granted.value.credentials.accessToken.reveal(), "long-ig");
  });

test("where Instagram names no permissions, only what a sign-in needs is taken for granted", async () => {
  const keep = { scopes: secret("instagram_business_basic instagram_business_manage_comments") };
  const granted = await instagramLogin.finish(
    { callback: { code: "abc", state: "st" }, redirectUri, state: "st", fields: {}, keep },
    contextOf(scriptedGraph(script({ access_token: "short-ig", user_id: 5 })), { app }),
  );
  assert.deepEqual(granted.ok && granted.value.scopes, [
    "instagram_business_basic",
    "instagram_business_content_publish",
  ]);
});

test("the authorise address is Instagram's own, with commas between permissions", async () => {
  const input = { redirectUri, state: "st", scopes: ["a", "b"], fields: {} };
  const started = await instagramLogin.start(input, contextOf(scriptedGraph({}), { app }));
  assert.ok(started.ok);
  const { url } = started.value;
  assert.equal(url.href.split("?")[0], "https://www.instagram.com/oauth/authorize");
  assert.deepEqual(
    [url.searchParams.get("scope"), url.searchParams.get("client_id"), url.searchParams.get("state")],
    ["a,b", "ig1", "st"],
  );
});

test("a personal account is shown with the way out", async () => {
  const graph = scriptedGraph({ "GET graph.instagram.com/v25.0/me": { ...me, account_type: "PERSONAL" } });
  const credentials = { accessToken: secret("t") };
  const found = await instagramLogin.accounts(
    { subject: { externalId: "1", name: "x" }, credentials, scopes: [] },
    contextOf(graph, { app }),
  );
  assert.ok(found.ok);
  assert.match(found.value[0]?.blocked ?? "", /Business or Creator/);
  assert.deepEqual(found.value[0]?.missingScopes, ["instagram_business_basic", "instagram_business_content_publish"]);
});

const withExpiry = (days: number) => {
  const graph = scriptedGraph({
    "GET graph.instagram.com/refresh_access_token": { access_token: "new-ig", expires_in: 5_183_944 },
  });
  const ctx = contextOf(graph, { app });
  const expiresAt = new Date(ctx.clock.now().getTime() + days * 86_400_000);
  return { graph, ctx: { ...ctx, credentials: { accessToken: secret("old-ig"), expiresAt, scopes: ["x"] } } };
};

test("a token is renewed from day 45 and keeps its scopes", async () => {
  const { graph, ctx } = withExpiry(15);
  const renewed = await instagramLogin.refresh?.(ctx);
  assert.ok(renewed?.ok);
  assert.deepEqual([renewed.value.accessToken.reveal(), renewed.value.scopes], ["new-ig", ["x"]]);
  assert.equal(graph.calls[0]?.fields.access_token, "old-ig");
  assert.equal(60 - (instagramLogin.refreshBeforeMs ?? 0) / 86_400_000, 45);
});

test("a token younger than a day is left alone, as Instagram asks", async () => {
  const { graph, ctx } = withExpiry(59.9);
  const same = await instagramLogin.refresh?.(ctx);
  assert.equal(same?.ok && same.value.accessToken.reveal(), "old-ig");
  assert.equal(graph.calls.length, 0);
});

test("a token Instagram does not renew and still takes goes on, and one it no longer takes asks for a new sign-in", async () => {
  for (const me of [{ user_id: "1" }, graphError(190)]) {
    const graph = scriptedGraph({
      "GET graph.instagram.com/refresh_access_token": graphError(100),
      "GET graph.instagram.com/v25.0/me": me,
    });
    const ctx = contextOf(graph, { app });
    const expiresAt = new Date(ctx.clock.now().getTime() + 15 * 86_400_000);
    const credentials = { accessToken: secret("old-ig"), expiresAt };
    const kept = await instagramLogin.refresh?.({ ...ctx, credentials });
    if ("user_id" in me) assert.ok(kept?.ok && kept.value === credentials, JSON.stringify(kept));
    else assert.ok(kept && !kept.ok && kept.error.kind === "auth_revoked", JSON.stringify(kept));
  }
});

test("a token that is over asks for a new sign-in", async () => {
  const graph = scriptedGraph({ "GET graph.instagram.com/refresh_access_token": graphError(190, 463) });
  const failed = await instagramLogin.refresh?.(contextOf(graph, { app }));
  assert.equal(failed && !failed.ok && failed.error.kind, "auth_revoked");
});
