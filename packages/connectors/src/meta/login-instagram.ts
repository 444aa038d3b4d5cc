import {
  type AppCredentialsSet,
  type AuthContext,
  codeWithoutMark,
  type FoundAccount,
  type Granted,
  GraphId,
  longToken,
  type OAuth2SignIn,
  oauth2,
  type PlatformResult,
  renewLongToken,
  type Secret,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { failures } from "./failures.ts";
import { graph, metaGraph } from "./graph.ts";
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

/** The two calls that lengthen tokens stand outside the versions. */
const graphHost = "https://graph.instagram.com";

/** `user_id` is the account in paths and webhooks; `id` is another number and fits nowhere. */
const Me = z.object({
  user_id: GraphId,
  username: z.string().optional(),
  name: z.string().optional(),
  account_type: z.string().optional(),
  profile_picture_url: z.string().optional(),
});

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

export const readMe = (ctx: AuthContext, token: Secret): PlatformResult<z.output<typeof Me>> =>
  graph(ctx, token, {
    method: "GET",
    host: "graph.instagram.com",
    path: ["me"],
    params: { fields: "user_id,username,name,account_type,profile_picture_url" },
    answer: Me,
  });

const standard = oauth2({
  id: "instagram_login",
  label: "Instagram",
  app: instagramApp.id,
  appFields: { id: "app_id", secret: "app_secret" },
  platforms: ["instagram"],
  redirectPath: "/api/oauth/:platform/callback",
  scopes: instagramScopes,
  scopeSeparator: ",",
  pkce: "none",
  authorizeAt: "https://www.instagram.com/oauth/authorize",
  authorizeParams: ({ again }) => (again ? { force_authentication: "1" } : {}),
  tokenAt: "https://api.instagram.com/oauth/access_token",
  // Both documented forms: bare, and wrapped in `data`. @source platforms/meta.md section 3b
  answer: { within: "data", names: { scope: "permissions" } },
  failures,
  lengthen: ({ accessToken }, { app }, ctx) =>
    longToken(metaGraph, ctx, `${graphHost}/access_token`, {
      query: { grant_type: "ig_exchange_token", client_secret: app.secret("app_secret"), access_token: accessToken },
      ends: true,
    }),
  async subject({ accessToken, rest }, _at, ctx) {
    const me = await readMe(ctx, accessToken);
    if (!me.ok) return me;
    const { user_id: externalId, name, username } = me.value;
    // Where the answer names no permissions, no more is taken for granted than a sign-in needs.
    const unnamed = rest.permissions === undefined && { scopes: instagramScopes.required };
    return ok({ externalId, name: name || username || externalId, ...unnamed });
  },
  accounts,
});

export const instagramLogin: OAuth2SignIn = {
  ...codeWithoutMark(standard),
  refresh: (ctx) =>
    renewLongToken(metaGraph, ctx, `${graphHost}/refresh_access_token`, {
      grant: "ig_refresh_token",
      tried: () => readMe(ctx, ctx.credentials.accessToken),
    }),
  // Tokens live 60 days; renewed from day 45 on, which leaves room for a long outage.
  refreshBeforeMs: 15 * DAY_MS,
};
