import { z } from "zod";
import { hmacSha256Hex } from "../crypto.ts";
import { actsOf } from "./act.ts";
import type { OAuthFacts } from "./oauth-facts.ts";
import { platformErrors } from "./platform-error.ts";
import { type Refusal, SimRefusal } from "./refusal.ts";
import { routesOf } from "./route.ts";
import { type Ground, simulator } from "./simulator.ts";
import { cursorPage, simStore } from "./store.ts";
import type { SimRequest, SimResponse } from "./types.ts";
import { contentRange, simUploads } from "./upload.ts";
import { simWebhooks } from "./webhook.ts";

/** A made-up platform that uses everything the kit has, for the kit's own tests: notes on a quay, as a person or a boat. */

interface Note {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly madeAt: Date;
}

function createWorld({ env, tokens }: Ground) {
  return {
    tokens,
    notes: simStore<Note>(),
    uploads: simUploads<{ readonly owner: string }>(env),
    hooks: simWebhooks(env, ({ body, secret }) => ({ "x-quay-signature": hmacSha256Hex(secret, body) })),
    people: [
      {
        id: "ida",
        name: "Ida Holm",
        accounts: [
          { id: "boat-1", name: "Fram" },
          { id: "boat-2", name: "Gauss" },
        ],
      },
      { id: "bo", name: "Bo Lind" },
    ],
  };
}
type Quay = ReturnType<typeof createWorld>;

const error = (status: number, code: string, more: Record<string, unknown> = {}): SimResponse => ({
  status,
  json: { code, ...more },
});

function refuse(refusal: Refusal, _request: SimRequest, _now: Date, world: Quay): SimResponse {
  switch (refusal.kind) {
    case "noRoute":
      return error(refusal.isMethod ? 405 : 404, refusal.kind);
    case "badInput":
      return error(400, refusal.kind, { at: refusal.issues[0]?.path.join("."), words: refusal.issues[0]?.message });
    case "badBody":
      return error(415, refusal.kind, { words: refusal.reason });
    case "scopeMissing":
      return error(403, refusal.kind, { scopes: refusal.scopes });
    case "rateLimited": {
      const { retryAfterSeconds } = refusal;
      return {
        ...error(429, refusal.kind, { notes: world.notes.size }),
        ...(retryAfterSeconds && { headers: { "retry-after": `${retryAfterSeconds}` } }),
      };
    }
    case "serverError":
      return error(500, refusal.kind);
    default:
      return error(401, refusal.kind);
  }
}

/** A login that does what the other does not: versions in its paths, saved scopes, wrong requests told to the person. */
const harbour: OAuthFacts<Quay> = {
  authorize: ["www.quay.test/harbour", "www.quay.test/:version/harbour"],
  token: ["www.quay.test/harbour/token", "www.quay.test/:version/harbour/token"],
  tokenByGet: true,
  title: "Sign in to the harbour",
  scopes: { read: "Read notes", write: "Write notes" },
  scopesAreChosen: true,
  asks(scopes, query) {
    if (query.has("saved")) return { scopes: ["read", "write"], kept: ["read", "write"] };
    return scopes.includes("read") ? { scopes, kept: ["read"] } : "read is needed";
  },
  tellsPerson: true,
  apps: () => [{ id: "app-3", secret: "app-3-secret" }],
  people: ({ people }) => people,
  codeSeconds: 60,
  impliedGrant: "authorization_code",
  callbackFragment: "_",
  answer: ({ grant, json }) => ({ ...json, declined: [...grant.asked].filter((scope) => !grant.scopes.has(scope)) }),
};

const route = routesOf<Quay>();
const act = actsOf<Quay>();
const api = "api.quay.test";

