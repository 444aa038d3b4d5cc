import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ok } from "@postd/contracts";
import { failureTable } from "../client/failure-table.ts";
import { base64Encode, base64UrlEncode, hmacSha256Hex } from "../crypto.ts";
import { secret } from "../secret.ts";
import type { OAuth2Facts, OAuthFinish } from "./facts.ts";
import { fakeEndpoint, NOW } from "./fake-endpoint.ts";
import { oauth2 } from "./oauth2.ts";
import { google, linkedin, pinterest, shopify, tiktok, x } from "./provider-facts.ts";

const redirectUri = "https://postd.example/api/oauth/x/callback";
const DAY_MS = 86_400_000;
const inMs = (at: Date | undefined) => at && at.getTime() - NOW.getTime();
const typedShop = { shop: secret("ida-knits") };

const begin = (facts: OAuth2Facts, ctx: ReturnType<typeof fakeEndpoint>["ctx"], fields = {}) =>
  oauth2(facts).start({ redirectUri, state: "st-1", scopes: facts.scopes.required, fields }, ctx);

const input = (more: Partial<OAuthFinish> = {}): OAuthFinish => ({
  callback: { code: "c0de*", state: "st-1" },
  redirectUri,
  state: "st-1",
  fields: {},
  keep: {},
  ...more,
});

/** A code's way to credentials: the parameters of the consent page, what the token endpoint is sent and what it says. */
async function wholeWay(facts: OAuth2Facts, answers: Parameters<typeof fakeEndpoint>[0], fields = {}) {
  const world = fakeEndpoint(answers, { client_id: "app-1", client_key: "app-1", client_secret: "s&cret" });
  const started = await begin(facts, world.ctx, fields);
  assert.ok(started.ok);
  const finished = await oauth2(facts).finish(input({ keep: started.value.keep ?? {}, fields }), world.ctx);
  assert.ok(finished.ok, JSON.stringify(finished));
  return { ...world, query: Object.fromEntries(started.value.url.searchParams), granted: finished.value };
}

const idToken = (claims: Record<string, unknown>): string =>
  [{ alg: "RS256", typ: "JWT" }, claims]
    .map((part) => base64UrlEncode(JSON.stringify(part)))
    .join(".")
    .concat(".c2ln");

