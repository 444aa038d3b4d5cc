import assert from "node:assert/strict";
import { test } from "node:test";
import { type Granted, secret } from "@postd/connector-kit";
import accounts from "./fixtures/me-accounts.json" with { type: "json" };
import accounts2 from "./fixtures/me-accounts-2.json" with { type: "json" };
import permissions from "./fixtures/me-permissions.json" with { type: "json" };
import { facebookLogin } from "./login-facebook.ts";
import { contextOf, graphError, scriptedGraph } from "./scripted-graph.ts";

const g = "graph.facebook.com/v25.0";
const app = { app_id: "app1", app_secret: "s3" };
const login = facebookLogin;
const redirectUri = "https://postd.example/api/oauth/facebook/callback";
const input = { redirectUri, state: "st", fields: {}, scopes: ["pages_show_list", "pages_manage_posts"] };
const cameBack = { callback: { code: "code", state: "st" }, redirectUri, state: "st", fields: {}, keep: {} };

async function startUrl(fields: Record<string, string>, more: { readonly again?: boolean } = {}): Promise<URL> {
  const started = await login.start({ ...input, ...more }, contextOf(scriptedGraph({}), { app: fields }));
  assert.ok(started.ok);
  return started.value.url;
}

test("the authorise address names permissions with commas and carries state and redirect", async () => {
  const url = await startUrl(app);
  assert.equal(`${url.origin}${url.pathname}`, "https://www.facebook.com/v25.0/dialog/oauth");
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    client_id: "app1",
    redirect_uri: redirectUri,
    state: "st",
    response_type: "code",
    scope: "pages_show_list,pages_manage_posts",
  });
});

test("a saved configuration takes the place of the permissions, and declined ones can be asked for again", async () => {
  const url = await startUrl({ ...app, login_config_id: "cfg" }, { again: true });
  assert.deepEqual(
    [url.searchParams.get("config_id"), url.searchParams.has("scope"), url.searchParams.get("auth_type")],
    ["cfg", false, "rerequest"],
  );
});

const exchangeScript = {
  [`GET ${g}/oauth/access_token`]: [
    { access_token: "short", token_type: "bearer", expires_in: 5000 },
    { access_token: "long", token_type: "bearer", expires_in: 5_183_944 },
  ],
  [`GET ${g}/me`]: { id: "1", name: "Ida Holm" },
  [`GET ${g}/me/permissions`]: permissions.answer,
};

test("the token is exchanged for the long one before anything is read with it; declined permissions are not granted", async () => {
  const graph = scriptedGraph(exchangeScript);
  const granted = await login.finish(cameBack, contextOf(graph, { app }));
  assert.ok(granted.ok);
  assert.equal(graph.calls[1]?.fields.fb_exchange_token, "short");
  assert.ok(graph.calls.slice(2).every(({ fields }) => fields.access_token === "long"));
  assert.equal(granted.value.credentials.accessToken.reveal(), "long");
  assert.equal(
    granted.value.credentials.expiresAt?.toISOString(),
    new Date(Date.parse("2026-11-20T10:00:00Z") + 5_183_944_000).toISOString(),
  );
  assert.deepEqual(granted.value.scopes, [
    "pages_show_list",
    "pages_read_engagement",
    "instagram_basic",
    "business_management",
  ]);
  assert.ok(!JSON.stringify(granted).includes('long"'));
});

test("a token without an end is kept as it is", async () => {
  const graph = scriptedGraph({
    ...exchangeScript,
    [`GET ${g}/oauth/access_token`]: { access_token: "system", token_type: "bearer" },
  });
  const granted = await login.finish(cameBack, contextOf(graph, { app }));
  assert.ok(granted.ok && granted.value.credentials.expiresAt === undefined);
  assert.equal(graph.calls.filter(({ line }) => line.endsWith("access_token")).length, 1);
});

