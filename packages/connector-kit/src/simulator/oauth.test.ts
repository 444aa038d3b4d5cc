import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base64UrlEncode, sha256 } from "../crypto.ts";
import { quay } from "./kit-fixture.ts";
import { type Ground, simulator } from "./simulator.ts";
import { testClient } from "./test-client.ts";

const www = "https://www.quay.test";
const verifier = "a-verifier-of-the-client-that-nobody-else-knows";
const app = { client_id: "app-1", client_secret: "app-1-secret" };
const asking = {
  client_id: "app-1",
  redirect_uri: "https://app.test/back",
  response_type: "code",
  scope: "read write offline",
  state: "st",
  code_challenge: base64UrlEncode(sha256(verifier)),
  code_challenge_method: "S256",
};
const authorize = (more: Record<string, string> = {}) =>
  `${www}/authorize?${new URLSearchParams({ ...asking, ...more })}`;

function setUp() {
  const client = testClient(quay);
  const post = (path: string, form: Record<string, string>) =>
    client.ask({ url: www + path, form: { ...app, ...form } });
  const exchange = (code: string | null, more: Record<string, string> = {}) =>
    post("/token", {
      grant_type: "authorization_code",
      code: code ?? "",
      redirect_uri: asking.redirect_uri,
      code_verifier: verifier,
      ...more,
    });
  const signIn = async () => (await exchange((await client.consent(authorize())).get("code"))).json;
  const refresh = (refresh_token: string) => post("/token", { grant_type: "refresh_token", refresh_token });
  const notes = (token: string) => client.ask({ url: "https://api.quay.test/notes/x", token });
  return { ...client, client, post, exchange, signIn, refresh, notes };
}

describe("the consent page", () => {
  it("shows people, accounts and permissions, and gives back what was ticked", async () => {
    const { ask, consent, exchange } = setUp();
    const page = await ask({ url: authorize() });
    for (const words of ["Ida Holm", "Bo Lind", "Fram (Ida Holm)", "Write notes (write)"])
      assert.ok(page.text.includes(words), words);
    const back = await consent(authorize(), { listed: "1", person: "ida", account: "boat-2", scope_granted: "read" });
    assert.deepEqual([back.get("state"), back.get("harbour")], ["st", "boat-2"]);
    assert.equal((await exchange(back.get("code"))).json.scope, "read");
  });

  it("tells the app of a no, of an unknown scope and of a missing challenge", async () => {
    const { consent, ask } = setUp();
    const no = await consent(authorize(), { decision: "cancel" });
    assert.deepEqual([no.get("error"), no.get("quay_reason")], ["access_denied", "no"]);
    for (const [more, error] of [
      [{ scope: "fly" }, "invalid_scope"],
      [{ scope: "toString" }, "invalid_scope"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ response_type: "token" }, "unsupported_response_type"],
    ] as const) {
      const { status, headers } = await ask({ url: authorize(more) });
      assert.deepEqual([status, new URL(headers.location ?? "").searchParams.get("error")], [302, error]);
    }
  });

  it("never sends anybody to an address it does not know", async () => {
    const { ask } = setUp();
    for (const more of [{ client_id: "other" }, { client_id: "app-2" }, { redirect_uri: "javascript:alert(1)" }])
      assert.equal((await ask({ url: authorize(more) })).status, 400);
  });

  it("takes a pushed request once it knows the client, until its time is over", async () => {
    const { ask, post, consent, advance } = setUp();
    assert.equal((await ask({ url: `${www}/par`, form: { ...asking, client_secret: "no" } })).status, 401);
    const { request_uri } = (await post("/par", asking)).json;
    const url = `${www}/authorize?${new URLSearchParams({ client_id: "app-1", request_uri })}`;
    assert.equal((await consent(url)).get("state"), "st");
    advance(61_000);
    assert.equal((await ask({ url })).status, 400);
  });
});

