import type {
  ConnectorContext,
  EditedPost,
  PlatformFailure,
  PlatformResult,
  PostEdit,
  PublishedRef,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, permalinkOf, withGrant } from "./api.ts";
import { startState } from "./media.ts";
import { FIELDS, postById, recentPosts, type ShownPost } from "./posts.ts";
import { bodyOf, Created, publishScopes } from "./publish.ts";
import { isExactText } from "./texts.ts";

type Ref = PublishedRef & { readonly state?: JsonObject };

/** What a job's state says is live; a job that was adopted without one knows the post alone. */
const Made = z.object({ posts: z.array(Id).min(1), files: z.object({ names: z.array(Id) }).optional() });
const idsOf = ({ externalId, state }: Ref): readonly string[] => Made.safeParse(state).data?.posts ?? [externalId];

export const partsOf = (ref: Ref): readonly PublishedRef[] => idsOf(ref).map((externalId) => ({ externalId }));

const Deleted = z.object({ data: z.object({ deleted: z.literal(true) }) });

/**
 * The whole thread, its end first, so that nothing is left answering what is gone. That a post is gone X has to say itself: a
 * 404 of what stands before its servers is no such word.
 */
export async function removePost(ref: Ref, ctx: ConnectorContext): PlatformResult<void> {
  for (const id of idsOf(ref).toReversed()) {
    const gone = await removeOne(id, ctx);
    if (!gone.ok) return gone;
    if (gone.value === "deleted" || id !== ref.externalId) continue;
    // An edit that nobody answered may have given it another name.
    const recent = await recentPosts(ctx, new Date(ctx.clock.now().getTime() - WEEK_MS));
    if (!recent.ok) return recent;
    const renamed = recent.value.find(({ history }) => history.includes(id));
    const done = renamed ? await removeOne(renamed.id, ctx) : gone;
    if (!done.ok) return done;
  }
  return ok(undefined);
}

const WEEK_MS = 7 * 24 * 60 * 60_000;

async function removeOne(id: string, ctx: ConnectorContext): PlatformResult<"deleted" | "not there"> {
  const call = { method: "DELETE", path: ["tweets", id], about: "object", did: "delete the post" } as const;
  const gone = await api.read(ctx, { ...call, needs: publishScopes }, Deleted);
  if (gone.ok) return ok("deleted");
  const { refused, status } = gone.error;
  return refused && status === 404 ? ok("not there") : fail(withGrant(gone.error, ctx, publishScopes));
}

const rejected = (reason: string, message: string): PlatformFailure => ({
  kind: "content_rejected",
  field: "text",
  reason,
  message,
});

/** Why X would not take an edit of it now. @source platforms/x.md section 7 */
function notEditable({ editControls }: ShownPost, now: Date): PlatformFailure | undefined {
  const { is_edit_eligible, edits_remaining, editable_until } = editControls ?? {};
  if (is_edit_eligible === false)
    return rejected(
      "not_editable",
      "X does not let this post be edited: that takes X Premium, and polls and answers never are. Delete it and post again.",
    );
  if (edits_remaining === 0)
    return rejected("edits_used_up", "X lets a post be edited five times, and this one was. Delete it and post again.");
  if (editable_until && Date.parse(editable_until) <= now.getTime())
    return rejected("too_late", "X lets a post be edited for an hour, which is over. Delete it and post again.");
  return undefined;
}

/**
 * X puts a new post in the old one's place, which has only what is sent with it: files, quote and labels go along. The newest
 * of a post's versions is read first: a lost answer's edit is found there, and nothing is edited twice.
 */
export async function editPost(
  ref: Ref,
  change: PostEdit,
  ctx: ConnectorContext,
): PlatformResult<EditedPost | undefined> {
  const latest = await latestOf(ref.externalId, ctx);
  if (!latest.ok) return latest;
  const { id, text, mediaKeys, quotes } = latest.value;
  if (isExactText(text, change.text)) return ok(edited(ref, id, ctx));
  const refusal = notEditable(latest.value, ctx.clock.now());
  if (refusal) return fail(refusal);
  const names = Made.safeParse(ref.state).data?.files?.names ?? [];
  if (names.length < mediaKeys.length)
    return fail(
      rejected("files_unknown", "POSTD does not know the files of this post, and X would drop them. Edit it at X."),
    );
  const json = {
    ...bodyOf({ ...change, media: [] }, { ...startState(), files: { names, ready: names.length } }),
    ...(quotes && { quote_tweet_id: quotes }),
    edit_options: { previous_post_id: id },
  };
  const call = { method: "POST", path: "tweets", json, about: "object", did: "edit the post" } as const;
  const made = await api.read(ctx, { ...call, needs: publishScopes }, Created);
  if (!made.ok) return fail(withGrant(made.error, ctx, publishScopes));
  return ok(edited(ref, made.value.data.id, ctx));
}

async function latestOf(id: string, ctx: ConnectorContext): PlatformResult<ShownPost> {
  const fields = `${FIELDS},edit_controls`;
  const read = await postById(ctx, id, fields);
  if (!read.ok) return read;
  const { latestId = id } = read.value ?? {};
  const last = latestId === id ? read : await postById(ctx, latestId, fields);
  if (!last.ok) return last;
  if (last.value) return ok(last.value);
  return fail(rejected("missing", "X does not have this post any more."));
}

function edited({ externalId, state }: Ref, id: string, ctx: ConnectorContext): EditedPost {
  const posts = idsOf({ externalId, ...(state && { state }) }).map((one) => (one === externalId ? id : one));
  return { externalId: id, permalink: permalinkOf(ctx, id), ...(state && { state: { ...state, posts: [...posts] } }) };
}
