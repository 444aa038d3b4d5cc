import { GraphNode, type OutgoingPost, type Step } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { graph } from "../graph.ts";
import { pageToken } from "./posts.ts";

export const photoFileName = (mimeType: string): string => `photo.${mimeType.split("/")[1] ?? "jpeg"}`;

type WithPhotos = { readonly photoIds: readonly string[]; readonly publishAt?: string };

/**
 * Uploads the next photo, unpublished, from our own store: no public address is needed for it. One photo a run; a lost
 * answer leaves a photo nobody sees. Photos of a scheduled post are `temporary`, as Facebook asks.
 */
export const uploadPhoto = <S extends WithPhotos>(): Step<S> => ({
  name: "upload_photo",
  effect: "invisible",
  repeatable: false,
  timeoutMs: 120_000,
  done: (state, post: OutgoingPost) => state.photoIds.length >= post.media.length,
  async run({ post, state }, ctx) {
    const item = post.media[state.photoIds.length];
    if (!item) return ok({ state });
    const uploaded = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "photos"],
      params: {
        published: false,
        temporary: state.publishAt === undefined ? undefined : true,
        alt_text_custom: item.altText || undefined,
      },
      file: { name: "source", filename: photoFileName(item.mimeType), body: await ctx.media.open(item.id) },
      answer: GraphNode,
      needs: ["pages_manage_posts"],
      field: `media.${state.photoIds.length}`,
      timeoutMs: 100_000,
    });
    if (!uploaded.ok) return uploaded;
    return ok({ state: { ...state, photoIds: [...state.photoIds, uploaded.value.id] } });
  },
});
