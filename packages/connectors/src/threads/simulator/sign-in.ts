import {
  mediaType,
  type OAuthFacts,
  type Route,
  randomWord,
  routesOf,
  type SimRequest,
  type SimResponse,
  type SimToken,
} from "@postd/connector-kit/simulator";
import {
  errorAnswer,
  invalidParameter,
  readParams,
  requiredText,
  tokenError,
} from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { app } from "./app.ts";
import { refuse } from "./words.ts";
import { dayMs, type World } from "./world.ts";

// Fact sheet, section 3.

export const scopes: Readonly<Record<string, string>> = {
  threads_basic: "Your profile and your posts",
  threads_content_publish: "Post for you",
  threads_manage_replies: "Answer, hide and approve replies",
  threads_read_replies: "Read replies to your posts",
  threads_manage_insights: "Read your numbers",
  threads_manage_mentions: "Read posts that mention you",
  threads_keyword_search: "Search posts by keywords",
  threads_delete: "Delete your posts",
  threads_location_tagging: "Name places in your posts",
  threads_profile_discovery: "Look at public profiles",
  threads_share_to_instagram: "Share your posts to Instagram",
};

const shortSeconds = 3_600;
export const longSeconds = 5_183_944;
/** A permission lasts so long without a refresh. */
const permissionMs = 90 * dayMs;

const site = ["threads.net", "www.threads.net", "threads.com", "www.threads.com"];
const graph = "graph.threads.net";

/** JSON.stringify loses nothing of a number given as its digits. */
const rawNumber = (digits: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);

export const oauth: OAuthFacts<World> = {
  authorize: site.map((host) => `${host}/oauth/authorize`),
  token: `${graph}/oauth/access_token`,
  title: "Log in with Threads",
  scopes,
  scopeSeparator: ",",
  scopesAreChosen: true,
  asks: (asked) =>
    asked.includes("threads_basic")
      ? { scopes: asked, kept: ["threads_basic"] }
      : "Invalid Scopes: threads_basic is required.",
  tellsPerson: true,
  apps: () => [{ id: app.app_id, secret: app.app_secret }],
  people: ({ people }) =>
    people
      .all(({ isOutsider }) => !isOutsider)
      .map(({ id, username, name }) => ({ id, name: `${name} (@${username})` })),
  clientAuth: "body",
  codeSeconds: 3_600,
  accessSeconds: shortSeconds,
  tokenPrefix: "THAA",
  callbackFragment: "_",
  refused: () => ({ error: "access_denied", error_reason: "user_denied", error_description: "Permissions error" }),
  answer: ({ world, grant, json: { access_token } }) => ({
    access_token,
    user_id: world.settings.userIdAs === "number" ? rawNumber(grant.subject) : grant.subject,
  }),
  error: (_error, words) => ({
    status: 400,
    json: { error_type: "OAuthException", error_code: 100, error_message: words },
  }),
};

const FlatError = z.object({ error_code: z.int(), error_message: z.string() });

const TypedError = z.object({ error: z.looseObject({ type: z.literal("GraphMethodException") }) });

/** Errors have types of this host, and those of the token endpoint the other shapes the platform is known for (section 11). */
export function reshape(answer: SimResponse, { path }: SimRequest, { settings }: World): SimResponse {
  const { error } = TypedError.safeParse(answer.json).data ?? {};
  if (error) return { ...answer, json: { error: { ...error, type: "THApiException" } } };
  const flat = path.endsWith("/oauth/access_token") ? FlatError.safeParse(answer.json).data : undefined;
  if (flat === undefined || settings.tokenErrors === "error_code") return answer;
  const { error_code: code, error_message } = flat;
  if (settings.tokenErrors === "graph") return errorAnswer({ code, message: error_message });
  return { ...answer, json: { error_type: "OAuthException", code, error_message } };
}