describe("oauth2 sends each provider what its documentation asks for", () => {
  it("LinkedIn: no PKCE, secret in the body, minutes read as minutes, the person from userinfo", async () => {
    const { query, sent, granted } = await wholeWay(linkedin, [
      {
        json: {
          access_token: "AQX",
          expires_in: 5_184_000,
          scope: "openid,profile,w_member_social",
          refresh_token: "AQR",
          refresh_token_expires_in: 525_600,
          id_token: "not looked at",
        },
      },
      { json: { sub: "782bbtaQ", name: "Ida Holm" } },
    ]);
    assert.deepEqual(query, {
      response_type: "code",
      client_id: "app-1",
      redirect_uri: redirectUri,
      state: "st-1",
      scope: "openid profile w_member_social",
    });
    assert.equal(sent[0]?.url, "https://www.linkedin.com/oauth/v2/accessToken");
    assert.deepEqual(sent[0]?.body, {
      grant_type: "authorization_code",
      code: "c0de*",
      redirect_uri: redirectUri,
      client_id: "app-1",
      client_secret: "s&cret",
    });
    assert.equal(sent[1]?.headers.authorization, "Bearer AQX");
    assert.deepEqual(granted.subject, { externalId: "782bbtaQ", name: "Ida Holm" });
    assert.deepEqual(granted.scopes, ["openid", "profile", "w_member_social"]);
    assert.equal(inMs(granted.credentials.expiresAt), 60 * DAY_MS);
    assert.equal(inMs(granted.credentials.refreshExpiresAt), 365 * DAY_MS);
  });

  it("X: PKCE by S256 and the client in the header", async () => {
    const { query, sent, granted } = await wholeWay(x, [
      { json: { token_type: "bearer", expires_in: 7200, access_token: "at", scope: "tweet.read tweet.write" } },
    ]);
    assert.equal(query.code_challenge_method, "S256");
    assert.match(query.code_challenge ?? "", /^[\w-]{43}$/);
    const { code_verifier, ...body } = sent[0]?.body ?? {};
    assert.match(code_verifier ?? "", /^[\w-]{43}$/);
    assert.deepEqual(body, { grant_type: "authorization_code", code: "c0de*", redirect_uri: redirectUri });
    assert.equal(sent[0]?.headers.authorization, `Basic ${base64Encode("app-1:s%26cret")}`);
    assert.deepEqual(granted.scopes, ["tweet.read", "tweet.write"]);
    assert.equal(granted.credentials.refreshToken, undefined);
  });

  it("TikTok: its own name for the client, scopes with commas", async () => {
    const { query, sent, granted } = await wholeWay(tiktok, [
      {
        json: {
          access_token: "act.1",
          expires_in: 7200,
          open_id: "-000f",
          refresh_token: "rft.1",
          refresh_expires_in: 15_552_000,
          scope: "user.info.basic,video.publish",
          token_type: "Bearer",
        },
      },
    ]);
    assert.equal(query.client_key, "app-1");
    assert.equal(query.client_id, undefined);
    assert.equal(query.scope, "user.info.basic,video.publish");
    assert.equal(query.disable_auto_auth, "1");
    assert.equal(sent[0]?.body.client_key, "app-1");
    assert.equal(sent[0]?.body.client_id, undefined);
    assert.equal(granted.subject.externalId, "-000f");
    assert.equal(inMs(granted.credentials.refreshExpiresAt), 180 * DAY_MS);
  });

  it("Google: offline access asked for, the person from a checked id token", async () => {
    const seconds = Math.floor(NOW.getTime() / 1000);
    const claims = { iss: "https://accounts.google.com", aud: "app-1", sub: "1104", name: "Ida", iat: seconds };
    const answer = { access_token: "ya29", expires_in: 3599, refresh_token: "1//r", token_type: "Bearer" };
    const { query, granted } = await wholeWay(google, [
      { json: { ...answer, id_token: idToken({ ...claims, exp: seconds + 3600 }) } },
    ]);
    assert.equal(query.access_type, "offline");
    assert.equal(query.prompt, "consent");
    assert.deepEqual(granted.subject, { externalId: "1104", name: "Ida" });
    // The answer names none, so those that were asked for are meant.
    assert.deepEqual(granted.scopes, google.scopes.required);
    for (const wrong of [
      { ...claims, aud: "another-app", exp: seconds + 3600 },
      { ...claims, iss: "https://evil.example", exp: seconds + 3600 },
      { ...claims, exp: seconds - 3600 },
    ]) {
      const world = fakeEndpoint([{ json: { ...answer, id_token: idToken(wrong) } }]);
      const refused = await oauth2(google).finish(
        input({ keep: { code_verifier: secret("v".repeat(43)) } }),
        world.ctx,
      );
      assert.equal(refused.ok ? "taken" : refused.error.kind, "unexpected_response");
    }
  });

  it("Pinterest: the client in the header, a scope that may be absent, lasting refresh asked for", async () => {
    const { query, sent, granted } = await wholeWay(pinterest, [
      {
        json: {
          response_type: "authorization_code",
          access_token: "pina_1",
          refresh_token: "pinr_1",
          expires_in: 2_592_000,
          refresh_token_expires_in: 5_184_000,
          scope: null,
        },
      },
    ]);
    assert.equal(query.scope, "boards:read,pins:write");
    assert.equal(sent[0]?.body.continuous_refresh, "true");
    assert.equal(sent[0]?.body.client_secret, undefined);
    assert.deepEqual(granted.scopes, ["boards:read", "pins:write"]);
    assert.equal(inMs(granted.credentials.refreshExpiresAt), 60 * DAY_MS);
  });

  it("Shopify: the shop's own host, JSON, an answer without an end that still ends", async () => {
    const world = fakeEndpoint([{ json: { access_token: "shpat_1", scope: "read_products" } }]);
    const started = await begin(shopify, world.ctx, typedShop);
    assert.ok(started.ok);
    assert.equal(started.value.url.host, "ida-knits.myshopify.com");
    assert.equal(started.value.url.searchParams.get("response_type"), null);
    assert.equal(started.value.url.searchParams.get("grant_options[]"), "");
    const signed = { code: "c0de*", shop: "ida-knits.myshopify.com", state: "st-1", timestamp: "1795694400" };
    const text = Object.entries(signed)
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
    const genuine = { ...signed, hmac: hmacSha256Hex("s&cret", text) };
    const method = oauth2(shopify);
    const forged = await method.finish(
      input({ callback: { ...genuine, shop: "other.myshopify.com" }, fields: typedShop }),
      world.ctx,
    );
    assert.equal(forged.ok ? "taken" : forged.error.kind, "auth_revoked");
    assert.equal(world.sent.length, 0);
    const finished = await method.finish(input({ callback: genuine, fields: typedShop }), world.ctx);
    assert.ok(finished.ok);
    assert.equal(world.sent[0]?.url, "https://ida-knits.myshopify.com/admin/oauth/access_token");
    assert.equal(world.sent[0]?.headers["content-type"], "application/json");
    assert.deepEqual(world.sent[0]?.body, {
      client_id: "app-1",
      client_secret: "s&cret",
      code: "c0de*",
      expiring: "1",
    });
    assert.equal(inMs(finished.value.credentials.expiresAt), 3_600_000);
    assert.deepEqual(finished.value.scopes, ["read_products"]);
  });
});

