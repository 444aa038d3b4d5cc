import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { Credentials } from "../context.ts";
import { hmacSha256Hex } from "../crypto.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import type { Provider } from "../provider.ts";
import type { Format, ProbeAnswer, Step } from "../publish.ts";
import type { Publishing } from "../publishing.ts";
import { secret } from "../secret.ts";
import { refusedBy, serverFailure } from "../server-failure.ts";
import type { OAuth2SignIn } from "../sign-in.ts";
import type { SimPost, SimulatorDefinition } from "../simulator/index.ts";
import type { Webhooks } from "../webhooks.ts";
import { barePlatform, bareProvider, barePublishing } from "./bare-provider.ts";
import { samplePng } from "./sample-media.ts";
import type { ConformanceSetup } from "./suite.ts";

/** A small platform that keeps every promise, for the tests of the cases: each is shown one that breaks it. */

const hourMs = 3_600_000;
const base = "https://api.toy.test";
export const appSecret = "the-key-events-are-signed-with";

/** Tokens live an hour, texts are 20 characters, everything that was posted is listed. */
export const toySimulator: SimulatorDefinition = {
  id: "toy",
  platforms: ["toy"],
  hosts: ["api.toy.test"],
  appCredentials: { toy: { client_secret: appSecret } },
  create(env) {
    const tokens = new Map<string, { ends: number; isRevoked: boolean }>();
    let posts: SimPost[] = [];
    const newToken = () => {
      const token = `token-${env.randomId()}`;
      const ends = env.now().getTime() + hourMs;
      tokens.set(token, { ends, isRevoked: false });
      return { token, ends };
    };
    const no = (status: number, error: string) => ({ status, json: { error } });
    return {
      async handle(request) {
        if (env.fault("rateLimited", request)) return no(429, "slow");
        if (env.fault("serverError", request)) return no(500, "oops");
        const name = request.headers.authorization?.replace("Bearer ", "") ?? "";
        const token = tokens.get(name);
        if (env.fault("tokenRevoked", request) || !token || token.isRevoked) return no(401, "revoked");
        if (request.path === "/revoke") {
          for (const one of tokens.values()) one.isRevoked = true;
          return { status: 200, json: {} };
        }
        if (request.path === "/token") return { status: 200, json: newToken() };
        if (env.fault("tokenExpired", request) || token.ends <= env.now().getTime()) return no(401, "expired");
        if (request.path === "/me" || request.path === "/upload")
          return { status: 200, json: { address: `${base}/upload?sig=${env.randomId()}` } };
        if (request.method === "GET") return { status: 200, json: { posts } };
        if (request.method === "DELETE") {
          posts = posts.filter(({ id }) => !request.path.endsWith(id));
          return { status: 200, json: {} };
        }
        const { text, media } = z
          .object({
            text: z.string(),
            media: z.array(z.object({ sha256: z.string(), altText: z.string().optional() })),
          })
          .parse(JSON.parse(Buffer.from(request.rawBody).toString()));
        if (text.length > 20) return no(422, "long");
        const id = env.randomId();
        const files = media.map(({ sha256, altText }) => ({
          ...{ sha256, mimeType: "image/png", sizeBytes: 1 },
          ...(altText !== undefined && { altText }),
        }));
        const createdAt = env.now().toISOString();
        posts.push({
          ...{ id, text, createdAt, platform: "toy", accountId: "1", accountName: "Ida", kind: "text" },
          media: files,
        });
        return env.fault("dropAfterAccept", request) ? "drop" : { status: 201, json: { id } };
      },
      posts: () => posts,
      orphans: () => 0,
      createAccount: () => {
        const { token, ends } = newToken();
        return { platform: "toy", id: "1", kind: "profile", name: "Ida", accessToken: token, extra: { ends } };
      },
      reset() {
        posts = [];
      },
    };
  },
};

