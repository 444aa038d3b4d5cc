import type { Connector, ConnectorContext, PlatformFailure, PublishedRef, Step } from "@postd/connector-kit";
import type { JobState, JsonObject } from "@postd/contracts";
import { storedFailure, type Whereabouts } from "../../domain/explain.ts";
import type { OpenConnection } from "../../ports/connection-access.ts";
import type {
  AttemptAnswer,
  ClaimedJob,
  IntentRecord,
  JobChange,
  JobKey,
  PendingIntent,
  ProbeRecord,
} from "../../ports/ledger.ts";
import { defaultSettleMs, defaultTimeoutMs, type PipelineDeps } from "./worker-deps.ts";

/** How much longer than a visible call and its margin a lease is made, so that there is time to begin the call. */
const startMs = 3_000;

/** One claim being worked on: its lease, connection and state. Owns the lease until a write settles or loses it. */
export class Run {
  readonly job: ClaimedJob;
  readonly deps: PipelineDeps;
  readonly key: JobKey;
  steps: JsonObject | undefined;
  pending: PendingIntent | undefined;
  published: PublishedRef | undefined;
  tries: number;
  refreshed = false;
  /** Visible calls before this run's are unresolved. */
  mayBeLive: boolean;
  /** A visible call of this run left; cleared when its end is written down. */
  sentVisible = false;
  /** Whether steps that change the platform are left to do. */
  owes = true;
  connection: OpenConnection | undefined;
  private leaseUntil: Date;
  private readonly stopBeat: () => void;
  /** The step each attempt of this run is a try of; an answer names only its attempt. */
  private readonly attempted = new Map<string, string>();

  constructor(job: ClaimedJob, deps: PipelineDeps) {
    this.job = job;
    this.deps = deps;
    this.key = { tenantId: job.tenantId, jobId: job.jobId };
    this.steps = job.steps;
    this.pending = job.pending;
    this.published = job.published;
    this.tries = job.tries;
    this.mayBeLive = job.mayBeLive;
    this.leaseUntil = job.leaseUntil;
    this.stopBeat = deps.every(deps.settings.leaseMs / 3, () => void this.keepLease());
  }

  close(): void {
    this.stopBeat();
  }

  /** Where the post stands by what was sent. */
  whereabouts(): Whereabouts {
    if (this.mayBeLive || this.sentVisible) return "may_be_live";
    return this.published && !this.job.nativeSchedule ? "live" : "not_sent";
  }

  /** The steps begin again; nothing visible was done by them. */
  beginAnew(): void {
    this.steps = undefined;
    this.pending = undefined;
  }

  /** The state a job in doubt waits in: what is live and named is never called unknown as a whole. */
  doubtState(): "processing" | "unknown" {
    return this.published && !this.job.nativeSchedule ? "processing" : "unknown";
  }

  /** The connection with a fresh token, or the failure that stands in the way. */
  async open(
    newerThan?: number,
  ): Promise<{ readonly connection: OpenConnection } | { readonly failure: PlatformFailure }> {
    if (this.connection && newerThan === undefined) return { connection: this.connection };
    const opened = await this.deps.access.open({
      tenantId: this.job.tenantId,
      connectionId: this.job.connectionId,
      fresh: true,
      ...(newerThan === undefined ? {} : { newerThan }),
    });
    if (!opened) return { failure: { kind: "auth_revoked", message: "The account is no longer connected." } };
    if (!opened.ok) return { failure: opened.error };
    this.connection = opened.value;
    return { connection: opened.value };
  }

  context(
    connector: Connector,
    connection: OpenConnection,
    step: Pick<Step<JsonObject>, "effect" | "repeatable" | "timeoutMs">,
  ): ConnectorContext {
    return this.deps.contextFor({
      connector,
      connection,
      effect: step.effect,
      repeatable: step.repeatable,
      timeoutMs: step.timeoutMs ?? defaultTimeoutMs,
      leaseRemainingMs: () => this.leaseRemainingMs(),
      onVisibleCall: () => {
        this.sentVisible = true;
      },
    });
  }

  leaseRemainingMs(): number {
    return this.leaseUntil.getTime() - this.deps.clock.now().getTime();
  }

  /** A step that takes longer than a lease keeps it; a worker that stands still loses it. */
  private async keepLease(): Promise<void> {
    const { leaseMs } = this.deps.settings;
    if (this.leaseRemainingMs() > (leaseMs * 2) / 3) return;
    try {
      const until = await this.deps.ledger.renew({ ...this.key, fence: this.job.fence, leaseMs });
      if (until && until > this.leaseUntil) this.leaseUntil = until;
    } catch {
      // The next beat tries again; without a lease the next write is refused, and nothing visible leaves.
    }
  }

