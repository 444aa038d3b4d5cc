import type { MediaId } from "@postd/contracts";

/** A part of a picture as its author chose it, in parts of its width and height, from the upper left corner. */
export interface PictureCrop {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of a picture, of one `of` that size. */
export interface PictureBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly of: { readonly width: number; readonly height: number };
}

/** What is done to a picture so that a platform takes it. The same change of the same bytes is made once. */
export interface PictureChange {
  readonly crop?: PictureBox;
  /** Types to try, in turn; only a lossless one is followed by another. */
  readonly types: readonly string[];
  /** Sizes to try, largest first, until the bytes fit; never larger than what was there. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly maxBytes: number;
}

/** Where a file comes from that was made of another one for a platform. */
export interface MadeFrom {
  readonly id: MediaId;
  readonly change: PictureChange;
  /** As the author chose it; `change.crop` may be a part of it. */
  readonly crop?: PictureCrop;
  /** What people were told of it. */
  readonly notes: readonly { readonly code: string; readonly message: string }[];
}