describe("oauth2 keeps a sign-in alive", () => {
  const old = { accessToken: secret("a1"), refreshToken: secret("r1"), scopes: ["tweet.read"] };

  it("a rotated pair replaces the old one, and a lost answer leaves it open which is good", async () => {
    const cut = { kind: "outcome_unknown", message: "cut off" } as const;
    const world = fakeEndpoint([{ json: { access_token: "a2", refresh_token: "r2", expires_in: 7200 } }, cut]);
    const renewed = await oauth2(x).refresh?.(world.signedIn(old));
    assert.ok(renewed?.ok);
    assert.equal(renewed.value.accessToken.reveal(), "a2");
    assert.equal(renewed.value.refreshToken?.reveal(), "r2");
    assert.deepEqual(renewed.value.scopes, ["tweet.read"]);
    assert.deepEqual(world.sent[0]?.body, { grant_type: "refresh_token", refresh_token: "r1" });
    assert.equal(world.sent[0]?.effect, undefined);
    const lost = await oauth2(x).refresh?.(world.signedIn(old));
    assert.deepEqual(lost, { ok: false, error: cut });
  });

  it("one that does not rotate stays with its end, and its refresh counts as a read", async () => {
    const end = new Date(NOW.getTime() + 30 * DAY_MS);
    const world = fakeEndpoint([{ json: { access_token: "a2", expires_in: 3599, token_type: "Bearer" } }]);
    const renewed = await oauth2(google).refresh?.(world.signedIn({ ...old, refreshExpiresAt: end }));
    assert.ok(renewed?.ok);
    assert.equal(renewed.value.refreshToken?.reveal(), "r1");
    assert.equal(renewed.value.refreshExpiresAt?.getTime(), end.getTime());
    assert.equal(world.sent[0]?.effect, "none");
  });

  it("goes to the shop that was typed when signing in, months later", async () => {
    const world = fakeEndpoint([{ json: { access_token: "a2", refresh_token: "r2", expires_in: 3600 } }]);
    const renewed = await oauth2(shopify).refresh?.(
      world.signedIn({ ...old, extra: { "field.shop": secret("ida-knits.myshopify.com") } }),
    );
    assert.ok(renewed?.ok);
    assert.equal(world.sent[0]?.url, "https://ida-knits.myshopify.com/admin/oauth/access_token");
    assert.equal(renewed.value.extra?.["field.shop"]?.reveal(), "ida-knits.myshopify.com");
  });

  it("withdraws the token each provider asks for, and one that is gone counts as withdrawn", async () => {
    const world = fakeEndpoint([{}, { json: { revoked: true } }, { status: 400, json: { error: "invalid_token" } }], {
      client_id: "app-1",
      client_key: "app-1",
      client_secret: "s&cret",
    });
    for (const facts of [tiktok, x, google])
      assert.deepEqual(await oauth2(facts).revoke?.(world.signedIn(old)), { ok: true, value: undefined });
    assert.deepEqual(
      world.sent.map(({ body }) => body),
      [{ client_key: "app-1", client_secret: "s&cret", token: "a1" }, { token: "r1" }, { token: "r1" }],
    );
  });
});

