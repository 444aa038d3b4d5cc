import type {
  ConnectorContext,
  OutgoingPost,
  PlatformFailure,
  PlatformResult,
  ProbeAnswer,
  Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { meaningOf } from "../failures.ts";
import { facebookOptions } from "../options.ts";
import { type FeedState, live } from "./feed-state.ts";
import type { ExpectedMedia } from "./post-media.ts";
import { type Look, lookFor, postOfPhoto, readPost } from "./posts.ts";

type Answer = ProbeAnswer<FeedState>;
type Probe = NonNullable<Step<FeedState>["probe"]>;

const expected = (post: OutgoingPost, state: FeedState): ExpectedMedia => {
  if (post.media.length > 0) return { kind: "photos", ids: state.photoIds };
  return { kind: facebookOptions(post.options).link === undefined ? "none" : "link" };
};

/** Our own unpublished post by its id: what Facebook says of it is certain, either way. */
async function probeOwn(ctx: ConnectorContext, state: FeedState, postId: string): PlatformResult<Answer> {
  const read = await readPost(ctx, postId);
  const unsaid = { kind: "not_seen", looked: "the post itself, which Facebook does not show to POSTD" } as const;
  if (!read.ok) return meaningOf(read.error) === "missing" ? ok(unsaid) : read;
  if (read.value.is_published === undefined) return ok(unsaid);
  if (!read.value.is_published)
    return ok({ kind: "absent_authoritative", because: "Facebook says that the prepared post is not shown" });
  const next = live(state, postId, read.value.permalink_url);
  return ok({
    kind: "found",
    candidates: next.published ? [{ ...next.published, ours: true, state: next.state }] : [],
  });
}

/** Trouble that a later look does not meet; with any other the lists are left. */
const isPassing = ({ kind }: PlatformFailure): boolean => kind === "unavailable" || kind === "rate_limited";

/** By the photo, whose id only this job knows: the post it hangs on, read by its own id. */
async function probeByPhoto(ctx: ConnectorContext, state: FeedState): PlatformResult<Answer | "on_no_post" | "none"> {
  const [photoId] = state.photoIds;
  if (photoId === undefined) return ok("none");
  const postId = await postOfPhoto(ctx, photoId);
  if (!postId.ok) return isPassing(postId.error) ? postId : ok("none");
  return postId.value === undefined ? ok("on_no_post") : probeOwn(ctx, state, postId.value);
}

const feed = (ctx: ConnectorContext, look: Look, state: FeedState) =>
  lookFor(ctx, "feed", look, (row) => live(state, row.id, row.permalink_url).state);

/**
 * Whether an unpublished post came out. Where its id was lost: among the shown posts, by its photo, among the unpublished
 * ones. A photo that hangs on no post, or a post that waits unseen, means that nothing of this job is out; a mere list
 * that lacks it means nothing.
 */
export const probeUnseen: Probe = async ({ post, state, intentAt }, ctx) => {
  if (state.draftId !== undefined) return probeOwn(ctx, state, state.draftId);
  const look = { text: post.text, media: expected(post, state), since: intentAt };
  const shown = await feed(ctx, look, state);
  if (!shown.ok || shown.value.kind === "found") return shown;
  const byPhoto = await probeByPhoto(ctx, state);
  if (!byPhoto.ok) return byPhoto;
  if (typeof byPhoto.value === "object") return ok(byPhoto.value);
  if (byPhoto.value === "on_no_post")
    return ok({ kind: "absent_authoritative", because: "Facebook says that its photo hangs on no post" });
  const unseen = await lookFor(ctx, "promotable_posts", look, () => state);
  if (unseen.ok && unseen.value.kind === "found")
    return ok({ kind: "absent_authoritative", because: "it stands among the Page's unpublished posts" });
  return shown;
};

export const probeAtOnce: Probe = async ({ post, state, intentAt }, ctx) => {
  const byPhoto = await probeByPhoto(ctx, state);
  if (!byPhoto.ok) return byPhoto;
  if (typeof byPhoto.value === "object" && byPhoto.value.kind === "found") return ok(byPhoto.value);
  return feed(ctx, { text: post.text, media: expected(post, state), since: intentAt }, state);
};

/** Waiting posts first; one whose time has come meanwhile stands among the shown ones. */
export const probeScheduled: Probe = async ({ post, state, intentAt }, ctx) => {
  const publishAt = new Date(state.publishAt ?? "");
  const look = { text: post.text, media: expected(post, state), since: intentAt };
  const waiting = await lookFor(ctx, "scheduled_posts", { ...look, publishAt }, (row) => live(state, row.id).state);
  if (!waiting.ok || waiting.value.kind === "found") return waiting;
  const shown = publishAt <= ctx.clock.now() ? await feed(ctx, look, state) : waiting;
  return shown.ok && shown.value.kind !== "found" ? waiting : shown;
};
