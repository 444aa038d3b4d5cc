import { circuitRules } from "@postd/core";

/** Where the rising rate ends: so many in a second are the normal. A power of two. */
const normalPerSecond = 256;

/**
 * When the one at this place of those that waited goes out, after the circuit closed: 1 in the first second, then 2, 4, 8 and so
 * on. `resume_circuits` in the database counts by the same rule.
 */
export function resumeAfterMs(place: number): number {
  const second = Math.floor(Math.log2(place + 1));
  const rising = Math.log2(normalPerSecond);
  if (second >= rising) return Math.floor(1_000 * (rising + (place + 1 - normalPerSecond) / normalPerSecond));
  return Math.floor(1_000 * (second + (place + 1 - 2 ** second) / 2 ** second));
}

/** Most probes there can be in an outage of this length, and so most calls once the circuit is open. */
export function mostProbes(outageMs: number): number {
  const { probeAfterMs } = circuitRules;
  let probes = 0;
  for (let atMs = 0; ; probes += 1) {
    atMs += probeAfterMs[probes] ?? probeAfterMs[probeAfterMs.length - 1] ?? outageMs;
    if (atMs > outageMs) return probes;
  }
}
