import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { instagramApp } from "./apps.ts";
import { spendCode } from "./facebook-login.ts";
import { invalidParameter, tokenError } from "./graph-error.ts";
import type { Grant } from "./model.ts";
import { type Params, requiredText } from "./params.ts";
import { issueToken, longLivedMs, requirePermissions, requireToken, shortLivedMs } from "./tokens.ts";
import type { World } from "./world.ts";

const ok = (json: unknown): SimAnswer => ({
  status: 200,
  headers: { "content-type": "application/json; charset=UTF-8" },
  json,
});
const minRefreshAgeMs = 86_400_000;

const granted = (grant: Grant): readonly string[] =>
  [...grant.permissions].filter(([, status]) => status === "granted").map(([scope]) => scope);

/**
 * POST form api.instagram.com/oauth/access_token (meta.md §3b.2). Answers plainly or, by `act("wrapInstagramExchange")`,
 * as `{data:[{...}]}`; `permissions` as comma text or, by `act("permissionsAsList")`, as a list. The sheet names both.
 */
export function instagramAccessToken(world: World, request: SimRequest, params: Params): SimAnswer {
  if (request.method !== "POST") throw invalidParameter("Use POST to exchange a code");
  if (
    !(request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded") &&
    !(request.headers["content-type"] ?? "").startsWith("multipart/form-data")
  )
    throw invalidParameter("The body must be a form");
  if ([...request.query.keys()].length > 0) throw invalidParameter("Parameters of the exchange belong into the form");
  if (requiredText(params, "client_id") !== instagramApp.app_id) throw invalidParameter("Invalid platform app");
  if (requiredText(params, "client_secret") !== instagramApp.app_secret)
    throw invalidParameter("Error validating client secret.");
  if (requiredText(params, "grant_type") !== "authorization_code") throw invalidParameter("Invalid grant type");
  const grant = spendCode(world, params, "instagram");
  const token = issueToken(world, { kind: "instagram", grant, lifeMs: shortLivedMs, longLived: false });
  const { wrapInstagramExchange, permissionsAsList } = world.data.settings;
  const scopes = granted(grant);
  const body = {
    access_token: token.value,
    user_id: [...grant.igIds][0] ?? "",
    permissions: permissionsAsList ? scopes : scopes.join(","),
  };
  return ok(wrapInstagramExchange ? { data: [body] } : body);
}

/** GET graph.instagram.com/access_token?grant_type=ig_exchange_token (§3b.3). */
export function instagramLongLivedToken(world: World, params: Params): SimAnswer {
  if (requiredText(params, "grant_type") !== "ig_exchange_token") throw invalidParameter("Invalid grant type");
  if (requiredText(params, "client_secret") !== instagramApp.app_secret)
    throw invalidParameter("Error validating client secret.");
  const { grant } = requireToken(world, requiredText(params, "access_token"), ["instagram"]);
  const token = issueToken(world, { kind: "instagram", grant, lifeMs: longLivedMs, longLived: true });
  return ok({ access_token: token.value, token_type: "bearer", expires_in: longLivedMs / 1000 });
}

/** GET graph.instagram.com/refresh_access_token: at least 24 hours old, not expired, instagram_business_basic (§3b.4). */
export function refreshInstagramToken(world: World, request: SimRequest, params: Params): SimAnswer {
  if (requiredText(params, "grant_type") !== "ig_refresh_token") throw invalidParameter("Invalid grant type");
  const { token, grant } = requireToken(world, requiredText(params, "access_token"), ["instagram"]);
  if (world.env.fault("tokenRevoked", request)) throw tokenError(458);
  requirePermissions(grant, ["instagram_business_basic"]);
  if (!token.longLived) throw invalidParameter("Only a long-lived access token can be refreshed");
  if (world.nowMs() < token.issuedAt + minRefreshAgeMs)
    throw invalidParameter("The access token must be at least 24 hours old");
  const fresh = issueToken(world, { kind: "instagram", grant, lifeMs: longLivedMs, longLived: true });
  return ok({
    access_token: fresh.value,
    token_type: "bearer",
    expires_in: longLivedMs / 1000,
    permissions: granted(grant).join(","),
  });
}
