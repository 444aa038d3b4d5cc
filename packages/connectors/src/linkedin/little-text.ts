import type { OutgoingPost } from "@postd/connector-kit";
import { HANDLE } from "./api.ts";

/** Each of these is markup unless a backslash stands before it. @source platforms/linkedin.md "Little text" */
const RESERVED = /[\\|{}@[\]()<>#*_~]/g;
const escaped = (text: string): string => text.replace(RESERVED, "\\$&");

/** A word behind a `#`, as people write hashtags. A lone `#` is text, and so is one in a word or an address. */
const HASHTAG = /(?<![\p{L}\p{N}\p{M}_/=&?#])#([\p{L}\p{N}_\p{M}]+)/gu;
const template = (word: string): string => `{hashtag|\\#|${escaped(word)}}`;

/** Names as the author wrote them (`@Name`) that lead to a person or company. */
const mentionsIn = ({ mentions = [] }: Pick<OutgoingPost, "mentions">) =>
  mentions.flatMap(({ name, handles: { linkedin: urn = "" } }) => (HANDLE.test(urn) ? [{ name, urn }] : []));

const withHashtags = (text: string): string => {
  let out = "";
  let end = 0;
  for (const found of text.matchAll(HASHTAG)) {
    out += escaped(text.slice(end, found.index)) + template(found[1] ?? "");
    end = found.index + found[0].length;
  }
  return out + escaped(text.slice(end));
};

/**
 * What LinkedIn reads as `commentary`: names of mentions and hashtags as elements, everything else escaped once. The
 * post's own hashtags stand in its text by then.
 */
export function commentaryOf(post: Pick<OutgoingPost, "text" | "mentions">): string {
  const mentions = mentionsIn(post);
  let rest = post.text;
  let out = "";
  for (;;) {
    const [next] = mentions
      .map((mention) => ({ ...mention, at: rest.indexOf(`@${mention.name}`) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.name.length - a.name.length);
    if (!next) return out + withHashtags(rest);
    out += `${withHashtags(rest.slice(0, next.at))}@[${escaped(next.name)}](${next.urn})`;
    rest = rest.slice(next.at + next.name.length + 1);
  }
}

/** Little text as people read it, to compare what LinkedIn lists with what was sent. */
export const plainOf = (commentary: string): string =>
  commentary
    .replace(/\{hashtag\|\\?#\|((?:\\.|[^}\\])*)\}/g, "#$1")
    .replace(/@\[((?:\\.|[^\]\\])*)\]\(urn:li:[^)]*\)/g, "@$1")
    .replace(/\\(.)/g, "$1");
