import {
  type AppCredentialsSet,
  type AuthContext,
  type ConnectorContext,
  type Credentials,
  codeIn,
  type Granted,
  type OAuth2SignIn,
  type PlatformFailure,
  type PlatformResult,
  parseJson,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { facebookAccounts } from "./accounts-facebook.ts";
import { graphFailure } from "./failures.ts";
import { graph, graphList, NodeId, Shown, Success } from "./graph.ts";
import { atSeconds, facebookDialogUrl, graphUrl } from "./graph-url.ts";
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

const start: OAuth2SignIn["start"] = async ({ redirectUri, state, scopes, again }, { app, apiVersion }) => {
  const url = new URL(facebookDialogUrl(apiVersion));
  const config = app.value("login_config_id");
  url.searchParams.set("client_id", app.value("app_id") ?? "");
  url.searchParams.set("redirect_uri", redirectUri);
  url.searchParams.set("state", state);
  url.searchParams.set("response_type", "code");
  // A saved configuration brings its own list of permissions; both together are refused.
  if (config) url.searchParams.set("config_id", config);
  else url.searchParams.set("scope", scopes.join(","));
  if (again) url.searchParams.set("auth_type", "rerequest");
  return ok({ url });
};

const Token = z.object({
  access_token: z.string().min(1),
  token_type: z.string().optional(),
  expires_in: z.number().optional(),
});
const Person = z.object({ id: NodeId, name: Shown.optional() });
const Permission = z.object({ permission: z.string(), status: z.string() });

/**
 * Code to short token to long-lived token. The long one comes before the Pages are listed, else their tokens would die
 * within the hour. A token without an end (system user) is long-lived already.
 * @source platforms/meta.md sections 3a and 15
 */
const finish: OAuth2SignIn["finish"] = async ({ callback, redirectUri }, ctx) => {
  const code = codeIn(callback);
  if (!code.ok) return code;
  const short = await tokenCall(ctx, { redirect_uri: redirectUri, code: code.value });
  if (!short.ok) return short;
  const first = short.value;
  const long =
    first.expires_in === undefined
      ? short
      : await tokenCall(ctx, { grant_type: "fb_exchange_token", fb_exchange_token: secret(first.access_token) });
  if (!long.ok) return long;
  const accessToken = secret(long.value.access_token);
  const person = await graph(ctx, accessToken, {
    method: "GET",
    path: ["me"],
    params: { fields: "id,name" },
    answer: Person,
  });
  if (!person.ok) return person;
  const granted = await grantedPermissions(ctx, accessToken);
  if (!granted.ok) return granted;
  const expiresAt = endOf(ctx, long.value.expires_in);
  return ok<Granted>({
    subject: { externalId: person.value.id, name: person.value.name ?? person.value.id },
    credentials: { accessToken, scopes: granted.value, ...(expiresAt && { expiresAt }) },
    scopes: granted.value,
  });
};

/** Permissions a person said yes to; declined and expired ones are left out. */
export async function grantedPermissions(ctx: AuthContext, token: Secret): PlatformResult<readonly string[]> {
  const list = await graphList(ctx, token, { path: ["me", "permissions"], params: { limit: 200 }, row: Permission });
  if (!list.ok) return list;
  return ok(list.value.filter((row) => row.status === "granted").map((row) => row.permission));
}

async function tokenCall(
  ctx: AuthContext,
  params: Readonly<Record<string, string | Secret>>,
): PlatformResult<z.output<typeof Token>> {
  const appSecret = ctx.app.secret("app_secret");
  const appId = ctx.app.value("app_id");
  if (!appSecret || !appId) return fail(noApp("POSTD_META_APP_ID and POSTD_META_APP_SECRET"));
  const res = await ctx.http.request({
    method: "GET",
    url: graphUrl("graph.facebook.com", ctx.apiVersion, "oauth", "access_token"),
    query: { client_id: appId, client_secret: appSecret, ...params },
  });
  if (!res.ok) return res;
  const failure = graphFailure(res.value, { clock: ctx.clock });
  return failure ? fail(failure) : parseJson(res.value, Token);
}

/** Said when the instance lacks its app: the operator sets it, no retry helps. */
export const noApp = (names: string): PlatformFailure => ({
  kind: "operator_must_act",
  what: `set ${names}`,
  message: `The app credentials are not set. Set ${names}.`,
});

export const endOf = (ctx: Pick<AuthContext, "clock">, expiresInSeconds: number | undefined): Date | undefined =>
  expiresInSeconds ? atSeconds(ctx.clock.now().getTime() / 1000 + expiresInSeconds) : undefined;

/**
 * Withdraws the app from the person, by the user token kept behind the Page's. Meta knows no smaller step: every other
 * Page and Instagram account this person connected loses its access too, so it is for the last connection of a grant.
 * Without a user token nothing is sent and the failure says what to do.
 */
async function revoke(ctx: ConnectorContext): PlatformResult<void> {
  const userToken = userTokenOf(ctx.credentials);
  if (!userToken)
    return fail({
      kind: "unexpected_response",
      status: 0,
      message: "The sign-in behind this account is not kept. Remove the app in the Facebook settings instead.",
    });
  const done = await graph(ctx, userToken, { method: "DELETE", path: ["me", "permissions"], answer: Success });
  // A token that no longer works has been withdrawn already.
  return done.ok || done.error.kind === "auth_revoked" ? ok(undefined) : done;
}

const userTokenOf = (credentials: Credentials): Secret | undefined => credentials.extra?.userToken;

/** Facebook Login asks for everything both platforms use, as one grant opens Pages and linked Instagram accounts. */
export const facebookLogin: OAuth2SignIn = {
  kind: "oauth2",
  id: "facebook_login",
  label: "Facebook",
  app: metaApp.id,
  redirectPath: "/api/oauth/:platform/callback",
  scopes: { required, optional: all.filter((scope) => !required.some((it) => it === scope)) },
  start,
  finish,
  accounts: (granted, ctx, wanted) => facebookAccounts(granted, ctx, wanted === "instagram" ? wanted : "facebook"),
  revoke,
};
