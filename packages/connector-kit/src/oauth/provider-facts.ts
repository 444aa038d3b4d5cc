import { ok } from "@postd/contracts";
import { hmacSha256Hex } from "../crypto.ts";
import type { OAuth2Facts } from "./facts.ts";

// Facts of real providers, for tests: whether data alone can say what they do. Sources: platforms/<name>.md (2026-11-26).

const accounts: OAuth2Facts["accounts"] = async () => ok([]);
const scopes = (...required: string[]) => ({ required, optional: [] });

export const linkedin: OAuth2Facts = {
  id: "linkedin_member",
  label: "LinkedIn",
  app: "linkedin",
  scopes: scopes("openid", "profile", "w_member_social"),
  authorizeAt: "https://www.linkedin.com/oauth/v2/authorization",
  tokenAt: "https://www.linkedin.com/oauth/v2/accessToken",
  pkce: "none",
  // Its sample shows a year in minutes; no refresh token lives for the six days that number of seconds would be.
  answer: {
    read: (body) =>
      body.refresh_token_expires_in === 525_600 ? { ...body, refresh_token_expires_in: 525_600 * 60 } : body,
  },
  subject: { userinfo: "https://api.linkedin.com/v2/userinfo" },
  accounts,
  refresh: "repeatable",
  revoke: { at: "https://www.linkedin.com/oauth/v2/revoke", send: "access" },
};

export const x: OAuth2Facts = {
  id: "x",
  label: "X",
  app: "x",
  scopes: scopes("tweet.read", "tweet.write", "offline.access"),
  authorizeAt: "https://x.com/i/oauth2/authorize",
  tokenAt: "https://api.x.com/2/oauth2/token",
  pkce: "S256",
  clientAuth: "basic",
  errors: { invalid_request: "auth_revoked" },
  subject: async (token) => ok({ externalId: "2244994945", name: String(token.rest.token_type) }),
  accounts,
  refresh: "rotates",
  revoke: { at: "https://api.x.com/2/oauth2/revoke" },
};

export const tiktok: OAuth2Facts = {
  id: "tiktok",
  label: "TikTok",
  app: "tiktok",
  appFields: { id: "client_key", secret: "client_secret" },
  names: { client_id: "client_key" },
  scopes: scopes("user.info.basic", "video.publish"),
  scopeSeparator: ",",
  authorizeAt: "https://www.tiktok.com/v2/auth/authorize/",
  authorizeParams: { disable_auto_auth: "1" },
  tokenAt: "https://open.tiktokapis.com/v2/oauth/token/",
  pkce: "none",
  answer: { names: { refresh_token_expires_in: "refresh_expires_in" } },
  subject: async (token) => ok({ externalId: String(token.rest.open_id), name: "" }),
  accounts,
  refresh: "rotates",
  revoke: { at: "https://open.tiktokapis.com/v2/oauth/revoke/", send: "access" },
};

export const google: OAuth2Facts = {
  id: "google",
  label: "Google",
  app: "google",
  scopes: scopes("openid", "https://www.googleapis.com/auth/business.manage"),
  authorizeAt: "https://accounts.google.com/o/oauth2/v2/auth",
  authorizeParams: { access_type: "offline", prompt: "consent", include_granted_scopes: "true" },
  tokenAt: "https://oauth2.googleapis.com/token",
  issuer: "https://accounts.google.com",
  pkce: "S256",
  subject: "id_token",
  accounts,
  refresh: "repeatable",
  revoke: { at: "https://oauth2.googleapis.com/revoke", bare: true },
};

export const pinterest: OAuth2Facts = {
  id: "pinterest",
  label: "Pinterest",
  app: "pinterest",
  scopes: scopes("boards:read", "pins:write"),
  scopeSeparator: ",",
  authorizeAt: "https://www.pinterest.com/oauth/",
  tokenAt: "https://api.pinterest.com/v5/oauth/token",
  pkce: "none",
  clientAuth: "basic",
  finishParams: { continuous_refresh: "true" },
  subject: async () => ok({ externalId: "549755885175", name: "ida" }),
  accounts,
  refresh: "rotates",
};

const SHOP = /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/;

export const shopify: OAuth2Facts = {
  id: "shopify",
  label: "Shopify",
  app: "shopify",
  scopes: scopes("read_products", "write_content"),
  scopeSeparator: ",",
  fields: [{ name: "shop", label: "Shop", secret: false, required: true }],
  checkFields: ({ shop = "" }) => {
    const host = shop.includes(".") ? shop : `${shop}.myshopify.com`;
    if (SHOP.test(host)) return { shop: host };
    return { kind: "content_rejected", field: "shop", reason: "invalid", message: "This is no Shopify shop." };
  },
  authorizeAt: ({ fields }) => `https://${fields.shop}/admin/oauth/authorize`,
  authorizeParams: { response_type: undefined, "grant_options[]": "" },
  tokenAt: ({ fields }) => `https://${fields.shop}/admin/oauth/access_token`,
  pkce: "none",
  encoding: "json",
  finishParams: { expiring: "1", grant_type: undefined, redirect_uri: undefined },
  checkCallback: ({ hmac = "", ...rest }, { fields, app }) => {
    const text = Object.entries(rest)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
    const key = app.secret("client_secret");
    const isGenuine = key && rest.shop === fields.shop && hmacSha256Hex(key, text) === hmac;
    return isGenuine ? undefined : { kind: "auth_revoked", message: "Shopify did not sign this answer." };
  },
  lifeMs: 3_600_000,
  errors: { invalid_request: "auth_revoked", invalid_subject_token: "auth_revoked" },
  subject: async (_token, { fields }) => ok({ externalId: fields.shop ?? "", name: fields.shop ?? "" }),
  accounts,
  refresh: "rotates",
};