describe("oauth2 tells failures apart", () => {
  const refused = (facts: OAuth2Facts, answer: Parameters<typeof fakeEndpoint>[0][number]) => {
    const world = fakeEndpoint([answer], { client_id: "a", client_key: "a", client_secret: "b" });
    return oauth2(facts).refresh?.(world.signedIn({ accessToken: secret("a1"), refreshToken: secret("r1") }));
  };
  const cases: [string, OAuth2Facts, number, unknown, string, string | undefined][] = [
    ["a dead refresh token asks a person", google, 400, { error: "invalid_grant" }, "auth_revoked", "invalid_grant"],
    [
      "an error that came with 200",
      tiktok,
      200,
      { error: "invalid_grant", log_id: "1" },
      "auth_revoked",
      "invalid_grant",
    ],
    [
      "a wrong client secret is the operator's",
      x,
      401,
      { error: "invalid_client" },
      "operator_must_act",
      "invalid_client",
    ],
    ["X's own meaning of a word", x, 400, { error: "invalid_request" }, "auth_revoked", "invalid_request"],
    ["the same word elsewhere", google, 400, { error: "invalid_request" }, "operator_must_act", "invalid_request"],
    ["a bare 401 says nothing about the sign-in", google, 401, undefined, "unexpected_response", undefined],
    ["a page in place of an answer", google, 200, undefined, "unexpected_response", undefined],
    ["an answer without a token", google, 200, { ok: true }, "unexpected_response", undefined],
    ["a 503 on a token that is good once", x, 503, { error: "server_error" }, "outcome_unknown", "server_error"],
    ["a 503 where it may be sent again", google, 503, undefined, "unavailable", undefined],
    ["too fast", google, 429, undefined, "rate_limited", undefined],
  ];
  for (const [name, facts, status, json, kind, code] of cases)
    it(name, async () => {
      const answer = await refused(facts, { status, json });
      assert.ok(answer && !answer.ok);
      assert.equal(answer.error.kind, kind);
      assert.equal(answer.error.platformCode, code);
    });

  it("a refusal on the consent page, another state and a missing code never reach the token endpoint", async () => {
    const world = fakeEndpoint([]);
    for (const callback of [
      { error: "access_denied", state: "st-1" },
      { code: "c", state: "another" },
      { code: "c" },
    ]) {
      const answer = await oauth2(linkedin).finish(input({ callback: callback as Record<string, string> }), world.ctx);
      assert.equal(answer.ok ? "taken" : answer.error.kind, "auth_revoked");
    }
  });

  it("a page that sends nobody's code back says so", async () => {
    const answer = await oauth2(linkedin).finish(input({ callback: { state: "st-1" } }), fakeEndpoint([]).ctx);
    assert.equal(!answer.ok && answer.error.kind === "content_rejected" && answer.error.field, "code");
  });

  it("an app that is not registered names the settings that are missing", async () => {
    const started = await begin(tiktok, fakeEndpoint([], {}).ctx);
    assert.ok(!started.ok && started.error.kind === "operator_must_act");
    assert.match(started.error.what, /POSTD_TIKTOK_CLIENT_KEY/);
  });

  it("no token, code or secret stands in a failure", async () => {
    const planted = { access_token: "PLANTED", refresh_token: "PLANTED", error_description: "PLANTED" };
    for (const json of [planted, { ...planted, access_token: 7 }, { ...planted, error: "invalid_grant" }, ["PLANTED"]])
      for (const status of [200, 400, 500]) {
        const answer = await refused({ ...x, refresh: "rotates" }, { status, json });
        if (answer && !answer.ok) assert.ok(!JSON.stringify(answer.error).includes("PLANTED"));
      }
  });
});

