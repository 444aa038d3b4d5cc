import { randomBytes } from "node:crypto";
import {
  type AuthContext,
  base64UrlEncode,
  type ConnectorContext,
  codeIn,
  countGraphemes,
  defaultFingerprint,
  defineProvider,
  type Format,
  type Granted,
  type HttpResponse,
  type OAuth2SignIn,
  type PlatformFailure,
  type PlatformResult,
  type Provider,
  parseJson,
  type SignInContext,
  secret,
  sha256,
} from "@postd/connector-kit";
import type { SimAnswer, SimRequest, SimulatorDefinition } from "@postd/connector-kit/simulator";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";

const host = "api.pkce.example";
const at = (path: string) => `https://${host}${path}`;
const Token = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });
const Posts = z.object({ posts: z.array(z.object({ id: z.string(), text: z.string(), createdAt: z.coerce.date() })) });

/**
 * A platform with PKCE, rotating refresh tokens and a bad habit: its error answers repeat every secret it was sent. The
 * connector is right where `leaks` is false; where it is true it logs tokens and puts them into messages and states, to
 * show that such a leak is seen wherever it lands.
 */
export function pkceProvider({ leaks }: { readonly leaks: boolean }): Provider {
  const leak = (value: string) => (leaks ? ` ${value}` : "");
  const failureOf = (answer: HttpResponse, sent: string): PlatformFailure => {
    const message = `The platform answered ${answer.status}.${leak(sent)}`;
    if (answer.status === 401) return { kind: "auth_expired", message, status: 401 };
    if (answer.status === 403) return { kind: "auth_revoked", message, status: 403 };
    if (answer.status < 500)
      return { kind: "content_rejected", field: "text", reason: "refused", message, status: answer.status };
    return { kind: answer.effect === "none" ? "unavailable" : "outcome_unknown", message, status: answer.status };
  };

  async function tokens(
    ctx: Pick<AuthContext, "http" | "app" | "clock">,
    form: Record<string, string>,
  ): PlatformResult<Granted["credentials"]> {
    const sent = await ctx.http.request({
      method: "POST",
      url: at("/token"),
      form: { ...form, client_secret: ctx.app.secret("clientSecret")?.reveal() ?? "" },
    });
    if (!sent.ok) return sent;
    if (sent.value.status >= 400)
      return fail(failureOf(sent.value, `${form.code ?? form.refresh_token} ${form.code_verifier ?? ""}`));
    const parsed = parseJson(sent.value, Token);
    if (!parsed.ok) return parsed;
    return ok({
      accessToken: secret(parsed.value.access_token),
      refreshToken: secret(parsed.value.refresh_token),
      expiresAt: new Date(ctx.clock.now().getTime() + parsed.value.expires_in * 1_000),
    });
  }

  async function call(ctx: SignInContext | ConnectorContext, method: "GET" | "POST", path: string, json?: JsonObject) {
    const token = ctx.credentials.accessToken;
    if (leaks) ctx.log.info({ authorised: token.reveal() }, "calling");
    const sent = await ctx.http.request({ method, url: at(path), bearer: token, ...(json ? { json } : {}) });
    if (!sent.ok || sent.value.status < 400) return sent;
    return fail(failureOf(sent.value, token.reveal()));
  }

  const signIn: OAuth2SignIn = {
    kind: "oauth2",
    id: "oauth",
    label: "Sign in",
    app: "pkce",
    scopes: { required: [], optional: [] },
    async start({ state, redirectUri }) {
      const verifier = secret(randomBytes(32).toString("base64url"));
      const code_challenge = base64UrlEncode(sha256(verifier.reveal()));
      const query = new URLSearchParams({ state, redirect_uri: redirectUri, code_challenge });
      return ok({ url: new URL(at(`/authorize?${query}`)), keep: { verifier } });
    },
    async finish({ callback, keep }, ctx) {
      const code = codeIn(callback);
      if (!code.ok) return code;
      const granted = await tokens(ctx, {
        grant_type: "authorization_code",
        code: code.value.reveal(),
        code_verifier: keep.verifier?.reveal() ?? "",
      });
      return granted.ok
        ? ok({ subject: { externalId: "person-1", name: "Ida Holm" }, credentials: granted.value, scopes: [] })
        : granted;
    },
    accounts: async ({ subject, credentials }) =>
      ok([{ ...subject, platform: "pkce", kind: "profile", extras: {}, credentials, missingScopes: [] }]),
    refresh: (ctx) =>
      tokens(ctx, { grant_type: "refresh_token", refresh_token: ctx.credentials.refreshToken?.reveal() ?? "" }),
    async revoke(ctx) {
      const sent = await call(ctx, "POST", "/revoke", {});
      return sent.ok ? ok(undefined) : sent;
    },
  };

  const text: Format<{ postId?: string; note?: string }> = {
    label: "Text",
    media: { min: 0, max: 0 },
    start: () => ({}),
    steps: [
      {
        name: "send",
        effect: "visible",
        repeatable: false,
        done: ({ postId }) => postId !== undefined,
        async run({ post }, ctx) {
          const sent = await call(ctx, "POST", "/posts", { text: post.text });
          if (!sent.ok) return sent;
          const { id } = z.object({ id: z.string() }).parse(sent.value.json);
          const note = leak(ctx.credentials.accessToken.reveal());
          return ok({ state: { postId: id, ...(note ? { note } : {}) }, published: { externalId: id } });
        },
        async probe({ post }, ctx) {
          const sent = await call(ctx, "GET", "/posts");
          if (!sent.ok) return sent;
          const twins = Posts.parse(sent.value.json).posts.filter((one) => one.text === post.text);
          if (twins.length === 0) return ok({ kind: "not_seen", looked: "all posts" });
          return ok({
            kind: "found",
            candidates: twins.map(({ id, createdAt }) => ({
              externalId: id,
              state: { postId: id },
              createdAt,
              ours: true,
            })),
          });
        },
      },
    ],
  };

  return defineProvider({
    id: "pkce",
    name: "Pkce",
    hosts: [host],
    apiVersion: { current: "1" },
    apps: [{ id: "pkce", fields: [{ name: "clientSecret", secret: true, required: true, help: "the app's" }] }],
    signIns: [signIn],
    platforms: [
      {
        id: "pkce",
        provider: "pkce",
        name: "Pkce",
        icon: "<svg/>",
        color: "#123456",
        previewKind: "short",
        accountKinds: [{ id: "profile", label: "Profile" }],
        extras: z.object({}),
        publishing: {
          formats: { text },
          options: z.strictObject({}),
          limits: { text: { max: 500, unit: "graphemes", rule: "graphemes", count: countGraphemes } },
          defaultFormat: () => "text",
          fingerprint: defaultFingerprint,
        },
        async health(ctx) {
          const sent = await call(ctx, "GET", "/me");
          return sent.ok ? ok({ missingScopes: [] }) : sent;
        },
      },
    ],
  });
}

