import { formBody, type OAuthFacts, routesOf, type SimGrant, type SimResponse } from "@postd/connector-kit/simulator";
import { app, type World } from "./world.ts";

// Fact sheet google-business-profile, "OAuth (Google)"; what YouTube and Analytics sign in with as well.

const prefix = "https://www.googleapis.com/auth/";
export const manage = `${prefix}business.manage`;
const identity = ["openid", "email", "profile"];
export const scopes: Readonly<Record<string, string>> = {
  openid: "Associate you with your personal info on Google",
  email: "See your primary Google Account email address",
  profile: "See your personal info, including any personal info you've made publicly available",
  [manage]: "See, edit, create and delete your Google business listings",
};
export const accessSeconds = 3599;
const dayMs = 86_400_000;
const issuer = "https://accounts.google.com";
/** The documented most of one person and client; the oldest is dropped without a word. */
const mostRefreshTokens = 100;

export const oauth: OAuthFacts<World> = {
  authorize: "accounts.google.com/o/oauth2/v2/auth",
  token: "oauth2.googleapis.com/token",
  title: "Sign in with Google",
  scopes,
  scopesAreChosen: true,
  asks: (asked) => ({ scopes: asked, kept: identity.filter((scope) => asked.includes(scope)) }),
  tellsPerson: true,
  apps: () => [{ id: app.client_id, secret: app.client_secret }],
  people: ({ people }) => people.all().map(({ id, name }) => ({ id, name })),
  pkce: "allowed",
  codeSeconds: 600,
  accessSeconds,
  tokenPrefix: "ya29.",
  refresh: {
    asked: (query, { world, grant }) => query.get("access_type") === "offline" && !world.silentRefresh.has(grant.id),
  },
  consented({ world, grant, earlier, query }) {
    grant.accounts = world.profiles.namesOf(grant.subject);
    const before = earlier.filter(({ ended }) => !ended);
    const asksAgain = (query.get("prompt") ?? "").split(" ").includes("consent");
    if (before.length > 0 && !asksAgain) world.silentRefresh.add(grant.id);
    if (query.get("include_granted_scopes") === "true")
      grant.scopes = new Set([...grant.scopes, ...before.flatMap((one) => [...one.scopes])]);
  },
  callback: ({ world, grant }) => ({ scope: granted(world, grant) }),
  answer({ world, grant, json }) {
    const { refresh_token, ...rest } = json;
    const isFirst = !world.usedAt.has(grant.id);
    world.usedAt.set(grant.id, world.env.now().getTime());
    if (isFirst && refresh_token) dropOldest(world, grant);
    return {
      ...rest,
      scope: granted(world, grant),
      // It stays as it is, so only the first answer has it.
      ...(isFirst && refresh_token !== undefined && { refresh_token }),
      ...(isFirst && world.settings.consentScreen === "testing" && { refresh_token_expires_in: 604_799 }),
      ...(grant.scopes.has("openid") && { id_token: idToken(world, grant) }),
    };
  },
  error: (error, words) => oauthError(words.startsWith("redirect_uri") ? "redirect_uri_mismatch" : error, words),
};

const oauthError = (error: string, error_description: string): SimResponse => ({
  status: error === "invalid_client" ? 401 : 400,
  headers: { "cache-control": "no-store" },
  json: { error, error_description },
});

function granted({ settings }: World, { scopes: given }: SimGrant): string {
  const long = (scope: string) =>
    settings.scopeNames === "address" && ["email", "profile"].includes(scope) ? `${prefix}userinfo.${scope}` : scope;
  return [...given].map(long).join(" ");
}

function claimsOf(world: World, { subject, scopes: given }: Pick<SimGrant, "subject" | "scopes">) {
  const person = world.people.get(subject);
  return {
    sub: subject,
    ...(given.has("email") && { email: person?.email, email_verified: true }),
    ...(given.has("profile") && { name: person?.name, picture: `https://lh3.googleusercontent.com/a/${subject}` }),
  };
}

function idToken(world: World, grant: SimGrant): string {
  const iat = Math.floor(world.env.now().getTime() / 1000);
  const party = { iss: issuer, aud: grant.app, azp: grant.app, iat, exp: iat + 3600 };
  return world.keys.sign({ ...party, ...claimsOf(world, grant) });
}

function dropOldest(world: World, { subject, app: client }: SimGrant): void {
  const live = world.tokens
    .grants()
    .filter((one) => one.subject === subject && one.app === client && world.usedAt.has(one.id));
  for (const oldest of live.slice(0, Math.max(0, live.length - mostRefreshTokens))) oldest.ended = true;
}

/** Consents die seven days after they were given in testing, and half a year after their last use. */
export function endOldConsents(world: World): void {
  const now = world.env.now().getTime();
  const isTesting = world.settings.consentScreen === "testing";
  for (const grant of world.tokens.grants()) {
    const usedAt = world.usedAt.get(grant.id) ?? grant.madeAt;
    if (now - usedAt >= 183 * dayMs || (isTesting && now - grant.madeAt >= 7 * dayMs)) grant.ended = true;
  }
}

const route = routesOf<World>();

export const signInRoutes = [
  /** Needs no client; takes every consent of the person at this client with it. */
  route("POST", "oauth2.googleapis.com/revoke", {
    token: "none",
    handle({ world, request }) {
      const form = formBody(request);
      const value = (form.ok && form.value.get("token")) || request.query.get("token") || "";
      const found = world.tokens.find(value);
      if (found === undefined || found.ended || found.grant.ended)
        return oauthError("invalid_token", "Token expired or revoked");
      world.tokens.endSubject(found.grant.subject, found.grant.app);
      return { status: 200, json: {} };
    },
  }),
  route("GET", ["openidconnect.googleapis.com/v1/userinfo", "www.googleapis.com/oauth2/v3/userinfo"], {
    scopes: ["openid"],
    handle: ({ world, caller }) => ({ status: 200, json: claimsOf(world, caller) }),
  }),
  route("GET", "www.googleapis.com/oauth2/v3/certs", {
    token: "none",
    handle: ({ world }) => ({
      status: 200,
      headers: { "cache-control": "public, max-age=19800, must-revalidate, no-transform" },
      json: world.keys.jwks(),
    }),
  }),
  route("GET", "accounts.google.com/.well-known/openid-configuration", {
    token: "none",
    handle: () => ({
      status: 200,
      json: {
        issuer,
        authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
        token_endpoint: "https://oauth2.googleapis.com/token",
        userinfo_endpoint: "https://openidconnect.googleapis.com/v1/userinfo",
        revocation_endpoint: "https://oauth2.googleapis.com/revoke",
        jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
        id_token_signing_alg_values_supported: ["RS256"],
      },
    }),
  }),
];
