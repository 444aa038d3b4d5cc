import {
  basicPair,
  constantTimeEqual,
  formBody,
  type OAuthFacts,
  type Route,
  refusalPage,
  routesOf,
  SimRefusal,
  type SimRequest,
} from "@postd/connector-kit/simulator";
import { tellRevoked } from "./events.ts";
import { scopes } from "./scopes.ts";
import { flatError } from "./words.ts";
import { app, type World } from "./world.ts";

// Fact sheet, section 3.

const authorizePaths = ["x.com/i/oauth2/authorize", "twitter.com/i/oauth2/authorize", "api.x.com/2/oauth2/authorize"];
export const accessSeconds = 7200;
/** About six months. */
export const refreshSeconds = 182 * 86_400;

export const oauth: OAuthFacts<World> = {
  authorize: authorizePaths,
  token: "api.x.com/2/oauth2/token",
  title: "Authorize an app on X",
  scopes,
  scopesAreChosen: true,
  apps: () => [{ id: app.client_id, secret: app.client_secret }],
  people: ({ people }) => [...people.values()].map(({ id, name }) => ({ id, name })),
  clientAuth: "basic",
  pkce: "required",
  codeSeconds: 30,
  accessSeconds,
  refresh: { seconds: refreshSeconds, rotates: true, scope: "offline.access" },
  refused: (error) => ({ error }),
  answer({ json }) {
    const { refresh_token_expires_in, ...rest } = json;
    return { ...rest, token_type: "bearer" };
  },
  error: (error, words) =>
    error === "invalid_grant"
      ? flatError("invalid_request", "Value passed for the token was invalid.")
      : flatError(error, words, error === "invalid_client" ? 401 : 400),
};

export function refuseState(request: SimRequest): void {
  if (!authorizePaths.includes(`${request.host}${request.path}`)) return;
  if ((request.query.get("state") ?? "").length > 500) throw new SimRefusal(refusalPage("state is too long"));
}

const plain = routesOf<World>();

/** A refresh token takes its consent along; an access token goes alone. */
const revokeRoute = plain("POST", "api.x.com/2/oauth2/revoke", {
  token: "none",
  handle({ world, request }) {
    const form = formBody(request);
    if (!form.ok) return flatError("invalid_request", form.reason);
    const [id = "", secret = ""] = basicPair(request)?.map(decodeURIComponent) ?? [];
    if (id !== app.client_id || !constantTimeEqual(secret, app.client_secret))
      return flatError("unauthorized_client", "Missing valid authorization header", 401);
    const value = form.value.get("token");
    if (!value) return flatError("invalid_request", "Missing required parameter [token].");
    const token = world.tokens.find(value);
    if (token && token.grant.app === app.client_id && !token.grant.ended) {
      token.ended = true;
      if (token.kind === "refresh") {
        token.grant.ended = true;
        tellRevoked(world, token.grant.subject);
      }
    }
    return { status: 200, json: { revoked: true } };
  },
});

/** The app alone, by its consumer pair. */
const appTokenRoute = plain("POST", "api.x.com/oauth2/token", {
  token: "none",
  handle({ request }) {
    const form = formBody(request);
    const [id = "", secret = ""] = basicPair(request)?.map(decodeURIComponent) ?? [];
    const isKnown = id === app.api_key && constantTimeEqual(secret, app.api_secret);
    if (!isKnown)
      return { status: 403, json: { errors: [{ code: 99, message: "Unable to verify your credentials" }] } };
    if (!form.ok || form.value.get("grant_type") !== "client_credentials")
      return { status: 400, json: { errors: [{ code: 170, message: "Missing required parameter: grant_type" }] } };
    return { status: 200, json: { token_type: "bearer", access_token: app.bearer_token } };
  },
});

export const signInRoutes: readonly Route<World>[] = [revokeRoute, appTokenRoute];
