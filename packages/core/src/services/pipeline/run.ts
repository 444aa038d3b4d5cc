import type { Connector, ConnectorContext, PlatformFailure, PublishedRef, Step } from "@postd/connector-kit";
import type { JobState, JsonObject } from "@postd/contracts";
import { type Decision, decide } from "../../domain/decide.ts";
import { heldNotes, storedFailure } from "../../domain/explain.ts";
import type { OpenConnection } from "../../ports/connection-access.ts";
import type { AttemptAnswer, ClaimedJob, IntentRecord, JobChange, JobKey, PendingIntent } from "../../ports/ledger.ts";
import { defaultSettleMs, defaultTimeoutMs, type PipelineDeps } from "./worker-deps.ts";

/** One claim being worked on: its lease, connection and state. Owns the lease until a write settles or loses it. */
export class Run {
  readonly job: ClaimedJob;
  readonly deps: PipelineDeps;
  readonly key: JobKey;
  state: JsonObject | undefined;
  pending: PendingIntent | undefined;
  published: PublishedRef | undefined;
  tries: number;
  refreshed = false;
  /** Whether steps that change the platform are left to do. */
  owes = true;
  private leaseUntil: Date;
  private connection: OpenConnection | undefined;
  /** The step each attempt of this run is a try of; an answer names only its attempt. */
  private readonly attempted = new Map<string, string>();

