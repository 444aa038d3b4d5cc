import {
  type Ground,
  platformErrors,
  type Refuse,
  routesOf,
  type SimResponse,
  type SimulatorDefinition,
  simStore,
  simulator,
} from "@postd/connector-kit/simulator";
import { z } from "zod";

// Sources: replace by the pages of the platform's documentation that say each rule, with the date they were read.

interface Post {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly createdAt: Date;
}

/** Everything the platform keeps. Made anew at every reset. */
const createWorld = ({ env, tokens }: Ground) => ({
  env,
  tokens,
  posts: simStore<Post>(),
  people: new Map([["ida", "Ida Holm"]]),
});
type World = ReturnType<typeof createWorld>;

const error = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): SimResponse => ({
  status,
  headers,
  json: { code },
});

/** What the kit refuses, in the platform's words. */
const refuse: Refuse = (refusal) => {
  switch (refusal.kind) {
    case "noRoute":
      return error(404, "not_found");
    case "badBody":
      return error(400, "invalid_request");
    case "badInput":
      return refusal.issues.some(({ code }) => code === "too_big")
        ? error(422, "text_too_long")
        : error(400, "invalid_request");
    case "scopeMissing":
      return error(403, "not_allowed");
    case "rateLimited":
      return error(429, "slow_down", { "retry-after": String(refusal.retryAfterSeconds ?? 30) });
    case "serverError":
      return error(500, "internal");
    case "tokenExpired":
      return error(401, "token_expired");
    default:
      return error(401, "token_invalid");
  }
};

const route = routesOf<World>();
const api = "api.sample-platform.example";
const permalinkOf = ({ id }: Post) => `https://sample-platform.example/posts/${id}`;
const chars = (text: string) => [...new Intl.Segmenter("und").segment(text)].length;
const tooLong = { code: "too_big", origin: "string", maximum: 500, message: "too long" } as const;
const text = z
  .string()
  .trim()
  .min(1)
  .check((found) => {
    if (chars(found.value) > tooLong.maximum) found.issues.push({ ...tooLong, input: found.value });
  });

/** A fake platform, as strict as the real one. Write it from the documentation; it imports nothing from this folder. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "sample_platform",
    platforms: ["sample_platform"],
    hosts: [api],
    world: createWorld,
    errors: {
      ...platformErrors({ fields: z.strictObject({ code: z.string() }), answer: ({ code }) => error(400, code) }),
      refuse,
    },
    accounts: {
      create({ env, tokens, people }, { name = "Ida Holm", kind = "profile" }) {
        const id = env.randomId();
        people.set(id, name);
        return { platform: "sample_platform", id, kind, name, ...tokens.signedIn({ subject: id }) };
      },
    },
    routes: [
      route("GET", `${api}/v1/me`, {
        handle: ({ world, caller: { subject } }) => ({
          status: 200,
          json: { id: subject, name: world.people.get(subject) },
        }),
      }),
      route("GET", `${api}/v1/posts`, {
        query: z.strictObject({ limit: z.coerce.number().int().min(1).max(20).default(20) }),
        handle({ world, query, caller, listed }) {
          const own = world.posts.all(({ author }) => author === caller.subject).toReversed();
          const newest = listed(own, ({ createdAt }) => createdAt).slice(0, query.limit);
          return { status: 200, json: { posts: newest.map((post) => ({ ...post, url: permalinkOf(post) })) } };
        },
      }),
      route("POST", `${api}/v1/posts`, {
        body: z.strictObject({ text }),
        publishes: true,
        handle({ world, body, caller, now, env }) {
          const made = { id: env.randomId(), author: caller.subject, text: body.text, createdAt: now };
          const post = world.posts.put(made);
          return { status: 201, json: { id: post.id, url: permalinkOf(post) } };
        },
      }),
    ],
    posts: ({ posts, people }) =>
      posts.all().map((post) => ({
        ...{ id: post.id, platform: "sample_platform", kind: "text", text: post.text, media: [] },
        ...{ accountId: post.author, accountName: people.get(post.author) ?? "", permalink: permalinkOf(post) },
        createdAt: post.createdAt.toISOString(),
      })),
  }),
];
