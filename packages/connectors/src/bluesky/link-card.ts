import { findUrls, type OutgoingPost, type Step } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { optionsOf } from "./options.ts";
import type { PostState } from "./state.ts";

/**
 * The address a card is made for by itself: the one the author gave without a title, or the first link of a post without
 * pictures and without a word about cards.
 */
export function linkToShow(post: OutgoingPost): string | undefined {
  if (post.link) return post.link.title === undefined ? post.link.url : undefined;
  if (post.media.length > 0 || optionsOf(post).linkCard !== undefined) return undefined;
  return findUrls(post.text)[0]?.url;
}

/**
 * Looks at the page the post links to, for its card; Bluesky looks at none itself. A step of its own before anything is
 * prepared: what was found is stored with the job, so every try of the post sends the same card. A page that cannot be
 * read never stops the post, which then goes out without a card.
 */
export const readLinkedPage: Step<PostState> = {
  name: "read_linked_page",
  effect: "none",
  repeatable: true,
  done: (state, post) => state.card !== undefined || linkToShow(post) === undefined,
  async run({ post, state }, ctx) {
    const uri = linkToShow(post);
    if (uri === undefined) return ok({ state: { ...state, card: null } });
    const page = await ctx.links?.read(uri);
    if (!page?.ok)
      return ok({
        state: {
          ...state,
          // A card that was asked for says at least where it leads.
          card: post.link ? { uri, title: new URL(uri).host, description: post.link.description ?? "" } : null,
          cardRemark: `No words from the page for its card: ${page?.error.message ?? "pages are not read here."}`,
        },
      });
    const { title, imageUrl } = page.value;
    const description = post.link?.description ?? page.value.description ?? "";
    const image = post.link?.thumbMediaId === undefined ? imageUrl : undefined;
    return ok({ state: { ...state, card: { uri, title, description, ...(image && { image }) } } });
  },
};
