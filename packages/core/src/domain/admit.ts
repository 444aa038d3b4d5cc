import type { ConnectionStatus, HeldReason, JobState } from "@postd/contracts";
import { type Circuit, mayCall } from "./circuit.ts";
import { takesDown, type Wish } from "./wishes.ts";

/** A visible call whose end nobody knows yet. */
export interface VisibleCall {
  /** The same request again has no second effect. */
  readonly repeatable: boolean;
  /** It has none if it is begun before this, as a look found out. */
  readonly repeatBy?: Date | undefined;
  /** No call of it can be under way after this: the end of the lease it was sent under. */
  readonly endsBy: Date;
  /** How long after that the platform may still be applying it. */
  readonly settleMs: number;
  /** The platform did not say that it took it: no answer was recorded, or one that tells nothing. */
  readonly open: boolean;
}

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
  readonly mayBeLive: boolean;
  /** The call that may have made it live; of a post the platform was to show by itself there is none. */
  readonly visible: VisibleCall | undefined;
  readonly wish: Wish | undefined;
  readonly pausedBy: "instance" | "tenant" | "connection" | undefined;
  /** A person disabled the account. */
  readonly isDisabled?: boolean;
  readonly connectionStatus: ConnectionStatus;
  /** `ending`: its jobs are looked at for a minute before the sign-in is withdrawn. */
  readonly connection: "connected" | "ending" | "disconnected";
  /** Nothing of the account, or of our app, goes out before. */
  readonly blockedUntil: Date | undefined;
  /** Another job of the account with the same content: being worked on, or unknown until somebody knows. */
  readonly twin: "in_flight" | "unknown" | undefined;
  /** The platform already shows it; only what belongs to it is left. */
  readonly isLive: boolean;
  /** It was handed over without a name: a draft in the platform's app. */
  readonly isDraft?: boolean;
  /** Whether its platform, and the account, answer; absent: nothing speaks against it. */
  readonly circuits?: { readonly platform?: Circuit; readonly connection?: Circuit };
  readonly lateAfterMs: number;
}

/** Work that asks something of the platform. `probes`: the circuit whose probe it is, to be taken with the claim. */
interface Calling<G extends string> {
  readonly go: G;
  readonly probes?: Circuit;
}

export type Admission =
  | Calling<"publish">
  /** What the platform has answered is asked on, though nothing may be sent: at the next call that changes anything it is looked up. */
  | Calling<"finish">
  | Calling<"probe">
  | Calling<"verify">
  /** A wish that the worker carries out at the platform: take down, change, take back or move what it holds. */
  | Calling<"grant">
  /** A wish that can be settled on the row, now that nothing is in doubt. */
  | { readonly go: "settle_wish" }
  | { readonly go: "no"; readonly why: "early" | "busy" | "settled" }
  | { readonly go: "wait"; readonly until: Date; readonly why: "blocked" | "twin" }
  /** A budget of the platform is used up, asked after everything here; `says` tells people which. */
  | { readonly go: "wait"; readonly until: Date; readonly why: "quota"; readonly says: string }
  /** The platform does not answer; whoever is to ask it next is woken, and so are all when it does. `until`: in any case. */
  | { readonly go: "wait"; readonly until: Date; readonly why: "outage"; readonly waitsFor: string }
  | { readonly go: "hold"; readonly reason: HeldReason }
  /** It may be live, and a look before this could not tell. */
  | { readonly go: "look_later"; readonly at: Date; readonly waitsFor?: string }
  /** It may be live and can no longer be looked at: a person says. */
  | { readonly go: "ask" };

/** How soon a job asks again whether its twin has ended. */
const twinCheckMs = { in_flight: 2_000, unknown: 60_000 } as const;

/** One that waits for its platform wakes by itself this long after the next probe, should nobody have woken it. */
const unwokenMs = 5 * 60_000;

/** Whether, and how, a job may be worked on now. Pure. A task is only a hint, so every reason to refuse is normal. */
export function admit(input: AdmitInput): Admission {
  const told = byJob(input);
  switch (told.go) {
    case "publish":
    case "finish":
    case "probe":
    case "verify":
    case "grant":
      return throughCircuit(told, input);
    default:
      return told;
  }
}

