import type { Progress, Step } from "@postd/connector-kit";
import type { Json, JsonObject } from "@postd/contracts";
import type { AttemptAnswer } from "../../ports/ledger.ts";
import type { FoundFormat } from "./find-format.ts";
import type { Run } from "./run.ts";
import { opening, settleFailure } from "./settle-failure.ts";
import { defaultSettleMs } from "./worker-deps.ts";

/** A format whose steps never end is a bug in a connector, not a reason to spin. */
const mostRuns = 500;

/**
 * Runs the first step that is not done until all are, or one asks to wait or fails. Around every effect call the intent
 * is committed before and the answer after it; finished steps are never run again.
 */
export async function publishSteps(run: Run, { connector, format }: FoundFormat): Promise<void> {
  const { deps, job } = run;
  for (let count = 0; count < mostRuns; count += 1) {
    const opened = await run.open();
    if ("failure" in opened) {
      await settleFailure(run, opened.failure, opening, 0);
      return;
    }
    const account = opened.connection.account;
    if (namesPastTime(run, connector.schedule)) run.beginAnew();
    if (run.steps === undefined && (await keepsOwnClock(run, connector.schedule))) return;
    const state: JsonObject =
      run.steps ??
      format.start({ post: job.post, account, now: deps.clock.now(), ...nativeTime(run, connector.schedule) });
    run.steps = state;
    run.owes = format.steps.some((candidate) => candidate.effect !== "none" && !candidate.done(state, job.post));
    const step = format.steps.find((candidate) => !candidate.done(state, job.post));
    if (!step) return finish(run);
    if (job.admission === "finish" && run.mayBeLive && step.effect !== "none") {
      await lookFirst(run, undefined);
      return;
    }

    let prepared: Json = null;
    if (step.prepare) {
      const kept = keptPrepared(run, step);
      prepared =
        kept ?? step.prepare({ post: job.post, state, account, now: deps.clock.now(), randomBits: deps.randomBits });
    }
    if (step.effect !== "none") {
      const kind = job.nativeSchedule ? "native" : "call";
      const note = `Sending: ${step.name.replaceAll("_", " ")}`;
      const intended = await run.intend(step, { kind, prepared, note });
      if (intended === "wished") await standAside(run);
      if (intended !== "written") return;
    }

    const startedAt = performance.now();
    const result = await step.run({ post: job.post, state, prepared }, run.context(connector, opened.connection, step));
    const latencyMs = Math.round(performance.now() - startedAt);
    if (!result.ok) {
      const facts = { ...step, settleMs: step.settleMs ?? defaultSettleMs };
      if (await settleFailure(run, result.error, facts, latencyMs)) continue;
      return;
    }
    if (!(await progressed(run, format.steps, step, result.value, latencyMs))) return;
  }
  throw new Error(`${connector.id}.${job.post.format} did not come to an end`);
}

/** What an earlier intent of this step was about to send; a repeat sends the same. */
function keptPrepared(run: Run, step: Step<JsonObject>): Json | undefined {
  if (run.pending?.step === step.name) return run.pending.prepared;
  return run.mayBeLive && run.job.visible?.step === step.name ? run.job.visible.prepared : undefined;
}

/** A person's wish was first, so nothing visible leaves; the next claim sees the wish and does it. */
async function standAside(run: Run): Promise<void> {
  await run.settle({
    state: run.mayBeLive ? run.doubtState() : "retrying",
    wake: 0,
    pending: "answered",
    ...(run.steps ? { connectorState: run.steps } : {}),
  });
}

