import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { metaApp } from "./apps.ts";
import { invalidParameter, tokenError } from "./graph-error.ts";
import type { AuthCode, Grant } from "./model.ts";
import { oneOf, type Params, requiredText } from "./params.ts";
import { dataAccessMs, issueToken, longLivedMs, requireToken, shortLivedMs } from "./tokens.ts";
import type { World } from "./world.ts";

const ok = (json: unknown): SimAnswer => ({
  status: 200,
  headers: { "content-type": "application/json; charset=UTF-8" },
  json,
});

function checkApp(params: Params): void {
  if (requiredText(params, "client_id") !== metaApp.app_id)
    throw invalidParameter("Error validating application. Cannot get application info due to a system error.");
  if (requiredText(params, "client_secret") !== metaApp.app_secret)
    throw invalidParameter("Error validating client secret.");
}

/** GET /oauth/access_token: code exchange, or a long-lived token with grant_type=fb_exchange_token (meta.md §3a.2, §3a.3). */
export function facebookAccessToken(world: World, request: SimRequest, params: Params): SimAnswer {
  if (request.method !== "GET" && request.method !== "POST")
    throw invalidParameter(`Unsupported ${request.method.toLowerCase()} request`);
  checkApp(params);
  const type = oneOf(params, "grant_type", ["fb_exchange_token", "authorization_code"]);
  if (type === "fb_exchange_token") {
    // Cannot be done with an expired token (§3a.3).
    const { grant } = requireToken(world, requiredText(params, "fb_exchange_token"), ["user"]);
    const token = issueToken(world, { kind: "user", grant, lifeMs: longLivedMs, longLived: true });
    return ok({ access_token: token.value, token_type: "bearer", expires_in: longLivedMs / 1000 });
  }
  const grant = spendCode(world, params, "facebook");
  const token = issueToken(world, { kind: "user", grant, lifeMs: shortLivedMs, longLived: false });
  return ok({ access_token: token.value, token_type: "bearer", expires_in: shortLivedMs / 1000 });
}

/** Spends an authorisation code once, with the redirect_uri it was made for; otherwise 100. */
export function spendCode(world: World, params: Params, login: AuthCode["login"]): Grant {
  const code = world.data.codes.get(requiredText(params, "code"));
  if (code === undefined || code.login !== login) throw invalidParameter("Invalid verification code format.");
  if (code.used) throw invalidParameter("This authorization code has been used.");
  if (world.nowMs() >= code.expiresAt) throw invalidParameter("This authorization code has expired.");
  if (requiredText(params, "redirect_uri") !== code.redirectUri)
    throw invalidParameter(
      "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
    );
  code.used = true;
  const grant = world.data.grants.get(code.grantId);
  if (grant === undefined) throw tokenError(458);
  return grant;
}

/** GET /debug_token with an app token `{id}|{secret}` or a token of the app (§3a.5). */
export function debugToken(world: World, params: Params): SimAnswer {
  const asking = requiredText(params, "access_token");
  if (asking !== `${metaApp.app_id}|${metaApp.app_secret}`) requireToken(world, asking, ["user", "page"]);
  const token = world.data.tokens.get(requiredText(params, "input_token"));
  const grant = token && world.data.grants.get(token.grantId);
  if (token === undefined || grant === undefined || token.kind === "instagram")
    return ok({
      data: {
        app_id: metaApp.app_id,
        is_valid: false,
        scopes: [],
        error: { code: 190, message: "Invalid OAuth access token." },
      },
    });
  const isOver = token.expiresAt !== undefined && world.nowMs() >= token.expiresAt;
  const scopes = [...grant.permissions].filter(([, status]) => status === "granted").map(([scope]) => scope);
  return ok({
    data: {
      app_id: metaApp.app_id,
      type: token.kind === "page" ? "PAGE" : "USER",
      is_valid: !isOver && token.endedBy === undefined,
      expires_at: token.expiresAt === undefined ? 0 : Math.floor(token.expiresAt / 1000),
      data_access_expires_at: Math.floor((grant.lastLoginAt + dataAccessMs) / 1000),
      scopes,
      granular_scopes: scopes
        .filter((scope) => scope !== "public_profile")
        .map((scope) => ({ scope, ...targets(grant, scope) })),
      user_id: grant.personId,
      ...(token.pageId === undefined ? {} : { profile_id: token.pageId }),
    },
  });
}

/** What a permission covers: ticked Instagram accounts or ticked Pages (§3a.5, granular_scopes). */
function targets(grant: Grant, scope: string): { target_ids?: string[] } {
  if (scope.startsWith("instagram_")) return { target_ids: [...grant.igIds] };
  return scope.startsWith("pages_") || scope === "read_insights" ? { target_ids: [...grant.pageIds] } : {};
}
