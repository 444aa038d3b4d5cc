import { type Numbers, rowsOf } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { POSTS, xrpc } from "./xrpc.ts";

const Row = z.object({
  uri: z.string().startsWith("at://"),
  value: z.object({
    text: z.string().default(""),
    createdAt: z.iso.datetime({ offset: true }),
    reply: z.unknown().optional(),
    embed: z.object({ $type: z.string() }).optional().catch(undefined),
  }),
});
const Page = z.object({ records: rowsOf(Row), cursor: z.string().optional() });

/**
 * Posts in the account's own repository, newest first. Answers to somebody, which the later parts of a thread are too, are
 * left out. Record keys sort by time, so the order is that of writing.
 * @source the lexicon com.atproto.repo.listRecords
 */
export const recent: NonNullable<Numbers["recent"]> = async ({ cursor }, ctx) => {
  const query = { repo: ctx.account.externalId, collection: POSTS, limit: 50, ...(cursor && { cursor }) };
  const read = await xrpc.read(ctx, { method: "GET", path: "com.atproto.repo.listRecords", query }, Page);
  if (!read.ok) return read;
  const posts = read.value.records
    .filter(({ value }) => value.reply === undefined)
    .map(({ uri, value: { text, createdAt, embed } }) => ({
      externalId: uri,
      permalink: `https://bsky.app/profile/${ctx.account.handle ?? ctx.account.externalId}/post/${uri.split("/").at(-1)}`,
      createdAt: new Date(createdAt),
      format: embed?.$type.startsWith("app.bsky.embed.images") ? "image" : "text",
      text,
    }));
  return ok({ posts, ...(read.value.cursor && { cursor: read.value.cursor }) });
};
