import { z } from "zod";
import { AuthKind, ConnectInput, Locale, ReturnTo, TypedFields } from "../connecting.ts";
import { idSchema, PlatformId, ProviderId } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery } from "../paging.ts";
import {
  AccountLimitsView,
  BudgetView,
  ConnectionView,
  DestinationView,
  GrantView,
  HealthCheckView,
  PlannedPlatformView,
  PlatformView,
} from "../views.ts";
import { at, connection, ids, later } from "./examples.ts";

const providerParam = z.strictObject({ provider: ProviderId });
const connectionParam = z.strictObject({ id: idSchema("connection") });
const text = { max: 300, unit: "graphemes", rule: "graphemes", required: false } as const;

export const listPlatforms = defineOperation({
  id: "listPlatforms",
  method: "GET",
  path: "/api/platforms",
  summary: "What every platform can do",
  description:
    "The capability matrix, derived from the connectors themselves: formats, limits, options, what is supported, how to sign in, API version and its end, and whether it is simulated here; beside it what this workspace's accounts were granted. `planned` names the platforms that are to come.",
  tags: ["platforms"],
  auth: { kind: "caller", by: ["session", "key"] },
  response: z.object({
    items: z.array(PlatformView),
    planned: z.array(PlannedPlatformView),
    simulated: z.boolean(),
  }),
  errors: [],
  example: {
    response: {
      items: [
        {
          id: "bluesky",
          name: "Bluesky",
          provider: "bluesky",
          status: "partial",
          facets: {
            signIn: { status: "active" },
            publishing: { status: "partial", lacks: ["editing"] },
            numbers: { status: "active" },
            webhooks: { status: "absent" },
            health: { status: "active" },
          },
          impossible: [],
          icon: "<svg/>",
          color: "#1185fe",
          previewKind: "microblog",
          accountKinds: [{ id: "profile", label: "Profile" }],
          auth: [
            {
              id: "app_password",
              kind: "keys",
              label: "App password",
              fields: [{ name: "identifier", label: "Handle", secret: false, required: true }],
              scopes: { required: [], optional: [] },
              configured: true,
            },
          ],
          formats: [{ id: "text", label: "Text", media: { min: 0, max: 0 }, text }],
          supports: {
            productTags: false,
            trendingAudio: false,
            scheduling: true,
            editing: false,
            deletion: true,
            reply: false,
            stream: false,
            edit: [],
            delete: ["text"],
            nativeSchedule: [],
            trial: [],
            takes: [],
            accountLimits: false,
            postAnalytics: true,
            accountAnalytics: true,
            siteAnalytics: false,
            source: false,
            inbox: false,
            audience: false,
            webhooks: false,
            refresh: true,
            revoke: true,
          },
          constraints: { text, characterLimit: 300 },
          optionsSchema: { type: "object", properties: {} },
          apiVersion: { current: "1" },
          healthStatus: "ok",
          scopesGranted: [],
          warning: "Token expires in 2 days",
          simulated: true,
        },
      ],
      planned: [
        {
          id: "mastodon",
          name: "Mastodon",
          status: "planned",
          facets: {
            signIn: { status: "planned" },
            publishing: { status: "planned" },
            numbers: { status: "planned" },
            webhooks: { status: "absent" },
            health: { status: "planned" },
          },
          impossible: [],
        },
      ],
      simulated: true,
    },
  },
});