  /** Commits the intent of an effect step. `lost`: the lease is gone. `wished`: a person was first. Nothing is sent then. */
  async intend(
    step: Pick<Step<JsonObject>, "name" | "effect" | "repeatable" | "timeoutMs" | "settleMs">,
    input: {
      readonly kind: IntentRecord["kind"];
      readonly prepared: IntentRecord["prepared"];
      readonly note: string;
    },
  ): Promise<"written" | "lost" | "wished"> {
    const intent: IntentRecord = {
      attemptId: this.deps.newAttemptId(),
      step: step.name,
      effect: step.effect,
      repeatable: step.repeatable,
      timeoutMs: step.timeoutMs ?? defaultTimeoutMs,
      settleMs: step.settleMs ?? defaultSettleMs,
      fingerprint: this.job.fingerprint,
      ...input,
    };
    // A visible call must end within its lease, so that nobody looks, or sends again, while it may still arrive.
    const { leaseMs: usualMs, leaseMarginMs } = this.deps.settings;
    const leaseMs = step.effect === "visible" ? intent.timeoutMs + leaseMarginMs + startMs : usualMs;
    const written = await this.deps.ledger.intend({
      ...this.key,
      fence: this.job.fence,
      intent,
      connectorState: this.steps ?? {},
      leaseMs,
    });
    if (typeof written === "string") return written;
    this.leaseUntil = written.leaseUntil;
    this.attempted.set(intent.attemptId, step.name);
    this.pending = { ...intent, intentAt: written.intentAt, open: true };
    return "written";
  }

  async settle(change: JobChange, answer?: AttemptAnswer): Promise<"written" | "lost" | "owned_elsewhere"> {
    const result = await this.deps.ledger.settle({
      ...this.key,
      fence: this.job.fence,
      change: { ...change, ...(this.job.wish ? { knownWish: this.job.wish } : {}) },
      ...(answer ? { answer } : {}),
    });
    if (result === "written") this.tell(change, answer);
    if (result === "owned_elsewhere" && change.published) await this.askAboutOwner(change.published, answer);
    return result;
  }

  private tell(change: JobChange, answer: AttemptAnswer | undefined): void {
    const { deps, job, key } = this;
    if (change.mayBeLive === false) {
      this.mayBeLive = false;
      this.sentVisible = false;
    }
    deps.events.moved({ state: change.state, ...key });
    const step = answer && this.attempted.get(answer.attemptId);
    if (step) deps.events.attempt({ platform: job.platform, step, outcome: answer.outcome, ...key });
  }

  /** The platform named a post that another job owns: which of the two is live is a person's question. */
  private async askAboutOwner(published: PublishedRef, answer: AttemptAnswer | undefined): Promise<void> {
    const detail = `The platform named ${published.externalId}, which is another post of POSTD's.`;
    await this.settle(
      {
        state: "unknown",
        wake: null,
        needsPerson: true,
        pending: "answered",
        mayBeLive: true,
        probe: this.saw("found", detail),
      },
      answer,
    );
  }

  /** The record of looks with one more in it. */
  saw(answer: string, detail: string, candidates: readonly JsonObject[] = []): ProbeRecord {
    const at = this.deps.clock.now().toISOString();
    const before = this.job.probe;
    return {
      since: before?.since ?? at,
      looks: (before?.looks ?? 0) + 1,
      saw: [...(before?.saw ?? []), { at, answer, detail, candidates: [...candidates] }].slice(-20),
    };
  }

  /** A failure as it is stored, with the truth about the post beside it. */
  stored(failure: PlatformFailure, step: string): JsonObject {
    return storedFailure(failure, { step, at: this.deps.clock.now(), post: this.whereabouts() });
  }

  /** The answer to the open intent of this run; undefined: there is none. */
  answerOf(failure: PlatformFailure, outcome: "failed" | "unknown", latencyMs?: number): AttemptAnswer | undefined {
    if (!this.pending?.open) return undefined;
    const { attemptId, step } = this.pending;
    this.pending = { ...this.pending, open: false };
    const stored = this.stored(failure, step);
    return {
      attemptId,
      outcome,
      failure: stored,
      note: String(stored.message),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  }
}

/** States in which a twin must wait. */
export const inFlightStates: readonly JobState[] = ["publishing", "processing", "retrying", "unknown"];
