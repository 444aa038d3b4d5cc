import { jsonBody } from "./body.ts";
import type { SimPost, SimulatorDefinition } from "./types.ts";

/** A made-up platform with one call (`POST /posts {text}`), for the tests of the host itself. */
export const pinboard: SimulatorDefinition = {
  id: "pinboard",
  platforms: ["pins", "boards"],
  hosts: ["api.pinboard.test", "*.pinboard.test"],
  appCredentials: {},
  redactPath: (path) => path.replace(/^\/token-[^/]+/, "/token"),
  create(env) {
    let posts: SimPost[] = [];
    return {
      async handle(request) {
        const limited = env.fault("rateLimited", request);
        if (limited !== undefined) return { status: 429, json: limited };
        if (request.path === "/crash") throw new Error("a bug of the simulator");
        if (request.path === "/silent") return "hold";
        if (request.path === "/pull")
          return { status: 200, json: (await env.fetchMedia(request.query.get("url") ?? ""))?.contentType ?? null };
        if (request.method !== "POST") return { status: 200, json: { path: request.path, host: request.host } };
        const body = jsonBody(request);
        if (!body.ok) return { status: 415, json: { reason: body.reason } };
        const id = env.randomId();
        const text = String((body.value as { text?: unknown }).text);
        const platform = text.startsWith("board") ? "boards" : "pins";
        posts.push({
          id,
          platform,
          accountId: "1",
          accountName: "Ida",
          text,
          createdAt: env.now().toISOString(),
          permalink: `https://www.pinboard.test/pin/${id}`,
          kind: "text",
          media: [],
        });
        return { status: 201, json: { id } };
      },
      posts: () => posts,
      orphans: () => 0,
      accountsOf: (token) => (token.startsWith("of-") ? [token.slice("of-".length)] : []),
      createAccount: ({ name }) => ({
        platform: "pins",
        id: "1",
        kind: "person",
        name: name ?? "Ida",
        accessToken: "made-up",
      }),
      reset: () => {
        posts = [];
      },
      act: async (action, input) => ({ did: action, input }),
    };
  },
};