/** Consents by `act("consent", { challenge })`; the text of a post says what goes wrong with it. */
export const pkceSimulator: SimulatorDefinition = {
  id: "pkce",
  platforms: ["pkce"],
  hosts: [host],
  appCredentials: { pkce: { clientSecret: "pkce-client-secret-0f9e8d7c6b5a" } },
  create(env) {
    const codes = new Map<string, string>();
    const posts: { id: string; text: string; createdAt: string }[] = [];
    let live = { access: "", refresh: "" };
    let expireOnce = false;
    const json = (status: number, body: unknown): SimAnswer => ({ status, json: body });
    const issue = () => {
      live = { access: `access-${env.randomId()}`, refresh: `refresh-${env.randomId()}` };
      return json(200, { access_token: live.access, refresh_token: live.refresh, expires_in: 7_200 });
    };

    function token(request: SimRequest): SimAnswer {
      const form = new URLSearchParams(new TextDecoder().decode(request.rawBody));
      const challenge = codes.get(form.get("code") ?? "");
      const verified = base64UrlEncode(sha256(form.get("code_verifier") ?? "")) === challenge;
      const renews = form.get("grant_type") === "refresh_token" && form.get("refresh_token") === live.refresh;
      if (verified || renews) return issue();
      return json(403, { error: "invalid_grant", error_description: `not valid: ${form}` });
    }

    function send(request: SimRequest): SimAnswer {
      const { text } = z.object({ text: z.string() }).parse(JSON.parse(new TextDecoder().decode(request.rawBody)));
      if (text.includes("refuse")) return json(422, { error: `refused, ${request.headers.authorization}` });
      if (text.includes("break") && !text.includes("then")) return json(500, { error: request.headers.authorization });
      if (text.includes("expire") && !expireOnce) {
        expireOnce = true;
        return json(401, { error: `over: ${request.headers.authorization}` });
      }
      const id = env.randomId();
      posts.push({ id, text, createdAt: env.now().toISOString() });
      return text.includes("drop") ? "drop" : json(201, { id });
    }

    return {
      async handle(request) {
        if (request.path === "/token") return token(request);
        if (request.headers.authorization !== `Bearer ${live.access}`)
          return json(403, { error: `unknown token ${request.headers.authorization}` });
        switch (`${request.method} ${request.path}`) {
          case "POST /posts":
            return send(request);
          case "GET /posts":
            return json(200, { posts });
          default:
            return json(200, {});
        }
      },
      posts: () => [],
      orphans: () => 0,
      createAccount: () => ({
        platform: "pkce",
        id: "person-1",
        kind: "profile",
        name: "Ida Holm",
        accessToken: live.access,
      }),
      reset: () => {},
      async act(action, input) {
        if (action !== "consent") throw new RangeError("action must be consent");
        const code = `code-${env.randomId()}`;
        codes.set(code, z.object({ challenge: z.string() }).parse(input).challenge);
        return { code };
      },
    };
  },
};
