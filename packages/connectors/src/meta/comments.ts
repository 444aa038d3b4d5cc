import { type ConnectorContext, GraphId, GraphNode, GraphSuccess, type PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { FacebookComment, InstagramComment, type MetaComment } from "./comment-rows.ts";
import { graph, metaGraph } from "./graph.ts";
import { hostFor } from "./graph-url.ts";
import { instagramNeeds } from "./scopes.ts";

const IG_FIELDS = "id,text,username,timestamp,from,parent_id,hidden";
const PAGE = 100;
/** Where the comments of the two platforms differ. @source platforms/meta.md section 9 */
const kinds = {
  page: {
    row: FacebookComment,
    replies: "comments",
    params: {
      fields: "id,message,created_time,from,parent{id},permalink_url,is_hidden,can_hide",
      order: "reverse_chronological",
      limit: PAGE,
    },
    // Answers come among them, so the newest are the newest of all.
    ofPost: { filter: "stream" },
    parent: "parent{id}",
    hidden: "is_hidden",
  },
  professional: {
    row: InstagramComment,
    replies: "replies",
    params: { fields: IG_FIELDS, limit: PAGE },
    ofPost: { fields: `${IG_FIELDS},replies.limit(${PAGE}){${IG_FIELDS}}` },
    parent: "parent_id",
    hidden: "hide",
  },
} as const;

const kindOf = ({ account }: ConnectorContext) => (account.kind === "page" ? kinds.page : kinds.professional);

const needs = ({ account }: ConnectorContext, does: "read" | "write"): readonly string[] => {
  if (account.kind !== "page") return instagramNeeds(account.authKind, "comments");
  return does === "read" ? ["pages_read_engagement", "pages_read_user_content"] : ["pages_manage_engagement"];
};

const call = (ctx: ConnectorContext, does: "read" | "write") =>
  ({ host: hostFor(ctx.account), about: "object", needs: needs(ctx, does) }) as const;

/** Whether this account wrote it; undefined where nothing says who did. */
function isOwn({ account }: ConnectorContext, author: MetaComment["author"]): boolean | undefined {
  if (!author) return undefined;
  const isNamed = author.handle !== undefined && author.handle === account.handle;
  return author.externalId === account.externalId || isNamed;
}

const signed = (ctx: ConnectorContext, comment: MetaComment): MetaComment => ({
  ...comment,
  isOwn: isOwn(ctx, comment.author),
  ...(comment.replies && {
    replies: { ...comment.replies, rows: comment.replies.rows.map((reply) => signed(ctx, reply)) },
  }),
});

/** A page of the comments under a post with their answers, or of the answers to a comment. */
export async function readComments(
  ctx: ConnectorContext,
  of: { readonly post: string } | { readonly comment: string },
  { after, mayWait }: { readonly after?: string | undefined; readonly mayWait?: true } = {},
): PlatformResult<{ readonly rows: readonly MetaComment[]; readonly after?: string }> {
  const { row, replies, params, ofPost } = kindOf(ctx);
  const page = await metaGraph.graphPage(ctx, ctx.credentials.accessToken, {
    ...call(ctx, "read"),
    path: "post" in of ? [of.post, "comments"] : [of.comment, replies],
    params: { ...params, ...("post" in of && ofPost) },
    row: row as z.ZodType<MetaComment>,
    after,
    effect: "none",
    ...(mayWait && { mayWait }),
  });
  return page.ok ? ok({ ...page.value, rows: page.value.rows.map((it) => signed(ctx, it)) }) : page;
}

const MOST_PAGES = 10;

/** All answers to a comment, up to a thousand. */
export async function readReplies(
  ctx: ConnectorContext,
  comment: string,
  more: { readonly mayWait?: true } = {},
): PlatformResult<readonly MetaComment[]> {
  const rows: MetaComment[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const read = await readComments(ctx, { comment }, { ...more, after });
    if (!read.ok) return read;
    rows.push(...read.value.rows);
    after = read.value.after;
    if (after === undefined) break;
  }
  return ok(rows);
}

const Parent = z.object({ parent: z.object({ id: GraphId }).optional(), parent_id: GraphId.optional() });

/** Where an answer to a comment may stand: below it, or, where it is one itself, beside it. */
export async function readThread(ctx: ConnectorContext, comment: string): PlatformResult<readonly MetaComment[]> {
  const entry = await graph(ctx, ctx.credentials.accessToken, {
    ...call(ctx, "read"),
    method: "GET",
    path: [comment],
    params: { fields: `id,${kindOf(ctx).parent}` },
    answer: Parent,
    effect: "none",
  });
  if (!entry.ok) return entry;
  const above = entry.value.parent?.id ?? entry.value.parent_id;
  const rows: MetaComment[] = [];
  for (const id of [comment, ...(above === undefined ? [] : [above])]) {
    const read = await readReplies(ctx, id);
    if (!read.ok) return read;
    rows.push(...read.value);
  }
  return ok(rows.filter(({ id }, index) => rows.findIndex((row) => row.id === id) === index));
}

/** Writes one, under a post or as the answer to a comment; its id. */
export function writeComment(
  ctx: ConnectorContext,
  under: { readonly post: string } | { readonly comment: string },
  message: string,
  more: { readonly field: string; readonly did: string },
): PlatformResult<{ readonly id: string }> {
  return graph(ctx, ctx.credentials.accessToken, {
    ...call(ctx, "write"),
    ...more,
    method: "POST",
    path: "post" in under ? [under.post, "comments"] : [under.comment, kindOf(ctx).replies],
    params: { message },
    answer: GraphNode,
  });
}

/** Hides a comment, or shows it again. */
export async function hideComment(ctx: ConnectorContext, comment: string, isHidden: boolean): PlatformResult<void> {
  const done = await graph(ctx, ctx.credentials.accessToken, {
    ...call(ctx, "write"),
    method: "POST",
    path: [comment],
    params: { [kindOf(ctx).hidden]: isHidden },
    answer: GraphSuccess,
    did: isHidden ? "hide the comment" : "show the comment again",
  });
  return done.ok ? ok(undefined) : done;
}
