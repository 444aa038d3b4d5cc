import { ok } from "@postd/contracts";
import { z } from "zod";
import type { AuthContext, PlatformResult } from "../context.ts";
import type { HttpRequest } from "../http.ts";
import type { TokenAnswer } from "../oauth/facts.ts";
import { secret } from "../secret.ts";
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
