import { normalizeText } from "@postd/connector-kit";
import { z } from "zod";
import { findLinks } from "./links.ts";

/** The addresses in a text as X tells of them. */
export const Urls = z
  .object({
    urls: z
      .array(z.object({ url: z.string(), expanded_url: z.string().nullish(), media_key: z.string().nullish() }))
      .nullish(),
  })
  .nullish()
  .catch(undefined);

/**
 * A text with the addresses its author wrote in place of X's short ones, and without those X adds for files of the post, whose
 * names `ids` are.
 */
export function written(text: string, entities: z.output<typeof Urls>, ids: readonly string[]): string {
  const isOwnFile = (address: string) => ids.some((id) => address.includes(`/status/${id}/`));
  const meant = new Map(
    (entities?.urls ?? []).map(({ url, expanded_url, media_key }) => [
      url,
      media_key != null || isOwnFile(expanded_url ?? "") ? "" : (expanded_url ?? url),
    ]),
  );
  return plain(text)
    .replace(/https?:\/\/[\w.]+\/\w+/g, (short) => meant.get(short) ?? short)
    .trimEnd();
}

/** X may escape three signs in what it shows; a text is compared as it reads either way. */
export const plain = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What X itself may put into a text: before an answer whom it answers, behind a quote the address of what it quotes. */
export interface Added {
  readonly isReply?: boolean;
  readonly isQuote?: boolean;
}
const named = /^(?:@\w{1,15} )+$/;
const quoted = / ?(?:x|twitter)\.com\/\S+\/status\/\d+$/i;

/**
 * Whether X shows this text so: addresses may have got a scheme or a slash. What an author wrote is left out on neither
 * side, or a post could be taken for another. @source platforms/x.md section 11, "duplicate"
 */
export function isSameText(theirs: string, ours: string, { isReply, isQuote }: Added = {}): boolean {
  const bare = (text: string) => normalizeText(withLinks(text, (link) => link.replace(/^https?:\/\//i, "")));
  const [shown, own] = [bare(theirs), bare(ours)];
  const isOwn = (text: string) =>
    text === own || (isReply === true && text.endsWith(own) && named.test(text.slice(0, text.length - own.length)));
  return isOwn(shown) || (isQuote === true && isOwn(shown.replace(quoted, "")));
}

/** Whether a text reads so to the letter: spaces and lines count, only what X does to addresses does not. */
export function isExactText(theirs: string, ours: string): boolean {
  const exact = (text: string) =>
    withLinks(text.normalize("NFC"), (link) => (/^https?:/i.test(link) ? link : `http://${link}`))
      .replaceAll("\r\n", "\n")
      .trim();
  return exact(theirs) === exact(ours);
}

function withLinks(text: string, form: (link: string) => string): string {
  let out = "";
  let from = 0;
  const source = plain(text);
  for (const { start, end, text: link } of findLinks(source)) {
    const host = /^(?:https?:\/\/)?[^/?#]+/i.exec(link)?.[0] ?? "";
    const rest = link.slice(host.length);
    out += source.slice(from, start) + form(host.toLowerCase() + (rest === "/" ? "" : rest));
    from = end;
  }
  return out + source.slice(from);
}
