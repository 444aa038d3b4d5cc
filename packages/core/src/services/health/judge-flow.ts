import { clockWords } from "../../domain/clock-words.ts";
import type { OpenCircuit } from "../../ports/circuits.ts";
import type { FlowReading, PlatformTrouble } from "../../ports/health.ts";

/** Canaries go out about every 20 s; one missing minute means that tasks do not arrive. */
export const canaryStaleMs = 60_000;
/** A due job that nobody looked at for this long means that work is stuck even if canaries pass. */
export const stuckMs = 120_000;
/** A platform whose last outage hold is older has most likely come back. */
const outageFreshMs = 15 * 60_000;
const fewRetries = 3;

export interface FlowJudgement {
  readonly flowing: boolean;
  readonly summary: string;
  readonly canaryAgeMs: number | undefined;
}

/** Does work flow? Pure. The sentence says what is wrong, worst first. */
export function judgeFlow(reading: FlowReading): FlowJudgement {
  const canaryAgeMs = reading.canaryRanAt && Math.max(0, reading.now.getTime() - reading.canaryRanAt.getTime());
  if (canaryAgeMs === undefined)
    return { flowing: false, canaryAgeMs, summary: "No test task has come through yet: is a worker running?" };
  if (canaryAgeMs > canaryStaleMs)
    return {
      flowing: false,
      canaryAgeMs,
      summary: `Posts are not flowing: the last test task came through ${inWords(canaryAgeMs)} ago. Is a worker running?`,
    };
  if (reading.oldestDueMs > stuckMs)
    return {
      flowing: false,
      canaryAgeMs,
      summary: `Posts are stuck: the oldest that is due has waited ${inWords(reading.oldestDueMs)}.`,
    };
  const paused = reading.pausedAt ? "Publishing is paused by a person; " : "Posts are flowing, ";
  return { flowing: true, canaryAgeMs, summary: `${paused}test task ${inWords(canaryAgeMs)} ago.` };
}

export interface PlatformJudgement {
  readonly status: "ok" | "degraded" | "down";
  readonly note?: string;
}

/** Nobody has asked it for so long after the time: nothing waits for it, so nobody knows. */
const unaskedMs = 5 * 60_000;

/** How a platform answers: by its circuit, and by the jobs it keeps from moving. Pure. */
export function judgePlatform(
  trouble: PlatformTrouble | undefined,
  now: Date,
  outage?: OpenCircuit,
): PlatformJudgement {
  const posts = (count: number) => (count === 1 ? "1 post is" : `${count} posts are`);
  if (outage) return judgeOutage(outage, now);
  if (!trouble) return { status: "ok" };
  const { heldForOutage, lastHeldAt, retrying } = trouble;
  if (heldForOutage > 0) {
    const isFresh = lastHeldAt !== undefined && now.getTime() - lastHeldAt.getTime() < outageFreshMs;
    return { status: isFresh ? "down" : "degraded", note: `${posts(heldForOutage)} held until it answers again.` };
  }
  if (retrying >= fewRetries) return { status: "degraded", note: `${posts(retrying)} being tried again.` };
  return { status: "ok" };
}

function judgeOutage({ circuit, server, waiting }: OpenCircuit, now: Date): PlatformJudgement {
  const { downSince, probeAt } = circuit;
  const subject = server === "" ? "It" : `Its server ${server}`;
  const since = downSince ? ` since ${clockWords(downSince)}` : "";
  if (waiting === 0 && probeAt && now.getTime() - probeAt.getTime() > unaskedMs)
    return {
      status: "degraded",
      note: `${subject} did not answer${since}. Nothing waits for it, and nobody has asked it again.`,
    };
  const next = probeAt && probeAt > now ? `; POSTD asks it again at ${clockWords(probeAt)}` : "; POSTD is asking it";
  const waits =
    waiting === 1 ? "1 post waits and goes out by itself." : `${waiting} posts wait and go out by themselves.`;
  return { status: server === "" ? "down" : "degraded", note: `${subject} does not answer${since}${next}. ${waits}` };
}

function inWords(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
