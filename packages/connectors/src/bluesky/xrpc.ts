import type {
  AccountRef,
  AuthContext,
  ConnectorHttp,
  HttpRequest,
  HttpResponse,
  PlatformResult,
} from "@postd/connector-kit";
import { parseJson } from "@postd/connector-kit";
import { fail } from "@postd/contracts";
import { z } from "zod";
import { xrpcFailure } from "./failures.ts";

/** Reads open to everybody: profiles and counts. */
export const PUBLIC_API = "https://public.api.bsky.app";
export const POSTS = "app.bsky.feed.post";

/** @source https://atproto.com/specs/did and /specs/handle (2026-11-26) */
export const Did = z.string().regex(/^did:(?:plc|web):[A-Za-z0-9._:%-]{1,240}$/);
export const handlePattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Address of one method on a server; the server is an origin without a path. */
export const xrpcUrl = (server: string, method: string): string => `${server.replace(/\/+$/, "")}/xrpc/${method}`;

/** The server that holds the account, as found when connecting. */
export function pdsOf(account: Pick<AccountRef, "extras">): string {
  const { pds } = account.extras;
  return typeof pds === "string" ? pds : "https://bsky.social";
}

type Call = Omit<HttpRequest, "url"> & { readonly server: string; readonly xrpc: string };

/** One XRPC call; an error answer is already the failure it means. */
export async function xrpc(
  ctx: { readonly http: ConnectorHttp; readonly clock: AuthContext["clock"] },
  { server, xrpc: method, ...request }: Call,
): PlatformResult<HttpResponse> {
  const sent = await ctx.http.request({ ...request, url: xrpcUrl(server, method) });
  if (!sent.ok || sent.value.status < 400) return sent;
  return fail(xrpcFailure(sent.value, ctx.clock));
}

/** `xrpc`, with the answer's body read by a schema. */
export async function xrpcJson<T extends z.ZodType>(
  ctx: { readonly http: ConnectorHttp; readonly clock: AuthContext["clock"] },
  call: Call,
  schema: T,
): PlatformResult<z.output<T>> {
  const answer = await xrpc(ctx, call);
  return answer.ok ? parseJson(answer.value, schema) : answer;
}
