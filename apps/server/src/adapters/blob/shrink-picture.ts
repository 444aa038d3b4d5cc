import type { Metadata } from "sharp";
import { heldBytes, maxHeldBytes, maxPixels, openPicture, readHeader } from "./picture-engine.ts";

/** Longer sides to try, in turn; a card shows a picture no larger than the first. */
const sides = [1_600, 1_200, 800, 400] as const;

/**
 * A picture as a JPEG of at most `maxBytes`: upright, in sRGB, on white where it was transparent, without its other parts,
 * as large as fits. undefined: it is damaged, too much to work on, or does not fit even when small. Memory is that of one
 * picture, so it runs in the pool of pictures.
 */
export async function shrinkPicture(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const meta = await readHeader(bytes);
    if (!isWorkable(meta)) return undefined;
    for (const side of sides) {
      const made = await openPicture(bytes)
        .autoOrient()
        .resize(side, side, { fit: "inside", withoutEnlargement: true })
        .flatten({ background: "#ffffff" })
        .jpeg({ quality: 82 })
        .toBuffer();
      if (made.length <= maxBytes) return made;
    }
    return undefined;
  } catch {
    // Whatever hostile bytes do to the library, they cost the picture and nothing else.
    return undefined;
  }
}

const isWorkable = (meta: Metadata): boolean =>
  meta.width * meta.height <= maxPixels && heldBytes(meta, (meta.orientation ?? 1) > 1) <= maxHeldBytes;
