import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { AuthContext, Credentials, PlatformResult, SignInContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpRequest } from "../http.ts";
import type { TokenAnswer } from "../oauth/facts.ts";
import { secret } from "../secret.ts";
import type { OAuth2SignIn } from "../sign-in.ts";
import type { GraphApi } from "./graph-api.ts";
import { atSeconds } from "./graph-values.ts";

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().optional() });
const EndingToken = Token.required();

/**
 * A long-lived token for another one, or for itself, by Meta's own grants. `ends`: one without an end is an answer nobody
 * knows. @source platforms/meta.md sections 3a and 3b, platforms/threads.md section 3
 */
export async function longToken(
  { client }: Pick<GraphApi, "client">,
  ctx: AuthContext,
  address: string,
  { query, ends }: { readonly query: NonNullable<HttpRequest["query"]>; readonly ends: boolean },
): PlatformResult<Pick<TokenAnswer, "accessToken" | "expiresAt">> {
  const call = { method: "GET", base: address, path: "", query, effect: "invisible" } as const;
  const read = await client.read(ctx, call, ends ? EndingToken : Token);
  if (!read.ok) return read;
  const { access_token, expires_in = 0 } = read.value;
  const expiresAt = expires_in ? atSeconds(ctx.clock.now().getTime() / 1000 + expires_in) : undefined;
  return ok({ accessToken: secret(access_token), ...(expiresAt && { expiresAt }) });
}

/** Tokens live just under 60 days, so one with 58 left may be younger than a day, and is not to be renewed yet. */
const YOUNG_MS = 58 * 86_400_000;

/**
 * A new 60-day token for one that is at least a day old and not over. How Meta refuses this, to private profiles for one,
 * is not documented, so a refused token is tried: one that still works goes on to its end.
 * @source platforms/meta.md section 3b.4, platforms/threads.md section 3.4
 */
export async function renewLongToken(
  api: Pick<GraphApi, "client">,
  ctx: SignInContext,
  address: string,
  { grant, tried }: { readonly grant: string; readonly tried: () => PlatformResult<unknown> },
): PlatformResult<Credentials> {
  const { credentials, clock } = ctx;
  const leftMs = (credentials.expiresAt?.getTime() ?? 0) - clock.now().getTime();
  if (leftMs > YOUNG_MS) return ok(credentials);
  const query = { grant_type: grant, access_token: credentials.accessToken };
  const token = await longToken(api, ctx, address, { query, ends: true });
  if (token.ok) return ok({ ...credentials, ...token.value });
  if (!refusals.has(token.error.kind)) return token;
  const works = leftMs > 0 ? await tried() : token;
  if (works.ok) return ok(credentials);
  return fail(refusals.has(works.error.kind) ? ended(works.error) : works.error);
}

const refusals: ReadonlySet<PlatformFailure["kind"]> = new Set([
  "auth_expired",
  "auth_revoked",
  "scope_missing",
  "content_rejected",
]);

const ended = ({ kind, message, platformCode, status, requestId }: PlatformFailure): PlatformFailure => ({
  kind: "auth_revoked",
  message: kind.startsWith("auth_") ? message : "Meta no longer renews this sign-in. Connect the account again.",
  ...(platformCode !== undefined && { platformCode }),
  ...(status !== undefined && { status }),
  ...(requestId !== undefined && { requestId }),
});

/** Meta ends the address it sends people back to with `#_`, which some browsers keep in the code. */
export const codeWithoutMark = (signIn: OAuth2SignIn): OAuth2SignIn => ({
  ...signIn,
  finish(input, ctx) {
    const { code } = input.callback;
    const callback = { ...input.callback, ...(code && { code: code.replace(/#_$/, "") }) };
    return signIn.finish({ ...input, callback }, ctx);
  },
});
