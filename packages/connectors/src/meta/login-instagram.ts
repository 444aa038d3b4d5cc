import {
  type AppCredentialsSet,
  type AuthContext,
  type ConnectorContext,
  type Credentials,
  codeIn,
  type FoundAccount,
  type Granted,
  type OAuth2SignIn,
  type PlatformResult,
  parseJson,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graphFailure } from "./failures.ts";
import { graph, NodeId, Shown } from "./graph.ts";
import { webAddress } from "./graph-url.ts";
import { endOf, noApp } from "./login-facebook.ts";
import { instagramScopes, missing } from "./scopes.ts";

/** A pair of its own, shown on the Instagram page of the same Meta app; not the Meta app's id and secret. */
export const instagramApp: AppCredentialsSet = {
  id: "instagram",
  fields: [
    {
      name: "app_id",
      secret: false,
      required: true,
      help: "Instagram app ID, from the app dashboard under Instagram.",
    },
    {
      name: "app_secret",
      secret: true,
      required: true,
      help: "Instagram app secret, on the same page.",
      signs: true,
    },
  ],
};

const DAY_MS = 86_400_000;

export const instagramLogin: OAuth2SignIn = {
  kind: "oauth2",
  id: "instagram_login",
  label: "Instagram",
  app: instagramApp.id,
  platforms: ["instagram"],
  redirectPath: "/api/oauth/:platform/callback",
  scopes: instagramScopes,
  async start({ redirectUri, state, scopes, again }, { app }) {
    const url = new URL("https://www.instagram.com/oauth/authorize");
    url.searchParams.set("client_id", app.value("app_id") ?? "");
    url.searchParams.set("redirect_uri", redirectUri);
    url.searchParams.set("response_type", "code");
    url.searchParams.set("scope", scopes.join(","));
    url.searchParams.set("state", state);
    if (again) url.searchParams.set("force_authentication", "1");
    return ok({ url });
  },
  finish,
  accounts,
  refresh,
  // Tokens live 60 days; renewed from about day 40, well inside the days 30 to 50 that leave room for a long outage.
  refreshBeforeMs: 20 * DAY_MS,
};

/** Both documented forms: bare, and wrapped in `data`. @source platforms/meta.md section 3b */
const ShortToken = z.object({
  access_token: z.string().min(1),
  permissions: z.union([z.string(), z.array(z.string())]).optional(),
});
const ShortAnswer = z.union([
  ShortToken,
  z.object({ data: z.tuple([ShortToken], ShortToken) }).transform((it) => it.data[0]),
]);
const LongToken = z.object({ access_token: z.string().min(1), expires_in: z.number() });
/** `user_id` is the account in paths and webhooks; `id` is another number and fits nowhere. */
const Me = z.object({
  user_id: NodeId,
  username: Shown.optional(),
  name: Shown.optional(),
  account_type: z.string().optional(),
  profile_picture_url: z.string().transform(webAddress).optional(),
});

async function finish(
  { callback, redirectUri }: Parameters<OAuth2SignIn["finish"]>[0],
  ctx: AuthContext,
): PlatformResult<Granted> {
  const code = codeIn(callback);
  if (!code.ok) return code;
  const appId = ctx.app.value("app_id");
  const appSecret = ctx.app.secret("app_secret");
  if (!appId || !appSecret) return fail(noApp("POSTD_INSTAGRAM_APP_ID and POSTD_INSTAGRAM_APP_SECRET"));
  const res = await ctx.http.request({
    method: "POST",
    url: "https://api.instagram.com/oauth/access_token",
    form: {
      client_id: appId,
      client_secret: appSecret,
      grant_type: "authorization_code",
      redirect_uri: redirectUri,
      code: withoutFragment(code.value),
    },
  });
  if (!res.ok) return res;
  const failure = graphFailure(res.value, { clock: ctx.clock });
  if (failure) return fail(failure);
  const short = parseJson(res.value, ShortAnswer);
  if (!short.ok) return short;
  const long = await tokenCall(ctx, "access_token", {
    grant_type: "ig_exchange_token",
    client_secret: appSecret,
    access_token: secret(short.value.access_token),
  });
  if (!long.ok) return long;
  const scopes = scopeList(short.value.permissions) ?? instagramScopes.required;
  const credentials: Credentials = { ...tokenOf(ctx, long.value), scopes };
  const me = await readMe(ctx, credentials.accessToken);
  if (!me.ok) return me;
  const subject = { externalId: me.value.user_id, name: me.value.name || me.value.username || me.value.user_id };
  return ok({ subject, credentials, scopes });
}

