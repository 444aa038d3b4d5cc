import {
  type AccountRef,
  type ConnectorContext,
  canPublish,
  type PlatformFailure,
  type PublishedRef,
  type PublishingPlatform,
  type Sealed,
} from "@postd/connector-kit";
import {
  type Decision,
  type Drive,
  defaultTimeoutMs,
  forgetsSealed,
  noteVisibleCall,
  type ProbeRecord,
  type StepAnswer,
  type StepChange,
  type StepFacts,
  type StepPort,
  saw,
  type Trouble,
} from "@postd/connector-kit/rules";
import { fail, type HeldReason, type JobState, type Json, type JsonObject, ok, type Result } from "@postd/contracts";
import { storedTrouble } from "../../domain/explain.ts";
import { HeardCalls } from "../../domain/heard-calls.ts";
import type { OpenConnection } from "../../ports/connection-access.ts";
import type { AttemptAnswer, ClaimedJob, IntentRecord, JobChange, JobKey } from "../../ports/ledger.ts";
import { intentOf } from "./intent-of.ts";
import { Lease } from "./lease.ts";
import type { PipelineDeps } from "./worker-deps.ts";

/**
 * One claim being worked on: its lease, its connection, and the ledger and the account as the driver of steps sees them.
 * Owns the lease until a write settles or loses it.
 */
export class Run implements StepPort {
  readonly job: ClaimedJob;
  readonly deps: PipelineDeps;
  readonly key: JobKey;
  readonly platform: PublishingPlatform | undefined;
  readonly drive: Drive;
  readonly random: () => number;
  readonly randomBits: (bits: number) => bigint;
  connection: OpenConnection | undefined;
  readonly lease: Lease;
  readonly heard = new HeardCalls();
  /** The step each attempt of this run is a try of; an answer names only its attempt. */
  private readonly attempted = new Map<string, string>();

  constructor(job: ClaimedJob, deps: PipelineDeps) {
    this.job = job;
    this.deps = deps;
    this.key = { tenantId: job.tenantId, jobId: job.jobId };
    const platform = deps.registry.get(job.platform);
    this.platform = platform && canPublish(platform) ? platform : undefined;
    this.random = deps.random;
    this.randomBits = deps.randomBits;
    this.drive = {
      port: this,
      post: job.post,
      plannedAt: job.nativeSchedule ? job.scheduledFor : undefined,
      asksOnly: job.admission === "finish",
      isWished: job.wish !== undefined,
      lateAfterMs: deps.settings.lateAfterMs,
      visible: job.visible,
      probe: job.probe,
      state: job.steps,
      stateVersion: job.stateVersion,
      hasSealed: job.hasSealed,
      sealed: undefined,
      pending: job.pending,
      published: job.published,
      tries: job.tries,
      refreshed: false,
      mayBeLive: job.mayBeLive,
      sentVisible: false,
      owes: true,
      withAuthor: job.state === "handed_over" && job.published === undefined,
    };
    this.lease = new Lease(job, deps);
  }

  close(): void {
    this.lease.close();
  }

