import {
  type AppCredentialsSet,
  type AuthContext,
  GraphId,
  GraphSuccess,
  graphUrl,
  longToken,
  type OAuth2SignIn,
  type OAuthAt,
  type OAuthSubject,
  oauth2,
  type PlatformResult,
  type Secret,
  type SignInContext,
  type TokenAnswer,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { facebookAccounts } from "./accounts-facebook.ts";
import { failures } from "./failures.ts";
import { graph, graphList, metaGraph } from "./graph.ts";
import { facebookDialogUrl } from "./graph-url.ts";
import { businessScope, linkedInstagramScopes, pageScopes } from "./scopes.ts";

/** One Meta app signs in for Pages and for the Instagram accounts linked to them. */
export const metaApp: AppCredentialsSet = {
  id: "meta",
  fields: [
    { name: "app_id", secret: false, required: true, help: "App ID, from the app dashboard under Settings, Basic." },
    { name: "app_secret", secret: true, required: true, help: "App secret, on the same page.", signs: true },
    {
      name: "login_config_id",
      secret: false,
      required: false,
      help: "Configuration ID of Facebook Login for Business; it replaces the list of permissions.",
    },
    {
      name: "webhook_verify_token",
      secret: true,
      required: false,
      help: "Any text; type the same one where the app dashboard asks for a verify token.",
    },
  ],
};

const all = [
  ...new Set([
    ...pageScopes.required,
    ...pageScopes.optional,
    ...linkedInstagramScopes.required,
    ...linkedInstagramScopes.optional,
    businessScope,
  ]),
];

/** What either platform lacks is told of it; nothing at all works without these. */
const required = pageScopes.required.filter((scope) => linkedInstagramScopes.required.some((it) => it === scope));

const Person = z.object({ id: GraphId, name: z.string().optional() });
const Permission = z.object({ permission: z.string(), status: z.string() });

/** Who signed in, and what they said yes to: the token's own answer names no permissions. */
const readPerson = async ({ accessToken }: TokenAnswer, ctx: AuthContext): PlatformResult<OAuthSubject> => {
  const person = await graph(ctx, accessToken, {
    method: "GET",
    path: ["me"],
    params: { fields: "id,name" },
    answer: Person,
  });
  if (!person.ok) return person;
  const scopes = await grantedPermissions(ctx, accessToken);
  const { id: externalId, name = externalId } = person.value;
  return scopes.ok ? ok({ externalId, name, scopes: scopes.value }) : scopes;
};

/** Permissions a person said yes to; declined and expired ones are left out. */
export async function grantedPermissions(ctx: AuthContext, token: Secret): PlatformResult<readonly string[]> {
  const list = await graphList(ctx, token, { path: ["me", "permissions"], params: { limit: 200 }, row: Permission });
  if (!list.ok) return list;
  return ok(list.value.filter((row) => row.status === "granted").map((row) => row.permission));
}

/**
 * Withdraws the app from the person, by the user token: the sign-in's own, which accounts from before kept behind their
 * Page's. Meta knows no smaller step: every other Page and Instagram account this person connected loses its access too,
 * so it is for the last connection of a sign-in.
 */
async function revoke(ctx: SignInContext): PlatformResult<void> {
  const { accessToken, extra } = ctx.credentials;
  const userToken = extra?.userToken ?? accessToken;
  const done = await graph(ctx, userToken, { method: "DELETE", path: ["me", "permissions"], answer: GraphSuccess });
  // A token that no longer works has been withdrawn already.
  return done.ok || done.error.kind === "auth_revoked" ? ok(undefined) : done;
}

const tokenAddress = ({ apiVersion }: OAuthAt): string =>
  graphUrl("graph.facebook.com", apiVersion, "oauth", "access_token");

/**
 * Facebook Login asks for everything both platforms use, as one grant opens Pages and linked Instagram accounts. Code to
 * short token to long-lived token: the long one comes before the Pages are listed, else their tokens would die within the
 * hour. A token without an end (system user) is long-lived already.
 * @source platforms/meta.md sections 3a and 15
 */
export const facebookLogin: OAuth2SignIn = {
  ...oauth2({
    id: "facebook_login",
    label: "Facebook",
    app: metaApp.id,
    appFields: { id: "app_id", secret: "app_secret" },
    redirectPath: "/api/oauth/:platform/callback",
    scopes: { required, optional: all.filter((scope) => !required.some((it) => it === scope)) },
    scopeSeparator: ",",
    pkce: "none",
    authorizeAt: ({ apiVersion }) => facebookDialogUrl(apiVersion),
    authorizeParams({ again }, { app }) {
      const config = app.value("login_config_id");
      return {
        // A saved configuration brings its own list of permissions; both together are refused.
        ...(config && { config_id: config, scope: undefined }),
        ...(again && { auth_type: "rerequest" }),
      };
    },
    tokenAt: tokenAddress,
    encoding: "query",
    finishParams: { grant_type: undefined },
    failures,
    async lengthen(token, at, ctx) {
      if (!token.expiresAt) return ok(token);
      const app = { client_id: at.app.value("app_id"), client_secret: at.app.secret("app_secret") };
      const grant = { grant_type: "fb_exchange_token", fb_exchange_token: token.accessToken };
      return longToken(metaGraph, ctx, tokenAddress(at), { query: { ...app, ...grant }, ends: false });
    },
    subject: (token, _at, ctx) => readPerson(token, ctx),
    accounts: (granted, ctx, wanted) => facebookAccounts(granted, ctx, wanted === "instagram" ? wanted : "facebook"),
  }),
  revoke,
};
