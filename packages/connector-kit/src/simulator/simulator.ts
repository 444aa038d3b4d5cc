import type { Json } from "@postd/contracts";
import { type Acts, runAct, tokenActs } from "./act.ts";
import { oauthRoutes } from "./oauth.ts";
import type { OAuthFacts } from "./oauth-facts.ts";
import { createAuthorizationServer } from "./oauth-state.ts";
import { type Refuse, SimRefusal } from "./refusal.ts";
import { createRouter, type Route } from "./route.ts";
import { runRoute, type Surroundings } from "./run-route.ts";
import { createTokens, type SimTokens } from "./tokens.ts";
import type {
  PlatformErrors,
  SimAccount,
  SimAnswer,
  SimEnv,
  SimPost,
  SimRequest,
  SimResponse,
  Simulator,
  SimulatorDefinition,
} from "./types.ts";
import type { SimWebhooks } from "./webhook.ts";

/** What a world is made with; it is made anew at every reset. */
export interface Ground {
  readonly env: SimEnv;
  /** Grants and tokens of this platform. */
  readonly tokens: SimTokens;
}

/** A platform's simulator: facts, words and routes. What is the same for all of them is the kit's. */
export interface SimulatorFacts<W>
  extends Pick<SimulatorDefinition, "id" | "platforms" | "hosts" | "redactPath" | "credential"> {
  readonly appCredentials?: SimulatorDefinition["appCredentials"];
  /** Everything the platform keeps, with its ready-made accounts. */
  world(ground: Ground): W;
  /** How it words an error: for the fault `platformError` and for what the kit refuses. */
  readonly errors: Partial<PlatformErrors> & { readonly refuse: Refuse<W> };
  readonly accounts: {
    create(world: W, input: Parameters<Simulator["createAccount"]>[0]): SimAccount;
    /** Ready-made ones, with what signs in to them. */
    list?(world: W): readonly SimAccount[];
    /** Accounts a token acts for; default: those of its grant. */
    of?(world: W, token: string): readonly string[];
  };
  /** Several where the platform has several logins. */
  readonly oauth?: OAuthFacts<W> | readonly OAuthFacts<W>[];
  readonly authenticate?: Surroundings<W>["authenticate"];
  readonly revoke?: Surroundings<W>["revoke"];
  readonly guard?: Surroundings<W>["guard"];
  readonly routes: readonly Route<W>[];
  /** Live posts, newest last. */
  posts(world: W): readonly SimPost[];
  /** Things made but not visible; default none. */
  orphans?(world: W): number;
  media?(world: W, sha256: string): { readonly bytes: Uint8Array; readonly contentType: string } | undefined;
  inspect?(world: W): Json;
  readonly acts?: Acts<W>;
  /** Where the platform tells of events: what it sent is shown by `inspect`, and the action `settle` waits for it. */
  webhooks?(world: W): SimWebhooks;
  /** Lets what is due happen; called before anybody looks. */
  pass?(world: W): void;
  /** Takes a version off a path, unpacks a tunnelled query, ... before a route is looked for. */
  rewrite?(request: SimRequest): SimRequest;
  /** Headers of every answer, refusals included. */
  headers?(world: W, request: SimRequest): Readonly<Record<string, string>>;
  /** Looks last at every answer, refusals included: what differs by host. */
  finish?(answer: SimResponse, request: SimRequest, world: W): SimResponse;
  /** Browsers on any site may call it: preflights are answered and every answer says so. */
  readonly cors?: { readonly exposed?: readonly string[] };
}

/** The definition a host mounts, out of a platform's facts. */
export function simulator<W>(facts: SimulatorFacts<W>): SimulatorDefinition {
  const { id, platforms, hosts, redactPath, credential, errors, appCredentials = {} } = facts;
  const { fault, answer } = errors;
  return {
    id,
    platforms,
    hosts,
    appCredentials,
    ...(answer && { errors: { answer, ...(fault && { fault }) } }),
    ...(redactPath && { redactPath }),
    ...(credential && { credential }),
    create: (env) => createSimulator(facts, env),
  };
}