/** Commits what a run of a step achieved; false when the run ends here. */
async function progressed(
  run: Run,
  steps: readonly Step<JsonObject>[],
  step: Step<JsonObject>,
  progress: Progress<JsonObject>,
  latencyMs: number,
): Promise<boolean> {
  run.steps = progress.state;
  run.published = progress.published ?? run.published;
  const open = run.pending?.open ? run.pending : undefined;
  const answer = open && {
    attemptId: open.attemptId,
    outcome: progress.waitMs === undefined ? ("ok" as const) : ("waiting" as const),
    latencyMs,
  };
  const isVisible = step.effect === "visible";
  if (progress.refused) run.sentVisible = false;
  // What an earlier open call was about to show is looked for before anything else takes its place.
  const begunAnew =
    isVisible &&
    !run.sentVisible &&
    progress.waitMs === undefined &&
    progress.published === undefined &&
    !step.done(progress.state, run.job.post);
  if (run.mayBeLive && (progress.refused || begunAnew)) return lookFirst(run, answer);
  // A visible call has its end when the post has a name by it, or when it was a touch to a post that has one.
  const isEnded =
    progress.published !== undefined ||
    (isVisible && run.published !== undefined && step.done(progress.state, run.job.post));
  const isSettled = isEnded || !(run.mayBeLive || run.sentVisible);
  const allDone = steps.every((candidate) => candidate.done(progress.state, run.job.post));
  run.pending = undefined;
  run.tries = 0;
  if (allDone) {
    await finish(run, answer);
    return false;
  }
  run.mayBeLive = !isSettled;
  run.sentVisible = false;
  const common = {
    connectorState: progress.state,
    pending: null,
    tries: 0,
    failure: null,
    ...(isSettled ? { mayBeLive: false } : {}),
    ...(run.published ? { published: run.published } : {}),
  };
  if (progress.waitMs !== undefined) {
    await run.settle({ ...common, state: "processing", wake: progress.waitMs }, answer);
    return false;
  }
  // A read that changed nothing needs no commit of its own; the next intent or settle carries the state.
  if (step.effect === "none" && !progress.published) return true;
  return (await run.settle({ ...common, state: "publishing", wake: "lease" }, answer)) === "written";
}

async function lookFirst(run: Run, answer: AttemptAnswer | undefined): Promise<false> {
  const since = run.deps.clock.now().toISOString();
  await run.settle({ state: "unknown", wake: 0, pending: "answered", probe: { since, looks: 0, saw: [] } }, answer);
  return false;
}

async function finish(run: Run, answer?: AttemptAnswer): Promise<void> {
  const { job, deps } = run;
  const published = run.published;
  if (!published) {
    const nameless = {
      kind: "unexpected_response",
      status: 0,
      message: "Every step was done but the platform never named the post.",
    } as const;
    await settleFailure(run, nameless, { ...opening, name: "finish" }, 0);
    return;
  }
  const handedOver = nativePending(run);
  const written = await run.settle(
    {
      state: handedOver ? "handed_over" : "published",
      wake: handedOver ? Math.max(0, job.scheduledFor.getTime() - deps.clock.now().getTime()) + verifyAfterMs : null,
      pending: null,
      mayBeLive: false,
      tries: 0,
      failure: null,
      probe: null,
      needsPerson: false,
      published,
      ...(run.steps ? { connectorState: run.steps } : {}),
    },
    answer,
  );
  if (written === "written" && !handedOver)
    deps.events.published({
      platform: job.platform,
      latenessMs: deps.clock.now().getTime() - job.scheduledFor.getTime(),
      ...run.key,
    });
}

/** A platform that holds the clock is asked this long after the planned time. */
const verifyAfterMs = 60_000;

/**
 * A post the platform was to hold, but whose time is now outside the platform's window: sent now it would be early, so
 * POSTD holds the clock. Answers true when the run ends here.
 */
async function keepsOwnClock(run: Run, schedule: FoundFormat["connector"]["schedule"]): Promise<boolean> {
  const leadMs = run.job.scheduledFor.getTime() - run.deps.clock.now().getTime();
  if (!run.job.nativeSchedule || leadMs <= 0 || nativeTime(run, schedule).publishAt) return false;
  await run.settle({ state: "scheduled", wake: leadMs, nativeSchedule: false, forgetSteps: true });
  return true;
}

/** Begun for the platform to show at its time, and the platform takes that time no more. Nothing was sent. */
function namesPastTime(run: Run, schedule: FoundFormat["connector"]["schedule"]): boolean {
  const { job, steps, mayBeLive, published } = run;
  return job.nativeSchedule && steps !== undefined && !mayBeLive && !published && !nativeTime(run, schedule).publishAt;
}

function nativeTime(run: Run, schedule: FoundFormat["connector"]["schedule"]): { publishAt?: Date } {
  if (!run.job.nativeSchedule || !schedule?.formats.includes(run.job.post.format)) return {};
  const leadMs = run.job.scheduledFor.getTime() - run.deps.clock.now().getTime();
  return leadMs >= schedule.minLeadMs && leadMs <= schedule.maxLeadMs ? { publishAt: run.job.scheduledFor } : {};
}

/** True when the steps handed the post over for a time still ahead. */
function nativePending(run: Run): boolean {
  return run.job.nativeSchedule && run.job.scheduledFor > run.deps.clock.now();
}