export const quay = simulator<Quay>({
  id: "quay",
  platforms: ["quay"],
  hosts: [api, "*.up.quay.test", "www.quay.test"],
  appCredentials: { quay: { client_id: "app-1", client_secret: "app-1-secret" } },
  world: createWorld,
  errors: {
    ...platformErrors({
      fields: z.strictObject({ code: z.string() }),
      answer: ({ code }) => error(400, code),
    }),
    refuse,
  },
  oauth: [
    harbour,
    {
      authorize: "www.quay.test/authorize",
      token: "www.quay.test/token",
      revoke: "www.quay.test/revoke",
      introspect: "www.quay.test/introspect",
      par: { path: "www.quay.test/par" },
      title: "Sign in to Quay",
      scopes: { read: "Read notes", write: "Write notes", offline: "Stay signed in" },
      scopesAreChosen: true,
      apps: () => [
        { id: "app-1", secret: "app-1-secret" },
        { id: "app-2", redirectUris: ["https://two.test/back"], scopes: ["read"] },
      ],
      people: ({ people }) => people,
      pkce: "required",
      codeSeconds: 60,
      accessSeconds: 3600,
      refresh: {
        rotates: true,
        graceSeconds: 10,
        reuseEndsGrant: true,
        seconds: 86_400,
        scope: "offline",
        asked: (query) => query.get("prompt") !== "none",
      },
      grants: {
        client_credentials: ({ app, tokens }) => ({
          grant: tokens.grant({ subject: app.id, app: app.id }),
          seconds: 60,
        }),
        swap: ({ fields, tokens }) => {
          const found = tokens.check(fields.get("old") ?? "");
          return typeof found === "string" ? undefined : { grant: found.grant };
        },
      },
      tokenByGet: true,
      refused: (error, words) => ({ error, error_description: words, quay_reason: "no" }),
      callback: ({ grant }) => ({ harbour: grant.accounts.join(" ") }),
    },
  ],
  accounts: {
    create({ tokens }, { name = "Ida Holm", scopes = ["read", "write"] }) {
      const signedIn = tokens.signedIn({
        subject: "ida",
        app: "app-1",
        scopes,
        accessSeconds: 3600,
        refreshSeconds: 86_400,
      });
      return { platform: "quay", id: "ida", kind: "person", name, appSecret: "app-1-secret", ...signedIn };
    },
  },
  routes: [
    route("POST", [`${api}/notes`, `${api}/v2/notes`], {
      scopes: ["write"],
      body: z.strictObject({ text: z.string().max(10) }),
      publishes: true,
      handle({ world, body, caller, now, env }) {
        const note = world.notes.put({ id: env.randomId(), author: caller.subject, text: body.text, madeAt: now });
        world.hooks.emit(caller.subject, "note.made", { id: note.id });
        return { status: 201, json: { id: note.id } };
      },
    }),
    route("GET", `${api}/notes`, {
      token: "optional",
      query: z.strictObject({ limit: z.coerce.number().int().max(3).default(2), cursor: z.string().optional() }),
      handle({ world, query, listed, visitor }) {
        const notes = listed(world.notes.all().toReversed(), ({ madeAt }) => madeAt);
        const keyOf = ({ id }: Note) => id;
        const page = cursorPage(notes, { ...query, keyOf, isAfter: (key, at) => order(notes, key) > order(notes, at) });
        return {
          status: 200,
          json: { notes: page.items.map(({ text }) => text), next: page.next, as: visitor?.subject },
        };
      },
    }),
    route("GET", `${api}/notes/:id`, {
      scopes: [["read", "write"]],
      handle({ world, params }) {
        const note = world.notes.get(params.id ?? "");
        if (note === undefined)
          throw new SimRefusal(error(404, world.notes.isGone(params.id ?? "") ? "gone" : "unknown"));
        return { status: 200, json: note };
      },
    }),
    route("PUT", "*.up.quay.test/:id", {
      bodyAs: "bytes",
      token: "none",
      handle({ world, params, request, workMs }) {
        const range = contentRange(request.headers["content-range"]);
        const id = params.id ?? "";
        const got = range
          ? world.uploads.takeNext(id, range.from, request.rawBody)
          : world.uploads.takeWhole(id, request.rawBody);
        return got.ok
          ? { status: got.value ? 201 : 206, json: { sha256: got.value?.sha256, ms: workMs(5) } }
          : error(416, got.problem, { receivedBytes: got.receivedBytes });
      },
    }),
    route("POST", `${api}/files`, {
      bodyAs: "multipart",
      body: z.strictObject({ title: z.string(), file: z.custom<{ bytes: Uint8Array }>((file) => file !== undefined) }),
      handle: ({ body }) => ({ status: 200, json: { title: body.title, sizeBytes: body.file.bytes.byteLength } }),
    }),
    route("POST", `${api}/many`, {
      token: "none",
      body: z.array(z.string()),
      async handle({ body, request, answer }) {
        const parts = body.map((path) => answer({ ...request, method: "GET", path, rawBody: new Uint8Array() }));
        const all = await Promise.all(parts);
        return { status: 200, json: all.map((part) => (typeof part === "string" ? part : part.status)) };
      },
    }),
    route("GET", `${api}/hosts/*`, {
      token: "none",
      handle: ({ params, request }) => ({ status: 200, json: { ...params, query: request.rawQuery } }),
    }),
  ],
  credential: ({ headers }) => headers["x-quay-key"],
  guard({ request }) {
    if (request.headers["x-version"] === "0") throw new SimRefusal(error(426, "oldVersion"));
  },
  posts: ({ notes, people }) =>
    notes.all().map(({ id, author, text, madeAt }) => ({
      id,
      platform: "quay",
      accountId: author,
      accountName: people.find((person) => person.id === author)?.name ?? "",
      text,
      createdAt: madeAt.toISOString(),
      kind: "note",
      media: [],
    })),
  orphans: ({ uploads }) => uploads.all().filter(({ media }) => media === undefined).length,
  webhooks: ({ hooks }) => hooks,
  acts: {
    remove: act(z.strictObject({ id: z.string() }), ({ notes }, { id }) => ({ removed: notes.remove(id) })),
    open: act(z.strictObject({ sizeBytes: z.int().optional(), seconds: z.int().optional() }), ({ uploads }, input) => {
      const { sizeBytes, seconds } = input;
      const given = {
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(seconds === undefined ? {} : { seconds }),
      };
      return { id: uploads.open({ details: { owner: "ida" }, ...given }).id };
    }),
    subscribe: act(z.strictObject({ address: z.url(), secret: z.string() }), ({ hooks }, input) => ({
      id: hooks.subscribe({ ...input, subject: "ida", events: ["note.made"] }).id,
    })),
    prove: act(z.strictObject({ address: z.url() }), async ({ hooks }, { address }) => {
      const answer = await hooks.challenge(address, { challenge: "x1" });
      return { text: answer?.text ?? null, json: z.json().parse(answer?.json ?? null) };
    }),
  },
  cors: { exposed: ["retry-after"] },
  finish: (answer, { path }) => (path === "/nowhere" ? { ...answer, text: "Not here", json: undefined } : answer),
  headers: (_, request: SimRequest) => ({ "x-quay-host": request.host }),
});

const order = (notes: readonly Note[], id: string): number => notes.findIndex((note) => note.id === id);
