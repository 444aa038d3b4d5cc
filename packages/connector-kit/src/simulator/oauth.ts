import { base64UrlEncode, constantTimeEqual, sha256 } from "../crypto.ts";
import { formBody } from "./body.ts";
import { basicPair } from "./credential.ts";
import { decideConsent, type Redirects, showConsent } from "./oauth-consent.ts";
import type { OAuthApp, OAuthFacts } from "./oauth-facts.ts";
import type { Code, OAuthState } from "./oauth-state.ts";
import { randomWord } from "./random.ts";
import { SimRefusal } from "./refusal.ts";
import { type Route, routesOf } from "./route.ts";
import type { SimGrant, SimToken } from "./tokens.ts";
import type { SimRequest, SimResponse } from "./types.ts";

/** The endpoints of the facts, as routes. Each call is handled by the state of that moment. */
export function oauthRoutes<W>(facts: OAuthFacts<W>, state: OAuthState): readonly Route<W>[] {
  const route = routesOf<W>();
  const none = { token: "none" } as const;
  const form = (
    path: string | readonly string[],
    handle: (world: W, request: SimRequest, form: URLSearchParams) => SimResponse,
  ) =>
    route("POST", path, {
      ...none,
      handle({ world, request }) {
        const read = formBody(request);
        if (!read.ok) throw refusal(facts, "invalid_request", read.reason);
        return handle(world, request, read.value);
      },
    });
  const redirects: Redirects<W> = { facts, ...state };
  return [
    route("GET", facts.authorize, {
      ...none,
      handle: ({ world, env, request }) =>
        showConsent(redirects, world, request.query, env.urlFor(request.host, request.path)),
    }),
    route("POST", facts.authorize, {
      ...none,
      handle({ world, request }) {
        const read = formBody(request);
        return decideConsent(redirects, world, request.query, read.ok ? read.value : new URLSearchParams());
      },
    }),
    form(facts.token, (world, request, fields) => answerToken(facts, state, { world, request, fields })),
    ...(facts.tokenByGet
      ? [
          route("GET", facts.token, {
            ...none,
            handle: ({ world, request }) => answerToken(facts, state, { world, request, fields: request.query }),
          }),
        ]
      : []),
    ...(facts.par
      ? [form(facts.par.path, (world, request, fields) => push(facts, state, { world, request, fields }))]
      : []),
    ...(facts.revoke
      ? [form(facts.revoke, (world, request, fields) => revoke(facts, state, { world, request, fields }))]
      : []),
    ...(facts.introspect
      ? [form(facts.introspect, (world, request, fields) => introspect(facts, state, { world, request, fields }))]
      : []),
  ];
}

interface Asked<W> {
  readonly world: W;
  readonly request: SimRequest;
  readonly fields: URLSearchParams;
}

/** An error of RFC 6749 in the platform's form, to throw. */
function refusal<W>(facts: OAuthFacts<W>, error: string, description: string): SimRefusal {
  const standard: SimResponse = {
    status: error === "invalid_client" ? 401 : 400,
    headers: { "cache-control": "no-store" },
    json: { error, error_description: description },
  };
  return new SimRefusal(facts.error?.(error, description) ?? standard);
}

function clientOf<W>(facts: OAuthFacts<W>, { world, request, fields }: Asked<W>): OAuthApp {
  const { clientIdName = "client_id", clientAuth = "either" } = facts;
  const [basicId, basicSecret] = basicPair(request)?.map(decodeURIComponent) ?? [];
  const id = basicId ?? fields.get(clientIdName) ?? "";
  const app = facts.apps(world).find((one) => one.id === id);
  if (app === undefined) throw refusal(facts, "invalid_client", `${clientIdName} is unknown`);
  const given =
    clientAuth === "basic"
      ? basicSecret
      : clientAuth === "body"
        ? fields.get("client_secret")
        : (basicSecret ?? fields.get("client_secret"));
  if (app.secret !== undefined && !constantTimeEqual(given ?? "", app.secret))
    throw refusal(facts, "invalid_client", "the client's secret is wrong or missing");
  return app;
}

function answerToken<W>(facts: OAuthFacts<W>, state: OAuthState, asked: Asked<W>): SimResponse {
  const app = clientOf(facts, asked);
  const type = asked.fields.get("grant_type") ?? facts.impliedGrant ?? "";
  switch (type) {
    case "authorization_code": {
      const { grant, query } = spendCode(facts, state, app, asked.fields);
      const refresh =
        facts.refresh?.asked?.(query, { world: asked.world, grant }) === false
          ? undefined
          : newRefreshToken(facts, state, grant);
      return tokenAnswer(facts, state, asked.world, grant, refresh);
    }
    case "refresh_token": {
      const { grant, next } = spendRefreshToken(facts, state, app, asked.fields.get("refresh_token") ?? "");
      return tokenAnswer(facts, state, asked.world, grant, next);
    }
    default: {
      const own = facts.grants?.[type];
      if (own === undefined) throw refusal(facts, "unsupported_grant_type", "grant_type is unknown here");
      const given = own({ world: asked.world, app, fields: asked.fields, tokens: state.tokens() });
      if (given === undefined) throw refusal(facts, "invalid_grant", "it is not granted");
      const { accessSeconds } = facts;
      const { grant, seconds = accessSeconds } = given;
      return tokenAnswer(
        seconds === undefined ? facts : { ...facts, accessSeconds: seconds },
        state,
        asked.world,
        grant,
        undefined,
      );
    }
  }
}

