import {
  type ConnectorContext,
  GraphSuccess,
  graphInstant,
  type Inbox,
  type InboxEntry,
  type PlatformResult,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { call, graphPage, scopes } from "./api.ts";
import { isMissing } from "./failures.ts";
import { Media } from "./posts.ts";
import { reply } from "./publish.ts";

/** @source platforms/threads.md section 8 */
const ENTRY_FIELDS =
  "id,text,username,permalink,timestamp,media_type,root_post,replied_to,is_reply_owned_by_me,hide_status,profile_picture_url";
const POSTS_A_PAGE = 10;
const REPLIES_A_PAGE = 50;

/** Values of `hide_status` are not documented; these words stand in them. */
const isHidden = (status: string): boolean => /HIDDEN|HUSHED|COVERED|BLOCKED/.test(status) && !/^(NOT|UN)/.test(status);

function toEntry(media: Media, ctx: ConnectorContext, postId?: string): InboxEntry[] {
  const { id, text = "", username, timestamp, permalink, replied_to, hide_status } = media;
  const createdAt = graphInstant(timestamp);
  if (!createdAt) return [];
  const isOwn = media.is_reply_owned_by_me === true || (username !== undefined && username === ctx.account.handle);
  // Only answers to the post itself can be hidden.
  const isTop = postId !== undefined && (replied_to?.id ?? postId) === postId;
  const { profile_picture_url: pictureUrl } = media;
  return [
    {
      externalId: id,
      kind: "comment",
      text,
      createdAt,
      ...(postId !== undefined && { postId }),
      ...(replied_to && replied_to.id !== postId && { parentId: replied_to.id }),
      ...(username && { author: { name: username, handle: username, ...(pictureUrl && { pictureUrl }) } }),
      ...(isOwn && { isOwn }),
      ...(permalink && { permalink }),
      ...(hide_status !== undefined && { isHidden: isHidden(hide_status) }),
      ...((!isTop || isOwn) && { cannot: ["hide"] as const }),
    },
  ];
}

type Page = { readonly entries: readonly InboxEntry[]; readonly cursor?: string };
type Read = Parameters<typeof graphPage>[2];

const list = (ctx: ConnectorContext, given: Pick<Read, "path" | "params" | "after" | "needs">) =>
  graphPage(ctx, ctx.credentials.accessToken, { ...given, about: "object", row: Media, mayWait: true });

/** Everything written below one post, at any depth. */
async function ofPost(ctx: ConnectorContext, postId: string, cursor: string | undefined): PlatformResult<Page> {
  const read = await list(ctx, {
    path: [postId, "conversation"],
    params: { fields: ENTRY_FIELDS, reverse: true, limit: REPLIES_A_PAGE },
    after: cursor,
    needs: [scopes.readReplies],
  });
  if (!read.ok) return read;
  const { rows, after } = read.value;
  return ok({
    entries: rows.flatMap((media) => toEntry(media, ctx, postId)),
    ...(after !== undefined && { cursor: after }),
  });
}

/** Where the list of everything stands: in the mentions and in the posts; `null`: at their end. */
const Cursor = z.object({ mentions: z.string().nullish(), posts: z.string().nullish() });
type Cursor = z.output<typeof Cursor>;

function cursorIn(text: string | undefined): Cursor {
  try {
    return Cursor.safeParse(JSON.parse(text ?? "{}")).data ?? {};
  } catch {
    return {}; // Not one of ours: from the beginning.
  }
}

const byTime = (a: InboxEntry, b: InboxEntry): number => b.createdAt.getTime() - a.createdAt.getTime();

/**
 * A page holds the next mentions and what was written below the next ten posts, newest first. Mentions are left out where
 * this sign-in may not read them.
 */
async function ofAccount(ctx: ConnectorContext, cursor: Cursor): PlatformResult<Page> {
  const mentions = await mentionsFrom(ctx, cursor.mentions);
  if (!mentions.ok) return mentions;
  const replies = await repliesFrom(ctx, cursor.posts);
  if (!replies.ok) return replies;
  const next: Cursor = { mentions: mentions.value.cursor ?? null, posts: replies.value.cursor ?? null };
  const isEnd = next.mentions === null && next.posts === null;
  return ok({
    entries: [...mentions.value.entries, ...replies.value.entries].toSorted(byTime),
    ...(!isEnd && { cursor: JSON.stringify(next) }),
  });
}

async function mentionsFrom(ctx: ConnectorContext, after: string | null | undefined): PlatformResult<Page> {
  const mayRead = ctx.credentials.scopes?.includes(scopes.mentions) ?? true;
  if (after === null || !mayRead) return ok({ entries: [] });
  const read = await list(ctx, {
    path: [ctx.account.externalId, "mentions"],
    params: { fields: "id,text,username,permalink,timestamp,media_type,profile_picture_url", limit: REPLIES_A_PAGE },
    after,
    needs: [scopes.mentions],
  });
  if (!read.ok) return read;
  const { rows, after: next } = read.value;
  return ok({ entries: rows.flatMap((media) => toEntry(media, ctx)), ...(next !== undefined && { cursor: next }) });
}

async function repliesFrom(ctx: ConnectorContext, after: string | null | undefined): PlatformResult<Page> {
  if (after === null) return ok({ entries: [] });
  const posts = await list(ctx, {
    path: [ctx.account.externalId, "threads"],
    params: { fields: "id,has_replies", limit: POSTS_A_PAGE },
    after,
    needs: [scopes.basic],
  });
  if (!posts.ok) return posts;
  const entries: InboxEntry[] = [];
  for (const { id } of posts.value.rows.filter(({ has_replies }) => has_replies !== false)) {
    let cursor: string | undefined;
    do {
      const page = await ofPost(ctx, id, cursor);
      // Deleted since the posts were listed.
      if (!page.ok && isMissing(page.error)) break;
      if (!page.ok) return page;
      entries.push(...page.value.entries);
      cursor = page.value.cursor;
    } while (cursor !== undefined && entries.length < MOST_ENTRIES);
  }
  return ok({ entries, ...(posts.value.after !== undefined && { cursor: posts.value.after }) });
}

/** A page is no longer than this and what the last answer holds. */
const MOST_ENTRIES = 1_000;

export const threadsInbox: Inbox = {
  lists: "account",
  list: ({ postId, cursor }, ctx) =>
    postId === undefined ? ofAccount(ctx, cursorIn(cursor)) : ofPost(ctx, postId, cursor),
  reply,
  async hide({ externalId, isHidden: hide }, ctx) {
    const done = await call(ctx, {
      method: "POST",
      path: [externalId, "manage_reply"],
      params: { hide },
      answer: GraphSuccess,
      about: "object",
      did: hide ? "hide the reply" : "show the reply again",
      needs: [scopes.manageReplies],
    });
    return done.ok ? ok(undefined) : done;
  },
};
