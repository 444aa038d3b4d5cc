import type { ConnectorContext, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import type { StrongRef } from "./state.ts";
import { POSTS, xrpc } from "./xrpc.ts";

const Ref = z.object({ uri: z.string(), cid: z.string().regex(/^[A-Za-z0-9]{1,200}$/) });

/** Sends a call whose answer may be about one record only, by its key; about another one it is an answer nobody knows. */
export async function readRef(
  ctx: ConnectorContext,
  call: Parameters<typeof xrpc.read>[1],
  rkey: string,
): PlatformResult<StrongRef> {
  const uri = `at://${ctx.account.externalId}/${POSTS}/${rkey}`;
  return xrpc.read(ctx, call, Ref, (told) => told.uri === uri);
}

/** A post of the account by its key, read from the account's own server; undefined: it is surely not there. */
export async function readRecord(rkey: string, ctx: ConnectorContext): PlatformResult<StrongRef | undefined> {
  const query = { repo: ctx.account.externalId, collection: POSTS, rkey };
  const call = { method: "GET", path: "com.atproto.repo.getRecord", query, effect: "none" } as const;
  const found = await readRef(ctx, call, rkey);
  if (found.ok) return found;
  return found.error.platformCode === "RecordNotFound" ? ok(undefined) : found;
}
