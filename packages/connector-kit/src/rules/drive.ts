import type { HeldReason, JobState, Json, JsonObject, Result } from "@postd/contracts";
import type { AccountRef, ConnectorContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect } from "../http.ts";
import type { Format, NativeSchedule, OutgoingPost, PublishedRef, Sealed, Step } from "../publish.ts";
import type { Decision } from "./decide.ts";

/** The pending intent of a step: what a repeat sends exactly, and since when. */
export interface PendingIntent {
  readonly attemptId: string;
  readonly step: string;
  readonly prepared: Json;
  /** First intent of this prepared value. */
  readonly intentAt: Date;
  readonly effect: Effect;
  readonly repeatable: boolean;
  readonly timeoutMs: number;
  readonly settleMs: number;
  /** The answer is missing: the process died or the line was cut. */
  readonly open: boolean;
}

/** The visible call that may have made the job live; kept until a look, a refusal or a person settles it. */
export interface VisibleIntent {
  readonly step: string;
  readonly prepared: Json;
  /** First intent of it: a post made by it is no older. */
  readonly intentAt: Date;
  readonly repeatable: boolean;
  readonly settleMs: number;
  /** End of the lease its last call was sent under: nothing of it is under way after that. */
  readonly endsBy: Date;
  /** Until the platform has said that it took it; only then may steps go on without a look. */
  readonly open: boolean;
}

/** What probes saw so far. */
export interface ProbeRecord {
  readonly since: string;
  readonly looks: number;
  readonly nextAt?: string;
  readonly saw: readonly JsonObject[];
  /** Before this the lost call may be begun again; the platform refuses a second post like it. */
  readonly repeatBy?: string;
}

/** Where the post stands, whatever a failure was. */
export type Whereabouts = "not_sent" | "may_be_live" | "live";

/** What stopped a step, with the truth about the post at that moment. */
export interface Trouble {
  readonly failure: PlatformFailure;
  readonly step: string;
  readonly post: Whereabouts;
  /** Some parts are live, and the others wait or were not sent. */
  readonly rest?: "waits" | "not_sent";
}

/** How the call of an attempt ended. */
export interface StepAnswer {
  readonly attemptId: string;
  readonly outcome: "ok" | "waiting" | "failed" | "unknown";
  readonly trouble?: Trouble;
  readonly latencyMs?: number;
}

/** How a job goes on. Fields left out keep their value; `undefined` states are never written. */
export interface StepChange {
  readonly state: JobState;
  readonly heldReason?: HeldReason;
  /** Milliseconds from domain now; "lease" wakes when the lease ends (still working); null: never by itself. */
  readonly wake: number | "lease" | null;
  readonly tries?: number;
  /** Of the version in `drive.stateVersion`. */
  readonly connectorState?: JsonObject;
  /** Takes the place of the secrets kept for the steps; see `forgetsSealed` for when they go. */
  readonly sealed?: Sealed;
  /** null clears the pending intent, "keep" (default) leaves it, "answered" marks that its answer is known. */
  readonly pending?: null | "keep" | "answered";
  /**
   * `false`: whatever was sent is settled, by a post with a name, a look, or the platform's refusal. `true`: it may be
   * live though no call of ours is known, as of a post the platform was to show by itself. Left out: as it was. A state
   * that means "not sent" is never written while this is true.
   */
  readonly mayBeLive?: boolean;
  readonly published?: PublishedRef;
  readonly failure?: Trouble | null;
  readonly probe?: ProbeRecord | null;
  readonly needsPerson?: boolean;
  /** false: the platform no longer holds the clock, POSTD does. */
  readonly nativeSchedule?: false;
  /** The steps begin anew with the next claim; nothing visible was done by them. */
  readonly forgetSteps?: true;
}

export type StepFacts = Pick<Step<JsonObject>, "name" | "effect" | "repeatable" | "timeoutMs" | "settleMs">;

/**
 * What the driver needs of the world: a line to the platform, and somewhere to write down what is about to happen and what
 * has. The pipeline has the ledger behind it, conformance a few variables.
 */
