import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostMention } from "./publish.ts";

type Words = Pick<OutgoingPost, "text" | "parts" | "firstComment" | "mentions" | "hashtags">;

/**
 * The words as they leave: every `@Name` of a mention as the platform writes it, hashtags the text does not have behind
 * it. What a platform does not take, or puts in place by itself, is left as it is. Limits count what comes out. Pure.
 */
export function placeWords<W extends Words>({ id, publishing }: PublishingPlatform, words: W): W {
  const { write } = publishing.mentions ?? {};
  const place = (text: string): string =>
    write && words.mentions ? placeMentions(text, words.mentions, (mention) => written(mention, id, write)) : text;
  const tags = publishing.hashtags && !publishing.hashtags.apart ? (words.hashtags ?? []) : [];
  return {
    ...words,
    text: withHashtags(place(words.text), tags),
    ...(words.parts ? { parts: words.parts.map((part) => ({ ...part, text: place(part.text) })) } : {}),
    ...(words.firstComment === undefined ? {} : { firstComment: place(words.firstComment) }),
  };
}

/** Somebody without a handle at this platform stands there by name alone. */
const written = (mention: PostMention, platform: string, write: (handle: string, mention: PostMention) => string) => {
  const handle = Object.hasOwn(mention.handles, platform) ? mention.handles[platform] : undefined;
  return handle ? write(handle, mention) : mention.name;
};

const escaped = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** Longer names first, so that "@Nordlys Coffee" is not taken for "@Nordlys". */
function mentionPattern(mentions: readonly PostMention[]): RegExp {
  const names = mentions.map(({ name }) => name).toSorted((a, b) => b.length - a.length);
  return new RegExp(`(?<![\\p{L}\\p{N}_@])@(${names.map(escaped).join("|")})(?![\\p{L}\\p{N}_])`, "gu");
}

function placeMentions(
  text: string,
  mentions: readonly PostMention[],
  write: (mention: PostMention) => string,
): string {
  if (mentions.length === 0) return text;
  const byName = new Map(mentions.map((mention) => [mention.name, mention]));
  return text.replace(mentionPattern(mentions), (whole, name: string) => {
    const mention = byName.get(name);
    return mention ? write(mention) : whole;
  });
}

/** The names of mentions that stand somewhere in the words. */
export function mentionsIn({ text, parts = [], firstComment = "", mentions = [] }: Words): ReadonlySet<string> {
  if (mentions.length === 0) return new Set();
  const pattern = mentionPattern(mentions);
  const texts = [text, ...parts.map((part) => part.text), firstComment];
  return new Set(texts.flatMap((one) => [...one.matchAll(pattern)].map((match) => match[1] ?? "")));
}

function withHashtags(text: string, tags: readonly string[]): string {
  const there = new Set([...text.matchAll(/[#\uff03]([^\s#\uff03]+)/gu)].map((match) => bare(match[1] ?? "")));
  const missing = tags.filter(
    (tag, index) => !there.has(bare(tag)) && tags.findIndex((it) => bare(it) === bare(tag)) === index,
  );
  if (missing.length === 0) return text;
  const line = missing.map((tag) => `#${tag}`).join(" ");
  return text.trim() === "" ? line : `${text.trimEnd()}\n\n${line}`;
}

function bare(tag: string): string {
  const chars = [...tag];
  while (/^\p{P}$/u.test(chars.at(-1) ?? "")) chars.pop();
  return chars.join("").toLowerCase();
}
