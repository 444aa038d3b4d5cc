import type { Result } from "@postd/contracts";

/** What a page says about itself, as storable text; made for a card below a post. */
export interface LinkPreview {
  /** The address that was asked for. */
  readonly url: string;
  /** At most 300 characters, never empty: the host where the page has no title. */
  readonly title: string;
  /** At most 1,000 characters. */
  readonly description?: string;
  /** Address of the page's picture; hostile input like the rest, read only with `image`. */
  readonly imageUrl?: string;
}

export interface LinkPicture {
  readonly bytes: Uint8Array;
  /** Told by the bytes: image/jpeg, image/png or image/webp. */
  readonly mimeType: string;
}

export interface LinkTrouble {
  readonly code: "refused" | "unavailable" | "not_found" | "too_large" | "unsupported";
  /** One plain sentence. */
  readonly message: string;
}

/**
 * Pages and pictures of the public web. Private addresses are refused; time and size are capped; it never throws. A
 * simulated connection reads only hosts the operator has mapped.
 */
export interface LinkReader {
  read(url: string): Promise<Result<LinkPreview, LinkTrouble>>;
  image(url: string, limits: { readonly maxBytes: number }): Promise<Result<LinkPicture, LinkTrouble>>;
}
