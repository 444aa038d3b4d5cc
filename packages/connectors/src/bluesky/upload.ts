import {
  bodyOf,
  type ConnectorContext,
  type HttpBody,
  type PlatformResult,
  type Step,
  storableText,
  unsure,
} from "@postd/connector-kit";
import { asId, fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { cardPictureId, THUMB_MAX_BYTES } from "./options.ts";
import type { PostState } from "./state.ts";
import { xrpc } from "./xrpc.ts";

const MAX_BLOB_REF_CHARS = 4000;
const isKeepable = (blob: unknown): boolean => {
  const text = JSON.stringify(blob);
  return text.length <= MAX_BLOB_REF_CHARS && storableText(text) === text && !/\\u(?:0000|d[89a-f])/i.test(text);
};
const Blob = z
  .looseObject({ $type: z.literal("blob"), ref: z.looseObject({ $link: z.string().min(1).max(200) }) })
  .refine(isKeepable);
const Uploaded = z.object({ blob: Blob });

/** One file; the same bytes give the same reference, so an answer nobody can read is asked for again. */
async function upload(body: HttpBody, ctx: ConnectorContext): PlatformResult<JsonObject> {
  const sent = await xrpc.read(ctx, { method: "POST", path: "com.atproto.repo.uploadBlob", body }, Uploaded);
  // The reference goes back as it came; JSON in, JSON out.
  if (sent.ok) return ok(sent.value.blob as JsonObject);
  return sent.error.kind === "unexpected_response" && !sent.error.refused ? fail(unsure(sent.error)) : sent;
}

/** A blob is named by its content, so the same upload again makes nothing new; unused ones are dropped within hours. */
export const uploadPictures: Step<PostState> = {
  name: "upload_pictures",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state, post) => state.blobs.length >= post.media.length,
  async run({ post, state }, ctx) {
    const media = post.media[state.blobs.length];
    if (!media) return ok({ state });
    const opened = await ctx.media.open(media.id);
    const blob = await upload({ ...opened, contentType: media.mimeType }, ctx);
    return blob.ok ? ok({ state: { ...state, blobs: [...state.blobs, blob.value] } }) : blob;
  },
};

/** The picture of the author's own card. */
export const uploadThumb: Step<PostState> = {
  name: "upload_thumb",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state, post) => cardPictureId(post) === undefined || state.thumb !== undefined,
  async run({ post, state }, ctx) {
    const id = cardPictureId(post);
    if (id === undefined) return ok({ state });
    const opened = await ctx.media.open(asId("media", id));
    if (opened.sizeBytes > THUMB_MAX_BYTES)
      return fail({
        kind: "content_rejected",
        field: post.link ? "link.thumbMediaId" : "options.linkCard.thumbMediaId",
        reason: "too_large",
        message: `The card's picture has ${opened.sizeBytes} bytes; Bluesky takes 1,000,000. Make it smaller.`,
      });
    const blob = await upload(opened, ctx);
    return blob.ok ? ok({ state: { ...state, thumb: blob.value } }) : blob;
  },
};

/** The picture of a card made from a page. A picture that cannot be had or is refused leaves the card without one. */
export const uploadCardPicture: Step<PostState> = {
  name: "upload_card_picture",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state) => !state.card?.image || state.thumb !== undefined,
  async run({ state }, ctx) {
    const without = ok({ state: { ...state, thumb: null } });
    const address = state.card?.image;
    const picture = address ? await ctx.links?.image(address, { maxBytes: THUMB_MAX_BYTES }) : undefined;
    if (!picture?.ok) return without;
    const blob = await upload(bodyOf(picture.value.bytes, picture.value.mimeType), ctx);
    if (!blob.ok) return blob.error.kind === "content_rejected" ? without : blob;
    return ok({ state: { ...state, thumb: blob.value } });
  },
};
