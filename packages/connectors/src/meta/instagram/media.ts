import {
  type ConnectorContext,
  normalizeText,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  type ProbeCandidate,
  type Progress,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph, Id } from "../graph.ts";
import { hostFor, instant } from "../graph-url.ts";
import { instagramNeeds } from "../scopes.ts";
import { containerStage } from "./containers.ts";
import { brokenForGood, type InstagramState, mayRemake, refOf, remade } from "./state.ts";

const Media = z.object({
  id: z.string(),
  caption: z.string().optional(),
  timestamp: z.string().optional(),
  permalink: z.string().optional(),
});

export const readMedia = (ctx: ConnectorContext, mediaId: string): PlatformResult<z.output<typeof Media>> =>
  graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [mediaId],
    params: { fields: "id,permalink,media_type,media_product_type,timestamp,caption" },
    answer: Media,
    effect: "none",
    about: "object",
  });

/**
 * Publishes the container, after asking once more that it has not been: one that Instagram calls PUBLISHED is never
 * published again. "Not ready" goes back to waiting, a lost container back to making.
 */
export async function publishContainer(
  ctx: ConnectorContext,
  post: OutgoingPost,
  state: InstagramState,
): PlatformResult<Progress<InstagramState>> {
  const stage = await containerStage(ctx, state.containerId ?? "", true);
  if (!stage.ok) return stage;
  if (stage.value.is === "published") return adopted(ctx, post, state);
  if (stage.value.is === "working") return ok({ state: { ...state, ready: false }, waitMs: 10_000 });
  const now = ctx.clock.now();
  const again = mayRemake(state, now);
  const lost = stage.value.is === "expired" || stage.value.is === "gone";
  if (again && (lost || (stage.value.is === "broken" && stage.value.remake))) return ok({ state: remade(state, now) });
  if (stage.value.is === "broken") return fail(brokenForGood(stage.value.failure));
  const sent = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "media_publish"],
    params: { creation_id: state.containerId },
    answer: Id,
    needs: instagramNeeds(ctx.account.authKind, "publish"),
    field: "media",
    timeoutMs: 60_000,
  });
  if (sent.ok) {
    const next = { ...state, mediaId: sent.value.id };
    return ok({ state: next, published: { externalId: sent.value.id } });
  }
  const meaning = meaningOf(sent.error);
  if (meaning === "not_ready") return ok({ state: { ...state, ready: false }, waitMs: 10_000 });
  if (meaning === "recreate" && again) return ok({ state: remade(state, now), waitMs: 5000 });
  return sent;
}

/** The container was published before; without a sure id it is left to the probe. */
async function adopted(
  ctx: ConnectorContext,
  post: OutgoingPost,
  state: InstagramState,
): PlatformResult<Progress<InstagramState>> {
  const found = await recentMedia(ctx, post, state, undefined, true);
  if (!found.ok) return found;
  const [only, ...more] = found.value;
  if (!only || more.length > 0)
    return fail({
      kind: "outcome_unknown",
      message: "Instagram says it has published this, and does not say under which id.",
    });
  const published = refOf(only.state);
  return ok({ state: only.state, ...(published && { published }) });
}

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
  const found = await recentMedia(ctx, post, state, intentAt, is === "published");
  if (!found.ok) return found;
  return found.value.length > 0
    ? ok({ kind: "found", candidates: found.value })
    : ok({ kind: "not_seen", looked: `the account's newest 25 posts; the prepared post is ${is}` });
}

/** Newest media with this caption, made since the intent; a published container makes a single match ours. */
async function recentMedia(
  ctx: ConnectorContext,
  post: OutgoingPost,
  state: InstagramState,
  intentAt: Date | undefined,
  published: boolean,
): PlatformResult<readonly ProbeCandidate<InstagramState>[]> {
  const list = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, post.format === "story" ? "stories" : "media"],
    params: { fields: "id,caption,timestamp,permalink", limit: 25 },
    answer: z.object({ data: z.array(Media) }),
    effect: "none",
    needs: instagramNeeds(ctx.account.authKind, "basic"),
  });
  if (!list.ok) return list;
  // A container lives for a day, so nothing older can be it.
  const earliest = (intentAt?.getTime() ?? ctx.clock.now().getTime() - 86_400_000) - 60_000;
  const matches = list.value.data.flatMap((row) => {
    const createdAt = instant(row.timestamp);
    if (!createdAt || createdAt.getTime() < earliest) return [];
    if (post.format !== "story" && normalizeText(row.caption ?? "") !== normalizeText(post.text)) return [];
    return [{ row, createdAt }];
  });
  return ok(
    matches.map(({ row, createdAt }) => {
      const next = { ...state, mediaId: row.id, ...(row.permalink && { permalink: row.permalink }) };
      return {
        externalId: row.id,
        ...(row.permalink && { permalink: row.permalink }),
        state: next,
        createdAt,
        ours: matches.length === 1 && published,
        preview: truncateGraphemes(row.caption || "(no text)", 200),
      };
    }),
  );
}
