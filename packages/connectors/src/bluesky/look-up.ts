import type { Publishing } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { publishedRef } from "./publish.ts";
import { readRecord } from "./repo.ts";

const rkeyShape = /^[A-Za-z0-9._~:-]{1,512}$/;

/** Reads a post a person names by its at:// address or its page; only what is in this account's own repository counts. */
export const lookUp: NonNullable<Publishing["lookUp"]> = async ({ externalId, permalink }, ctx) => {
  const own = [ctx.account.externalId, ...(ctx.account.handle === undefined ? [] : [ctx.account.handle])];
  const rkey = keyIn(externalId ?? "", own) ?? keyIn(permalink ?? "", own);
  if (rkey === undefined) return ok(undefined);
  const read = await readRecord(rkey, ctx);
  return read.ok ? ok(read.value && publishedRef(read.value)) : read;
};

function keyIn(address: string, own: readonly string[]): string | undefined {
  const [, uriOwner, uriKey] = /^at:\/\/([^/]+)\/app\.bsky\.feed\.post\/([^/?#]+)$/.exec(address) ?? [];
  const [, pageOwner, pageKey] = /^https:\/\/bsky\.app\/profile\/([^/]+)\/post\/([^/?#]+)/.exec(address) ?? [];
  const [owner, rkey] = uriKey ? [uriOwner, uriKey] : [pageOwner, pageKey];
  return owner !== undefined && rkey !== undefined && own.includes(owner) && rkeyShape.test(rkey) ? rkey : undefined;
}
