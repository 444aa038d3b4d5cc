import type { AuthContext, HttpRequest, PlatformResult, TokenAnswer } from "@postd/connector-kit";
import { secret } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graphClient } from "./graph.ts";
import { atSeconds } from "./graph-url.ts";

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().optional() });
const EndingToken = Token.required();

/**
 * A long-lived token for another one, or for itself, by Meta's own grants. `ends`: one without an end is an answer nobody
 * knows. @source platforms/meta.md sections 3a and 3b
 */
export async function longToken(
  ctx: AuthContext,
  address: string,
  query: HttpRequest["query"],
  { ends }: { readonly ends: boolean },
): PlatformResult<Pick<TokenAnswer, "accessToken" | "expiresAt">> {
  const call = { method: "GET", base: address, path: "", query: { ...query }, effect: "invisible" } as const;
  const read = await graphClient.read(ctx, call, ends ? EndingToken : Token);
  if (!read.ok) return read;
  const { access_token, expires_in = 0 } = read.value;
  const expiresAt = expires_in ? atSeconds(ctx.clock.now().getTime() / 1000 + expires_in) : undefined;
  return ok({ accessToken: secret(access_token), ...(expiresAt && { expiresAt }) });
}