test("a used code asks for a new sign-in, a missing app names its settings", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/oauth/access_token`]: graphError(100, 36009, { message: "This authorization code has been used." }),
  });
  const used = await login.finish(cameBack, contextOf(graph, { app }));
  assert.equal(!used.ok && used.error.message, "This authorization code has been used.");
  const none = await login.finish(cameBack, contextOf(graph, { app: {} }));
  assert.match(!none.ok ? none.error.message : "", /POSTD_META_APP_ID/);
});

const granted = (scopes: readonly string[]): Granted => ({
  subject: { externalId: "1", name: "Ida" },
  credentials: { accessToken: secret("user-token"), scopes },
  scopes,
});

test("accounts are Pages and linked Instagram accounts, each with the Page's own token, over all pages of the list", async () => {
  const graph = scriptedGraph({
    [`GET ${g}/me/accounts`]: [accounts.answer, accounts2.answer],
    [`GET ${g}/me/businesses`]: { data: [{ id: "b1" }] },
    [`GET ${g}/b1/owned_pages`]: { data: [{ id: "126", name: "Owned", access_token: "page-token-126" }] },
    [`GET ${g}/b1/client_pages`]: graphError(200),
    [`GET ${g}/124`]: {},
    [`GET ${g}/126`]: { connected_instagram_account: { id: "17841400000000002", username: "owned" } },
  });
  const scopes = ["pages_show_list", "pages_read_engagement", "instagram_basic", "business_management"];
  const found = await login.accounts(granted(scopes), contextOf(graph, { app }));
  assert.ok(found.ok);
  assert.deepEqual(
    found.value.map((it) => [
      it.platform,
      it.externalId,
      it.blocked === undefined,
      it.credentials.accessToken.reveal(),
    ]),
    [
      ["facebook", "123", true, "page-token-123"],
      ["instagram", "17841400000000001", true, "page-token-123"],
      ["facebook", "124", false, "page-token-124"],
      ["facebook", "125", false, ""],
      ["facebook", "126", true, "page-token-126"],
      ["instagram", "17841400000000002", true, "page-token-126"],
    ],
  );
  assert.equal(graph.calls[1]?.fields.after, "a1");
  const [page, linked] = found.value;
  assert.deepEqual(page?.missingScopes, ["pages_manage_posts"]);
  assert.deepEqual(linked?.missingScopes, ["instagram_content_publish"]);
  assert.equal(linked?.extras.pageId, "123");
  assert.equal(page?.credentials.extra, undefined, "the person's token is the sign-in's");
  assert.match(found.value[2]?.blocked ?? "", /does not allow posting/);
});

test("without the Instagram permission no Instagram field is asked for", async () => {
  const graph = scriptedGraph({ [`GET ${g}/me/accounts`]: { data: accounts.answer.data } });
  const found = await login.accounts(granted(["pages_show_list"]), contextOf(graph, { app }));
  assert.ok(!graph.calls[0]?.fields.fields?.includes("instagram"));
  assert.ok(found.ok);
});

test("a sign-in that opens no Page says why, and what to do", async () => {
  const ticks = (target_ids?: string[]) => ({
    data: { granular_scopes: [{ scope: "pages_show_list", ...(target_ids && { target_ids }) }] },
  });
  const none = { [`GET ${g}/me/accounts`]: { data: [] }, [`GET ${g}/me/businesses`]: { data: [] } };
  for (const [scopes, info, why] of [
    [[], ticks(), /did not allow the list of Pages/],
    [["pages_show_list"], ticks([]), /No Page was ticked/],
    [["pages_show_list"], ticks(["123"]), /belong to a business/],
    [["pages_show_list"], graphError(190), /belong to a business/],
    [["pages_show_list", "business_management"], ticks(), /a role that may post/],
  ] as const) {
    const graph = scriptedGraph({ ...none, [`GET ${g}/debug_token`]: info });
    const found = await login.accounts(granted(scopes), contextOf(graph, { app }));
    assert.ok(!found.ok && found.error.kind === "scope_missing");
    assert.match(found.error.message, why);
    assert.match(found.error.message, /[Ss]ign in again/);
  }
});

test("a sign-in for Instagram that opens Pages only says what links an account to one", async () => {
  const accounts = (scopes: readonly string[]) =>
    login.accounts(granted(scopes), contextOf(graph, { app }), "instagram");
  const graph = scriptedGraph({
    [`GET ${g}/me/accounts`]: { data: [{ id: "123", name: "Bakery", access_token: "t" }] },
    [`GET ${g}/123`]: {},
  });
  const found = await accounts(["pages_show_list", "instagram_basic"]);
  assert.match(!found.ok ? found.error.message : "", /linked to Bakery.*Business and Creator/);
  const declined = await accounts(["pages_show_list"]);
  assert.match(!declined.ok ? declined.error.message : "", /did not allow access to Instagram/);
});

test("an account whose id cannot be kept is not listed; of the others everything is handed on as told", async () => {
  const rows = [
    { id: "123", name: "Ba\u0000ke\ud83d", access_token: "t", picture: { data: { url: "javascript:alert(1)" } } },
    { id: "1\u0000", name: "Broken", access_token: "t" },
  ];
  const graph = scriptedGraph({ [`GET ${g}/me/accounts`]: { data: rows } });
  const found = await login.accounts(granted(["pages_show_list"]), contextOf(graph, { app }));
  // What of it may be stored and shown is decided in core, for every platform alike.
  assert.deepEqual(found.ok && found.value.map(({ externalId, name }) => [externalId, name]), [
    ["123", "Ba\u0000ke\ud83d"],
  ]);
});

test("revoking goes by the person's token, the sign-in's own or the one an account from before kept behind its Page's", async () => {
  const graph = scriptedGraph({ [`DELETE ${g}/me/permissions`]: { success: true } });
  const ctx = contextOf(graph, { app });
  for (const credentials of [
    { accessToken: secret("user-token") },
    { accessToken: secret("page-token"), extra: { userToken: secret("user-token") } },
  ]) {
    const done = await login.revoke?.({ ...ctx, credentials });
    assert.equal(done?.ok, true);
  }
  assert.deepEqual(
    graph.calls.map(({ fields }) => fields.access_token),
    ["user-token", "user-token"],
  );
});
