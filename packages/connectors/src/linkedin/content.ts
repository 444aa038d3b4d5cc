import { bodyOf, type OutgoingPost, type Step } from "@postd/connector-kit";
import { asId, type JsonObject, ok } from "@postd/contracts";
import { commentaryOf } from "./little-text.ts";
import { ALT_MAX, optionsOf, pictures, TITLE_MAX } from "./options.ts";
import { type PostState, uploadPicture } from "./uploads.ts";

/** The body of a post, fixed before it is sent. */
export function bodyFor(post: OutgoingPost, state: PostState, author: string): JsonObject {
  const { visibility = "PUBLIC", disableReshare = false } = optionsOf(post);
  const content = contentOf(post, state);
  return {
    author,
    commentary: commentaryOf(post),
    visibility,
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: disableReshare,
    ...(content && { content }),
  };
}

function contentOf({ media, link, format, ...post }: OutgoingPost, { files, card }: PostState): JsonObject | undefined {
  const { title, poll, thumbnailAltText } = optionsOf(post);
  const shown = files.names.map((id, index) => {
    const { altText } = media[index] ?? {};
    return { id, ...(altText !== undefined && { altText }) };
  });
  const [id = ""] = files.names;
  switch (format) {
    case "image":
      return { media: shown[0] ?? { id } };
    case "images":
      return { multiImage: { images: shown } };
    case "video":
      return { media: { id, ...(title && { title }) } };
    case "document":
      return { media: { id, title: title ?? media[0]?.fileName ?? "Document" } };
    case "article":
      return {
        article: {
          source: link?.url ?? "",
          title: card?.title ?? "",
          ...(card?.description && { description: card.description }),
          ...(id && { thumbnail: id, ...(thumbnailAltText && { thumbnailAltText }) }),
        },
      };
    case "poll": {
      if (!poll) return undefined;
      const settings = { duration: poll.duration, voteSelectionType: "SINGLE_VOTE", isVoterVisibleToAuthor: true };
      return { poll: { question: poll.question, options: poll.options.map((text) => ({ text })), settings } };
    }
    default:
      return undefined;
  }
}

const cut = (text: string, max: number): string => text.slice(0, max).toWellFormed();

/**
 * LinkedIn reads no pages, so the card is made from what the author or the page says. A page's own picture that cannot be
 * had leaves the card without one; the author's is part of the post.
 */
export const makeCard: Step<PostState> = {
  name: "make_card",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 90_000,
  done: ({ card }) => card !== undefined,
  async run({ post: { link }, state }, ctx) {
    const { url = "", thumbMediaId } = link ?? {};
    const own = link?.title?.trim();
    const page = own ? undefined : await ctx.links?.read(url);
    const told = page?.ok ? page.value : undefined;
    const title = cut(own || told?.title.trim() || new URL(url).host, TITLE_MAX);
    const description = cut(link?.description ?? told?.description ?? "", ALT_MAX);
    const address = thumbMediaId === undefined ? told?.imageUrl : undefined;
    const found = address === undefined ? undefined : await ctx.links?.image(address, pictures);
    const usable = found?.ok && pictures.mimeTypes.includes(found.value.mimeType) ? found.value : undefined;
    const picture =
      thumbMediaId === undefined
        ? usable && bodyOf(usable.bytes, usable.mimeType)
        : await ctx.media.open(asId("media", thumbMediaId));
    const urn = picture && (await uploadPicture(ctx, picture));
    const isSpared = thumbMediaId === undefined && urn?.ok === false && urn.error.kind === "content_rejected";
    if (urn && !urn.ok && !isSpared) return urn;
    const files = { ...state.files, names: urn?.ok ? [urn.value] : [], ready: 0 };
    return ok({ state: { ...state, card: { title, description }, files } });
  },
};
