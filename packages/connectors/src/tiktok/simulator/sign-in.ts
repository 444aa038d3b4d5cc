import {
  constantTimeEqual,
  formBody,
  type OAuthFacts,
  type Route,
  refusalPage,
  SimRefusal,
  type SimRequest,
} from "@postd/connector-kit/simulator";
import { route } from "./call.ts";
import { tell } from "./events.ts";
import { flatError } from "./words.ts";
import { app, openIdOf, type World } from "./world.ts";

// Fact sheet, section 3.

export const scopes = {
  "user.info.basic": "Read your profile: picture and display name",
  "user.info.profile": "Read your bio, profile link and whether you are verified",
  "user.info.stats": "Read your likes, followers, following and number of videos",
  "video.list": "Read your public videos",
  "video.publish": "Post content to TikTok",
  "video.upload": "Upload content to TikTok as a draft",
} as const;

const authorizePath = "/v2/auth/authorize/";
const daySeconds = 86_400;
export const accessSeconds = 7200;
export const refreshSeconds = 180 * daySeconds;

/** Codes end like this, so that a client that does not decode them fails. */
const codeEnd = "*0!6542.va";

export const oauth: OAuthFacts<World> = {
  authorize: `www.tiktok.com${authorizePath}`,
  token: "open.tiktokapis.com/v2/oauth/token/",
  title: "Log in with TikTok",
  scopes,
  scopeSeparator: ",",
  scopesAreChosen: true,
  apps: () => [{ id: app.client_key, secret: app.client_secret }],
  people: ({ people }) => [...people.values()].map(({ id, nickname }) => ({ id, name: nickname })),
  clientIdName: "client_key",
  clientAuth: "body",
  // Apps on the web have none.
  pkce: "refused",
  codeSeconds: 600,
  codeEnd,
  accessSeconds,
  refresh: { seconds: refreshSeconds, rotates: true },
  again({ world, app: key, scopes: asked, query }) {
    const grant = world.lastConsent;
    if (!world.settings.remembersConsent || query.get("disable_auto_auth") === "1" || !grant || grant.ended)
      return undefined;
    return grant.app === key && asked.every((scope) => grant.scopes.has(scope)) ? grant.subject : undefined;
  },
  consented({ world, grant }) {
    world.lastConsent = grant;
  },
  refused: (error, words) => ({
    error: error === "unsupported_response_type" ? "invalid_request" : error,
    error_description: words,
  }),
  callback: ({ grant }) => ({ scopes: [...grant.scopes].join(",") }),
  answer: ({ grant, json }) => {
    const { refresh_token_expires_in, ...rest } = json;
    return { ...rest, open_id: openIdOf(grant.app, grant.subject), refresh_expires_in: refresh_token_expires_in };
  },
  error: (error, words) => flatError(error, words),
};

/** Redirect addresses are static: no query, no fragment, under 512 characters, https but on this machine. */
export function refuseRedirect(request: SimRequest): void {
  if (request.path !== authorizePath && `${request.path}/` !== authorizePath) return;
  const form = formBody(request);
  const address = (form.ok && form.value.get("redirect_uri")) || request.query.get("redirect_uri") || "";
  const url = URL.parse(address);
  const isLocal = url !== null && ["localhost", "127.0.0.1"].includes(url.hostname);
  const isStatic = url !== null && !/[?#]/.test(address) && address.length < 512;
  if (!isStatic || !(url.protocol === "https:" || isLocal)) throw new SimRefusal(refusalPage("redirect_uri"));
}

/** Why access ended, as `authorization.removed` tells it. */
export const endReasons = { unknown: 0, disconnected: 1, accountDeleted: 2, age: 3, banned: 4, revoked: 5 } as const;

export function tellRemoved(world: World, person: string, reason: keyof typeof endReasons): void {
  const at = world.env.now().getTime();
  const content = { reason: endReasons[reason] };
  tell(world, { app: app.client_key, person, event: "authorization.removed", content, at });
}

/** Either token ends all of its consent; the app is told as well. */
export const revokeRoute: Route<World> = route("POST", "open.tiktokapis.com/v2/oauth/revoke", {
  token: "none",
  handle({ world, request }) {
    const form = formBody(request);
    if (!form.ok) return flatError("invalid_request", form.reason);
    const isApp =
      form.value.get("client_key") === app.client_key &&
      constantTimeEqual(form.value.get("client_secret") ?? "", app.client_secret);
    if (!isApp) return flatError("invalid_client", "Client key or secret is incorrect.");
    const token = form.value.get("token");
    if (!token) return flatError("invalid_request", "token is missing");
    const grant = world.tokens.find(token)?.grant;
    if (grant && !grant.ended) {
      grant.ended = true;
      tellRemoved(world, grant.subject, "revoked");
    }
    return { status: 200 };
  },
});
