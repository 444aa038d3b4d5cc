import type { ConnectorContext, PlatformResult, PublishedRef, Publishing } from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { publishedRef } from "./publish.ts";
import { readRecord } from "./repo.ts";
import { POSTS, xrpc } from "./xrpc.ts";

/** The commit is left out where there was nothing to delete. */
const Deleted = z.looseObject({ error: z.undefined().optional() });
const Live = z.object({ records: z.array(z.object({ uri: z.string() })) });

/** The key of a post of this account; undefined: it is no post, or somebody else's. */
function keyOf(uri: string, ctx: ConnectorContext): string | undefined {
  const prefix = `at://${ctx.account.externalId}/${POSTS}/`;
  const rkey = uri.startsWith(prefix) ? uri.slice(prefix.length) : "";
  return /^[A-Za-z0-9._~:-]{1,512}$/.test(rkey) ? rkey : undefined;
}

const urisOf = ({ externalId, state }: PublishedRef & { readonly state?: JsonObject }): readonly string[] => {
  const live = Live.safeParse(state ?? {});
  return [...new Set([externalId, ...(live.success ? live.data.records.map(({ uri }) => uri) : [])])];
};

/** Every post of the thread, the first one first: a reply stays when what it answers is deleted. */
export const partsOf: NonNullable<NonNullable<Publishing["remove"]>["parts"]> = (ref) =>
  urisOf(ref).map((uri) => publishedRef({ uri }));

/**
 * Deletes every record a job made, the last first, so that what is left of a thread is always its beginning. The
 * server answers 200 for a record that is gone already: after a failure the same call goes on where it stopped. Ends at
 * the first failure; the post itself goes last.
 * @source fact sheet "Edit/Delete" (2026-11-26)
 */
export const removePost: NonNullable<Publishing["remove"]>["run"] = async (ref, ctx) => {
  for (const rkey of urisOf(ref)
    .toReversed()
    .map((uri) => keyOf(uri, ctx))) {
    if (rkey === undefined) return notOurs;
    const deleted = await deleteRecord(rkey, ctx);
    if (!deleted.ok) return deleted;
  }
  return ok(undefined);
};

const notOurs = fail({
  kind: "content_rejected" as const,
  field: "post",
  reason: "not_ours",
  message: "This is not the address of a post of the connected account. Delete it in Bluesky.",
});

/** A deletion whose answer proves nothing is looked up: what is not there is deleted. */
async function deleteRecord(rkey: string, ctx: ConnectorContext): PlatformResult<void> {
  const json = { repo: ctx.account.externalId, collection: POSTS, rkey };
  const deleted = await xrpc.read(ctx, { method: "POST", path: "com.atproto.repo.deleteRecord", json }, Deleted);
  if (deleted.ok) return ok(undefined);
  if (deleted.error.kind !== "outcome_unknown" || deleted.error.status === undefined) return deleted;
  const left = await readRecord(rkey, ctx);
  return left.ok && left.value === undefined ? ok(undefined) : deleted;
}