  constructor(job: ClaimedJob, deps: PipelineDeps) {
    this.job = job;
    this.deps = deps;
    this.key = { tenantId: job.tenantId, jobId: job.jobId };
    this.state = job.state;
    this.pending = job.pending;
    this.published = job.published;
    this.tries = job.tries;
    this.leaseUntil = job.leaseUntil;
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

  context(connector: Connector, connection: OpenConnection, step: Step<JsonObject>): ConnectorContext {
    return this.deps.contextFor({
      connector,
      connection,
      effect: step.effect,
      repeatable: step.repeatable,
      timeoutMs: step.timeoutMs ?? defaultTimeoutMs,
      leaseRemainingMs: () => this.leaseRemainingMs(),
    });
  }

  leaseRemainingMs(): number {
    return this.leaseUntil.getTime() - this.deps.clock.now().getTime();
  }

  /** Lease enough for one run of a step, or false when it is lost. */
  async leaseFor(timeoutMs: number): Promise<boolean> {
    const needMs = timeoutMs + this.deps.settings.leaseMarginMs;
    if (this.leaseRemainingMs() > needMs) return true;
    const until = await this.deps.ledger.renew({
      ...this.key,
      fence: this.job.fence,
      leaseMs: Math.max(this.deps.settings.leaseMs, needMs * 2),
    });
    if (until) this.leaseUntil = until;
    return until !== undefined;
  }

  /** Commits the intent of an effect step; false: the lease is lost and nothing may be sent. */
  async intend(
    step: Step<JsonObject>,
    state: JsonObject,
    prepared: IntentRecord["prepared"],
    note: string,
  ): Promise<boolean> {
    const intent: IntentRecord = {
      attemptId: this.deps.newAttemptId(),
      kind: this.job.nativeSchedule ? "native" : "call",
      step: step.name,
      effect: step.effect,
      repeatable: step.repeatable,
      timeoutMs: step.timeoutMs ?? defaultTimeoutMs,
      settleMs: step.settleMs ?? defaultSettleMs,
      prepared,
      fingerprint: this.job.fingerprint,
      note,
    };
    // Only what the call needs: a lease that is long enough is left alone.
    const leaseMs = intent.timeoutMs + this.deps.settings.leaseMarginMs * 2;
    const written = await this.deps.ledger.intend({
      ...this.key,
      fence: this.job.fence,
      intent,
      connectorState: state,
      leaseMs,
    });
    if (!written) return false;
    this.leaseUntil = written.leaseUntil;
    this.attempted.set(intent.attemptId, step.name);
    this.pending = { ...intent, intentAt: written.intentAt, open: true };
    return true;
  }

  async settle(change: JobChange, answer?: AttemptAnswer): Promise<"written" | "lost" | "owned_elsewhere"> {
    const result = await this.deps.ledger.settle({
      ...this.key,
      fence: this.job.fence,
      change,
      ...(answer ? { answer } : {}),
    });
    if (result === "written") this.tell(change, answer);
    if (result === "owned_elsewhere" && change.published) await this.askAboutOwner(change.published, answer);
    return result;
  }

  private tell(change: JobChange, answer: AttemptAnswer | undefined): void {
    const { deps, job, key } = this;
    deps.events.moved({ state: change.state, ...key });
    const step = answer && this.attempted.get(answer.attemptId);
    if (step) deps.events.attempt({ platform: job.platform, step, outcome: answer.outcome, ...key });
  }

  /** The platform named a post that another job owns: which of the two is live is a person's question. */
  private async askAboutOwner(published: PublishedRef, answer: AttemptAnswer | undefined): Promise<void> {
    const at = this.deps.clock.now().toISOString();
    const saw = [
      {
        at,
        answer: "found",
        detail: `The platform named ${published.externalId}, which belongs to another job.`,
        candidates: [],
      },
    ];
    await this.settle(
      { state: "unknown", wake: null, needsPerson: true, pending: "answered", probe: { since: at, looks: 0, saw } },
      answer,
    );
  }

  /** What a failure does to the job; answers true when the same step may be run again at once (a renewed token). */
  async failed(
    failure: PlatformFailure,
    step: {
      readonly name: string;
      readonly effect: Step<JsonObject>["effect"];
      readonly repeatable: boolean;
      readonly settleMs: number;
    },
    latencyMs: number,
  ): Promise<boolean> {
    const decision = decide({
      failure,
      step,
      tries: this.tries,
      refreshed: this.refreshed,
      random: this.deps.random(),
    });
    this.deps.events.failed({ platform: this.job.platform, kind: failure.kind, ...this.key });
    this.deps.log.warn(
      { ...this.key, step: step.name, kind: failure.kind, code: failure.platformCode, decision: decision.do },
      "publish step failed",
    );
    if (decision.do === "refresh" && (await this.renewToken(failure))) return true;
    // A token that cannot be renewed needs a person.
    const effective =
      decision.do === "refresh" ? ({ do: "hold", reason: "attention", breakConnection: true } as const) : decision;
    await this.apply(effective, failure, step.name, latencyMs);
    return false;
  }

  private async renewToken(failure: PlatformFailure): Promise<boolean> {
    this.refreshed = true;
    const seen = this.connection?.credentialVersion;
    if (seen === undefined) return false;
    const answer = this.answerOf(failure, "failed");
    const opened = await this.open(seen);
    if ("failure" in opened) return false;
    // The refused call is settled as answered; its prepared value stays for the repeat.
    return (
      (await this.settle(
        {
          state: "publishing",
          wake: "lease",
          pending: "answered",
          ...(this.state ? { connectorState: this.state } : {}),
        },
        answer,
      )) === "written"
    );
  }

  /** Ends the run with a failure that needs no decision. */
  async stop(failure: PlatformFailure): Promise<void> {
    await this.apply({ do: "fail", tellOperator: true }, failure, "start", 0);
  }

  private async apply(
    decision: Exclude<Decision, { do: "refresh" }>,
    failure: PlatformFailure,
    step: string,
    latencyMs: number,
  ): Promise<void> {
    const now = this.deps.clock.now();
    const stored = storedFailure(failure, { step, at: now });
    if (decision.do === "retry" && decision.blockConnection)
      await this.deps.access.blockUntil({
        ...this.key,
        connectionId: this.job.connectionId,
        until: new Date(now.getTime() + decision.afterMs),
      });
    const unknown = decision.do === "probe";
    const answer = this.answerOf(failure, unknown ? "unknown" : "failed", latencyMs);
    await this.settle(this.changeFor(decision, stored, now), answer);
    if (decision.do === "hold" && decision.breakConnection && this.connection)
      await this.deps.access.markBroken({
        ...this.key,
        connectionId: this.job.connectionId,
        credentialVersion: this.connection.credentialVersion,
        failure,
      });
    if (decision.do === "fail" && decision.tellOperator)
      this.deps.log.error(
        { ...this.key, platform: this.job.platform, step, code: failure.platformCode, status: failure.status },
        "a platform answered in a way this version does not know",
      );
  }

  private changeFor(decision: Exclude<Decision, { do: "refresh" }>, failure: JsonObject, now: Date): JobChange {
    const keep = { pending: "answered" as const, ...(this.state ? { connectorState: this.state } : {}) };
    // What is live stays live: trouble with finishing touches is a remark, never a failure. Parts that are still owed,
    // such as the rest of a thread, wait like any other post.
    if (this.published && (decision.do === "fail" || decision.do === "probe" || (decision.do === "hold" && !this.owes)))
      return { state: "published", wake: null, pending: null, published: this.published, failure };
    switch (decision.do) {
      case "retry":
        return {
          ...keep,
          state: "retrying",
          wake: decision.afterMs,
          tries: this.tries + (decision.countTry ? 1 : 0),
          failure,
        };
      case "hold":
        return {
          ...keep,
          state: "held",
          heldReason: decision.reason,
          wake: decision.wakeAfterMs ?? null,
          tries: this.tries,
          failure: { ...failure, effect: heldNotes[decision.reason] },
        };
      case "probe":
        return {
          ...keep,
          state: "unknown",
          wake: decision.afterMs,
          failure,
          probe: { since: now.toISOString(), looks: 0, saw: [] },
        };
      case "fail":
        return { ...keep, state: "failed", wake: null, failure };
      default:
        decision satisfies never;
        throw new Error("a decision has no change");
    }
  }

  private answerOf(
    failure: PlatformFailure,
    outcome: "failed" | "unknown",
    latencyMs?: number,
  ): AttemptAnswer | undefined {
    if (!this.pending?.open) return undefined;
    const attemptId = this.pending.attemptId;
    this.pending = { ...this.pending, open: false };
    return {
      attemptId,
      outcome,
      failure: storedFailure(failure, { step: this.pending.step, at: this.deps.clock.now() }),
      note: failure.message.slice(0, 300),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  }
}

/** States in which a twin must wait. */
export const inFlightStates: readonly JobState[] = ["publishing", "processing", "retrying", "unknown"];