  now(): Date {
    return this.deps.clock.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  async account(): Promise<Result<AccountRef, PlatformFailure>> {
    const opened = await this.open();
    return "failure" in opened ? fail(opened.failure) : ok(opened.connection.account);
  }

  async renew(): Promise<PlatformFailure | undefined> {
    const seen = this.connection?.credentialVersion;
    if (seen === undefined) return { kind: "auth_revoked", message: "No token was opened that could be renewed." };
    const opened = await this.open(seen);
    return "failure" in opened ? opened.failure : undefined;
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
      ...(newerThan === undefined && this.job.connection ? { found: this.job.connection } : {}),
    });
    if (!opened) return { failure: { kind: "auth_revoked", message: "The account is no longer connected." } };
    if (!opened.ok) return { failure: opened.error };
    this.connection = opened.value;
    return { connection: opened.value };
  }

  openSealed(): Promise<Sealed> {
    return this.deps.secrets.open(this.key);
  }

  context(step: Pick<StepFacts, "effect" | "repeatable" | "timeoutMs">): ConnectorContext {
    const { connection } = this;
    if (!connection) throw new Error("a step was to run without a connection");
    const context = this.deps.contextFor({
      connection,
      effect: step.effect,
      repeatable: step.repeatable,
      timeoutMs: step.timeoutMs ?? defaultTimeoutMs,
      leaseRemainingMs: () => this.lease.remainingMs(),
      onVisibleCall: () => noteVisibleCall(this.drive),
    });
    return { ...context, http: this.heard.listen(context.http) };
  }

  announce(step: StepFacts, prepared: Json): Promise<"written" | "lost" | "wished"> {
    const kind = this.job.nativeSchedule ? "native" : "call";
    return this.intend(step, { kind, prepared, note: `Sending: ${step.name.replaceAll("_", " ")}` });
  }

  /** Commits the intent of a call that changes the platform. `lost`: the lease is gone. `wished`: a person was first. */
  async intend(
    step: StepFacts,
    input: Pick<IntentRecord, "kind" | "prepared" | "note">,
  ): Promise<"written" | "lost" | "wished"> {
    const { intent, leaseMs } = intentOf(step, input, this);
    const written = await this.deps.ledger.intend({
      ...this.key,
      fence: this.job.fence,
      intent,
      connectorState: this.drive.state ?? {},
      stateVersion: this.drive.stateVersion,
      leaseMs,
    });
    if (typeof written === "string") return written;
    this.lease.set(written.leaseUntil);
    this.attempted.set(intent.attemptId, step.name);
    this.drive.pending = { ...intent, intentAt: written.intentAt, open: true };
    return "written";
  }

  commit(change: StepChange, answer?: StepAnswer): Promise<"written" | "lost" | "owned_elsewhere"> {
    const ended = answer && this.attemptAnswer(answer);
    return isPlain(change) ? this.settle(change, ended) : this.commitWhole(change, ended);
  }

  /** A change with trouble to be told, or secrets to be kept. */
  private async commitWhole(
    { failure, sealed, ...rest }: StepChange,
    answer: AttemptAnswer | undefined,
  ): Promise<"written" | "lost" | "owned_elsewhere"> {
    const stored = failure && this.stored(failure, rest.heldReason);
    const told = stored === undefined ? rest : { ...rest, failure: stored };
    if (!sealed) return this.settle(told, answer);
    if (Object.keys(sealed).length === 0) return this.settle({ ...told, sealed: null }, answer);
    // The key can only vanish in between when it was rotated out or the tenant erased; both end in a new one.
    for (let tries = 0; tries < 5; tries += 1) {
      const kept = await this.deps.secrets.seal(this.key, sealed);
      const written = await this.write({ ...told, sealed: kept }, answer);
      if (written !== "key_gone") return written;
    }
    throw new Error("the tenant's data key changes too fast to keep a secret");
  }

  async settle(change: JobChange, answer?: AttemptAnswer): Promise<"written" | "lost" | "owned_elsewhere"> {
    const result = await this.write(change, answer);
    if (result === "key_gone") throw new Error("nothing was to be sealed and its key was gone");
    return result;
  }

  private async write(change: JobChange, answer?: AttemptAnswer): ReturnType<PipelineDeps["ledger"]["settle"]> {
    const { drive, job } = this;
    const result = await this.deps.ledger.settle({
      ...this.key,
      fence: job.fence,
      change: {
        ...change,
        ...(job.wish ? { knownWish: job.wish } : {}),
        ...(change.connectorState ? { stateVersion: drive.stateVersion } : {}),
        ...((drive.hasSealed || job.hasSealed) && forgetsSealed(change) ? { sealed: null } : {}),
      },
      ...(answer ? { answer } : {}),
    });
    if (result === "written") this.tell(change, answer);
    if (result === "owned_elsewhere" && change.published) await this.askAboutOwner(change.published, answer);
    return result;
  }

  private tell(change: JobChange, answer: AttemptAnswer | undefined): void {
    const { deps, job, key } = this;
    if (change.published) this.heard.named();
    if (change.mayBeLive === false) {
      this.drive.mayBeLive = false;
      this.drive.sentVisible = false;
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

  owners(externalIds: readonly string[]) {
    return this.deps.ledger.owners({ ...this.key, externalIds });
  }

  async block(ms: number, who: "account" | "app"): Promise<void> {
    await this.deps.access.blockUntil({
      ...this.key,
      connectionId: this.job.connectionId,
      until: new Date(this.deps.clock.now().getTime() + ms),
      ...(who === "app" ? { allOfApp: true } : {}),
    });
  }

  async markBroken(failure: PlatformFailure): Promise<void> {
    if (!this.connection) return;
    const { credentialVersion } = this.connection;
    await this.deps.access.markBroken({
      ...this.key,
      connectionId: this.job.connectionId,
      credentialVersion,
      failure,
    });
  }

  failed(failure: PlatformFailure, step: string, decision: Decision): void {
    const { deps, key, job } = this;
    const { kind, platformCode: code } = failure;
    this.heard.understood(failure);
    deps.events.failed({ platform: job.platform, kind, ...key });
    deps.log.warn({ ...key, step, kind, code, decision: decision.do }, "publish step failed");
    if (decision.do === "fail" && decision.tellOperator)
      deps.log.error(
        { ...key, platform: job.platform, step, code, status: failure.status },
        "a platform answered in a way this version does not know",
      );
  }

  /** Whether the platform answered is told to the other workers; without a database that is one try less to go by. */
  async tellCircuits(): Promise<void> {
    const { deps, job, key } = this;
    const { connectionId, platform, simulated, circuits, asksForAll } = job;
    const of = { tenantId: key.tenantId, connectionId, platform, simulated, circuits };
    try {
      await deps.circuits?.heard({ ...of, end: this.heard.end(), ...(asksForAll && { probe: asksForAll }) });
    } catch (error) {
      deps.log.warn({ ...key, platform, error }, "could not note whether the platform answered");
    }
  }

  sawAbsent(step: string): void {
    this.deps.log.info({ ...this.key, step }, "probe: surely not live");
  }

  /** The record of looks with one more in it. */
  saw(answer: string, detail: string): ProbeRecord {
    return saw(this.drive, answer, detail);
  }

  /** A failure as it is stored, with the truth about the post beside it. */
  stored(trouble: Trouble, heldReason?: HeldReason): JsonObject {
    return storedTrouble(trouble, { at: this.deps.clock.now(), heldReason });
  }

  /** How a call ended, as the ledger keeps it. */
  attemptAnswer({ trouble, ...answer }: StepAnswer): AttemptAnswer {
    if (!trouble) return answer;
    const failure = this.stored(trouble);
    return { ...answer, failure, note: String(failure.message) };
  }
}

type PlainChange = StepChange & { readonly failure?: null; readonly sealed?: never };
const isPlain = (change: StepChange): change is PlainChange => !change.failure && !change.sealed;

/** States in which a twin must wait. */
export const inFlightStates: readonly JobState[] = ["publishing", "processing", "retrying", "unknown"];
