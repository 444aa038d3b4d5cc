import type { Json, JsonObject } from "@postd/contracts";
import type { Progress, Step } from "../publish.ts";
import { type Drive, defaultSettleMs, doubtState, noteVisibleCall, type StepAnswer, type Way } from "./drive.ts";
import { leftUnsent } from "./left-unsent.ts";
import { keepsOwnClock, namesPastTime, nativeTime } from "./native-time.ts";
import { oneVisibleCall } from "./one-visible-call.ts";
import { opening, settleFailure } from "./settle-failure.ts";
import { bringUpToDate, keepSealed, loadSealed } from "./step-state.ts";

/** A format whose steps never end is a bug in a connector, not a reason to spin. */
const mostRuns = 500;

/**
 * Runs the first step that is not done until all are, or one asks to wait or fails. Around every effect step the intent
 * is committed before and the answer after it; finished steps are never run again. Answers true when by this run the post
 * is whole and live; in every other case what was committed says how it goes on.
 */
export async function runSteps(drive: Drive, way: Way): Promise<boolean> {
  const { port, post } = drive;
  const { format, schedule } = way;
  bringUpToDate(drive, format);
  for (let count = 0; count < mostRuns; count += 1) {
    const opened = await port.account();
    if (!opened.ok) {
      await settleFailure(drive, opened.error, opening, 0);
      return false;
    }
    const account = opened.value;
    if (namesPastTime(drive, schedule) && !(await beginAnew(drive))) return false;
    if (drive.state === undefined && (await keepsOwnClock(drive, schedule))) return false;
    const state: JsonObject =
      drive.state ?? format.start({ post, account, now: port.now(), ...nativeTime(drive, schedule) });
    drive.state = state;
    drive.owes = format.steps.some((candidate) => candidate.effect !== "none" && !candidate.done(state, post));
    const step = format.steps.find((candidate) => !candidate.done(state, post));
    if (!step) return finish(drive);
    if (drive.asksOnly && step.effect !== "none") {
      if (drive.mayBeLive) return lookFirst(drive, undefined);
      // Asking has settled the doubt: nothing of it is out, so whatever barred it from being sent counts again.
      if (!drive.published) return leftUnsent(drive);
    }

    let prepared: Json = null;
    if (step.prepare)
      prepared =
        keptPrepared(drive, step) ??
        step.prepare({ post, state, account, now: port.now(), randomBits: port.randomBits });
    if (repeatsTooLate(drive, step)) return lookFirst(drive, undefined);
    if (step.effect !== "none") {
      const announced = await port.announce(step, prepared);
      if (announced === "wished") await standAside(drive);
      if (announced !== "written") return false;
    }

    const sealed = await loadSealed(drive);
    const startedMs = port.monotonicMs();
    const ctx = port.context(step);
    const guard = step.effect === "visible" ? oneVisibleCall(ctx, `${way.name}.${step.name}`) : undefined;
    const repeats = drive.mayBeLive && drive.visible?.step === step.name;
    const input = { post, state, prepared, ...(sealed && { sealed }), ...(repeats && { repeats }) };
    const result = await step.run(input, guard?.ctx ?? ctx);
    const latencyMs = Math.round(port.monotonicMs() - startedMs);
    if (!result.ok) {
      // Nothing was sent, and the platform says that the post may be out: an earlier call made it, and it is looked for.
      if (guard?.onlyRead() && result.error.kind === "outcome_unknown") noteVisibleCall(drive);
      const facts = { ...step, settleMs: step.settleMs ?? defaultSettleMs };
      if (await settleFailure(drive, result.error, facts, latencyMs)) continue;
      return false;
    }
    const next = await progressed(drive, format.steps, step, result.value, latencyMs);
    if (next !== "goes on") return next === "live";
  }
  throw new Error(`${way.name} did not come to an end`);
}

/** The steps begin again; nothing visible was done by them. False: this worker's turn is over. */
async function beginAnew(drive: Drive): Promise<boolean> {
  drive.state = undefined;
  drive.pending = undefined;
  if (!drive.hasSealed) return true;
  // What was kept belongs to the steps that are given up.
  keepSealed(drive, {});
  return (await drive.port.commit({ state: "publishing", wake: "lease", forgetSteps: true })) === "written";
}

/** What an earlier intent of this step was about to send; a repeat sends the same. */
function keptPrepared({ pending, mayBeLive, visible }: Drive, step: Step<JsonObject>): Json | undefined {
  if (pending?.step === step.name) return pending.prepared;
  return mayBeLive && visible?.step === step.name ? visible.prepared : undefined;
}

/** A repeat that was allowed until a moment which passed while the account was opened, or its token renewed. */
function repeatsTooLate({ port, mayBeLive, visible, probe }: Drive, step: Step<JsonObject>): boolean {
  if (!mayBeLive || visible?.step !== step.name || !visible.open || step.repeatable) return false;
  return probe?.repeatBy === undefined || port.now() >= new Date(probe.repeatBy);
}