export const startOAuth = defineOperation({
  id: "startOAuth",
  method: "POST",
  path: "/api/oauth/:provider/start",
  summary: "Start signing in at a provider",
  description:
    "Named by the provider, or by one of its platforms. Answers the address to open in the browser that holds this session; one started with an API key may be opened in anybody's browser, such as a customer's. With connectionId the same account is signed in again. The state is single use and ends after ten minutes.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: providerParam,
  body: z.strictObject({
    /** The platform a person came for, where the address names only the provider. */
    platform: PlatformId.optional(),
    authKind: AuthKind.optional(),
    /** The app to sign in with; absent: the workspace's own where it has one, else this server's. */
    appId: z.union([z.literal("instance"), idSchema("tenantApp")]).optional(),
    /** What the sign-in has to know first (a shop, a server), by the names of its fields in GET /api/platforms. */
    fields: TypedFields.optional(),
    locale: Locale.optional(),
    connectionId: idSchema("connection").optional(),
    returnTo: ReturnTo.optional(),
  }),
  response: z.object({ authUrl: z.string(), state: z.string(), expiresAt: z.iso.datetime(), simulated: z.boolean() }),
  errors: ["not_found", "platform_planned", "not_configured"],
  example: {
    params: { provider: "mastodon" },
    body: { returnTo: "/accounts" },
    response: {
      authUrl: "http://127.0.0.1:4100/mastodon.example/oauth/authorize?state=…",
      state: "…",
      expiresAt: later,
      simulated: true,
    },
  },
});

export const finishOAuth = defineOperation({
  id: "finishOAuth",
  method: "GET",
  path: "/api/oauth/:provider/callback",
  summary: "Where the provider sends the browser back",
  description:
    "Ties the answer to the session that started (or to the API key's state, which is single use), keeps the grant and sends the browser on.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write", optional: true },
  params: providerParam,
  /** Providers send parameters of their own; all of them reach the sign-in, each at most once. */
  query: z
    .object({ state: z.string().min(1).max(2_000) })
    .catchall(z.string().max(8_000))
    .refine((query) => Object.keys(query).length <= 40, "has more parameters than a sign-in brings back"),
  /** A browser is sent on; a program that asks for JSON gets the grant. */
  response: z.union([z.null(), z.object({ grantId: z.string(), returnTo: z.string().optional() })]),
  status: 302,
  answer: "redirect",
  also: [200],
  errors: [
    "expired",
    "not_found",
    "platform_refused",
    "platform_unavailable",
    "account_needs_attention",
    "conflict",
    "not_configured",
  ],
  example: { params: { provider: "mastodon" }, query: { state: "…", code: "…" }, response: null },
});

export const getGrant = defineOperation({
  id: "getGrant",
  method: "GET",
  path: "/api/grants/:id",
  summary: "Accounts behind a sign-in",
  description: "Every account the grant opens, with what it lacks and whether it is connected already.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: z.strictObject({ id: idSchema("grant") }),
  response: GrantView,
  errors: ["not_found", "expired"],
  example: {
    params: { id: ids.grant },
    response: {
      id: ids.grant,
      platform: "facebook",
      authKind: "facebook_login",
      subject: { externalId: "1001", name: "Ida Holm" },
      scopes: ["pages_show_list"],
      simulated: true,
      expiresAt: later,
      accounts: [{ platform: "facebook", externalId: "2001", kind: "page", name: "Nordlys Coffee", missingScopes: [] }],
    },
  },
});

export const createConnections = defineOperation({
  id: "createConnections",
  method: "POST",
  path: "/api/connections",
  summary: "Connect accounts",
  description:
    "Chooses accounts of a grant, or connects with typed keys where the platform takes them (an app password).",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  body: ConnectInput,
  response: z.object({ connections: z.array(ConnectionView), simulated: z.boolean() }),
  status: 201,
  errors: [
    "not_found",
    "expired",
    "conflict",
    "idempotency_conflict",
    "platform_refused",
    "platform_unavailable",
    "platform_planned",
    "not_configured",
    "account_needs_attention",
  ],
  creates: { by: "http" },
  example: {
    body: { platform: "bluesky", keys: { identifier: "nordlys.example", password: "abcd-efgh-ijkl-mnop" } },
    response: { connections: [connection], simulated: true },
  },
});

export const listConnections = defineOperation({
  id: "listConnections",
  method: "GET",
  path: "/api/connections",
  summary: "List connections",
  description: "Every connected account, newest first.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  query: z.strictObject({ ...pageQuery, platform: PlatformId.optional() }),
  response: pageOf(ConnectionView),
  errors: [],
  example: { query: { limit: "50" }, response: { items: [connection], simulated: true } },
});

