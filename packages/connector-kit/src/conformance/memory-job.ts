import assert from "node:assert/strict";
import { type JobState, type JsonObject, ok } from "@postd/contracts";
import type { AccountRef, ConnectorContext } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { OutgoingPost, PublishedRef, Sealed } from "../publish.ts";
import {
  type Drive,
  defaultSettleMs,
  defaultTimeoutMs,
  doubtState,
  forgetsSealed,
  lookUp,
  noteVisibleCall,
  type PendingIntent,
  type ProbeRecord,
  runSteps,
  type StepAnswer,
  type StepChange,
  type StepFacts,
  type StepPort,
  type Trouble,
  type VisibleIntent,
  type Way,
} from "../rules/index.ts";

/** The world a job in memory lives in. */
export interface MemoryJobWorld {
  now(): Date;
  /** Lets time pass; waits are slept with it. */
  advance(ms: number): void;
  account(): AccountRef;
  /** What a run or a look may use; visible calls of which bytes left are told by `noteVisible`. */
  context(step: Pick<StepFacts, "effect" | "repeatable" | "timeoutMs">, noteVisible: () => void): ConnectorContext;
  /** Another token for the refused one; the failure where there is none. */
  renew(): Promise<PlatformFailure | undefined>;
}

/** What is stored of a job between two claims. */
interface Row {
  state: JobState;
  wake: StepChange["wake"];
  needsPerson: boolean;
  tries: number;
  connectorState: JsonObject | undefined;
  stateVersion: number;
  sealed: Sealed;
  pending: PendingIntent | undefined;
  visible: VisibleIntent | undefined;
  mayBeLive: boolean;
  published: PublishedRef | undefined;
  failure: Trouble | undefined;
  probe: ProbeRecord | undefined;
  plannedAt: Date | undefined;
}

export interface MemoryJob {
  readonly row: Readonly<Row>;
  /** The claim that is worked on, or was last. */
  readonly drive: Drive;
  /** Sleeps until the job is due and works on it once. Where that throws, the job stands as a dead worker leaves it. */
  next(): Promise<void>;
}

/** How much longer than its visible call a lease is, as in the pipeline. */
const leaseMarginMs = 8_000;
/** A state that says "not sent" is refused while something may be live, as the ledger's table refuses it. */
const doubtStates: readonly JobState[] = ["publishing", "processing", "retrying", "unknown", "partly_published"];

/**
 * One job of one account, kept in memory and worked on by the driver the pipeline uses: its port is a few variables instead
 * of the ledger. There are no other jobs, people or pauses, so a claim comes as soon as the job is due.
 */
export function memoryJob(
  world: MemoryJobWorld,
  { way, post, ...job }: { readonly way: Way; readonly post: OutgoingPost; readonly plannedAt: Date | undefined },
): MemoryJob {
  const row: Row = {
    state: "scheduled",
    wake: 0,
    needsPerson: false,
    tries: 0,
    connectorState: undefined,
    stateVersion: 1,
    sealed: {},
    pending: undefined,
    visible: undefined,
    mayBeLive: false,
    published: undefined,
    failure: undefined,
    probe: undefined,
    plannedAt: job.plannedAt,
  };
  let attempts = 0;
  const port: StepPort = {
    now: world.now,
    monotonicMs: () => 0,
    random: () => 0.5,
    randomBits,
    account: async () => ok(world.account()),
    renew: world.renew,
    openSealed: async () => row.sealed,
    context: (step) => world.context(step, () => noteVisibleCall(drive)),
    async announce(step, prepared) {
      attempts += 1;
      const { name, effect, repeatable, timeoutMs = defaultTimeoutMs, settleMs = defaultSettleMs } = step;
      const call = { step: name, prepared: throughJson(prepared), repeatable, settleMs, open: true };
      const intentAt = world.now();
      drive.pending = { ...call, attemptId: `att_${attempts}`, effect, timeoutMs, intentAt };
      row.pending = drive.pending;
      row.connectorState = throughJson(drive.state);
      row.stateVersion = drive.stateVersion;
      if (effect !== "visible") return "written";
      const begunAt = row.mayBeLive && row.visible?.step === name ? row.visible.intentAt : intentAt;
      const endsBy = new Date(intentAt.getTime() + timeoutMs + leaseMarginMs);
      row.visible = { ...call, intentAt: begunAt, endsBy };
      row.mayBeLive = true;
      return "written";
    },
    async commit(change, answer) {
      write(row, change, answer);
      if (change.connectorState) row.stateVersion = drive.stateVersion;
      if (change.mayBeLive === false) {
        drive.mayBeLive = false;
        drive.sentVisible = false;
      }
      return "written";
    },
    owners: async () => ({ owned: new Set(), hasRival: false }),
    block: async () => {},
    markBroken: async () => {},
    failed: () => {},
    sawAbsent: () => {},
  };
  let drive = begin(port, post, row);
  return {
    row,
    get drive() {
      return drive;
    },
    async next() {
      // What a dead worker leaves is taken up when its lease has ended.
      world.advance(row.wake === "lease" ? defaultTimeoutMs : (row.wake ?? 0));
      const { visible, mayBeLive, probe } = row;
      const repeats = visible?.repeatable || (probe?.repeatBy !== undefined && world.now() < new Date(probe.repeatBy));
      const mayGoOn = row.state !== "unknown" && (!visible?.open || repeats);
      drive = begin(port, post, row);
      row.wake = "lease";
      if (mayGoOn || !mayBeLive) {
        row.state = "publishing";
        await runSteps(drive, way);
        return;
      }
      row.state = doubtState(drive);
      const lookAt = visible ? visible.endsBy.getTime() + visible.settleMs : 0;
      world.advance(Math.max(0, lookAt - world.now().getTime()));
      await lookUp(drive, way);
    },
  };
}

