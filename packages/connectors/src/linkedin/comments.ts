import { type ConnectorContext, type PlatformResult, rowsOf, type ShownComment } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, V2 } from "./api.ts";
import { COMMENT_SCOPES } from "./sign-in.ts";

/** Brackets in a name would be read as Rest.li's own. */
const escaped = (urn: string): string => encodeURIComponent(urn).replaceAll("(", "%28").replaceAll(")", "%29");
const commentsOf = (urn: string): string => `socialActions/${escaped(urn)}/comments`;

const POST = "urn:li:(?:share|ugcPost|activity):\\d{1,30}";
const COMMENT = `urn:li:comment:\\((${POST}),\\d{1,30}\\)`;
const entryForm = new RegExp(`^(${COMMENT})(?:#(${POST}))?$`);
const CommentUrn = z.string().regex(new RegExp(`^${COMMENT}$`));
const PostName = z.string().regex(new RegExp(`^${POST}$`));

/** What is answered: a comment, and the post it stands under. */
export interface CommentRef {
  readonly urn: string;
  readonly post: string;
}

/**
 * An entry goes by its comment's URN, which holds the post's. Where LinkedIn calls the post something else beside the
 * comment, that name is kept behind it, as an answer has to name the post.
 * @source platforms/linkedin.md "Comments / reactions"
 */
const entryIdOf = (urn: string, post: string | undefined): string =>
  post === undefined || urn.includes(`(${post},`) ? urn : `${urn}#${post}`;

export function refOf(entryId: string): CommentRef | undefined {
  const [, urn, inside, post = inside] = entryForm.exec(entryId) ?? [];
  return urn === undefined || post === undefined ? undefined : { urn, post };
}

const Id = z
  .union([z.string(), z.number().int().safe().transform(String)])
  .pipe(z.string().regex(/^\d{1,30}$/))
  .optional()
  .catch(undefined);
const Row = z.object({
  id: Id,
  commentUrn: CommentUrn.optional().catch(undefined),
  object: PostName.optional().catch(undefined),
  actor: z.string().max(200).optional().catch(undefined),
  parentComment: CommentUrn.optional().catch(undefined),
  message: z.object({ text: z.string() }).optional().catch(undefined),
  created: z
    .object({ time: z.number().min(0).max(8_640_000_000_000_000) })
    .optional()
    .catch(undefined),
  commentsSummary: z
    .object({ aggregatedTotalComments: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/** The URN of a comment, from its own answer and never from what was asked. */
const urnOf = ({ id, commentUrn, object }: Pick<z.output<typeof Row>, "id" | "commentUrn" | "object">) =>
  commentUrn ?? (id !== undefined && object !== undefined ? `urn:li:comment:(${object},${id})` : undefined);

export interface LinkedinComment extends ShownComment {
  readonly actor?: string | undefined;
  readonly urn: string;
  readonly parentId?: string | undefined;
  /** Answers it has. */
  readonly replies: number;
}
const Comment = Row.transform((row, unreadable): LinkedinComment => {
  const urn = urnOf(row);
  if (urn === undefined || row.message === undefined) {
    unreadable.addIssue("neither named nor readable");
    return z.NEVER;
  }
  const { object, actor, message, created, parentComment, commentsSummary } = row;
  return {
    id: entryIdOf(urn, object),
    urn,
    text: message.text,
    createdAt: created && new Date(created.time),
    actor,
    parentId: parentComment && entryIdOf(parentComment, object),
    replies: commentsSummary?.aggregatedTotalComments ?? 0,
  };
});
const Page = z.object({
  elements: z.array(z.unknown()),
  paging: z
    .object({ total: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/** Under 200 at a time are given. @source platforms/linkedin.md "Comments / reactions" */
const COUNT = 100;

/** A page of the comments under a post, or of the answers to a comment; `next`: where the following one starts. */
export async function readComments(
  ctx: ConnectorContext,
  urn: string,
  start = 0,
): PlatformResult<{ readonly rows: readonly LinkedinComment[]; readonly next?: number }> {
  const path = `${commentsOf(urn)}?start=${start}&count=${COUNT}`;
  const read = await api.get(ctx, path, Page, { about: "object", needs: [COMMENT_SCOPES.read] });
  // Said of no comments, and of no post.
  if (!read.ok) return read.error.status === 404 ? ok({ rows: [] }) : read;
  const { elements, paging } = read.value;
  const next = start + COUNT;
  const isMore = elements.length >= COUNT || (elements.length > 0 && next < (paging?.total ?? 0));
  const rows = rowsOf(Comment)
    .parse(elements)
    .map((row) => ({ ...row, ...(row.actor !== undefined && { isOwn: row.actor === authorOf(ctx) }) }));
  return ok({ rows, ...(isMore && { next }) });
}

const MOST_PAGES = 10;

/** All that stand under one, up to a thousand. */
export async function readAll(ctx: ConnectorContext, urn: string): PlatformResult<readonly LinkedinComment[]> {
  const rows: LinkedinComment[] = [];
  let start: number | undefined = 0;
  for (let page = 0; page < MOST_PAGES && start !== undefined; page++) {
    const read: Awaited<ReturnType<typeof readComments>> = await readComments(ctx, urn, start);
    if (!read.ok) return read;
    rows.push(...read.value.rows);
    start = read.value.next;
  }
  return ok(rows);
}

export const mayRead = ({ credentials }: ConnectorContext): boolean =>
  credentials.scopes?.includes(COMMENT_SCOPES.read) === true;

/**
 * Writes one in the name of the account and as plain text, where nothing is escaped: its name, where LinkedIn tells it,
 * or `instead` where the versioned address is refused. That one is open to apps with the Community Management product; to others, members' apps
 * among them, it is refused whatever was granted, and the unversioned one often is not. A refusal there is the app's and
 * says nothing of the sign-in.
 * @source platforms/linkedin.md "Comments / reactions"
 */
export async function writeComment(
  ctx: ConnectorContext,
  comment: { readonly post: string; readonly parent?: string; readonly text: string; readonly isUnversioned: boolean },
  more: { readonly field: string; readonly did: string },
): PlatformResult<{ readonly id: string | undefined } | { readonly instead: true }> {
  const { post, parent, text } = comment;
  const isVersioned = ctx.credentials.scopes?.includes(COMMENT_SCOPES.write) === true && !comment.isUnversioned;
  const sent = await api.send(ctx, {
    method: "POST",
    ...(!isVersioned && { base: V2 }),
    path: commentsOf(post),
    json: {
      actor: authorOf(ctx),
      object: post,
      message: { text },
      ...(parent !== undefined && { parentComment: parent }),
    },
    about: "object",
    ...more,
  });
  if (!sent.ok) return isVersioned && sent.error.refused && sent.error.status === 403 ? ok({ instead: true }) : sent;
  const body = Row.safeParse(sent.value.json).data ?? {};
  const told = sent.value.headers["x-restli-id"] ?? "";
  const { id = Id.parse(told), commentUrn = CommentUrn.safeParse(told).data, object = post } = body;
  const urn = urnOf({ id, commentUrn, object });
  return ok({ id: urn === undefined ? undefined : entryIdOf(urn, body.object) });
}
