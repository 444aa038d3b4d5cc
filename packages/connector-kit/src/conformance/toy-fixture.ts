import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { ConnectorContext, Credentials, PlatformResult } from "../context.ts";
import { hmacSha256Hex } from "../crypto.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import type { Inbox } from "../inbox.ts";
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

interface Said {
  readonly id: string;
  readonly text: string;
  readonly createdAt: string;
  readonly own: boolean;
  /** What it answers. */
  readonly to?: string;
  hidden: boolean;
}

/** Tokens live an hour, texts are 20 characters, everything that was posted is listed. */
export const toySimulator: SimulatorDefinition = {
  id: "toy",
  platforms: ["toy"],
  hosts: ["api.toy.test"],
  appCredentials: { toy: { client_secret: appSecret } },
  create(env) {
    const tokens = new Map<string, { ends: number; isRevoked: boolean }>();
    let posts: SimPost[] = [];
    const talk: Said[] = [];
    const say = (text: string, more: Partial<Said>) => {
      const id = env.randomId();
      talk.push({ ...{ id, text, createdAt: env.now().toISOString(), own: false, hidden: false }, ...more });
      return id;
    };
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
        if (request.path.startsWith("/talk")) {
          const to = request.path.split("/")[2] ?? "";
          const body = request.rawBody.length > 0 ? JSON.parse(Buffer.from(request.rawBody).toString()) : {};
          if (request.method === "GET") return { status: 200, json: { talk } };
          if (request.method === "PUT") for (const one of talk) if (one.id === to) one.hidden = body.hidden;
          if (request.method === "PUT") return { status: 200, json: {} };
          const id = say(body.text, { own: true, to });
          return env.fault("dropAfterAccept", request) ? "drop" : { status: 201, json: { id } };
        }
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
      act: async (_comment, { text }) => say(String(text), {}),
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

const Talk = z.object({
  talk: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      createdAt: z.coerce.date(),
      own: z.boolean(),
      to: z.string().optional(),
      hidden: z.boolean(),
    }),
  ),
});

async function readTalk(ctx: ConnectorContext): PlatformResult<z.output<typeof Talk>["talk"]> {
  const { accessToken: bearer } = ctx.credentials;
  const res = await ctx.http.request({ method: "GET", url: `${base}/talk`, bearer, effect: "none" });
  if (!res.ok) return res;
  return res.value.status === 200 ? ok(Talk.parse(res.value.json).talk) : fail(toyFailure(res.value, ctx.clock));
}

export const toyAnswer: Step<ToyState> = {
  ...{ name: "answer", effect: "visible", repeatable: false },
  done: ({ id }) => id !== undefined,
  async run({ post }, ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const json = { text: post.text };
    const res = await ctx.http.request({ method: "POST", url: `${base}/talk/${post.destination}`, bearer, json });
    if (!res.ok) return res;
    const body = z.object({ id: z.string() }).safeParse(res.value.json);
    if (!body.success) return fail(toyFailure(res.value, ctx.clock));
    return ok({ state: { id: body.data.id }, published: { externalId: body.data.id } });
  },
  async probe({ post }, ctx) {
    const read = await readTalk(ctx);
    if (!read.ok) return read;
    const found = read.value.filter(({ to, text }) => to === post.destination && text === post.text);
    if (found.length === 0) return ok({ kind: "absent_authoritative", because: "the toy lists everything" });
    const candidates = found.map(({ id, createdAt }) => ({
      ...{ externalId: id, state: { id }, createdAt, ours: false },
    }));
    return ok({ kind: "found", candidates });
  },
};

export const toyReply = formatOf("Answer", { min: 0, max: 0 }, [toyAnswer]);

/** People write to the toy, which lists, hides and answers. */
export const toyInbox: Inbox = {
  lists: "account",
  async list(_input, ctx) {
    const read = await readTalk(ctx);
    if (!read.ok) return read;
    return ok({
      entries: read.value.map(({ id, text, createdAt, own, to, hidden }) => ({
        ...{ externalId: id, kind: "comment" as const, text, createdAt, isOwn: own, isHidden: hidden },
        ...(to !== undefined && { parentId: to }),
      })),
    });
  },
  reply: toyReply,
  async hide({ externalId, isHidden: hidden }, ctx) {
    const { accessToken: bearer } = ctx.credentials;
    const res = await ctx.http.request({ method: "PUT", url: `${base}/talk/${externalId}`, bearer, json: { hidden } });
    return res.ok ? ok(undefined) : res;
  },
};

/** The whole connector; what is given takes the place of what keeps its promise. */
export function toy(
  over: {
    readonly steps?: readonly Step<ToyState>[];
    readonly publishing?: Partial<Publishing>;
    readonly provider?: Partial<Provider>;
    readonly pictures?: Format["media"];
    readonly inbox?: Inbox;
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
    inbox: over.inbox ?? toyInbox,
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
  comment: async (world) => {
    await world.sim.simulator.act?.("comment", { text: "well done" });
    return "well done";
  },
  webhook: async () => {
    const rawBody = new TextEncoder().encode(events);
    const headers = { "x-toy-proof": signatureOf(appSecret, rawBody) };
    return { request: { method: "POST", query: {}, headers, rawBody }, events: ["post.changed", "comment.created"] };
  },
};