function createSimulator<W>(facts: SimulatorFacts<W>, env: SimEnv): Simulator {
  let tokens = createTokens(env);
  let world = facts.world({ env, tokens });
  let codes = createAuthorizationServer(env);
  const state = { tokens: () => tokens, server: () => codes };
  const logins = facts.oauth === undefined ? [] : [facts.oauth].flat();
  const signIn = logins.flatMap((login) => oauthRoutes(login, state));
  const find = createRouter([...signIn, ...facts.routes]);
  const { webhooks } = facts;
  const settle: Acts<W> = webhooks ? { settle: async (at) => ({ deliveries: await webhooks(at).settle() }) } : {};
  // Tokens of a platform's own kind are withdrawn in its own way.
  const withdraw: Acts<W> = facts.authenticate ? {} : tokenActs(() => tokens);
  const acts: Acts<W> = { ...withdraw, ...settle, ...facts.acts };
  const seen = (): W => {
    facts.pass?.(world);
    return world;
  };

  async function answer(asked: SimRequest): Promise<SimAnswer> {
    const request = facts.rewrite?.(asked) ?? asked;
    const { authenticate, revoke, guard, credential, errors } = facts;
    const { refuse } = errors;
    const found = find(request);
    try {
      if (found.route === undefined) {
        const { allowed } = found;
        return refuse({ kind: "noRoute", isMethod: allowed.length > 0, allowed }, request, env.now(), world);
      }
      return await runRoute(found, request, {
        world: seen(),
        env,
        tokens,
        refuse,
        authenticate,
        revoke,
        guard,
        credential,
        answer: handle,
      });
    } catch (error) {
      if (error instanceof SimRefusal) return error.response;
      throw error;
    }
  }

  async function handle(request: SimRequest): Promise<SimAnswer> {
    if (facts.cors && request.method === "OPTIONS") return preflight(request);
    const answered = await answer(request);
    if (typeof answered === "string") return answered;
    const finished = facts.finish?.(answered, request, world) ?? answered;
    return withHeaders(finished, { ...facts.headers?.(world, request), ...(facts.cors && corsHeaders(facts.cors)) });
  }

  return {
    handle,
    posts: () => facts.posts(seen()),
    orphans: () => facts.orphans?.(seen()) ?? 0,
    createAccount: (input) => facts.accounts.create(seen(), input),
    accounts: () => facts.accounts.list?.(seen()) ?? [],
    accountsOf: (token) => facts.accounts.of?.(world, token) ?? tokens.accountsOf(token),
    media: (sha256) => facts.media?.(world, sha256),
    inspect() {
      const told = facts.inspect?.(seen()) ?? null;
      if (webhooks === undefined) return told;
      return { ...(typeof told === "object" && !Array.isArray(told) && told), deliveries: webhooks(world).shown() };
    },
    act: (action, input) => runAct(acts, seen(), action, input),
    reset() {
      tokens = createTokens(env);
      codes = createAuthorizationServer(env);
      world = facts.world({ env, tokens });
    },
  };
}

const withHeaders = (answer: SimResponse, headers: Readonly<Record<string, string>>): SimResponse => ({
  ...answer,
  headers: { ...headers, ...answer.headers },
});

const corsHeaders = ({ exposed = [] }: NonNullable<SimulatorFacts<never>["cors"]>): Record<string, string> => ({
  "access-control-allow-origin": "*",
  ...(exposed.length === 0 ? {} : { "access-control-expose-headers": exposed.join(", ") }),
});

const preflight = (request: SimRequest): SimResponse => ({
  status: 204,
  headers: {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
    "access-control-max-age": "86400",
    ...(request.headers["access-control-request-headers"] && {
      "access-control-allow-headers": request.headers["access-control-request-headers"],
    }),
  },
});
