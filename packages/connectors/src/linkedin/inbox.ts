import {
  type ConnectorContext,
  type Format,
  type Inbox,
  type InboxEntry,
  type PlatformFailure,
  type PlatformResult,
  type ReplyState,
  replySteps,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import {
  type CommentRef,
  type LinkedinComment,
  mayRead,
  readAll,
  readComments,
  refOf,
  writeComment,
} from "./comments.ts";
import { commentText } from "./first-comment.ts";
import { COMMENT_SCOPES } from "./sign-in.ts";

/** LinkedIn names who wrote a comment by a URN alone. One of unknown time is left out: nobody could say when it was written. */
function entryOf({ id, text, createdAt, actor, isOwn, parentId }: LinkedinComment, postId: string): InboxEntry[] {
  if (createdAt === undefined) return [];
  return [
    {
      externalId: id,
      kind: "comment",
      postId,
      text,
      createdAt,
      ...(actor !== undefined && { author: { externalId: actor } }),
      ...(isOwn && { isOwn }),
      // Talks are one level deep: whoever answers further answers the comment above.
      ...(parentId !== undefined && { parentId, cannot: ["reply"] as const }),
    },
  ];
}

/**
 * What stands under a page's post, a page at a time, in LinkedIn's own order. Answers that do not come with the comments
 * are asked for where a comment says that it has some.
 */
const list: Inbox["list"] = async ({ postId, cursor }, ctx) => {
  if (postId === undefined) return ok({ entries: [] });
  if (!mayRead(ctx))
    return fail({
      kind: "scope_missing",
      scopes: [COMMENT_SCOPES.read],
      message: "LinkedIn shows comments only to pages whose sign-in may read them. Connect the page again.",
    });
  const page = await readComments(ctx, postId, /^\d{1,9}$/.test(cursor ?? "") ? Number(cursor) : 0);
  if (!page.ok) return page;
  const { rows, next } = page.value;
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const row of rows) {
    const below = rows.filter(({ parentId }) => parentId === row.id).length;
    const more = row.replies > below ? await readAll(ctx, row.urn) : undefined;
    if (more && !more.ok) return more;
    for (const reply of more?.value ?? []) found.set(reply.id, { ...reply, parentId: reply.parentId ?? row.id });
  }
  const entries = [...found.values()].flatMap((row) => entryOf(row, postId));
  return ok({ entries, ...(next !== undefined && { cursor: String(next) }) });
};

/** Answers to a comment, as LinkedIn lists them below it or among those of the post. */
async function below({ urn, post }: CommentRef, ctx: ConnectorContext): PlatformResult<readonly LinkedinComment[]> {
  if (!mayRead(ctx)) return ok([]);
  const own = await readAll(ctx, urn);
  if (!own.ok) return own;
  const all = await readAll(ctx, post);
  if (!all.ok) return all;
  const among = all.value.filter(({ parentId }) => parentId !== undefined && refOf(parentId)?.urn === urn);
  return ok([...new Map([...own.value, ...among].map((row) => [row.id, row])).values()]);
}

const unnamed: PlatformFailure = {
  kind: "outcome_unknown",
  message: "LinkedIn took the answer and did not name it.",
};

/** The app may lack the product that comments need while its posts go out: this is no reason to hold them. */
function refusedHere(failure: PlatformFailure): PlatformFailure {
  if (!failure.refused || failure.status !== 403 || failure.kind !== "operator_must_act") return failure;
  const { kind: _kind, what: _what, link: _link, ...detail } = failure;
  return { ...detail, kind: "scope_missing", scopes: [COMMENT_SCOPES.write] };
}

const reply: Format<ReplyState> = {
  label: "Reply",
  media: { min: 0, max: 0 },
  accountKinds: ["page"],
  text: { ...commentText, required: true },
  start: () => ({}),
  steps: replySteps({
    entryOf: refOf,
    async write({ entry: { urn, post }, text, way }, ctx) {
      const comment = { post, parent: urn, text, isUnversioned: way === "unversioned" };
      const sent = await writeComment(ctx, comment, { field: "text", did: "answer the comment" });
      if (!sent.ok) return fail(refusedHere(sent.error));
      if ("instead" in sent.value) return ok({ instead: "unversioned" });
      const { id } = sent.value;
      return id === undefined ? fail(unnamed) : ok({ id });
    },
    below,
    looked: "the answers to the comment",
  }),
};

/** Comments under a page's posts; a member's no app may read. Nothing is hidden at LinkedIn, and no like is taken back. */
export const linkedinInbox: Inbox = {
  lists: "post",
  accountKinds: ["page"],
  // @source platforms/linkedin.md "Analytics": social activity of members may be stored for 48 hours
  keepsMs: 48 * 3_600_000,
  list,
  reply,
};
