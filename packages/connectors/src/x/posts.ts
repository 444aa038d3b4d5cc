import {
  type ConnectorContext,
  normalizeText,
  type PlatformResult,
  type PublishedRef,
  type RecentPost,
  truncateGraphemes,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, either, Id, listOf, permalinkOf, postNamed } from "./api.ts";
import { findLinks } from "./links.ts";
import { READ } from "./sign-in.ts";

/** Asked by the older names, which both dialects answer; what comes back is read in either. */
export const FIELDS =
  "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,entities,note_tweet,attachments";

const Urls = z
  .object({
    urls: z
      .array(z.object({ url: z.string(), expanded_url: z.string().nullish(), media_key: z.string().nullish() }))
      .nullish(),
  })
  .nullish()
  .catch(undefined);
const References = z.array(z.object({ type: z.string(), id: Id })).optional();
const Note = z.object({ text: z.string(), entities: Urls }).optional();
const Ids = z.array(z.string()).optional();

const Row = z.object({
  id: Id,
  text: z.string().default(""),
  created_at: z.string().optional(),
  author_id: z.string().optional(),
  conversation_id: z.string().optional(),
  in_reply_to_user_id: z.string().optional(),
  entities: Urls,
  attachments: z
    .object({ media_keys: z.array(z.string()).nullish(), poll_ids: z.array(z.string()).nullish() })
    .optional(),
  referenced_tweets: References,
  referenced_posts: References,
  note_tweet: Note,
  note_post: Note,
  edit_history_tweet_ids: Ids,
  edit_history_post_ids: Ids,
  edit_controls: z
    .object({
      edits_remaining: z.number().nullish(),
      is_edit_eligible: z.boolean().nullish(),
      editable_until: z.string().nullish(),
    })
    .optional(),
  public_metrics: z.record(z.string(), z.unknown()).optional(),
  non_public_metrics: z.record(z.string(), z.unknown()).optional(),
});

/** One post, whichever words X used for it. */
export const ShownPost = Row.transform((row) => {
  const references = either(row.referenced_tweets, row.referenced_posts) ?? [];
  const note = either(row.note_tweet, row.note_post);
  const at = new Date(row.created_at ?? Number.NaN);
  const history = (either(row.edit_history_tweet_ids, row.edit_history_post_ids) ?? []).filter(isId);
  const of = (type: string) => references.find((one) => one.type === type)?.id;
  return {
    id: row.id,
    /** With the addresses its author wrote in place of X's short ones, and without those X adds for files. */
    text: written(note?.text ?? row.text, note?.entities ?? row.entities),
    createdAt: Number.isNaN(at.getTime()) ? undefined : at,
    authorId: row.author_id,
    conversationId: row.conversation_id,
    inReplyToUserId: row.in_reply_to_user_id,
    repliesTo: of("replied_to"),
    quotes: of("quoted"),
    isRepost: of("retweeted") !== undefined || of("reposted") !== undefined,
    mediaKeys: row.attachments?.media_keys ?? [],
    hasPoll: (row.attachments?.poll_ids ?? []).length > 0,
    latestId: history.at(-1) ?? row.id,
    editControls: row.edit_controls,
    publicMetrics: row.public_metrics ?? {},
    nonPublicMetrics: row.non_public_metrics ?? {},
  };
});
export type ShownPost = z.output<typeof ShownPost>;
const isId = (id: string): boolean => Id.safeParse(id).success;

function written(text: string, entities: z.output<typeof Urls>): string {
  let out = text;
  for (const { url, expanded_url, media_key } of entities?.urls ?? []) {
    const isFile = media_key != null || /\/status\/\d+\/(?:photo|video)\/\d+$/.test(expanded_url ?? "");
    out = out.replaceAll(url, isFile ? "" : (expanded_url ?? url));
  }
  return plain(out).trimEnd();
}

/** X escapes three signs in what it shows. */
const plain = (text: string): string => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/**
 * Whether two texts are one: addresses may have got a scheme or a slash, an answer the name of whom it answers, a quote the
 * address of what it quotes. @source platforms/x.md section 11, "duplicate"
 */
export const isSameText = (theirs: string, ours: string): boolean => comparable(theirs) === comparable(ours);

function comparable(text: string): string {
  let out = "";
  let from = 0;
  const source = plain(text).replace(/^(?:@\w{1,15}\s+)+/, "");
  for (const { start, end, text: link } of findLinks(source)) {
    const bare = link.replace(/^https?:\/\//i, "").replace(/\/$/, "");
    const isTail = /^(?:x|twitter)\.com\/\S+\/status\/\d+$/i.test(bare) && source.slice(end).trim() === "";
    out += source.slice(from, start) + (isTail ? "" : bare.replace(/^[^/?#]+/, (host) => host.toLowerCase()));
    from = end;
  }
  return normalizeText(out + source.slice(from));
}

/** The newest posts of the account, as candidates of a probe; since then only, as each one read is billed. */
export async function recentPosts(
  ctx: ConnectorContext,
  since: Date,
): PlatformResult<readonly (RecentPost & ShownPost)[]> {
  const read = await api.get(ctx, ["users", ctx.account.externalId, "tweets"], listOf(ShownPost), {
    about: "account",
    needs: READ,
    query: { max_results: 20, start_time: seconds(since), "tweet.fields": FIELDS },
  });
  if (!read.ok) return read;
  return ok(
    read.value.data.map((post) => ({
      ...post,
      externalId: post.id,
      permalink: permalinkOf(ctx, post.id),
      mediaCount: post.mediaKeys.length,
    })),
  );
}

/** X takes whole seconds. */
export const seconds = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** Posts by their numbers, at most 100; those that are gone or hidden are left out. */
export async function postsById(
  ctx: ConnectorContext,
  ids: readonly string[],
  fields = FIELDS,
): PlatformResult<readonly ShownPost[]> {
  if (ids.length === 0) return ok([]);
  const query = { ids: ids.join(","), "tweet.fields": fields };
  const read = await api.get(ctx, "tweets", listOf(ShownPost), { about: "object", needs: READ, query });
  return read.ok ? ok(read.value.data) : read;
}

export async function postById(
  ctx: ConnectorContext,
  id: string,
  fields?: string,
): PlatformResult<ShownPost | undefined> {
  const read = await postsById(ctx, [id], fields);
  return read.ok ? ok(read.value.find((post) => post.id === id)) : read;
}

/** A post by its number or address, where it is this account's. */
export async function lookUp(
  { externalId, permalink = "" }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const id = postNamed(externalId ?? permalink)?.id;
  if (id === undefined) return ok(undefined);
  const read = await postById(ctx, id);
  if (!read.ok) return read;
  if (read.value?.authorId !== ctx.account.externalId) return ok(undefined);
  const preview = truncateGraphemes(read.value.text, 200);
  return ok({ externalId: id, permalink: permalinkOf(ctx, id), ...(preview && { preview }) });
}
