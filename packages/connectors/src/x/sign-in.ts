import {
  type AppCredentialsSet,
  type AuthContext,
  type Credentials,
  clientFields,
  type FoundAccount,
  type Granted,
  missingScopes,
  oauth2,
  type PlatformResult,
} from "@postd/connector-kit";
import { type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, orNone } from "./api.ts";

export const xApp: AppCredentialsSet = {
  id: "x",
  fields: [
    ...clientFields({
      id: "OAuth 2.0 client id, in X's console under Keys and tokens.",
      secret: "OAuth 2.0 client secret, in the same place; the app has to be of the type Web App.",
    }),
    {
      name: "api_secret",
      secret: true,
      required: false,
      signs: true,
      help: "API key secret (consumer secret) of the same app. X signs events with it, and with no other; without it no events are taken.",
    },
    {
      name: "bearer_token",
      secret: true,
      required: false,
      help: "Bearer token of the app, by which events are subscribed.",
    },
    {
      name: "others_posts",
      secret: false,
      required: false,
      help: "yes: X lets this app answer and quote anybody's posts (Enterprise). Otherwise only the account's own.",
    },
  ],
};

export const WRITE = "tweet.write";
export const READ = ["tweet.read", "users.read"];
export const MEDIA = "media.write";
export const MODERATE = "tweet.moderate.write";
/** @source platforms/x.md section 3 */
export const scopes = { required: [...READ, WRITE, MEDIA, "offline.access"], optional: [MODERATE] };

const User = z.object({
  id: Id,
  name: orNone(z.string()),
  username: z.string().min(1).max(50),
  profile_image_url: orNone(z.string()),
  subscription_type: orNone(z.string().max(50)),
  public_metrics: orNone(z.record(z.string(), z.unknown())),
});
export type User = z.output<typeof User>;
const Me = z.object({ data: User });
const FIELDS = "id,name,username,profile_image_url,verified,verified_type,public_metrics,subscription_type,protected";

export async function readMe(
  ctx: AuthContext,
  { accessToken }: Pick<Credentials, "accessToken">,
): PlatformResult<User> {
  const about = { bearer: accessToken, about: "account", needs: READ } as const;
  const read = await api.get(ctx, "users/me", Me, { ...about, query: { "user.fields": FIELDS } });
  return read.ok ? ok(read.value.data) : read;
}

/** What a check of a post goes by: the subscription where X tells it, and what the operator says of the app. */
export const extrasOf = ({ subscription_type }: User, { app }: Pick<AuthContext, "app">): JsonObject => ({
  ...(subscription_type && { subscriptionType: subscription_type }),
  othersPosts: app.value("others_posts")?.trim().toLowerCase() === "yes",
});

/** The small picture's address with another ending is the large one. @source platforms/x.md section 4 */
export const pictureOf = ({ profile_image_url }: User): string | undefined =>
  profile_image_url?.replace(/_normal(?=\.\w{2,5}$)/, "");

async function accounts({ credentials, scopes: granted }: Granted, ctx: AuthContext): PlatformResult<FoundAccount[]> {
  const read = await readMe(ctx, credentials);
  if (!read.ok) return read;
  const { id, name, username } = read.value;
  const pictureUrl = pictureOf(read.value);
  return ok([
    {
      platform: "x",
      externalId: id,
      kind: "profile",
      name: name || username,
      handle: username,
      ...(pictureUrl && { pictureUrl }),
      profileUrl: `https://x.com/${encodeURIComponent(username)}`,
      extras: extrasOf(read.value, ctx),
      credentials,
      missingScopes: missingScopes(granted, scopes.required),
    },
  ]);
}

/** @source platforms/x.md section 3 */
export const xSignIn = oauth2({
  id: "x",
  label: "X",
  app: xApp.id,
  scopes,
  pkce: "S256",
  clientAuth: "basic",
  authorizeAt: "https://x.com/i/oauth2/authorize",
  tokenAt: "https://api.x.com/2/oauth2/token",
  // A refresh token that is spent or ended is answered so; nothing is wrong with the app then.
  errors: { invalid_request: "auth_revoked" },
  async subject({ accessToken }, _at, ctx) {
    const read = await readMe(ctx, { accessToken });
    return read.ok ? ok({ externalId: read.value.id, name: read.value.name || read.value.username }) : read;
  },
  accounts,
  refresh: "rotates",
  revoke: { at: "https://api.x.com/2/oauth2/revoke" },
});
