import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

export interface GeneratedFile {
  /** Relative to the root, with forward slashes. */
  readonly file: string;
  readonly content: string;
}

/** The generated files that are missing under `root` or hold something else. */
export function driftOf(root: string, files: readonly GeneratedFile[]): GeneratedFile[] {
  return files.filter(({ file, content }) => {
    const place = path.join(root, file);
    return !existsSync(place) || readFileSync(place, "utf8") !== content;
  });
}