/** The one account that signed in. */
async function accounts(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const me = await readMe(ctx, granted.credentials.accessToken);
  if (!me.ok) return me;
  const { user_id, username, name, account_type, profile_picture_url } = me.value;
  const personal = account_type?.toUpperCase() === "PERSONAL";
  return ok([
    {
      platform: "instagram",
      externalId: user_id,
      kind: "professional",
      name: name || username || user_id,
      ...(username && { handle: username, profileUrl: `https://www.instagram.com/${username}/` }),
      ...(profile_picture_url && { pictureUrl: profile_picture_url }),
      extras: {},
      credentials: granted.credentials,
      missingScopes: missing(instagramScopes.required, granted.scopes),
      ...(personal && {
        blocked:
          "This is a personal account. Switch it to a Business or Creator account in Instagram, then sign in again.",
      }),
    },
  ]);
}

/**
 * A new 60-day token. Instagram asks that the old one is at least 24 hours old and not yet over; once it is over, only
 * a new sign-in helps (`auth_revoked`).
 */
async function refresh(ctx: ConnectorContext): PlatformResult<Credentials> {
  const { expiresAt } = ctx.credentials;
  // Tokens live just under 60 days, so one with 59 left is younger than a day: good, and not to be renewed yet.
  if (expiresAt && expiresAt.getTime() - ctx.clock.now().getTime() > 59 * DAY_MS) return ok(ctx.credentials);
  const token = await tokenCall(ctx, "refresh_access_token", {
    grant_type: "ig_refresh_token",
    access_token: ctx.credentials.accessToken,
  });
  if (token.ok) return ok({ ...ctx.credentials, ...tokenOf(ctx, token.value) });
  return token.error.kind === "auth_expired" ? fail({ ...token.error, kind: "auth_revoked" }) : token;
}

export const readMe = (ctx: AuthContext, token: Secret): PlatformResult<z.output<typeof Me>> =>
  graph(ctx, token, {
    method: "GET",
    host: "graph.instagram.com",
    path: ["me"],
    params: { fields: "user_id,username,name,account_type,profile_picture_url" },
    answer: Me,
  });

async function tokenCall(
  ctx: AuthContext,
  path: "access_token" | "refresh_access_token",
  query: Readonly<Record<string, string | Secret>>,
): PlatformResult<z.output<typeof LongToken>> {
  // These two stand outside the versions.
  const res = await ctx.http.request({ method: "GET", url: `https://graph.instagram.com/${path}`, query });
  if (!res.ok) return res;
  const failure = graphFailure(res.value, { clock: ctx.clock });
  return failure ? fail(failure) : parseJson(res.value, LongToken);
}

function tokenOf(ctx: AuthContext, token: z.output<typeof LongToken>): Pick<Credentials, "accessToken" | "expiresAt"> {
  const expiresAt = endOf(ctx, token.expires_in);
  return { accessToken: secret(token.access_token), ...(expiresAt && { expiresAt }) };
}

/** Instagram ends the address it sends people back to with `#_`, which some browsers keep in the code. */
const withoutFragment = (code: Secret): Secret => secret(code.reveal().replace(/#_$/, ""));

function scopeList(given: string | readonly string[] | undefined): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const list = typeof given === "string" ? given.split(",") : given;
  return list.map((scope) => scope.trim()).filter(Boolean);
}
