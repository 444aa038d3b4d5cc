import { rm, stat } from "node:fs/promises";
import type { PictureChange } from "@postd/connector-kit";
import { fail, type Result } from "@postd/contracts";
import type { MediaRefusal } from "@postd/core";
import type { Metadata, Sharp } from "sharp";
import { type CleanFile, damaged, finish, jpegOptions, tooLarge } from "./clean-picture.ts";
import { openPicture, readHeader } from "./picture-engine.ts";

/** Nobody sees a difference at the first; below the last everybody does. */
const qualities = [90, 82, 74] as const;

interface Try {
  readonly type: string;
  readonly size: PictureChange["sizes"][number];
  readonly quality: number;
}

/** Size by size, and of each the lossless type first, then the other one from fine to coarse. */
function* tries({ types, sizes }: PictureChange): Generator<Try> {
  const [exact, lossy] = types[0] === "image/png" ? [types[0], types[1]] : [undefined, types[0]];
  for (const [index, size] of sizes.entries()) {
    // Smaller ones of a picture that may be lossy are not tried exactly: they would be larger than the lossy ones were.
    if (exact && (index === 0 || !lossy)) yield { type: exact, size, quality: 100 };
    if (lossy) for (const quality of qualities) yield { type: lossy, size, quality };
  }
}

/**
 * A picture as a platform takes it, written to `target`: cut, made smaller, turned into another type, in sRGB and without
 * its other parts. The same bytes and the same change make the same bytes. Memory is that of one picture.
 */
export async function fitPicture(
  file: string,
  change: PictureChange,
  target: string,
): Promise<Result<CleanFile, MediaRefusal>> {
  try {
    const meta = await readHeader(file);
    const large = tooLarge(meta, (meta.orientation ?? 1) > 1);
    if (large) return large;
    for (const one of tries(change)) {
      const made = await finish(coded(drawn(file, change, one.size), one, meta), one.type, target);
      if ((await stat(target)).size <= change.maxBytes) return made;
      await rm(target);
    }
    return fail({ code: "does_not_fit" as const, maxBytes: change.maxBytes, ...smallest(change) });
  } catch (error) {
    await rm(target, { force: true });
    if (error instanceof Error && "syscall" in error) throw error;
    return damaged;
  }
}

const smallest = ({ sizes }: PictureChange) => ({ width: sizes.at(-1)?.width ?? 0, height: sizes.at(-1)?.height ?? 0 });

function drawn(file: string, { crop }: PictureChange, { width, height }: Try["size"]): Sharp {
  const upright = openPicture(file).autoOrient();
  const cut = crop
    ? upright.extract({ left: crop.left, top: crop.top, width: crop.width, height: crop.height })
    : upright;
  return cut.resize(width, height, { fit: "fill", withoutEnlargement: true });
}

function coded(picture: Sharp, { type, quality }: Try, meta: Metadata): Sharp {
  if (type === "image/png") return picture.png();
  if (type === "image/webp") return picture.webp({ quality });
  return picture.flatten({ background: "#ffffff" }).jpeg(jpegOptions(meta, quality));
}
