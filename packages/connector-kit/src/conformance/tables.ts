import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/**
 * The lines of a table of cases, without comments (`# `) and empty ones. `\n` and `\u{..}` in a line stand for
 * characters that cannot be seen, `\\` for a backslash.
 */
export function tableLines(file: URL): readonly string[] {
  const point = (hex: string) => String.fromCodePoint(Number.parseInt(hex, 16));
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))
    .map((line) =>
      line.replaceAll(/\\(?:u\{([0-9a-f]+)\}|([n\\]))/g, (_, hex?: string, escaped?: string) =>
        hex ? point(hex) : escaped === "n" ? "\n" : "\\",
      ),
    );
}

/** On a busy machine a quarter of a second is noise; a square that takes less for 100,000 characters holds nobody up. */
const NOISE_MS = 250;

/**
 * Runs `work` on a piece of text repeated to 100,000 and to 1,000,000 characters. Ten times the text may take ten times
 * as long, and more where other work shares the processor; a square takes a hundred times. Throws where it grows so.
 */
export function assertLinear(piece: string, work: (text: string) => unknown): void {
  const elapsedMs = (chars: number): number => {
    const text = piece.repeat(Math.ceil(chars / piece.length));
    const began = process.hrtime.bigint();
    work(text);
    return Number(process.hrtime.bigint() - began) / 1e6;
  };
  elapsedMs(20_000);
  const short = elapsedMs(100_000);
  const long = elapsedMs(1_000_000);
  assert.ok(long < 30 * Math.max(short, NOISE_MS), `${short.toFixed(1)} ms, then ${long.toFixed(1)} ms`);
}
