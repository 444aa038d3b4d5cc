import {
  type ConnectorContext,
  matchRecent,
  normalizeText,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { stageOf } from "./containers.ts";
import { optionsOf } from "./options.ts";
import { newestPosts, newestReplies } from "./posts.ts";
import { type PostState, textsOf, withLive } from "./state.ts";

/** The longest publish that was measured took 222 seconds; until then an unpublished container says nothing of a lost call. */
const PUBLISH_WITHIN_MS = 240_000;
/** A published container whose post no list names within this time stays without an address. */
const NAMED_WITHIN_MS = 150_000;

const sinceMs = (ctx: ConnectorContext, at: Date): number => ctx.clock.now().getTime() - at.getTime();

interface Wanted {
  readonly post: OutgoingPost;
  readonly state: PostState;
  readonly intentAt: Date;
}

/** What the next part of a job answers; undefined: it stands alone. */
export const replyToOf = ({ format, destination }: OutgoingPost, { ids }: PostState): string | undefined =>
  ids.at(-1) ?? (format === "reply" ? destination : undefined);

/** Threads shows a topic without its `#`. */
const bare = (text: string): string => normalizeText(text.replaceAll("#", ""));

/** Newest posts, or answers to the very post this one answers, with its text, made since then. */
async function amongNewest(
  ctx: ConnectorContext,
  { post, state }: Pick<Wanted, "post" | "state">,
  since: Date,
): PlatformResult<ProbeAnswer<PostState>> {
  const replyTo = replyToOf(post, state);
  // Which type a post with a GIF is read with is not documented.
  const format = optionsOf(post).gifId === undefined ? post.format : undefined;
  const read = replyTo === undefined ? await newestPosts(ctx, format) : await newestReplies(ctx, replyTo);
  if (!read.ok) return read;
  const isCarousel = replyTo === undefined && post.format === "carousel";
  return ok(
    matchRecent({
      recent: read.value,
      wanted: {
        text: textsOf(post)[state.ids.length] ?? "",
        since,
        ...(isCarousel && { mediaCount: post.media.length }),
      },
      state: (found) => withLive(state, found),
      looked: replyTo === undefined ? "the account's newest 25 posts" : "the account's newest 50 answers",
      isSameText: (theirs, own) => bare(theirs) === bare(own),
    }),
  );
}

/**
 * By the container's own status: PUBLISHED means it is out, and the newest posts tell its id; ERROR and EXPIRED that it is
 * not, and so does FINISHED once every publish would be done. Where the container is gone, only the list is left.
 * @source platforms/threads.md sections 5, 14 and 15
 */
export async function probePublish(wanted: Wanted, ctx: ConnectorContext): PlatformResult<ProbeAnswer<PostState>> {
  const { post, state, intentAt } = wanted;
  const stage = await stageOf(ctx, state.container?.id ?? "");
  if (!stage.ok) return stage;
  const { is } = stage.value;
  if (is === "broken" || is === "expired")
    return ok({ kind: "absent_authoritative", because: `the prepared post is ${is} and was not published` });
  if (is === "published") return findPublished(wanted, ctx);
  const found = await amongNewest(ctx, wanted, intentAt);
  if (!found.ok || found.value.kind === "found") return found;
  if (is === "finished" && sinceMs(ctx, intentAt) >= PUBLISH_WITHIN_MS)
    return ok({
      kind: "absent_authoritative",
      because: "Threads still holds the prepared post and has not published it",
    });
  const looked = `${replyToOf(post, state) === undefined ? "the newest posts" : "the newest answers"}; the prepared post is ${is}`;
  return ok({ kind: "not_seen", looked });
}

/**
 * Whether the newest posts show one with these words made since the first of these containers, which Threads refused to
 * publish: a status may lag behind, as containers do. It may be another's, which is for the probe and a person to say.
 */
export async function mayBeOut(
  { post, state }: Pick<Wanted, "post" | "state">,
  given: NonNullable<PostState["earlier"]>,
  ctx: ConnectorContext,
): PlatformResult<boolean> {
  const [first] = given;
  if (!first) return ok(false);
  const found = await amongNewest(ctx, { post, state }, new Date(first.madeAt));
  return found.ok ? ok(found.value.kind === "found") : found;
}

/** The post our container became. Nothing older than the container can be it, and the only one that fits is it. */
async function findPublished(wanted: Wanted, ctx: ConnectorContext): PlatformResult<ProbeAnswer<PostState>> {
  const { post, state, intentAt } = wanted;
  const { container } = state;
  const found = await amongNewest(ctx, wanted, container ? new Date(container.madeAt) : intentAt);
  if (!found.ok) return found;
  if (found.value.kind === "found") {
    const { candidates } = found.value;
    return ok({ kind: "found", candidates: candidates.map((it) => ({ ...it, ours: candidates.length === 1 })) });
  }
  // What still has to be answered needs its own id.
  const isLast = state.ids.length + 1 >= textsOf(post).length;
  if (!container || !isLast || sinceMs(ctx, intentAt) < NAMED_WITHIN_MS)
    return ok({ kind: "not_seen", looked: "the account's newest posts; the prepared post is published" });
  // It is out, and known by its container from here on.
  const externalId = container.id;
  const next: PostState = { ...withLive(state, { externalId }), isUnnamed: true, detailsRead: true };
  return ok({ kind: "found", candidates: [{ externalId, ours: true, state: next }] });
}
