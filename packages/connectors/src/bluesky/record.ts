import type { MediaInfo, OutgoingPost } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { explicitCard, optionsOf, repliesOf } from "./options.ts";
import { facetsFor } from "./richtext.ts";
import type { PostState, StrongRef } from "./state.ts";
import { POSTS } from "./xrpc.ts";

/**
 * The record of one part of a thread, complete: what a retry sends is exactly this. Part 0 carries pictures or the
 * link card and the labels, later parts answer the one before.
 * @source fact sheet "Publishing" (2026-11-20): app.bsky.feed.post
 */
export function postRecord(input: {
  readonly post: OutgoingPost;
  readonly state: PostState;
  readonly part: number;
  readonly createdAt: Date;
}): JsonObject {
  const { post, state, part, createdAt } = input;
  const options = optionsOf(post);
  const text = part === 0 ? post.text : (repliesOf(post)[part - 1] ?? "");
  const facets = facetsFor(text, state.dids ?? {});
  const reply = replyRefs(post, state, part);
  const embed = part === 0 ? embedFor(post, state) : undefined;
  return {
    $type: POSTS,
    text,
    createdAt: createdAt.toISOString(),
    ...(options.langs?.length && { langs: options.langs.map(languageTag) }),
    ...(facets.length > 0 && { facets }),
    ...(reply && { reply }),
    ...(embed && { embed }),
    ...(options.labels?.length && {
      labels: { $type: "com.atproto.label.defs#selfLabels", values: options.labels.map((val) => ({ val })) },
    }),
    ...(part === 0 && options.tags?.length && { tags: options.tags }),
  };
}

/** Servers want the language itself in small letters; what follows it may be written in any. */
const languageTag = (tag: string): string => tag.replace(/^[^-]+/, (language) => language.toLowerCase());

const bare = ({ uri, cid }: StrongRef): JsonObject => ({ uri, cid });

function replyRefs(post: OutgoingPost, state: PostState, part: number): JsonObject | undefined {
  const { replyTo } = optionsOf(post);
  const first = state.records[0];
  const parent = part === 0 ? replyTo : state.records[part - 1];
  const root = replyTo ? (replyTo.root ?? replyTo) : first;
  return parent && root ? { root: bare(root), parent: bare(parent) } : undefined;
}

function embedFor(post: OutgoingPost, state: PostState): JsonObject | undefined {
  if (post.media.length > 0)
    return {
      $type: "app.bsky.embed.images",
      images: post.media.map((media, index) => imageFor(media, state.blobs[index] ?? {})),
    };
  const card = explicitCard(post) ?? (post.link || optionsOf(post).linkCard === undefined ? state.card : undefined);
  if (!card) return undefined;
  const { uri, title, description } = card;
  const thumb = state.thumb ? { thumb: state.thumb } : {};
  return { $type: "app.bsky.embed.external", external: { uri, title, description, ...thumb } };
}

function imageFor(media: MediaInfo, image: JsonObject): JsonObject {
  const { width, height, altText } = media;
  return { image, alt: altText ?? "", ...(width && height && { aspectRatio: { width, height } }) };
}
