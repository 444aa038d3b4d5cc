import type { Piece } from "./byte-source.ts";

/** What is left of a picture once everything that is no part of it is gone; undefined: it is damaged or cut off. */
export type CleanedPicture = { readonly pieces: readonly Piece[]; readonly frames: number } | undefined;
