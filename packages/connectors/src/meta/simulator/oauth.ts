import { type OAuthFacts, type Route, routesOf, type SimResponse, type SimToken } from "@postd/connector-kit/simulator";
import { errorAnswer, invalidParameter, readParams, requiredText } from "@postd/connector-kit/simulator/graph";
import {
  configuredPermissions,
  facebookPermissions,
  instagramApp,
  instagramPermissions,
  loginConfigurationId,
  metaApp,
} from "./apps.ts";
import { refusedToken } from "./errors.ts";
import { consentOf, dataAccessMs, isLongLived, kindOf, longSeconds, pageOf, shortSeconds } from "./tokens.ts";
import type { World } from "./world.ts";

/** Under every version and under none. */
export const versioned = (host: string, path: string): readonly string[] => [
  `${host}/${path}`,
  `${host}/:version/${path}`,
];
const route = routesOf<World>();
const ok = (json: unknown): SimResponse => ({ status: 200, json });

const shared = {
  scopeSeparator: ",",
  scopesAreChosen: true,
  tellsPerson: true,
  clientAuth: "body",
  codeSeconds: 3600,
  accessSeconds: shortSeconds,
  // Denial as meta.md §3a.1 gives it.
  refused: () => ({ error: "access_denied", error_reason: "user_denied", error_description: "Permissions error" }),
  error: (_error, description) => errorAnswer({ code: 100, message: `(#100) ${description}` }),
  /** What was granted stays granted at the next login, and what was declined is remembered. */
  consented({ grant, earlier }) {
    const before = earlier.at(-1);
    if (before === undefined) return;
    grant.scopes = new Set([...before.scopes, ...grant.scopes]);
    grant.asked = new Set([...before.asked, ...grant.asked]);
  },
} satisfies Partial<OAuthFacts<World>>;

/** Facebook Login (§2, §3a): Pages and the Instagram accounts behind them, by one consent. */
export const facebookLogin: OAuthFacts<World> = {
  ...shared,
  authorize: versioned("www.facebook.com", "dialog/oauth"),
  token: versioned("graph.facebook.com", "oauth/access_token"),
  tokenByGet: true,
  title: "Log in with Facebook",
  scopes: facebookPermissions,
  tokenPrefix: "EAA",
  apps: () => [{ id: metaApp.app_id, secret: metaApp.app_secret }],
  people: ({ data }) =>
    data.people.all().map(({ id, name }) => ({
      id,
      name,
      accounts: [
        ...data.pages.all(({ personId, roleLost }) => personId === id && !roleLost),
        ...data.igAccounts
          .all(({ personId, pageId }) => personId === id && pageId !== undefined)
          .map((account) => ({ id: account.id, name: `@${account.username}` })),
      ],
    })),
  asks(scopes, query) {
    const configId = query.get("config_id");
    if (configId === null) return { scopes: [...new Set(["public_profile", ...scopes])], kept: ["public_profile"] };
    if (query.has("scope")) return "Use either scope or config_id.";
    // With a configuration everything or nothing is granted (§2).
    return configId === loginConfigurationId
      ? { scopes: configuredPermissions, kept: configuredPermissions }
      : "Invalid config_id.";
  },
  impliedGrant: "authorization_code",
  grants: {
    /** A long-lived token; cannot be had with an expired one (§3a.3). */
    fb_exchange_token: ({ fields, tokens }) => {
      const token = tokens.check(fields.get("fb_exchange_token") ?? "");
      if (typeof token === "string") throw refusedToken(token);
      return kindOf(token) === "user" ? { grant: token.grant, seconds: longSeconds } : undefined;
    },
  },
  answer: ({ json: { access_token, expires_in } }) => ({ access_token, token_type: "bearer", expires_in }),
};

/**
 * Instagram Login (§3b): one account of its own. The reference shows the authorise page on two hosts (§1). The exchange
 * answers plainly or, by `act("wrapInstagramExchange")`, as `{data:[{...}]}`; `permissions` as comma text or, by
 * `act("permissionsAsList")`, as a list (§3b.2 names both).
 */