describe("a login of the platform's own kind", () => {
  const redirect_uri = "https://app.test/back";
  const path = (more: Record<string, string>) =>
    `${www}/v2/harbour?${new URLSearchParams({ client_id: "app-3", redirect_uri, response_type: "code", ...more })}`;
  const about = async (client: ReturnType<typeof testClient>, asked: Record<string, string>, ticked: string) => {
    const code = (await client.consent(path(asked), { listed: "1", scope_granted: ticked })).get("code") ?? "";
    const query = new URLSearchParams({ client_id: "app-3", client_secret: "app-3-secret", redirect_uri, code });
    return (await client.ask({ url: `${www}/harbour/token?${query}` })).json;
  };

  it("keeps what cannot be left out, remembers what was declined, and takes saved scopes whole", async () => {
    const client = testClient(quay);
    const some = await about(client, { scope: "read write" }, "nothing");
    assert.deepEqual([some.scope, some.declined], ["read", ["write"]]);
    const saved = await about(client, { saved: "1" }, "nothing");
    assert.deepEqual([saved.scope, saved.declined], ["read write", []]);
  });

  it("posts its form back to the version it was asked for, and ends the callback as the platform does", async () => {
    const { ask } = testClient(quay);
    const { text } = await ask({ url: path({ scope: "read" }) });
    assert.ok(text.includes('action="https://www.quay.test/v2/harbour"'));
    const { headers } = await ask({ url: path({ scope: "read" }), form: { decision: "continue" } });
    assert.match(headers.location ?? "", /code=\w+#_$/);
  });

  it("tells the person of a wrong request and the app of nothing", async () => {
    const { ask } = testClient(quay);
    for (const more of [{ scope: "write" }, { scope: "read fly" }, { scope: "read", response_type: "token" }]) {
      const { status, headers } = await ask({ url: path(more) });
      assert.deepEqual([status, headers.location], [400, undefined], JSON.stringify(more));
    }
  });
});

describe("the token endpoint", () => {
  it("gives tokens for a code once, to its client, with its address and verifier", async () => {
    const { consent, exchange, notes } = setUp();
    for (const wrong of [
      { code_verifier: "other" },
      { redirect_uri: "https://app.test/else" },
      { client_secret: "no" },
    ]) {
      const code = (await consent(authorize())).get("code");
      assert.ok((await exchange(code, wrong)).status >= 400, JSON.stringify(wrong));
      if (!("client_secret" in wrong)) assert.equal((await exchange(code)).json.error, "invalid_grant");
    }
    const code = (await consent(authorize())).get("code");
    const { status, json } = await exchange(code);
    assert.deepEqual([status, json.token_type, json.expires_in], [200, "Bearer", 3600]);
    assert.equal((await notes(json.access_token)).status, 404);
    assert.equal((await exchange(code)).json.error, "invalid_grant");
  });

  it("knows a client by Basic as well", async () => {
    const { ask, consent } = setUp();
    const code = (await consent(authorize())).get("code") ?? "";
    const form = { grant_type: "authorization_code", code, redirect_uri: asking.redirect_uri, code_verifier: verifier };
    const authorization = `Basic ${Buffer.from("app-1:app-1-secret").toString("base64")}`;
    assert.equal((await ask({ url: `${www}/token`, form, headers: { authorization } })).status, 200);
  });

  it("rotates refresh tokens, repeats the successor within the grace, and ends everything at a later repeat", async () => {
    const { signIn, refresh, advance, notes } = setUp();
    const first = await signIn();
    const second = (await refresh(first.refresh_token)).json;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal((await refresh(first.refresh_token)).json.refresh_token, second.refresh_token);
    assert.equal((await notes(second.access_token)).status, 404);
    advance(10_000);
    assert.equal((await refresh(first.refresh_token)).json.error, "invalid_grant");
    assert.equal((await refresh(second.refresh_token)).json.error, "invalid_grant");
    assert.equal((await notes(second.access_token)).json.code, "tokenRevoked");
  });

  it("gives no refresh token without the scope for it or unasked, and ends tokens with their time", async () => {
    const { consent, exchange, advance, notes, signIn, refresh } = setUp();
    const { json } = await exchange((await consent(authorize({ scope: "read" }))).get("code"));
    assert.equal(json.refresh_token, undefined);
    const unasked = await exchange((await consent(authorize({ prompt: "none" }))).get("code"));
    assert.equal(unasked.json.refresh_token, undefined);
    const whole = await signIn();
    advance(3_600_000);
    assert.equal((await notes(json.access_token)).json.code, "tokenExpired");
    advance(86_400_000);
    assert.equal((await refresh(whole.refresh_token)).json.error, "invalid_grant");
  });

  it("has grant types of the platform's own, by GET as well, and no others", async () => {
    const { ask, post, signIn, notes, advance } = setUp();
    const byGet = (more: Record<string, string>) =>
      ask({ url: `${www}/token?${new URLSearchParams({ ...app, ...more })}` });
    const own = (await byGet({ grant_type: "client_credentials" })).json;
    assert.equal(own.expires_in, 60);
    const { access_token } = await signIn();
    const swapped = (await byGet({ grant_type: "swap", old: access_token })).json;
    assert.equal(swapped.expires_in, 3600);
    advance(60_000);
    assert.deepEqual(
      [(await notes(own.access_token)).json.code, (await notes(swapped.access_token)).json.code],
      ["tokenExpired", "unknown"],
    );
    assert.equal((await byGet({ grant_type: "swap", old: "no" })).json.error, "invalid_grant");
    assert.equal((await post("/token", { grant_type: "password" })).json.error, "unsupported_grant_type");
  });

  it("takes the refresh token of an account that was made up beforehand", async () => {
    const { client, refresh } = setUp();
    const { refreshToken = "" } = client.simulator.createAccount({ scopes: ["read", "offline"] });
    assert.equal((await refresh(refreshToken)).json.scope, "read offline");
  });

  it("revokes a consent with any of its tokens, and says so when asked", async () => {
    const { signIn, post, notes } = setUp();
    const { access_token, refresh_token } = await signIn();
    const about = async () => (await post("/introspect", { token: access_token })).json;
    assert.deepEqual([(await about()).active, (await about()).sub], [true, "ida"]);
    assert.equal((await post("/revoke", { token: refresh_token })).status, 200);
    assert.equal((await notes(access_token)).json.code, "tokenRevoked");
    assert.deepEqual(await about(), { active: false });
    assert.equal((await post("/revoke", { token: "unknown" })).status, 200);
  });
});

describe("what a platform remembers", () => {
  const cove = simulator<Ground>({
    id: "cove",
    platforms: ["cove"],
    hosts: ["www.cove.test"],
    world: (ground) => ground,
    errors: { refuse: ({ kind }) => ({ status: 400, text: kind }) },
    oauth: {
      authorize: "www.cove.test/authorize",
      token: "www.cove.test/token",
      title: "Sign in to Cove",
      scopes: { read: "Read" },
      apps: () => [{ id: "app-1", secret: "app-1-secret" }],
      people: () => [
        { id: "ida", name: "Ida Holm" },
        { id: "bo", name: "Bo Lind" },
      ],
      codeSeconds: 60,
      codeEnd: "*!",
      again: ({ world, app, query }) =>
        query.has("ask") ? undefined : world.tokens.grants().findLast((grant) => grant.app === app)?.subject,
    },
    accounts: {
      create() {
        throw new Error("nobody makes any");
      },
    },
    routes: [],
    posts: () => [],
  });
  const request = { client_id: "app-1", redirect_uri: "https://app.test/back", response_type: "code", scope: "read" };

  it("signs the same person in again without a page, unless asked for one, and ends codes as it likes", async () => {
    const { ask, consent } = testClient(cove);
    const url = `https://www.cove.test/authorize?${new URLSearchParams(request)}`;
    assert.equal((await ask({ url })).status, 200, "nobody consented yet");
    await consent(url, { person: "bo" });
    const silent = await ask({ url });
    const code = new URL(silent.headers.location ?? "").searchParams.get("code") ?? "";
    assert.ok(silent.headers.location?.includes("*%21") && code.endsWith("*!"));
    const { json } = await ask({
      url: "https://www.cove.test/token",
      form: { ...app, grant_type: "authorization_code", code, redirect_uri: request.redirect_uri },
    });
    assert.equal(json.scope, "read");
    assert.equal((await ask({ url: `${url}&ask=1` })).status, 200);
  });
});
