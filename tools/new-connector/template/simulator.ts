import {
  authorization,
  jsonBody,
  type SimAccount,
  type SimAnswer,
  type SimEnv,
  type SimPost,
  type SimRequest,
  type SimResponse,
  type Simulator,
  type SimulatorDefinition,
} from "@postd/connector-kit/simulator";

const refuse = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): SimResponse => ({
  status,
  headers,
  json: { code },
});

const textOf = (body: unknown): string | undefined => {
  if (typeof body !== "object" || body === null || Object.keys(body).some((key) => key !== "text")) return undefined;
  const text: unknown = Reflect.get(body, "text");
  return typeof text === "string" && text.trim() !== "" ? text : undefined;
};

/** A fake platform, as strict as the real one. Write it from the documentation; it imports nothing from this folder. */
function createSimulator(env: SimEnv): Simulator {
  const accounts = new Map<string, SimAccount>();
  let posts: readonly SimPost[] = [];

  function createPost(request: SimRequest, account: SimAccount): SimAnswer {
    const body = jsonBody(request);
    const text = body.ok ? textOf(body.value) : undefined;
    if (text === undefined) return refuse(400, "invalid_request");
    if ([...new Intl.Segmenter("und").segment(text)].length > 500) return refuse(422, "text_too_long");
    const id = env.randomId();
    const permalink = `https://sample-platform.example/posts/${id}`;
    const common = { platform: "sample_platform", kind: "text", media: [] };
    const by = { accountId: account.id, accountName: account.name };
    posts = [...posts, { ...common, ...by, id, permalink, text, createdAt: env.now().toISOString() }];
    return env.fault("dropAfterAccept", request) ? "drop" : { status: 201, json: { id, url: permalink } };
  }

  function listPosts(request: SimRequest, account: SimAccount): SimAnswer {
    const own = env.fault("hideFromLists", request) ? [] : posts.filter(({ accountId }) => accountId === account.id);
    const newest = own.toReversed().slice(0, Number(request.query.get("limit") ?? 20));
    return {
      status: 200,
      json: { posts: newest.map(({ id, permalink, text, createdAt }) => ({ id, url: permalink, text, createdAt })) },
    };
  }

  return {
    async handle(request) {
      if (env.fault("rateLimited", request)) return refuse(429, "slow_down", { "retry-after": "30" });
      if (env.fault("serverError", request)) return refuse(500, "internal");
      if (env.fault("tokenExpired", request)) return refuse(401, "token_expired");
      const account = accounts.get(authorization(request) ?? "");
      if (!account || env.fault("tokenRevoked", request)) return refuse(401, "token_invalid");
      const operation = `${request.method} ${request.path}`;
      if (operation === "GET /v1/me") return { status: 200, json: { id: account.id, name: account.name } };
      if (operation === "GET /v1/posts") return listPosts(request, account);
      if (operation === "POST /v1/posts") return createPost(request, account);
      return refuse(404, "not_found");
    },
    posts: () => posts,
    orphans: () => 0,
    createAccount({ name = "Ida Holm", kind = "profile" }) {
      const account = { platform: "sample_platform", id: env.randomId(), kind, name, accessToken: env.randomId() };
      accounts.set(account.accessToken, account);
      return account;
    },
    reset() {
      accounts.clear();
      posts = [];
    },
    accounts: () => [...accounts.values()],
  };
}

export const simulators: readonly SimulatorDefinition[] = [
  {
    id: "sample_platform",
    platforms: ["sample_platform"],
    hosts: ["api.sample-platform.example"],
    appCredentials: {},
    create: createSimulator,
  },
];
