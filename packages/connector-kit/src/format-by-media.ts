import type { Publishing } from "./publishing.ts";

/** Names of formats by what a post carries; what is absent no format takes. */
export interface FormatsByMedia {
  readonly text?: string;
  /** A link shown as a card, without media. */
  readonly link?: string;
  readonly image?: string;
  readonly images?: string;
  readonly video?: string;
  readonly videos?: string;
  readonly document?: string;
  /** Pictures and videos together. */
  readonly mixed?: string;
}

/** The format a post gets that names none, by its media; a moving picture counts as a picture. Pure. */
export const formatByMedia =
  (formats: FormatsByMedia) =>
  ({ media, link }: Pick<Parameters<Publishing["defaultFormat"]>[0], "media" | "link">): string | undefined => {
    if (media.length === 0) return link && formats.link ? formats.link : formats.text;
    const [kind, other] = new Set(media.map((file) => (file.kind === "gif" ? "image" : file.kind)));
    if (other !== undefined) return media.some((file) => file.kind === "document") ? undefined : formats.mixed;
    if (kind === "document") return media.length === 1 ? formats.document : undefined;
    if (kind === "video") return media.length === 1 ? formats.video : formats.videos;
    return media.length === 1 ? formats.image : formats.images;
  };
