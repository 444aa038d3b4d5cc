import type { AccountRef } from "./context.ts";
import type { Format, MediaRule, OutgoingPost, TextLimit } from "./publish.ts";
import type { Publishing } from "./publishing.ts";

type Account = Pick<AccountRef, "kind" | "authKind" | "extras">;
type Post = Pick<OutgoingPost, "format" | "options">;

/** The text limit a post of this account goes by: the account's own, its format's, or the platform's. Pure. */
export function textLimitFor(publishing: Publishing, post: Post, account: Account): TextLimit {
  const { formats, limits } = publishing;
  const format = Object.hasOwn(formats, post.format) ? formats[post.format] : undefined;
  return withOwn(format?.text ?? limits.text, publishing, post, account);
}

/** The limit of further parts of a thread, where there is one. */
export function partLimitFor(publishing: Publishing, post: Post, account: Account): TextLimit | undefined {
  const limit = publishing.parts?.text;
  return limit && withOwn(limit, publishing, post, account);
}

/** A format as this account has it. */
export function formatFor(publishing: Publishing, format: Format, post: Post, account: Account): Format {
  const own = publishing.limitsOf?.(post, account).video;
  const { video } = format.media;
  if (!own || !video) return format;
  const media: MediaRule = { ...format.media, video: { ...video, ...own } };
  return { ...format, media };
}

function withOwn(limit: TextLimit, { limitsOf }: Publishing, post: Post, account: Account): TextLimit {
  const max = limitsOf?.(post, account).textMax;
  return max === undefined ? limit : { ...limit, max };
}
