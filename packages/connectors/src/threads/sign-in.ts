import {
  type AppCredentialsSet,
  type AuthContext,
  type ConnectorContext,
  codeWithoutMark,
  type FoundAccount,
  type Granted,
  GraphId,
  grantHealth,
  type HealthAnswer,
  longToken,
  missingScopes,
  type OAuth2SignIn,
  oauth2,
  type PlatformResult,
  renewLongToken,
  type Secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graph, HOST, scopes as names, personId, threadsGraph } from "./api.ts";
import { failures, signInGone } from "./failures.ts";

/** A pair of its own, shown under the use case of Threads; not the Meta app's id and secret. */
export const threadsApp: AppCredentialsSet = {
  id: "threads",
  fields: [
    {
      name: "app_id",
      secret: false,
      required: true,
      help: "Threads app ID, from the app dashboard under Use cases, Access the Threads API, Settings.",
    },
    { name: "app_secret", secret: true, required: true, signs: true, help: "Threads app secret, on the same page." },
    {
      name: "meta_app_secret",
      secret: true,
      required: false,
      signs: true,
      help: "App secret under Settings, Basic. Meta does not say with which of the two it signs events, so both are tried.",
    },
    {
      name: "webhook_verify_token",
      secret: true,
      required: false,
      help: "Any text; type the same one where the app dashboard asks for a verify token.",
    },
  ],
};

const DAY_MS = 86_400_000;

const { basic, publish, ...further } = names;
export const scopes = { required: [basic, publish], optional: Object.values(further) };

const Me = z.object({
  id: GraphId,
  username: z.string().optional(),
  name: z.string().optional(),
  threads_profile_picture_url: z.string().optional(),
});

async function readMe(ctx: AuthContext, token: Secret): PlatformResult<z.output<typeof Me>> {
  const me = await graph(ctx, token, {
    method: "GET",
    path: ["me"],
    params: { fields: "id,username,name,threads_profile_picture_url" },
    answer: Me,
    effect: "none",
    needs: [basic],
  });
  return me.ok ? me : fail(signInGone(me.error));
}

const known = (username: string | undefined): { readonly personId?: string } => {
  const id = personId(username);
  return id === undefined ? {} : { personId: id };
};

const TokenInfo = z.object({ data: z.object({ scopes: z.array(z.string()).optional() }) });

/** What was granted; undefined: Threads does not tell it of this token. @source platforms/threads.md section 3.5 */
async function grantedTo(ctx: AuthContext, token: Secret): Promise<readonly string[] | undefined> {
  const read = await graph(ctx, token, {
    method: "GET",
    path: ["debug_token"],
    params: { input_token: token },
    answer: TokenInfo,
    effect: "none",
  });
  return read.ok ? read.value.data.scopes : undefined;
}

/** The one account that signed in. */
async function accounts({ credentials, scopes: granted }: Granted, ctx: AuthContext): PlatformResult<FoundAccount[]> {
  const me = await readMe(ctx, credentials.accessToken);
  if (!me.ok) return me;
  const { id, username, name, threads_profile_picture_url } = me.value;
  return ok([
    {
      platform: "threads",
      externalId: id,
      kind: "profile",
      name: name || username || id,
      ...(username && { handle: username, profileUrl: `https://www.threads.net/@${encodeURIComponent(username)}` }),
      ...(threads_profile_picture_url && { pictureUrl: threads_profile_picture_url }),
      extras: { ...known(username) },
      credentials,
      missingScopes: missingScopes(granted, scopes.required),
    },
  ]);
}

const standard = oauth2({
  id: "threads",
  label: "Threads",
  app: threadsApp.id,
  appFields: { id: "app_id", secret: "app_secret" },
  scopes,
  scopeSeparator: ",",
  pkce: "none",
  authorizeAt: "https://threads.net/oauth/authorize",
  tokenAt: `${HOST}/oauth/access_token`,
  failures,
  lengthen: ({ accessToken }, { app }, ctx) =>
    longToken(threadsGraph, ctx, `${HOST}/access_token`, {
      query: { grant_type: "th_exchange_token", client_secret: app.secret("app_secret"), access_token: accessToken },
      ends: true,
    }),
  // The token's answer names the account by a number that may have lost digits, so it is asked for.
  async subject({ accessToken }, _at, ctx) {
    const me = await readMe(ctx, accessToken);
    if (!me.ok) return me;
    const { id: externalId, name, username } = me.value;
    const granted = await grantedTo(ctx, accessToken);
    return ok({ externalId, name: name || username || externalId, ...(granted && { scopes: granted }) });
  },
  accounts,
});

/** @source platforms/threads.md section 3 */
export const threadsSignIn: OAuth2SignIn = {
  ...codeWithoutMark(standard),
  refresh: (ctx) =>
    renewLongToken(threadsGraph, ctx, `${HOST}/refresh_access_token`, {
      grant: "th_refresh_token",
      tried: () => readMe(ctx, ctx.credentials.accessToken),
    }),
  // Tokens live 60 days; renewed from day 45 on, which leaves room for a long outage.
  refreshBeforeMs: 15 * DAY_MS,
};

export async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const { accessToken } = ctx.credentials;
  const me = await readMe(ctx, accessToken);
  if (!me.ok) return me;
  const { id, name, username, threads_profile_picture_url: pictureUrl } = me.value;
  if (id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The sign-in belongs to another Threads account. Connect again." });
  const granted = (await grantedTo(ctx, accessToken)) ?? ctx.credentials.scopes;
  return ok({
    ...grantHealth({ ...ctx.credentials, ...(granted && { scopes: granted }) }, scopes.required),
    ...(name && { name }),
    ...(username && { handle: username, extras: known(username) }),
    ...(pictureUrl && { pictureUrl }),
  });
}