/**
 * A platform that does not answer is asked by one job of all. While its circuit is not closed, it says what the account's own
 * would: an account cannot be well where nobody is. What may be live is looked at when looking makes sense again.
 */
function throughCircuit(
  told: Calling<"publish" | "finish" | "probe" | "verify" | "grant">,
  input: AdmitInput,
): Admission {
  const { platform, connection } = input.circuits ?? {};
  const circuit = platform && platform.state !== "closed" ? platform : connection;
  const verdict = circuit && mayCall(circuit, input.now);
  if (!circuit || !verdict) return told;
  if (verdict.may !== "wait") return verdict.may === "probe" ? { go: told.go, probes: circuit } : told;
  const until = new Date(verdict.until.getTime() + unwokenMs);
  if (told.go === "probe") return { go: "look_later", at: until, waitsFor: circuit.key };
  return { go: "wait", until, why: "outage", waitsFor: circuit.key };
}

function byJob(input: AdmitInput): Admission {
  const { now, state } = input;
  if (input.wakeAt === undefined) return { go: "no", why: "settled" };
  if (input.leaseUntil && input.leaseUntil > now) return { go: "no", why: "busy" };
  if (input.wakeAt > now) return { go: "no", why: "early" };
  if (input.mayBeLive) return whileInDoubt(input);
  switch (state) {
    case "canceled":
    case "discarded":
    case "removed":
    case "failed":
      return input.wish ? { go: "settle_wish" } : { go: "no", why: "settled" };
    case "published":
      return input.wish ? atPlatform(input.wish) : { go: "no", why: "settled" };
    case "handed_over":
      if (!input.wish) return { go: "verify" };
      return { go: input.isDraft ? "settle_wish" : "grant" };
    // Nothing is in doubt any more, of what is live a part may be left: what a person asked, or the plan, goes on.
    case "partly_published":
    case "unknown":
    case "publishing":
    case "scheduled":
    case "processing":
    case "retrying":
    case "held":
      if (!input.wish) return mayStart(input);
      return input.isLive ? atPlatform(input.wish) : { go: "settle_wish" };
    default:
      state satisfies never;
      throw new Error("a job state has no admission");
  }
}

/** A live post: some wishes are the worker's to carry out, the others came too late. */
function atPlatform(wish: Wish): Admission {
  return { go: takesDown(wish) || wish.kind === "edit" ? "grant" : "settle_wish" };
}

/**
 * Something was sent and nobody knows whether it is live. Nothing is held, canceled or failed before a look. Without a
 * wish, what the platform has answered goes on, while paused or too late with asking alone; a call that may be repeated is sent again
 * where the account may send. Everything else is looked at, as soon as a look can tell.
 */
function whileInDoubt(input: AdmitInput): Admission {
  const { now, visible, state } = input;
  const lookAt = visible ? visible.endsBy.getTime() + visible.settleMs : 0;
  const look: Admission = lookAt > now.getTime() ? { go: "look_later", at: new Date(lookAt) } : { go: "probe" };
  // Nobody is asked before there can be an answer.
  if (input.connection === "disconnected") return look.go === "look_later" ? look : { go: "ask" };
  const isUnderWay = state === "publishing" || state === "processing" || state === "retrying";
  if (isUnderWay && !input.wish) {
    const start = mayStart(input);
    const isBarred = start.go === "hold" && start.reason === "attention";
    if (!visible?.open && !isBarred) return start.go === "hold" ? { go: "finish" } : start;
    const repeats = visible?.repeatable || (visible?.repeatBy !== undefined && now < visible.repeatBy);
    if (repeats && start.go !== "hold") return start;
  }
  return look;
}

function mayStart(input: AdmitInput): Admission {
  const { now } = input;
  const isBroken = input.connectionStatus === "revoked" || input.connectionStatus === "attention";
  const isGone = input.connection !== "connected";
  if (input.isLive && !isGone && !isBroken) return { go: "publish" };
  if (isGone || isBroken) return { go: "hold", reason: "attention" };
  if (input.isDisabled) return { go: "hold", reason: "disabled" };
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
