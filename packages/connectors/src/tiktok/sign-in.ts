import {
  type AppCredentialsSet,
  type AuthContext,
  type Credentials,
  type FoundAccount,
  type Granted,
  missingScopes,
  oauth2,
  type PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, inData } from "./api.ts";

export const tiktokApp: AppCredentialsSet = {
  id: "tiktok",
  fields: [
    { name: "client_key", secret: false, required: true, help: "Client key of the app, from its page at TikTok." },
    {
      name: "client_secret",
      secret: true,
      required: true,
      signs: true,
      help: "Client secret of the app. TikTok signs events with it too.",
    },
    {
      name: "verified_urls",
      secret: false,
      required: false,
      help: "What is verified for the app under URL properties, with commas between: domains, or prefixes ending in a slash. Photos, and videos on request, are fetched from this server's public address, which has to be below one of them.",
    },
  ],
};

export const PUBLISH = "video.publish";
export const DRAFTS = "video.upload";
export const PROFILE = "user.info.profile";
export const STATS = "user.info.stats";
export const LIST = "video.list";
export const scopes = { required: ["user.info.basic", PUBLISH], optional: [DRAFTS, PROFILE, STATS, LIST] };

const User = z.object({
  open_id: z.string().min(1).max(200),
  display_name: z.string().default(""),
  username: z.string().optional(),
  avatar_url: z.string().optional(),
  avatar_large_url: z.string().optional(),
  profile_deep_link: z.string().optional(),
  follower_count: z.number().optional(),
  following_count: z.number().optional(),
  likes_count: z.number().optional(),
  video_count: z.number().optional(),
});

const basicFields = ["open_id", "display_name", "avatar_url", "avatar_large_url"];
const profileFields = ["username", "profile_deep_link"];
const statsFields = ["follower_count", "following_count", "likes_count", "video_count"];

/** A field outside the granted scopes fails the whole call, so only those are asked for. */
export async function readUser(ctx: AuthContext, { accessToken, scopes: granted = [] }: Credentials) {
  const fields = [
    ...basicFields,
    ...(granted.includes(PROFILE) ? profileFields : []),
    ...(granted.includes(STATS) ? statsFields : []),
  ].join(",");
  const about = { bearer: accessToken, about: "account", needs: ["user.info.basic"] } as const;
  const read = await api.get(ctx, `user/info/?fields=${fields}`, inData(z.object({ user: User })), about);
  return read.ok ? ok(read.value.user) : read;
}

/** The creator's own account is the only one behind a sign-in. */
async function accounts({ credentials, scopes: granted }: Granted, ctx: AuthContext): PlatformResult<FoundAccount[]> {
  const read = await readUser(ctx, { ...credentials, scopes: granted });
  if (!read.ok) return read;
  const { open_id, display_name, username, avatar_large_url, avatar_url, profile_deep_link } = read.value;
  const pictureUrl = avatar_large_url ?? avatar_url;
  return ok([
    {
      platform: "tiktok",
      externalId: open_id,
      kind: "creator",
      name: display_name || username || open_id,
      ...(username && { handle: username }),
      ...(pictureUrl && { pictureUrl }),
      ...(profile_deep_link && { profileUrl: profile_deep_link }),
      extras: {},
      credentials,
      missingScopes: missingScopes(granted, scopes.required),
    },
  ]);
}

/** @source platforms/tiktok.md section 3 */
export const tiktokSignIn = oauth2({
  id: "tiktok",
  label: "TikTok",
  app: tiktokApp.id,
  appFields: { id: "client_key", secret: "client_secret" },
  names: { client_id: "client_key" },
  scopes,
  scopeSeparator: ",",
  // Web apps have none; TikTok's own form of it is for apps on desktops and telephones.
  pkce: "none",
  authorizeAt: "https://www.tiktok.com/v2/auth/authorize/",
  tokenAt: "https://open.tiktokapis.com/v2/oauth/token/",
  // Without it a second connection silently gets the account of the last one.
  authorizeParams: { disable_auto_auth: "1" },
  answer: { names: { refresh_token_expires_in: "refresh_expires_in" } },
  async subject({ accessToken, scopes: granted, rest }, _at, ctx) {
    const read = await readUser(ctx, { accessToken, scopes: granted });
    if (!read.ok) return read;
    const { open_id, display_name } = read.value;
    if (rest.open_id !== undefined && rest.open_id !== open_id)
      return fail({
        kind: "unexpected_response",
        status: 200,
        message: "TikTok names two accounts for one sign-in. Start again.",
      });
    return ok({ externalId: open_id, name: display_name || "a TikTok creator" });
  },
  accounts,
  refresh: "rotates",
  revoke: { at: "https://open.tiktokapis.com/v2/oauth/revoke/", send: "access" },
});
