import {
  type ConnectorContext,
  type PlatformResult,
  type PublishedRef,
  type RecentPost,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, either, Id, listOf, namedOf, orNone, permalinkOf, postNamed } from "./api.ts";
import { READ } from "./sign-in.ts";
import { Urls, written } from "./texts.ts";

/** Asked by the older names, which both dialects answer; what comes back is read in either. */
export const FIELDS =
  "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,entities,note_tweet,attachments";

const Text = orNone(z.string());
const References = orNone(z.array(z.object({ type: z.string(), id: Id })));
const Note = orNone(z.object({ text: z.string(), entities: Urls }));
const Ids = orNone(z.array(z.string()));
const Counts = orNone(z.record(z.string(), z.unknown()));

const Row = z.object({
  id: Id,
  text: Text,
  created_at: Text,
  author_id: Text,
  conversation_id: Text,
  in_reply_to_user_id: Text,
  entities: Urls,
  attachments: orNone(z.object({ media_keys: Ids, poll_ids: Ids })),
  referenced_tweets: References,
  referenced_posts: References,
  note_tweet: Note,
  note_post: Note,
  edit_history_tweet_ids: Ids,
  edit_history_post_ids: Ids,
  edit_controls: orNone(
    z.object({
      edits_remaining: z.number().nullish(),
      is_edit_eligible: z.boolean().nullish(),
      editable_until: Text,
    }),
  ),
  public_metrics: Counts,
  non_public_metrics: Counts,
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
    text: written(note?.text ?? row.text ?? "", note?.entities ?? row.entities, [row.id, ...history]),
    createdAt: Number.isNaN(at.getTime()) ? undefined : at,
    authorId: row.author_id,
    conversationId: row.conversation_id,
    inReplyToUserId: row.in_reply_to_user_id,
    repliesTo: of("replied_to"),
    quotes: of("quoted"),
    isRepost: of("retweeted") !== undefined || of("reposted") !== undefined,
    mediaKeys: row.attachments?.media_keys ?? [],
    hasPoll: (row.attachments?.poll_ids ?? []).length > 0,
    history,
    latestId: history.at(-1) ?? row.id,
    editControls: row.edit_controls,
    publicMetrics: row.public_metrics ?? {},
    nonPublicMetrics: row.non_public_metrics ?? {},
  };
});
export type ShownPost = z.output<typeof ShownPost>;
const isId = (id: string): boolean => Id.safeParse(id).success;

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
  const read = await namedPosts(ctx, ids, fields);
  return read.ok ? ok(read.value.data) : read;
}

const Named = namedOf(ShownPost);
const namedPosts = async (
  ctx: ConnectorContext,
  ids: readonly string[],
  fields: string,
): PlatformResult<z.output<typeof Named>> =>
  ids.length === 0
    ? ok({ data: [], errors: [] })
    : api.get(ctx, "tweets", Named, {
        about: "object",
        needs: READ,
        query: { ids: ids.join(","), "tweet.fields": fields },
      });

/** Undefined: X says that there is no such post. That it does not show one, or says nothing of it, is a failure. */
export async function postById(
  ctx: ConnectorContext,
  id: string,
  fields = FIELDS,
): PlatformResult<ShownPost | undefined> {
  const read = await namedPosts(ctx, [id], fields);
  if (!read.ok) return read;
  const found = read.value.data.find((post) => post.id === id);
  if (found) return ok(found);
  const reasons = read.value.errors.flatMap(({ type, resource_id, value }) =>
    (resource_id ?? value) === id ? [type.split("/").at(-1)] : [],
  );
  if (reasons.includes("resource-not-found")) return ok(undefined);
  if (reasons.some((reason) => reason === "not-authorized-for-resource" || reason === "resource-unavailable"))
    return fail({
      ...{ kind: "content_rejected", field: "post", reason: "not_shown" },
      message: `X does not show the post ${id} to this account.`,
    });
  return fail({ kind: "unavailable", message: `X did not say whether it has the post ${id}.` });
}

/** A post by its number or address, where it is this account's. */
export async function lookUp(
  { externalId, permalink = "" }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const id = postNamed(externalId ?? permalink)?.id;
  if (id === undefined) return ok(undefined);
  const read = await postById(ctx, id);
  if (!read.ok || !read.value) return read.ok ? ok(undefined) : read;
  const { authorId, text } = read.value;
  if (authorId === undefined) return fail({ kind: "unavailable", message: `X did not say whose the post ${id} is.` });
  if (authorId !== ctx.account.externalId) return ok(undefined);
  const preview = truncateGraphemes(text, 200);
  return ok({ externalId: id, permalink: permalinkOf(ctx, id), ...(preview && { preview }) });
}