/** What an answer that is no success means. */
export function toyFailure(res: HttpResponse, clock: { now(): Date }): PlatformFailure {
  const error = z.object({ error: z.string() }).safeParse(res.json).data?.error;
  const told = { ...refusedBy(res), status: res.status, message: "The toy refused it." };
  if (error === "revoked") return { ...told, kind: "auth_revoked" };
  if (error === "expired") return { ...told, kind: "auth_expired" };
  if (error === "long") return { ...told, kind: "content_rejected", field: "text", reason: "too long" };
  if (error === "slow") return { ...serverFailure(res, { clock }), ...refusedBy(res) };
  return serverFailure(res, { clock });
}

export interface ToyState {
  readonly [name: string]: string | boolean;
}

const seen: NonNullable<Step<ToyState>["probe"]> = async ({ post }, ctx) => {
  const read = await ctx.http.request({
    method: "GET",
    url: `${base}/posts`,
    bearer: ctx.credentials.accessToken,
    effect: "none",
  });
  if (!read.ok) return read;
  if (read.value.status !== 200) return fail(toyFailure(read.value, ctx.clock));
  const { posts } = z
    .object({ posts: z.array(z.object({ id: z.string(), text: z.string(), createdAt: z.string() })) })
    .parse(read.value.json);
  const found = posts.filter(({ text }) => text === post.text);
  const answer: ProbeAnswer<ToyState> =
    found.length === 0
      ? { kind: "absent_authoritative", because: "the toy lists everything" }
      : {
          kind: "found",
          candidates: found.map(({ id, createdAt }) => ({
            ...{ externalId: id, state: { id }, createdAt: new Date(createdAt), ours: false },
          })),
        };
  return ok(answer);
};

/** Asks for an upload address, which is kept sealed, then shows the post. */
export const toyOpen: Step<ToyState> = {
  name: "open",
  effect: "invisible",
  repeatable: true,
  done: ({ isOpen, id }) => isOpen === true || id !== undefined,
  async run({ state }, ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "POST", url: `${base}/upload`, bearer });
    if (!res.ok) return res;
    const body = z.object({ address: z.string() }).safeParse(res.value.json);
    if (!body.success) return fail(toyFailure(res.value, ctx.clock));
    return ok({ state: { ...state, isOpen: true }, sealed: { address: secret(body.data.address) } });
  },
};

export const toySend: Step<ToyState> = {
  name: "send",
  effect: "visible",
  repeatable: false,
  done: ({ id }) => id !== undefined,
  async run({ post, state }, ctx) {
    const json = { text: post.text, media: post.media.map(({ sha256, altText }) => ({ sha256, altText })) };
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "POST", url: `${base}/posts`, bearer, json });
    if (!res.ok) return res;
    const body = z.object({ id: z.string() }).safeParse(res.value.json);
    if (res.value.status === 201 && body.success)
      return ok({ state: { ...state, id: body.data.id }, published: { externalId: body.data.id } });
    return fail(
      res.value.status < 300
        ? { kind: "unexpected_response", status: res.value.status, message: "The toy said something odd." }
        : toyFailure(res.value, ctx.clock),
    );
  },
  probe: seen,
};

const formatOf = (label: string, media: Format["media"], steps: readonly Step<ToyState>[]): Format<ToyState> => ({
  label,
  media,
  start: () => ({}),
  steps,
});
export const toyPictures: Format["media"] = {
  min: 1,
  max: 2,
  image: { mimeTypes: ["image/png"], maxBytes: 1_000_000 },
};

export const toySignIn: OAuth2SignIn = {
  kind: "oauth2",
  id: "toy_login",
  label: "Toy",
  app: "toy",
  scopes: { required: [], optional: [] },
  start: () => Promise.reject(new Error("nobody signs in here")),
  finish: () => Promise.reject(new Error("nobody signs in here")),
  accounts: () => Promise.reject(new Error("nobody signs in here")),
  async refresh(ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "POST", url: `${base}/token`, bearer, effect: "none" });
    if (!res.ok) return res;
    const body = z.object({ token: z.string(), ends: z.number() }).safeParse(res.value.json);
    if (!body.success) return fail(toyFailure(res.value, ctx.clock));
    return ok({ accessToken: secret(body.data.token), expiresAt: new Date(body.data.ends) });
  },
  async revoke(ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "POST", url: `${base}/revoke`, bearer });
    return res.ok ? ok(undefined) : res;
  },
};

