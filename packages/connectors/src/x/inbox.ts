import {
  type ConnectorContext,
  type Format,
  type Inbox,
  type InboxEntry,
  type OutgoingPost,
  type PlatformResult,
  rowsOf,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { addressOf, api, Id, listOf, orNone, unsaid, withGrant } from "./api.ts";
import { type PostState, startState } from "./media.ts";
import { FIELDS, postById, ShownPost } from "./posts.ts";
import { postStep } from "./publish.ts";
import { MODERATE, READ } from "./sign-in.ts";

const Author = z.object({
  id: Id,
  name: orNone(z.string()),
  username: orNone(z.string().max(50)),
  profile_image_url: orNone(z.string()),
});
const Authors = z.object({ includes: z.object({ users: rowsOf(Author).default([]) }).default({ users: [] }) });
const Hidden = z.object({ data: z.object({ hidden: z.boolean() }) });
const Page = z.intersection(listOf(ShownPost), Authors);

/** What names the account, answers to its posts among it; or everything in the talk below one post, of the last seven days. */
async function list(
  { postId, cursor }: { readonly postId?: string; readonly cursor?: string },
  ctx: ConnectorContext,
): PlatformResult<{ readonly entries: readonly InboxEntry[]; readonly cursor?: string }> {
  const own = ctx.account.externalId;
  // The talk keeps the name its first post had before it was edited.
  const post = postId === undefined ? ok(undefined) : await postById(ctx, postId);
  if (!post.ok) return post;
  const talk = post.value?.conversationId ?? postId;
  const path = postId === undefined ? ["users", own, "mentions"] : "tweets/search/recent";
  const pages = postId === undefined ? { pagination_token: cursor } : { next_token: cursor };
  const read = await api.get(ctx, path, Page, {
    about: "account",
    needs: READ,
    query: {
      ...(postId !== undefined && { query: `conversation_id:${talk}` }),
      // Each one read is billed.
      max_results: 20,
      "tweet.fields": FIELDS,
      expansions: "author_id",
      "user.fields": "id,name,username,profile_image_url",
      ...pages,
    },
  });
  if (!read.ok) return read;
  const authors = new Map(read.value.includes.users.map((user) => [user.id, user]));
  const { next } = read.value;
  return ok({
    entries: read.value.data
      .flatMap((one) => entryOf(one, authors, own))
      .map((entry) => (postId !== undefined && entry.postId === talk ? { ...entry, postId } : entry)),
    ...(next !== undefined && { cursor: next }),
  });
}

function entryOf(
  post: ShownPost,
  authors: ReadonlyMap<string, z.output<typeof Author>>,
  own: string,
): readonly InboxEntry[] {
  const { id, text, createdAt, authorId = "", conversationId, repliesTo, isRepost } = post;
  if (createdAt === undefined || isRepost) return [];
  const author = authors.get(authorId);
  const isAnswer = repliesTo !== undefined && conversationId !== undefined && conversationId !== id;
  return [
    {
      externalId: id,
      kind: "comment",
      ...(isAnswer && { postId: conversationId, parentId: repliesTo }),
      author: {
        externalId: authorId,
        ...(author?.name && { name: author.name }),
        ...(author?.username && { handle: author.username }),
        ...(author?.profile_image_url && { pictureUrl: author.profile_image_url }),
      },
      ...(authorId === own && { isOwn: true }),
      text,
      createdAt,
      permalink: addressOf(author?.username, id),
      // Only answers can be hidden, and only by whoever began the talk, which X alone knows.
      ...(!isAnswer && { cannot: ["hide"] as const }),
    },
  ];
}

const bodyOf = ({ text, destination = "" }: OutgoingPost): JsonObject => ({
  text,
  reply: { in_reply_to_tweet_id: destination },
});

/** X lets apps answer whoever named the account, so an entry of the inbox may be answered. */
const create = postStep({ name: "create_reply", field: () => "destination", body: bodyOf });

export const reply: Format<PostState> = {
  label: "Reply",
  media: { min: 0, max: 0 },
  start: startState,
  steps: [create],
};

export const xInbox: Inbox = {
  lists: "account",
  list,
  reply,
  async hide({ externalId, isHidden }, ctx) {
    const needs = [...READ, MODERATE];
    const call = { method: "PUT", path: ["tweets", externalId, "hidden"], json: { hidden: isHidden } } as const;
    const sent = await api.read(ctx, { ...call, about: "object", needs, did: "hide the answer" }, Hidden);
    if (!sent.ok) return fail(withGrant(sent.error, ctx, needs));
    return sent.value.data.hidden === isHidden
      ? ok(undefined)
      : fail(unsaid(isHidden ? "hid the answer" : "shows the answer"));
  },
};
