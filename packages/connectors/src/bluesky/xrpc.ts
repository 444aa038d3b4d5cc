import { type AccountRef, type ApiContext, apiClient } from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

/** Reads open to everybody: profiles and counts. */
export const PUBLIC_API = "https://public.api.bsky.app";
export const POSTS = "app.bsky.feed.post";

/** @source https://atproto.com/specs/did and /specs/handle (2026-11-26) */
export const Did = z.string().regex(/^did:(?:plc|web):[A-Za-z0-9._:%-]{1,240}$/);
export const handlePattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** The server that holds the account, as found when connecting; the account knows it, and its sign-in. */
export function pdsOf({ extras: { pds } }: Pick<AccountRef, "extras">): string {
  return typeof pds === "string" ? pds : "https://bsky.social";
}

/** Calls of one server, by anybody; the server is an origin without a path. */
export const at = (server: string) => ({ base: `${server.replace(/\/+$/, "")}/xrpc`, unsigned: true }) as const;

/** XRPC at the account's own server, signed with its session, unless a call says `at` which and how. */
export const xrpc = apiClient({
  base: ({ account }: ApiContext) => {
    if (!account) throw new Error("a call without an account names its server");
    return at(pdsOf(account)).base;
  },
  failures,
});