/** `graph.threads.com` is the same host, `v1.0` the only version, and parameters of the exchange may sit in the query. */
export function rewrite(given: SimRequest): SimRequest {
  const host = given.host === "graph.threads.com" ? graph : given.host;
  const path = host === graph ? given.path.replace(/^\/v1\.0(?=\/)/, "") : given.path;
  const request = { ...given, host, path };
  if (host !== graph || request.method !== "POST" || path !== "/oauth/access_token") return request;
  const form = new URLSearchParams(request.query);
  if (["", "application/x-www-form-urlencoded"].includes(mediaType(request)))
    for (const [name, value] of new URLSearchParams(Buffer.from(request.rawBody).toString("utf8")))
      form.set(name, value);
  else return request;
  const headers = { ...request.headers, "content-type": "application/x-www-form-urlencoded" };
  return { ...request, headers, rawBody: new TextEncoder().encode(String(form)) };
}

const route = routesOf<World>();
const ok = (json: unknown): SimResponse => ({ status: 200, json });

function longLived(world: World, token: SimToken): SimResponse {
  const fresh = world.tokens.issue(token.grant, { prefix: "THAA", seconds: longSeconds });
  return ok({ access_token: fresh.value, token_type: "bearer", expires_in: longSeconds });
}

const isLong = ({ issuedAt, expiresAt = 0 }: SimToken): boolean => expiresAt - issuedAt > shortSeconds * 1000;

/** Calls of the sign-in that are no OAuth 2. */
export const tokenRoutes: readonly Route<World>[] = [
  /** A short token into one of 60 days; server side only, as it takes the secret. */
  route("GET", `${graph}/access_token`, {
    handle({ world, request: { query }, caller: { token } }) {
      if (query.get("grant_type") !== "th_exchange_token") throw invalidParameter("Invalid grant_type");
      if (query.get("client_secret") !== app.app_secret) throw refuse(1, "Error validating client secret.");
      if (token === undefined) throw tokenError(467);
      if (isLong(token)) throw invalidParameter("Session key invalid: a short-lived token is needed");
      return longLived(world, token);
    },
  }),
  /** At least 24 hours old and not expired. */
  route("GET", `${graph}/refresh_access_token`, {
    handle({ world, request: { query }, caller: { token, subject }, now }) {
      if (query.get("grant_type") !== "th_refresh_token") throw invalidParameter("Invalid grant_type");
      if (token === undefined || !isLong(token)) throw invalidParameter("Only a long-lived token can be refreshed");
      const isOld = world.aged.has(token.value) || now.getTime() >= token.issuedAt + dayMs;
      if (!isOld) throw invalidParameter("The access token must be at least 24 hours old");
      if (world.people.get(subject)?.isPrivate && !world.settings.privateMayRefresh)
        throw invalidParameter("Tokens of private profiles cannot be refreshed");
      return longLived(world, token);
    },
  }),
  /** The app's own token. */
  route("GET", `${graph}/oauth/access_token`, {
    token: "none",
    handle({ world, request: { query } }) {
      if (query.get("grant_type") !== "client_credentials") throw invalidParameter("Invalid grant_type");
      if (query.get("client_id") !== app.app_id || query.get("client_secret") !== app.app_secret)
        throw refuse(1, "Error validating client secret.");
      const grant = world.tokens.grant({ subject: app.app_id, app: app.app_id, accounts: [] });
      const value = `TH|${app.app_id}|${randomWord(27)}`;
      return ok({ access_token: world.tokens.issue(grant, { kind: "app", value }).value, token_type: "bearer" });
    },
  }),
  /** `access_token` is that of a person of the same app. */
  route("GET", `${graph}/debug_token`, {
    async handle({ world, request }) {
      return ok({ data: told(world, requiredText(await readParams(request), "input_token")) });
    },
  }),
];

function told(world: World, value: string) {
  const token = world.tokens.find(value);
  if (token === undefined || token.kind !== "access")
    return { is_valid: false, scopes: [], error: { code: 190, message: "Invalid OAuth access token." } };
  const { grant, issuedAt, expiresAt = 0 } = token;
  const seconds = (ms: number) => Math.floor(ms / 1000);
  return {
    type: "USER",
    application: "POSTD (simulated)",
    is_valid: typeof world.tokens.check(value) !== "string",
    issued_at: seconds(issuedAt),
    expires_at: seconds(expiresAt),
    data_access_expires_at: seconds(issuedAt + permissionMs),
    scopes: [...grant.scopes],
    user_id: grant.subject,
  };
}