/** A claim: what was stored, as the driver begins with it. */
function begin(port: StepPort, post: OutgoingPost, row: Row): Drive {
  const { pending, visible, probe, connectorState: state, stateVersion, published, tries, mayBeLive, plannedAt } = row;
  return {
    ...{ port, post, plannedAt, visible, probe, state, stateVersion, published, tries, mayBeLive },
    hasSealed: Object.keys(row.sealed).length > 0,
    sealed: undefined,
    pending: pending && { ...pending, open: false },
    asksOnly: false,
    isWished: false,
    // Time passes only as the job sleeps, so nothing is ever too late.
    lateAfterMs: Number.POSITIVE_INFINITY,
    refreshed: false,
    sentVisible: false,
    owes: true,
    withAuthor: row.state === "handed_over" && published === undefined,
  };
}

/** As the ledger writes it. */
function write(row: Row, change: StepChange, answer: StepAnswer | undefined): void {
  row.state = change.state;
  row.wake = change.wake;
  row.tries = change.tries ?? row.tries;
  row.needsPerson = change.needsPerson ?? row.needsPerson;
  row.published = change.published ?? row.published;
  row.mayBeLive = change.mayBeLive ?? row.mayBeLive;
  if (change.connectorState) row.connectorState = throughJson(change.connectorState);
  if (change.sealed) row.sealed = change.sealed;
  if (forgetsSealed(change)) row.sealed = {};
  if (change.failure !== undefined) row.failure = change.failure ?? undefined;
  if (change.probe !== undefined) row.probe = change.probe ?? undefined;
  if (change.pending === null) row.pending = undefined;
  if (change.pending === "answered" && row.pending) row.pending = { ...row.pending, open: false };
  if (!row.mayBeLive) row.visible = undefined;
  else if (row.visible && (answer?.outcome === "ok" || answer?.outcome === "waiting"))
    row.visible = { ...row.visible, open: false };
  if (change.nativeSchedule === false) row.plannedAt = undefined;
  if (change.forgetSteps) {
    row.connectorState = undefined;
    row.pending = undefined;
  }
  assert.ok(!row.mayBeLive || doubtStates.includes(row.state), `${row.state} is said of what may be live`);
}

/** What storing does to a value; a state or prepared value that does not come back the same is refused. */
export function throughJson<T>(value: T): T {
  if (value === undefined) return value;
  const back: T = JSON.parse(JSON.stringify(value));
  assert.deepEqual(back, value, "a stored value does not survive JSON");
  return back;
}

let drawn = 0n;
/** Different at every call, the same in every run of a test. */
function randomBits(bits: number): bigint {
  drawn += 1n;
  return (drawn * 0x9e3779b97f4a7c15n) & ((1n << BigInt(bits)) - 1n);
}
