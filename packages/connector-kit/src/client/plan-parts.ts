/** A part of a file: its first byte and the byte after its last. */
export interface FilePart {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a file into parts of `partBytes`. What is left over is a shorter last part, or goes into the last whole one
 * (`last: "longer"`), which is then up to twice as long. A file of no more than one part is one part.
 */
export function planParts(
  sizeBytes: number,
  { partBytes, last = "shorter" }: { readonly partBytes: number; readonly last?: "shorter" | "longer" },
): readonly FilePart[] {
  const whole = Math.floor(sizeBytes / partBytes);
  const count = Math.max(1, last === "longer" ? whole : Math.ceil(sizeBytes / partBytes));
  return Array.from({ length: count }, (_, index) => ({
    index,
    from: index * partBytes,
    to: index === count - 1 ? sizeBytes : (index + 1) * partBytes,
  }));
}