export const getConnection = defineOperation({
  id: "getConnection",
  method: "GET",
  path: "/api/connections/:id",
  summary: "One connection",
  description: "Its state, what it may do, and what a person must do where something is wrong.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  response: ConnectionView,
  errors: ["not_found"],
  example: { params: { id: ids.connection }, response: connection },
});

const Words = z.string().trim().min(1).max(100);

export const updateConnection = defineOperation({
  id: "updateConnection",
  method: "PATCH",
  path: "/api/connections/:id",
  summary: "Rename, label or disable",
  description:
    "name and label are yours alone and null takes them away. While disabled nothing is published to the account: what falls due is held as disabled and goes on once it is enabled again.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: connectionParam,
  body: z.strictObject({
    name: Words.nullable().optional(),
    label: Words.nullable().optional(),
    disabled: z.boolean().optional(),
  }),
  response: ConnectionView,
  errors: ["not_found", "state_conflict"],
  example: {
    params: { id: ids.connection },
    body: { name: "Nordlys, Oslo", label: "Cafés" },
    response: { ...connection, name: "Nordlys, Oslo", platformName: connection.name, label: "Cafés" },
  },
});

export const deleteConnection = defineOperation({
  id: "deleteConnection",
  method: "DELETE",
  path: "/api/connections/:id",
  summary: "Disconnect",
  description:
    "Where something may be live, or is being taken down or back, POSTD looks and does that first, for a minute at most: 202, and then it disconnects. Withdraws access at the platform where it can be withdrawn, deletes the tokens and holds what was planned. Posts the platform holds itself (handedOver) still go out; nobody can look whether they did until the account is connected again, so at their time they become unknown.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: connectionParam,
  response: z.object({
    connection: ConnectionView,
    revokedAtPlatform: z.boolean(),
    /** Posts planned at the platform itself, which disconnecting does not stop. */
    handedOver: z.int().min(0),
    note: z.string().optional(),
    simulated: z.boolean(),
  }),
  also: [202],
  errors: ["not_found"],
  example: {
    params: { id: ids.connection },
    response: {
      connection: { ...connection, status: "revoked", disconnectedAt: later },
      revokedAtPlatform: true,
      handedOver: 0,
      simulated: true,
    },
  },
});

const act = (id: "refreshConnection" | "checkConnection", verb: "refresh" | "check", summary: string, why: string) =>
  ({
    id,
    method: "POST",
    path: `/api/connections/:id/${verb}`,
    summary,
    description: why,
    tags: ["connections"],
    auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
    params: connectionParam,
    response: ConnectionView,
    errors: [
      "not_found",
      "state_conflict",
      "account_needs_attention",
      "platform_refused",
      "platform_unavailable",
      "not_configured",
    ],
    example: { params: { id: ids.connection }, response: connection },
  }) as const;

export const refreshConnection = defineOperation({
  ...act(
    "refreshConnection",
    "refresh",
    "Renew the access now",
    "Asks the platform for a new token; at most one renewal runs at a time.",
  ),
  id: "refreshConnection",
});
export const checkConnection = defineOperation({
  ...act(
    "checkConnection",
    "check",
    "Test the connection now",
    "Asks the platform who we are and what we may do, and records the answer.",
  ),
  id: "checkConnection",
});

export const listDestinations = defineOperation({
  id: "listDestinations",
  method: "GET",
  path: "/api/connections/:id/destinations",
  summary: "Places below an account",
  description:
    "Boards, channels, audiences, blogs: read at the platform now. Name one as `destination` of a post. A platform without such places has none.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  query: z.strictObject({ query: z.string().min(1).max(200).optional() }),
  response: z.object({
    /** What the platform calls them. */
    label: z.string().optional(),
    /** A post without one is refused. */
    required: z.boolean(),
    items: z.array(DestinationView),
    simulated: z.boolean(),
  }),
  errors: ["not_found", "account_needs_attention", "platform_unavailable", "state_conflict"],
  example: {
    params: { id: ids.connection },
    query: { query: "coffee" },
    response: { label: "Board", required: true, items: [{ id: "77", name: "Coffee" }], simulated: true },
  },
});

