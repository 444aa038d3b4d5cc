import type { ConnectorContext, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import type { StrongRef } from "./state.ts";
import { POSTS, xrpc } from "./xrpc.ts";

/** `uri` and `cid` of the one record an answer may be about; another record is an answer nobody knows. */
export const refOf = (rkey: string, ctx: Pick<ConnectorContext, "account">) =>
  z.object({
    uri: z.literal(`at://${ctx.account.externalId}/${POSTS}/${rkey}`),
    cid: z.string().regex(/^[A-Za-z0-9]{1,200}$/),
  });

/** A post of the account by its key, read from the account's own server; undefined: it is surely not there. */
export async function readRecord(rkey: string, ctx: ConnectorContext): PlatformResult<StrongRef | undefined> {
  const query = { repo: ctx.account.externalId, collection: POSTS, rkey };
  const call = { method: "GET", path: "com.atproto.repo.getRecord", query, effect: "none" } as const;
  const found = await xrpc.read(ctx, call, refOf(rkey, ctx));
  if (found.ok) return found;
  return found.error.platformCode === "RecordNotFound" ? ok(undefined) : found;
}