/** A person's wish was first, so nothing visible leaves; the next claim sees the wish and does it. */
async function standAside(drive: Drive): Promise<void> {
  await drive.port.commit({
    state: drive.mayBeLive ? doubtState(drive) : "retrying",
    wake: 0,
    pending: "answered",
    ...(drive.state ? { connectorState: drive.state } : {}),
  });
}

/** Commits what a run of a step achieved. */
async function progressed(
  drive: Drive,
  steps: readonly Step<JsonObject>[],
  step: Step<JsonObject>,
  progress: Progress<JsonObject>,
  latencyMs: number,
): Promise<"goes on" | "live" | "ends"> {
  const { port, post } = drive;
  drive.state = progress.state;
  drive.published = progress.published ?? drive.published;
  if (progress.sealed) keepSealed(drive, progress.sealed);
  const open = drive.pending?.open ? drive.pending : undefined;
  const answer: StepAnswer | undefined = open && {
    attemptId: open.attemptId,
    outcome: progress.waitMs === undefined ? "ok" : "waiting",
    latencyMs,
  };
  const isVisible = step.effect === "visible";
  // Its author has taken the draft up, so from here on it may be live.
  const isTakenUp = drive.withAuthor && !progress.handedOver && !progress.unseen;
  if (isTakenUp) drive.mayBeLive = true;
  if (!progress.handedOver) drive.withAuthor = false;
  if (progress.refused || progress.unseen) drive.sentVisible = false;
  const settledByWord = progress.unseen === true && drive.mayBeLive;
  if (settledByWord) drive.mayBeLive = false;
  if (progress.failure) {
    const facts = { ...step, settleMs: step.settleMs ?? defaultSettleMs };
    return (await settleFailure(drive, progress.failure, facts, latencyMs)) ? "goes on" : "ends";
  }
  // What an earlier open call was about to show is looked for before anything else takes its place.
  const begunAnew =
    isVisible &&
    !drive.sentVisible &&
    progress.waitMs === undefined &&
    progress.published === undefined &&
    !step.done(progress.state, post);
  if (drive.mayBeLive && (progress.refused || begunAnew)) {
    await lookFirst(drive, answer);
    return "ends";
  }
  // A visible call has its end when the post has a name by it, or when it was a touch to a post that has one.
  const isEnded =
    progress.published !== undefined || (isVisible && drive.published !== undefined && step.done(progress.state, post));
  const isSettled = isEnded || !(drive.mayBeLive || drive.sentVisible);
  // Until when this call could be repeated is nothing the next one may go by.
  const endsRepeats = isSettled && drive.probe?.repeatBy !== undefined;
  const allDone = steps.every((candidate) => candidate.done(progress.state, post));
  drive.pending = undefined;
  drive.tries = 0;
  if (allDone) return (await finish(drive, answer)) ? "live" : "ends";
  drive.mayBeLive = !isSettled;
  drive.sentVisible = false;
  const common = {
    connectorState: progress.state,
    pending: null,
    tries: 0,
    failure: null,
    ...(isSettled ? { mayBeLive: false } : isTakenUp ? { mayBeLive: true } : {}),
    ...(endsRepeats ? { probe: null } : {}),
    ...(progress.sealed ? { sealed: progress.sealed } : {}),
    ...(drive.published ? { published: drive.published } : {}),
  };
  if (progress.waitMs !== undefined) {
    const state = progress.handedOver && isSettled ? "handed_over" : "processing";
    await port.commit({ ...common, state, wake: progress.waitMs }, answer);
    return "ends";
  }
  // A read that changed nothing needs no commit of its own; the next intent or commit carries the state.
  if (step.effect === "none" && !progress.published && !progress.sealed && !settledByWord && !isTakenUp)
    return "goes on";
  const written = await port.commit({ ...common, state: "publishing", wake: "lease" }, answer);
  return written === "written" ? "goes on" : "ends";
}

async function lookFirst(drive: Drive, answer: StepAnswer | undefined): Promise<false> {
  const since = drive.port.now().toISOString();
  const probe = { since, looks: 0, saw: [] };
  await drive.port.commit({ state: "unknown", wake: 0, pending: "answered", probe }, answer);
  return false;
}

async function finish(drive: Drive, answer?: StepAnswer): Promise<boolean> {
  const { port, published, plannedAt } = drive;
  if (!published) {
    const nameless = {
      kind: "unexpected_response",
      status: 0,
      message: "Every step was done but the platform never named the post.",
    } as const;
    await settleFailure(drive, nameless, { ...opening, name: "finish" }, 0);
    return false;
  }
  const waitMs = plannedAt ? plannedAt.getTime() - port.now().getTime() : 0;
  const handedOver = waitMs > 0;
  const written = await port.commit(
    {
      state: handedOver ? "handed_over" : "published",
      wake: handedOver ? waitMs + verifyAfterMs : null,
      pending: null,
      mayBeLive: false,
      tries: 0,
      failure: null,
      probe: null,
      needsPerson: false,
      published,
      ...(drive.state ? { connectorState: drive.state } : {}),
    },
    answer,
  );
  return written === "written" && !handedOver;
}

/** A platform that holds the clock is asked this long after the planned time. */
const verifyAfterMs = 60_000;