function spendCode<W>(facts: OAuthFacts<W>, state: OAuthState, app: OAuthApp, fields: URLSearchParams): Code {
  const { codes, now } = state.server();
  const value = fields.get("code") ?? "";
  const code = codes.get(value);
  codes.delete(value);
  if (code === undefined || code.grant.app !== app.id || code.grant.ended)
    throw refusal(facts, "invalid_grant", "the code is unknown or was used");
  if (code.expiresAt <= now()) throw refusal(facts, "invalid_grant", "the code has expired");
  if (fields.get("redirect_uri") !== code.redirectUri)
    throw refusal(facts, "invalid_grant", "redirect_uri is not the one of the authorisation");
  const verifier = fields.get("code_verifier");
  const isProven = verifier !== null && base64UrlEncode(sha256(verifier)) === code.challenge;
  if (code.challenge === undefined ? verifier !== null : !isProven)
    throw refusal(facts, "invalid_grant", "code_verifier does not match");
  return code;
}

function newRefreshToken<W>(
  { refresh, tokenPrefix = "" }: OAuthFacts<W>,
  state: OAuthState,
  grant: SimGrant,
): SimToken | undefined {
  if (refresh === undefined || (refresh.scope !== undefined && !grant.scopes.has(refresh.scope))) return undefined;
  const { seconds } = refresh;
  return state
    .tokens()
    .issue(grant, { kind: "refresh", prefix: tokenPrefix, ...(seconds === undefined ? {} : { seconds }) });
}

function spendRefreshToken<W>(facts: OAuthFacts<W>, state: OAuthState, app: OAuthApp, value: string) {
  const { refresh } = facts;
  const { rotated, now } = state.server();
  const tokens = state.tokens();
  const before = rotated.get(value);
  const known = tokens.find(value);
  if (before !== undefined && known !== undefined && !known.grant.ended) {
    if (now() < before.until && known.grant.app === app.id) return { grant: known.grant, next: before.next };
    if (refresh?.reuseEndsGrant) known.grant.ended = true;
    throw refusal(facts, "invalid_grant", "the refresh token was used before");
  }
  const token = tokens.check(value, "refresh");
  if (typeof token === "string" || token.grant.app !== app.id)
    throw refusal(facts, "invalid_grant", "the refresh token is unknown, expired or revoked");
  if (!refresh?.rotates) return { grant: token.grant, next: token };
  const next = newRefreshToken(facts, state, token.grant);
  tokens.end(token);
  if (next) rotated.set(value, { next, until: now() + (refresh.graceSeconds ?? 0) * 1000 });
  return { grant: token.grant, next };
}

function tokenAnswer<W>(
  facts: OAuthFacts<W>,
  state: OAuthState,
  world: W,
  grant: SimGrant,
  refresh: SimToken | undefined,
): SimResponse {
  const { accessSeconds, scopeSeparator = " ", tokenPrefix = "" } = facts;
  const seconds = accessSeconds === undefined ? {} : { seconds: accessSeconds };
  const access = state.tokens().issue(grant, { prefix: tokenPrefix, ...seconds });
  const left = refresh?.expiresAt === undefined ? undefined : Math.floor((refresh.expiresAt - access.issuedAt) / 1000);
  const json = {
    access_token: access.value,
    token_type: "Bearer",
    ...(accessSeconds === undefined ? {} : { expires_in: accessSeconds }),
    ...(refresh === undefined ? {} : { refresh_token: refresh.value }),
    ...(left === undefined ? {} : { refresh_token_expires_in: left }),
    scope: [...grant.scopes].join(scopeSeparator),
  };
  return {
    status: 200,
    headers: { "cache-control": "no-store" },
    json: facts.answer?.({ world, grant, json }) ?? json,
  };
}

function push<W>(facts: OAuthFacts<W>, state: OAuthState, asked: Asked<W>): SimResponse {
  clientOf(facts, asked);
  const { pushed, now } = state.server();
  const seconds = facts.par?.seconds ?? 60;
  const uri = `urn:ietf:params:oauth:request_uri:${randomWord(32)}`;
  pushed.set(uri, { query: asked.fields, expiresAt: now() + seconds * 1000 });
  return { status: 201, headers: { "cache-control": "no-store" }, json: { request_uri: uri, expires_in: seconds } };
}

/** RFC 7009: an unknown token is no error. A refresh token takes its grant with it. */
function revoke<W>(facts: OAuthFacts<W>, state: OAuthState, asked: Asked<W>): SimResponse {
  const app = clientOf(facts, asked);
  const token = state.tokens().find(asked.fields.get("token") ?? "");
  if (token?.grant.app === app.id) token.grant.ended = true;
  return { status: 200 };
}

function introspect<W>(facts: OAuthFacts<W>, state: OAuthState, asked: Asked<W>): SimResponse {
  const app = clientOf(facts, asked);
  const value = asked.fields.get("token") ?? "";
  const found = state.tokens().find(value);
  const isActive = found !== undefined && typeof state.tokens().check(value, found.kind) === "object";
  if (found === undefined || !isActive || found.grant.app !== app.id) return { status: 200, json: { active: false } };
  const { expiresAt, grant } = found;
  const scope = [...grant.scopes].join(facts.scopeSeparator ?? " ");
  const end = expiresAt === undefined ? {} : { exp: Math.floor(expiresAt / 1000) };
  return { status: 200, json: { active: true, client_id: app.id, sub: grant.subject, scope, ...end } };
}