const signatureOf = (key: string, body: Uint8Array) => hmacSha256Hex(secret(key), body);

export const toyWebhooks: Webhooks = {
  verify({ request, keys }) {
    const given = request.headers["x-toy-proof"];
    const isSigned = keys.some((key) => given === signatureOf(key.reveal(), request.rawBody));
    return isSigned ? { kind: "accepted" } : { kind: "refused", status: 401, reason: "not signed" };
  },
  parse: ({ rawBody }) =>
    z
      .array(z.object({ id: z.string(), type: z.string() }))
      .parse(JSON.parse(Buffer.from(rawBody).toString()))
      .map(({ id, type }) => ({ type, platform: "toy", accountExternalId: "1", dedupeKey: id, data: {} })),
};

export const toyRemove: NonNullable<Publishing["remove"]> = {
  formats: ["text", "picture"],
  async run({ externalId }, ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "DELETE", url: `${base}/posts/${externalId}`, bearer });
    if (!res.ok) return res;
    return res.value.status === 200 ? ok(undefined) : fail(toyFailure(res.value, ctx.clock));
  },
};

/** The whole connector; what is given takes the place of what keeps its promise. */
export function toy(
  over: {
    readonly steps?: readonly Step<ToyState>[];
    readonly publishing?: Partial<Publishing>;
    readonly provider?: Partial<Provider>;
    readonly pictures?: Format["media"];
  } = {},
): Provider {
  const steps = over.steps ?? [toyOpen, toySend];
  const formats = {
    text: formatOf("Text", { min: 0, max: 0 }, steps),
    picture: formatOf("Picture", over.pictures ?? toyPictures, steps),
  };
  const publishing = barePublishing(formats, {
    limits: { text: { max: 20, unit: "characters", count: (text) => text.length, rule: "utf16" } },
    defaultFormat: ({ media }) => (media.length > 0 ? "picture" : "text"),
    remove: toyRemove,
    ...over.publishing,
  });
  const platform = barePlatform({
    id: "toy",
    publishing,
    async health(ctx) {
      const { accessToken: bearer } = ctx.credentials;
      const res = await ctx.http.request({ method: "GET", url: `${base}/me`, bearer });
      if (!res.ok) return res;
      return res.value.status === 200 ? ok({ missingScopes: [] }) : fail(toyFailure(res.value, ctx.clock));
    },
  });
  const field = { name: "client_secret", secret: true, required: true, help: "", signs: true } as const;
  return bareProvider([platform], {
    hosts: ["api.toy.test"],
    apps: [{ id: "toy", fields: [field] }],
    signIns: [toySignIn],
    webhooks: toyWebhooks,
    ...over.provider,
  });
}

const events = JSON.stringify([
  { id: "e1", type: "post.changed" },
  { id: "e2", type: "comment.created" },
]);

export const toySetup: ConformanceSetup = {
  async connect(world, authKind) {
    const { accessToken, extra } = world.sim.simulator.createAccount({});
    const credentials: Credentials = {
      accessToken: secret(accessToken),
      expiresAt: new Date(Number(extra?.ends)),
    };
    return { account: { externalId: "1", kind: "profile", authKind, name: "Ida", extras: {} }, credentials };
  },
  posts: { text: { text: "hello" }, picture: { text: "look", media: [samplePng({ width: 8, height: 8 })] } },
  webhook: async () => {
    const rawBody = new TextEncoder().encode(events);
    const headers = { "x-toy-proof": signatureOf(appSecret, rawBody) };
    return { request: { method: "POST", query: {}, headers, rawBody }, events: ["post.changed", "comment.created"] };
  },
};
