import {
  type ConnectorContext,
  GraphId,
  GraphNode,
  graphInstant,
  matchRecent,
  mayRemake,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  subcodeOf,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { hostFor, webAddress } from "../graph-url.ts";
import { instagramNeeds } from "../scopes.ts";
import { containerStage } from "./containers.ts";
import { lostAgain, lostForGood } from "./lost.ts";
import { brokenForGood, type InstagramState, remade } from "./state.ts";

const Media = z.object({
  id: GraphId,
  caption: z.string().optional(),
  timestamp: z.string().optional(),
  permalink: z.string().transform(webAddress).optional().catch(undefined),
  media_type: z.string().optional().catch(undefined),
  media_product_type: z.string().optional().catch(undefined),
  children: z
    .object({ data: z.array(z.object({ media_type: z.string().optional() })) })
    .optional()
    .catch(undefined),
});
type Media = z.output<typeof Media>;

export const readMedia = (ctx: ConnectorContext, mediaId: string): PlatformResult<Media> =>
  graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [mediaId],
    params: { fields: "id,permalink,media_type,media_product_type,timestamp,caption" },
    answer: Media,
    effect: "none",
    about: "object",
  });

/** Publishing the same container again may help: after these, and so often, before a new one is made. */
const passing: ReadonlySet<number> = new Set([2207085, 2207008]);
const mostRepeats = 2;

/**
 * Publishes the container, after asking once more that it has not been: one that Instagram calls PUBLISHED is never
 * published again, and which post it became is the probe's question. "Not ready" goes back to waiting, a lost container
 * back to making; where a new one is lost too, the sign-in is looked at before anything is said of the media.
 * @source platforms/meta.md section 12, IG subcodes
 */
export async function publishContainer(
  ctx: ConnectorContext,
  state: InstagramState,
): PlatformResult<Progress<InstagramState>> {
  const late = await cameOutLate(ctx, state);
  if (!late.ok) return late;
  if (late.value) return ok({ state: late.value, waitMs: 1_000 });
  const stage = await containerStage(ctx, state.containerId ?? "", true);
  if (!stage.ok) return stage;
  if (stage.value.is === "published")
    return fail({
      kind: "outcome_unknown",
      message: "Instagram says that it has published this already; which post it is has to be looked up.",
    });
  if (stage.value.is === "working") return ok({ state: { ...state, ready: false }, waitMs: 10_000 });
  const now = ctx.clock.now();
  const again = mayRemake(state, now);
  const { value } = stage;
  const isLost = value.is === "expired" || value.is === "gone";
  const isSpent = (state.publishTries ?? 0) > mostRepeats;
  if (again && (isLost || isSpent || (value.is === "broken" && value.remake))) return ok({ state: remade(state, now) });
  if (value.is === "broken") return fail(brokenForGood(value.failure));
  if (isLost || isSpent) return fail(await lostForGood(ctx, lostAgain));
  const sent = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "media_publish"],
    params: { creation_id: state.containerId },
    answer: GraphNode,
    needs: instagramNeeds(ctx.account.authKind, "publish"),
    field: "media",
    timeoutMs: 60_000,
  });
  if (sent.ok) {
    const next = { ...state, mediaId: sent.value.id };
    return ok({ state: next, published: { externalId: sent.value.id } });
  }
  // The next run reads the container's own status before it sends anything.
  if (passing.has(subcodeOf(sent.error))) {
    const publishTries = (state.publishTries ?? 0) + 1;
    return ok({ state: { ...state, publishTries }, waitMs: 30_000 * publishTries, ...refusal(sent.error) });
  }
  if (!sent.error.refused) return sent;
  const meaning = meaningOf(sent.error);
  if (meaning === "not_ready") return ok({ state: { ...state, ready: false }, waitMs: 10_000, refused: true });
  if (meaning !== "recreate") return sent;
  return again
    ? ok({ state: remade(state, now), waitMs: 5000, refused: true })
    : fail(await lostForGood(ctx, sent.error));
}

/** The state of a container that was given up and came out all the same: it takes the place of the new one. */
async function cameOutLate(ctx: ConnectorContext, state: InstagramState): PlatformResult<InstagramState | undefined> {
  for (const { id, madeAt } of state.earlier ?? []) {
    const stage = await containerStage(ctx, id);
    if (!stage.ok) return stage;
    const { earlier: _, containerMadeAt: _at, ...rest } = state;
    if (stage.value.is === "published")
      return ok({ ...rest, containerId: id, ...(madeAt && { containerMadeAt: madeAt }), ready: true });
  }
  return ok(undefined);
}

