import { fail, ok, type Result } from "@postd/contracts";
import type { Clock } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import { clampWaitMs } from "../server-failure.ts";

/** Kept in the step's state while the platform works on something. */
export type Polled = {
  readonly times: number;
  /** When it was first asked, ISO 8601. */
  readonly since: string;
};

/** How often to ask: `firstMs`, then longer each time by `factor`, never longer than `mostMs`; given up after `endMs`. */
export interface Pace {
  readonly firstMs: number;
  readonly factor?: number;
  readonly mostMs: number;
  readonly endMs: number;
}

/**
 * What to do about something the platform still works on: wait, with the state to store, or give up with `atEnd`. A wait
 * the platform itself names counts before the pace, and not past the end.
 */
export function pollUntil(input: {
  readonly polled: Polled | undefined;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly toldMs?: number | undefined;
  readonly atEnd: PlatformFailure;
}): Result<{ readonly polled: Polled; readonly waitMs: number }, PlatformFailure> {
  const { pace, clock, atEnd } = input;
  const now = clock.now();
  const { times, since } = input.polled ?? { times: 0, since: now.toISOString() };
  const leftMs = pace.endMs - (now.getTime() - Date.parse(since));
  if (leftMs <= 0) return fail(atEnd);
  const ownMs = Math.min(pace.firstMs * (pace.factor ?? 2) ** times, pace.mostMs);
  const waitMs = Math.min(clampWaitMs(input.toldMs) ?? ownMs, leftMs);
  return ok({ polled: { times: times + 1, since }, waitMs: Math.ceil(waitMs) });
}