export const accountLimits = defineOperation({
  id: "accountLimits",
  method: "GET",
  path: "/api/connections/:id/limits",
  summary: "Limits of one account",
  description:
    "What this account may do that differs from its platform's description, read at the platform now: lengths, sizes, posts left, choices of options only the account knows.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  response: z.object({ limits: AccountLimitsView, simulated: z.boolean() }),
  errors: ["not_found", "account_needs_attention", "platform_unavailable", "state_conflict"],
  example: {
    params: { id: ids.connection },
    response: { limits: { textMax: 5_000, postsLeft: { count: 48, until: later } }, simulated: true },
  },
});

export const connectionHealth = defineOperation({
  id: "connectionHealth",
  method: "GET",
  path: "/api/connections/:id/health",
  summary: "How an account was found",
  description:
    "Every look at the account, every renewal of its sign-in and every look for its events, newest first: whether it was well, how long the platform took, what was granted, posts left, and when it is looked at next. Kept for 90 days.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  query: z.strictObject(pageQuery),
  response: pageOf(HealthCheckView),
  errors: ["not_found"],
  example: {
    params: { id: ids.connection },
    response: {
      items: [
        {
          id: "aud_0000000000000001",
          at,
          checkType: "synthetic_ping",
          ok: true,
          latencyMs: 112,
          status: "healthy",
          scopes: [],
          apiVersion: "1",
          nextCheckAt: later,
          result: { missingScopes: [] },
        },
      ],
      simulated: true,
    },
  },
});

export const accountBudgets = defineOperation({
  id: "accountBudgets",
  method: "GET",
  path: "/api/connections/:id/budgets",
  summary: "What an account has used of its platform's budgets",
  description:
    "Posts and calls of the account, of its sign-in and of the app behind it, as the platform told them last or as POSTD counted them. A post whose budget is used up waits until there is room; reading by itself stops earlier, so that posts still go out. Asks the platform nothing. A budget of an app counts what everybody on this server does with it.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  response: z.object({ items: z.array(BudgetView), simulated: z.boolean() }),
  errors: ["not_found", "state_conflict"],
  example: {
    params: { id: ids.connection },
    response: {
      items: [
        {
          name: "instagram.posts_day",
          label: "posts in 24 hours",
          scope: "account",
          window: { rollingMs: 86_400_000 },
          limit: 100,
          counts: ["posts"],
          used: 12,
          resetsAt: later,
          source: "platform",
          saidAt: at,
          full: false,
        },
      ],
      simulated: true,
    },
  },
});

export const connectionTimeline = defineOperation({
  id: "connectionTimeline",
  method: "GET",
  path: "/api/connections/:id/timeline",
  summary: "What happened to a connection",
  description: "Every change and check, newest first: who, what, when.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:read" },
  params: connectionParam,
  query: z.strictObject(pageQuery),
  response: pageOf(z.record(z.string(), z.unknown())),
  errors: ["not_found"],
  example: {
    params: { id: ids.connection },
    response: { items: [{ at, actor: ids.user, action: "connected", detail: {} }], simulated: true },
  },
});

export const makeReconnectLink = defineOperation({
  id: "makeReconnectLink",
  method: "POST",
  path: "/api/connections/:id/reconnect-link",
  summary: "Make a link for the account's owner",
  description:
    "Whoever opens it sees which account of whom is meant, and signs in for it again without an account here. It can do nothing else, works once, ends after seven days, with the next one made for the same connection, and with the right of whoever made it. The address is in this answer and nowhere else: only its hash is kept.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: connectionParam,
  response: z.object({
    connectionId: idSchema("connection"),
    link: z.string(),
    expiresAt: z.iso.datetime(),
    simulated: z.boolean(),
  }),
  status: 201,
  errors: ["not_found", "state_conflict"],
  creates: { by: "http", secretFields: ["link"] },
  example: {
    params: { id: ids.connection },
    response: {
      connectionId: ids.connection,
      link: "https://postd.example.com/links/reconnect/0NlLk2wQ7fJx3mBvT9cRzHs5YdGp8uEaKi1oVtXb4Wq",
      expiresAt: later,
      simulated: true,
    },
  },
});