const refusal = ({ refused }: PlatformFailure): { readonly refused?: true } => (refused ? { refused } : {});

/**
 * By the container's own status: PUBLISHED means it is out, and the newest media tell its id; FINISHED, ERROR and
 * EXPIRED (unpublished for 24 hours) that it is not. While it is still moving, or gone altogether, only the list is left.
 * @source platforms/meta.md sections 6 and 15
 */
export async function probeMedia(
  ctx: ConnectorContext,
  post: OutgoingPost,
  state: InstagramState,
  intentAt: Date,
): PlatformResult<ProbeAnswer<InstagramState>> {
  const stage = await containerStage(ctx, state.containerId ?? "");
  if (!stage.ok) return stage;
  const { is } = stage.value;
  if (is === "working") return ok({ kind: "not_seen", looked: "the prepared post, which Instagram still works on" });
  if (is !== "published" && is !== "gone")
    return ok({ kind: "absent_authoritative", because: `the prepared post is ${is} and was not published` });
  const isPublished = is === "published";
  const found = await recentMedia(ctx, post, state, isPublished ? madeAt(state, intentAt) : intentAt);
  if (!found.ok) return found;
  if (found.value.kind === "found") {
    const { candidates } = found.value;
    // Its container is out, so the only post it can be is it.
    const isOne = isPublished && candidates.length === 1;
    return ok({ kind: "found", candidates: candidates.map((it) => ({ ...it, ours: isOne })) });
  }
  const { containerId } = state;
  if (!isPublished || containerId === undefined || ctx.clock.now().getTime() - intentAt.getTime() < unnamedAfterMs)
    return ok({ kind: "not_seen", looked: `the account's newest 25 posts; the prepared post is ${is}` });
  // It is out, and Instagram does not name it: known by its container from here on.
  const unnamed = { ...state, mediaId: containerId, isUnnamed: true, detailsRead: true };
  return ok({ kind: "found", candidates: [{ externalId: containerId, ours: true, state: unnamed }] });
}

/** A published container whose post no list names within this time stays without an address. */
const unnamedAfterMs = 150_000;

/** Nothing older than the container can be what it became. */
const madeAt = ({ containerMadeAt }: InstagramState, intentAt: Date): Date =>
  containerMadeAt === undefined ? intentAt : new Date(containerMadeAt);

/** Newest media with this caption and of this kind, made since then. */
async function recentMedia(
  ctx: ConnectorContext,
  post: Pick<OutgoingPost, "format" | "text" | "media">,
  state: InstagramState,
  since: Date,
): PlatformResult<ProbeAnswer<InstagramState>> {
  const list = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, post.format === "story" ? "stories" : "media"],
    params: {
      fields: "id,caption,timestamp,permalink,media_type,media_product_type,children{media_type}",
      limit: 25,
    },
    answer: z.object({ data: z.array(z.unknown()) }),
    effect: "none",
    needs: instagramNeeds(ctx.account.authKind, "basic"),
  });
  if (!list.ok) return list;
  const recent = list.value.data.flatMap((data) => {
    const media = Media.safeParse(data).data;
    if (!media || !isOfKind(media, post)) return [];
    const { id: externalId, permalink, caption: text = "", timestamp } = media;
    return [{ externalId, ...(permalink && { permalink }), text, createdAt: graphInstant(timestamp) }];
  });
  return ok(
    matchRecent({
      recent,
      wanted: { text: post.text, since },
      state: ({ externalId, permalink }) => ({ ...state, mediaId: externalId, ...(permalink && { permalink }) }),
      looked: "the account's newest 25 posts",
      // Stories are listed without their caption.
      ...(post.format === "story" && { isSameText: () => true }),
    }),
  );
}

const kindOf = { image: "IMAGE", gif: "IMAGE", document: "IMAGE", audio: "VIDEO", video: "VIDEO" } as const;

/** The kind, and of a carousel its items; what Instagram leaves out is not held against it. Pure. */
function isOfKind(media: Media, post: Pick<OutgoingPost, "format" | "media">): boolean {
  const { media_type: type, media_product_type: product, children } = media;
  const kinds = post.media.map((item) => kindOf[item.kind]);
  if (type !== undefined && type !== (post.format === "carousel" ? "CAROUSEL_ALBUM" : kinds[0])) return false;
  if (product !== undefined && (product === "REELS") !== (post.format === "reel")) return false;
  if (post.format !== "carousel" || children === undefined) return true;
  const items = children.data;
  return items.length === kinds.length && items.every((it, n) => (it.media_type ?? kinds[n]) === kinds[n]);
}
