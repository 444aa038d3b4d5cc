import { fail, ok, type Result } from "@postd/contracts";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  ClientSecretPost,
  clockSkew,
  type DPoPHandle,
  isDPoPNonceError,
  None,
} from "oauth4webapi";
import type { AuthContext } from "../context.ts";
import { base64Encode } from "../crypto.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect } from "../http.ts";
import type { Secret } from "../secret.ts";
import { dpopHandle } from "./dpop-key.ts";
import type { OAuth2Facts, OAuthAt } from "./facts.ts";
import { errorWordOf, tokenFailure } from "./token-failure.ts";
import { WireTrouble, wire } from "./wire.ts";

/** The provider and our app as the library wants them, for one call. */
export interface Party {
  readonly server: AuthorizationServer;
  readonly client: Client;
  readonly auth: ClientAuth;
}

const addressOf = (address: NonNullable<OAuth2Facts["pushAt"]>, at: OAuthAt): string =>
  typeof address === "string" ? address : address(at);

/** Undefined addresses are left out; without an issuer of its own a provider is named by its token address. */
export function partyOf(facts: OAuth2Facts, at: OAuthAt, ctx: AuthContext): Result<Party, PlatformFailure> {
  const names = facts.appFields ?? { id: "client_id", secret: "client_secret" };
  const id = ctx.app.value(names.id);
  const key = ctx.app.secret(names.secret);
  const auth = facts.clientAuth ?? "post";
  if (!id || (auth !== "none" && !key)) {
    const env = [names.id, names.secret].map((name) => `POSTD_${facts.app}_${name}`.toUpperCase()).join(" and ");
    const message = `The app credentials are not set. Set ${env}.`;
    return fail({ kind: "operator_must_act", what: `set ${env}`, message });
  }
  const server: AuthorizationServer = {
    issuer: addressOf(facts.issuer ?? facts.tokenAt, at),
    authorization_endpoint: addressOf(facts.authorizeAt, at),
    token_endpoint: addressOf(facts.tokenAt, at),
    ...(facts.pushAt && { pushed_authorization_request_endpoint: addressOf(facts.pushAt, at) }),
    ...(facts.revoke && { revocation_endpoint: addressOf(facts.revoke.at, at) }),
    ...(typeof facts.subject === "object" && { userinfo_endpoint: facts.subject.userinfo }),
  };
  // The library reads the machine's clock; this is the distance to ours, in seconds.
  const skew = Math.round((ctx.clock.now().getTime() - Date.now()) / 1000);
  const secretAuth = auth === "basic" ? basicAuth : ClientSecretPost;
  return ok({
    server,
    client: { client_id: id, [clockSkew]: skew },
    auth: auth === "none" || !key ? None() : secretAuth(key.reveal()),
  });
}

/**
 * The library escapes hyphens and underscores too, which some providers do not undo; ids and secrets are made of those.
 * @source RFC 6749 section 2.3.1
 */
const basicAuth =
  (key: string): ClientAuth =>
  (_server, { client_id }, _body, headers) =>
    headers.set("authorization", `Basic ${base64Encode([client_id, key].map(encodeURIComponent).join(":"))}`);

/** Options every library call takes. Plain http is the egress guard's to refuse: it knows the operator's own hosts. */
export interface LibraryOptions extends ReturnType<typeof wireOptions> {
  readonly DPoP?: DPoPHandle;
}
const wireOptions = (sent: ReturnType<typeof wire>) => ({ ...sent.options, [allowInsecureRequests]: true as const });

/**
 * Runs one exchange with the library. What it throws becomes a failure: the transport's own, the provider's error word,
 * or an answer of unknown shape. A nonce the server wants in its DPoP proofs is taken up once.
 */
export async function exchange<T>(
  facts: OAuth2Facts,
  { client }: Party,
  ctx: AuthContext,
  how: {
    readonly effect?: Effect;
    readonly without?: readonly string[];
    readonly dpopKey?: Secret | undefined;
    readonly standard?: (body: unknown) => unknown;
    readonly success?: number;
  },
  run: (options: LibraryOptions) => Promise<T>,
): Promise<Result<T, PlatformFailure>> {
  const sent = wire(ctx, facts, how);
  const proof = how.dpopKey && (await dpopHandle(client, how.dpopKey));
  const options = { ...wireOptions(sent), ...(proof && { DPoP: proof }) };
  try {
    return ok(await run(options));
  } catch (first) {
    try {
      if (proof && isDPoPNonceError(first)) return ok(await run(options));
      return fail(failureOf(first));
    } catch (second) {
      return fail(failureOf(second));
    }
  }

  function failureOf(thrown: unknown): PlatformFailure {
    if (thrown instanceof WireTrouble) return thrown.failure;
    const res = sent.last();
    const isStandard = errorWordOf(res?.json) !== undefined;
    const own = res && !isStandard ? facts.failures?.failureOf(res, ctx.clock) : undefined;
    if (own) return own;
    if (res && (res.status >= 400 || isStandard)) return tokenFailure(res, facts, ctx.clock);
    const { code = "", message = "" } = thrown instanceof Error ? (thrown as Error & { code?: string }) : {};
    if (!code.startsWith("OAUTH_")) throw thrown;
    return {
      kind: "unexpected_response",
      status: res?.status ?? 0,
      message: `${facts.label} answered the sign-in in a way we do not know.`,
      // The library's sentences name fields, never values.
      cause: message.slice(0, 200),
    };
  }
}