describe("oauth2 for providers that go further than the standard", () => {
  const failures = failureTable({
    name: "Place",
    read: ({ json }) =>
      json && typeof json === "object" && "trouble" in json ? { codes: [String(json.trouble)] } : undefined,
    codes: { used: { kind: "auth_revoked" } },
  });
  const facts: OAuth2Facts = {
    ...linkedin,
    encoding: "query",
    failures,
    finishParams: { grant_type: undefined },
    lengthen: async (token) =>
      ok({ accessToken: secret(`long-${token.accessToken.reveal()}`), expiresAt: new Date(NOW.getTime() + DAY_MS) }),
    subject: async (token) =>
      ok({ externalId: token.accessToken.reveal(), name: "Ida", scopes: ["told", "elsewhere"] }),
  };

  it("asks by GET, takes the long token before asking whose it is, and the scopes that are told with it", async () => {
    const { sent, granted } = await wholeWay(facts, [{ json: { access_token: "short", expires_in: 60 } }]);
    const url = new URL(sent[0]?.url ?? "");
    assert.deepEqual(
      [sent[0]?.method, url.searchParams.get("code"), url.searchParams.has("grant_type")],
      ["GET", "c0de*", false],
    );
    assert.equal(granted.subject.externalId, "long-short");
    assert.equal(granted.credentials.accessToken.reveal(), "long-short");
    assert.equal(inMs(granted.credentials.expiresAt), DAY_MS);
    assert.deepEqual(
      [granted.scopes, granted.credentials.scopes],
      [
        ["told", "elsewhere"],
        ["told", "elsewhere"],
      ],
    );
  });

  it("reads errors in the standard's form and in the provider's own", async () => {
    for (const json of [{ trouble: "used" }, { error: "invalid_grant" }]) {
      const world = fakeEndpoint([{ status: 400, json }]);
      const answer = await oauth2(facts).finish(input(), world.ctx);
      assert.equal(answer.ok ? "taken" : answer.error.kind, "auth_revoked", JSON.stringify(json));
    }
  });
});

describe("oauth2 with pushed requests and bound tokens", () => {
  const facts: OAuth2Facts = {
    ...x,
    clientAuth: "none",
    pushAt: "https://as.example/par",
    authorizeAt: "https://as.example/authorize",
    tokenAt: "https://as.example/token",
    dpop: true,
  };
  it("sends the parameters ahead, takes up a nonce, and proves the same key ever after", async () => {
    const wantsNonce = { status: 400, json: { error: "use_dpop_nonce" }, headers: { "dpop-nonce": "n-1" } };
    const world = fakeEndpoint([
      wantsNonce,
      { status: 201, json: { request_uri: "urn:req:1", expires_in: 60 } },
      { json: { access_token: "a1", refresh_token: "r1", token_type: "DPoP", expires_in: 60 } },
      { json: { access_token: "a2", refresh_token: "r2", token_type: "DPoP", expires_in: 60 } },
    ]);
    const started = await begin(facts, world.ctx);
    assert.ok(started.ok);
    assert.deepEqual(Object.fromEntries(started.value.url.searchParams), {
      client_id: "app-1",
      request_uri: "urn:req:1",
    });
    assert.equal(world.sent[1]?.body.scope, "tweet.read tweet.write offline.access");
    const finished = await oauth2(facts).finish(input({ keep: started.value.keep ?? {} }), world.ctx);
    assert.ok(finished.ok);
    const renewed = await oauth2(facts).refresh?.(world.signedIn(finished.value.credentials));
    assert.ok(renewed?.ok);
    const proofs = world.sent.map(({ headers }) => {
      const [head = "", claims = ""] = (headers.dpop ?? "").split(".");
      return [head, claims].map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
    });
    assert.equal(new Set(proofs.map(([head]) => JSON.stringify(head.jwk))).size, 1);
    assert.deepEqual(
      proofs.map(([, claims]) => claims.nonce),
      [undefined, "n-1", undefined, undefined],
    );
    assert.ok(proofs.every(([, claims]) => Math.abs(claims.iat * 1000 - NOW.getTime()) < 5000));
  });
});