export interface StepPort {
  now(): Date;
  /** Milliseconds of a clock that only runs forward. */
  monotonicMs(): number;
  /** 0 to 1; spreads retries. */
  random(): number;
  randomBits(bits: number): bigint;
  /** The account with a token that is fresh, or what stands in the way. */
  account(): Promise<Result<AccountRef, PlatformFailure>>;
  /** Another token for the one the platform refused; the failure where there is none. */
  renew(): Promise<PlatformFailure | undefined>;
  /** The secrets kept for the steps of this job; empty: none are, or they can no longer be read. */
  openSealed(): Promise<Sealed>;
  /** What one run of a step, or a look (without effect), may use. Tells the driver of visible calls by `noteVisibleCall`. */
  context(step: Pick<StepFacts, "effect" | "repeatable" | "timeoutMs">): ConnectorContext;
  /**
   * Commits the intent of an effect step together with the state, and makes it `drive.pending`. `lost`: this worker's
   * turn is over. `wished`: somebody wants it otherwise and was first. Nothing is sent then.
   */
  announce(step: StepFacts, prepared: Json): Promise<"written" | "lost" | "wished">;
  /**
   * Commits how the job goes on together with the answer of the attempt, if there is one. Where `mayBeLive` becomes false
   * the drive says so too. `owned_elsewhere`: the post that was named is another job's; a person has been asked.
   */
  commit(change: StepChange, answer?: StepAnswer): Promise<"written" | "lost" | "owned_elsewhere">;
  /** Which of these posts other jobs own, and whether another that may be live sent the same to the same account. */
  owners(externalIds: readonly string[]): Promise<{ readonly owned: ReadonlySet<string>; readonly hasRival: boolean }>;
  /** Nothing else of the account, or of any account of the app, goes out for so long. */
  block(ms: number, who: "account" | "app"): Promise<void>;
  /** The sign-in, or the account, needs a person. */
  markBroken(failure: PlatformFailure): Promise<void>;
  /** A step failed, and what follows from it. */
  failed(failure: PlatformFailure, step: string, decision: Decision): void;
  /** A look found out that the call of this step had no effect. */
  sawAbsent(step: string): void;
}

/** One job being worked on: what was stored of it, and what this run has learnt since. */
export interface Drive {
  readonly port: StepPort;
  readonly post: OutgoingPost;
  /** When the platform shall show it by itself; undefined: POSTD holds the clock. */
  readonly plannedAt: Date | undefined;
  /** Nothing may be sent while an earlier call is open; what the platform has taken is asked on. */
  readonly asksOnly: boolean;
  /** A person asked something of it. */
  readonly isWished: boolean;
  /** A job looked at this late does not go out by itself. */
  readonly lateAfterMs: number;
  readonly visible: VisibleIntent | undefined;
  readonly probe: ProbeRecord | undefined;
  /** The connector's state; undefined before the first step. */
  state: JsonObject | undefined;
  /** The version of the format `state` was written by. */
  stateVersion: number;
  /** Secrets are kept for the steps. */
  hasSealed: boolean;
  /** Those secrets, once they were opened. */
  sealed: Sealed | undefined;
  pending: PendingIntent | undefined;
  published: PublishedRef | undefined;
  /** Failed tries of the current step. */
  tries: number;
  /** This run already renewed the token. */
  refreshed: boolean;
  /** Visible calls before this run's are unresolved. */
  mayBeLive: boolean;
  /** A visible call of this run left; cleared when its end is written down. */
  sentVisible: boolean;
  /** Whether steps that change the platform are left to do. */
  owes: boolean;
  /** It waits as a draft in the platform's app, where its author may post it at any moment. */
  withAuthor: boolean;
}

/** The steps a post goes through, and the platform's clock where it has one. */
export interface Way {
  /** Connector and format, for errors. */
  readonly name: string;
  readonly format: Format;
  readonly schedule: NativeSchedule | undefined;
}

export const defaultTimeoutMs = 30_000;
export const defaultSettleMs = 5_000;

/** A visible call of which bytes may have left; what comes back proves nothing by itself. */
export function noteVisibleCall(drive: Drive): void {
  drive.sentVisible = true;
}

/** Where the post stands by what was sent. */
export function whereabouts(drive: Drive): Whereabouts {
  if (drive.mayBeLive || drive.sentVisible || drive.withAuthor) return "may_be_live";
  return drive.published && !drive.plannedAt ? "live" : "not_sent";
}

/** The state a job in doubt waits in: what is live and named is never called unknown as a whole. */
export function doubtState(drive: Drive): "processing" | "unknown" {
  return drive.published && !drive.plannedAt ? "processing" : "unknown";
}

export function troubleOf(drive: Drive, failure: PlatformFailure, step: string): Trouble {
  return { failure, step, post: whereabouts(drive) };
}

/** The answer to the open intent of this run; undefined: there is none. */
export function answerOf(
  drive: Drive,
  failure: PlatformFailure,
  outcome: "failed" | "unknown",
  latencyMs?: number,
): StepAnswer | undefined {
  if (!drive.pending?.open) return undefined;
  const { attemptId, step } = drive.pending;
  drive.pending = { ...drive.pending, open: false };
  const trouble = troubleOf(drive, failure, step);
  return { attemptId, outcome, trouble, ...(latencyMs === undefined ? {} : { latencyMs }) };
}

/** The record of looks with one more in it. */
export function saw(
  { port, probe }: Drive,
  answer: string,
  detail: string,
  candidates: readonly JsonObject[] = [],
): ProbeRecord {
  const at = port.now().toISOString();
  return {
    since: probe?.since ?? at,
    looks: (probe?.looks ?? 0) + 1,
    saw: [...(probe?.saw ?? []), { at, answer, detail, candidates: [...candidates] }].slice(-20),
  };
}
