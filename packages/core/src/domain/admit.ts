import type { Effect } from "@postd/connector-kit";
import type { ConnectionStatus, HeldReason, JobState } from "@postd/contracts";
import { mayDouble } from "./decide.ts";

/** What is known when a worker asks for a job, all read under the row's lock. */
export interface AdmitInput {
  readonly now: Date;
  readonly state: JobState;
  readonly heldReason: HeldReason | undefined;
  readonly wakeAt: Date | undefined;
  readonly scheduledFor: Date;
  readonly createdAt: Date;
  readonly releasedAt: Date | undefined;
  readonly firstClaimedAt: Date | undefined;
  readonly leaseUntil: Date | undefined;
  /** The intent without an answer that a crash left. */
  readonly open:
    | { readonly effect: Effect; readonly repeatable: boolean; readonly timeoutMs: number; readonly settleMs: number }
    | undefined;
  readonly pausedBy: "instance" | "tenant" | "connection" | undefined;
  readonly connectionStatus: ConnectionStatus;
  readonly disconnected: boolean;
  readonly blockedUntil: Date | undefined;
  /** Another job of the account with the same content: being worked on, or unknown until somebody knows. */
  readonly twin: "in_flight" | "unknown" | undefined;
  /** The platform already shows it; only finishing touches are left. */
  readonly isLive: boolean;
  readonly lateAfterMs: number;
}

export type Admission =
  | { readonly go: "publish" }
  | { readonly go: "probe" }
  | { readonly go: "verify" }
  | { readonly go: "no"; readonly why: "early" | "busy" | "settled" }
  | { readonly go: "wait"; readonly until: Date; readonly why: "blocked" | "twin" }
  | { readonly go: "hold"; readonly reason: HeldReason }
  /** A crash between intent and answer of a call that must not be repeated. */
  | { readonly go: "unknown"; readonly lookAt: Date };

/** How soon a job asks again whether its twin has ended. */
const twinCheckMs = { in_flight: 2_000, unknown: 60_000 } as const;

/** Whether, and how, a job may be worked on now. Pure. A task is only a hint, so every reason to refuse is normal. */
export function admit(input: AdmitInput): Admission {
  const { now, state } = input;
  if (input.wakeAt === undefined) return { go: "no", why: "settled" };
  if (state === "publishing" && input.leaseUntil && input.leaseUntil > now) return { go: "no", why: "busy" };
  if (input.wakeAt > now) return { go: "no", why: "early" };
  switch (state) {
    case "published":
    case "partly_published":
    case "removed":
    case "failed":
    case "canceled":
    case "discarded":
      return { go: "no", why: "settled" };
    case "unknown":
      return { go: "probe" };
    case "handed_over":
      return { go: "verify" };
    case "publishing":
      if (input.open && mayDouble(input.open)) return { go: "unknown", lookAt: lookAt(input, input.open) };
      return mayStart(input);
    case "scheduled":
    case "processing":
    case "retrying":
    case "held":
      return mayStart(input);
    default:
      state satisfies never;
      throw new Error("a job state has no admission");
  }
}

function mayStart(input: AdmitInput): Admission {
  const { now } = input;
  if (input.isLive) return { go: "publish" };
  if (input.disconnected || input.connectionStatus === "revoked" || input.connectionStatus === "attention")
    return { go: "hold", reason: "attention" };
  if (input.pausedBy) return { go: "hold", reason: "paused" };
  if (isMissed(input)) return { go: "hold", reason: "missed" };
  if (input.blockedUntil && input.blockedUntil > now) return { go: "wait", until: input.blockedUntil, why: "blocked" };
  if (input.twin) return { go: "wait", until: new Date(now.getTime() + twinCheckMs[input.twin]), why: "twin" };
  return { go: "publish" };
}

/** Too late to send by itself: nobody looked for long after the time, as when the machine was off. */
function isMissed(input: AdmitInput): boolean {
  const wakeAt = input.wakeAt ?? input.now;
  const released = input.releasedAt?.getTime() ?? 0;
  const unattended = Math.max(wakeAt.getTime(), released);
  if (input.now.getTime() - unattended > input.lateAfterMs) return true;
  if (input.firstClaimedAt) return false;
  const planned = Math.max(input.scheduledFor.getTime(), input.createdAt.getTime(), released);
  return input.now.getTime() - planned > input.lateAfterMs;
}

/** The lost call may have left at the last moment of the lease and may still be applied for a while. */
function lookAt(input: AdmitInput, open: { readonly timeoutMs: number; readonly settleMs: number }): Date {
  const end = input.leaseUntil ?? input.now;
  return new Date(Math.max(input.now.getTime(), end.getTime() + open.timeoutMs + open.settleMs));
}