export const instagramLogin: OAuthFacts<World> = {
  ...shared,
  authorize: ["www.instagram.com/oauth/authorize", "api.instagram.com/oauth/authorize"],
  token: "api.instagram.com/oauth/access_token",
  title: "Log in with Instagram",
  scopes: instagramPermissions,
  tokenPrefix: "IGAA",
  callbackFragment: "_",
  apps: () => [{ id: instagramApp.app_id, secret: instagramApp.app_secret }],
  people: ({ data }) => data.igAccounts.all().map(({ id, username, name }) => ({ id, name: `@${username} (${name})` })),
  asks: (scopes) => (scopes.includes(basic) ? { scopes, kept: [basic] } : `Invalid Scopes: ${basic} is required.`),
  answer({ world: { data }, grant, json: { access_token } }) {
    const scopes = [...grant.scopes];
    const permissions = data.settings.permissionsAsList ? scopes : scopes.join(",");
    const body = { access_token, user_id: grant.subject, permissions };
    return data.settings.wrapInstagramExchange ? { data: [body] } : body;
  },
};

const basic = "instagram_business_basic";
const minRefreshAgeMs = 86_400_000;

/** Calls of the two logins that are no OAuth 2. */
export const tokenRoutes: readonly Route<World>[] = [
  /** A long-lived token out of a short one (§3b.3). */
  route("GET", versioned("graph.instagram.com", "access_token"), {
    handle({ world, request: { query }, caller: { token } }) {
      if (query.get("grant_type") !== "ig_exchange_token") throw invalidParameter("Invalid grant type");
      if (query.get("client_secret") !== instagramApp.app_secret)
        throw invalidParameter("Error validating client secret.");
      return longLived(world, token);
    },
  }),
  /** At least 24 hours old, not expired (§3b.4). */
  route("GET", versioned("graph.instagram.com", "refresh_access_token"), {
    scopes: [basic],
    handle({ world, request: { query }, caller: { token, scopes }, now }) {
      if (query.get("grant_type") !== "ig_refresh_token") throw invalidParameter("Invalid grant type");
      if (token === undefined || !isLongLived(token))
        throw invalidParameter("Only a long-lived access token can be refreshed");
      if (now.getTime() < token.issuedAt + minRefreshAgeMs)
        throw invalidParameter("The access token must be at least 24 hours old");
      return longLived(world, token, { permissions: [...scopes].join(",") });
    },
  }),
  /** With an app token `{id}|{secret}` (§3a.5). */
  route("GET", versioned("graph.facebook.com", "debug_token"), {
    token: "none",
    async handle({ world, request }) {
      const params = await readParams(request);
      if (requiredText(params, "access_token") !== `${metaApp.app_id}|${metaApp.app_secret}`)
        throw refusedToken("tokenInvalid");
      return ok({ data: toldOf(world, requiredText(params, "input_token")) });
    },
  }),
];

function longLived(world: World, token: SimToken | undefined, more: Readonly<Record<string, unknown>> = {}) {
  if (token === undefined) throw refusedToken("tokenInvalid");
  const fresh = world.tokens.issue(token.grant, { prefix: "IGAA", seconds: longSeconds });
  return ok({ access_token: fresh.value, token_type: "bearer", expires_in: longSeconds, ...more });
}

function toldOf(world: World, value: string) {
  const { app_id } = metaApp;
  const token = world.tokens.find(value);
  if (token === undefined || kindOf(token) === "instagram")
    return { app_id, is_valid: false, scopes: [], error: { code: 190, message: "Invalid OAuth access token." } };
  const consent = consentOf(world, token.grant) ?? token.grant;
  const scopes = [...consent.scopes];
  const targets = (isInstagram: boolean) => ({
    target_ids: consent.accounts.filter((id) => (world.data.igAccounts.get(id) !== undefined) === isInstagram),
  });
  const { expiresAt = 0, grant, kind } = token;
  return {
    app_id,
    type: kind === "page" ? "PAGE" : "USER",
    is_valid: typeof world.tokens.check(value, kind) !== "string" && !world.data.endedTokens.has(value),
    expires_at: Math.floor(expiresAt / 1000),
    data_access_expires_at: Math.floor((consent.madeAt + dataAccessMs) / 1000),
    scopes,
    granular_scopes: scopes
      .filter((scope) => scope !== "public_profile")
      .map((scope) => ({
        scope,
        ...(/^instagram_|^pages_|^read_insights$/.test(scope) ? targets(scope.startsWith("instagram_")) : {}),
      })),
    user_id: grant.subject,
    ...(kind === "page" ? { profile_id: pageOf(token) } : {}),
  };
}
