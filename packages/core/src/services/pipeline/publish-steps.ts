import type { Progress, Step } from "@postd/connector-kit";
import type { Json, JsonObject } from "@postd/contracts";
import type { Run } from "./run.ts";
import type { FoundFormat } from "./run-job.ts";
import { defaultSettleMs, defaultTimeoutMs } from "./worker-deps.ts";

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
      await run.failed(opened.failure, { name: "open", effect: "none", repeatable: true, settleMs: 0 }, 0);
      return;
    }
    const account = opened.connection.account;
    if (run.state === undefined && (await keepsOwnClock(run, connector.schedule))) return;
    const state: JsonObject =
      run.state ??
      format.start({ post: job.post, account, now: deps.clock.now(), ...nativeTime(run, connector.schedule) });
    run.state = state;
    run.owes = format.steps.some((candidate) => candidate.effect !== "none" && !candidate.done(state, job.post));
    const step = format.steps.find((candidate) => !candidate.done(state, job.post));
    if (!step) {
      await finish(run);
      return;
    }
    if (!(await run.leaseFor(step.timeoutMs ?? defaultTimeoutMs))) return;

    let prepared: Json = null;
    if (step.prepare) {
      const kept = run.pending?.step === step.name ? run.pending.prepared : undefined;
      prepared =
        kept ?? step.prepare({ post: job.post, state, account, now: deps.clock.now(), randomBits: deps.randomBits });
    }
    if (
      step.effect !== "none" &&
      !(await run.intend(step, state, prepared, `Sending: ${step.name.replaceAll("_", " ")}`))
    )
      return;

    const startedAt = performance.now();
    const result = await step.run({ post: job.post, state, prepared }, run.context(connector, opened.connection, step));
    const latencyMs = Math.round(performance.now() - startedAt);
    if (!result.ok) {
      const again = await run.failed(
        result.error,
        {
          name: step.name,
          effect: step.effect,
          repeatable: step.repeatable,
          settleMs: step.settleMs ?? defaultSettleMs,
        },
        latencyMs,
      );
      if (again) continue;
      return;
    }
    if (!(await progressed(run, format.steps, step, result.value, latencyMs))) return;
  }
  throw new Error(`${connector.id}.${job.post.format} did not come to an end`);
}

/** Commits what a run of a step achieved; false when the run ends here. */
async function progressed(
  run: Run,
  steps: readonly Step<JsonObject>[],
  step: Step<JsonObject>,
  progress: Progress<JsonObject>,
  latencyMs: number,
): Promise<boolean> {
  run.state = progress.state;
  run.published = progress.published ?? run.published;
  const open = run.pending?.open ? run.pending : undefined;
  const answer = open && {
    attemptId: open.attemptId,
    outcome: progress.waitMs === undefined ? ("ok" as const) : ("waiting" as const),
    latencyMs,
  };
  const allDone = steps.every((candidate) => candidate.done(progress.state, run.job.post));
  run.pending = undefined;
  run.tries = 0;
  if (allDone) return finish(run, answer);
  const common = {
    connectorState: progress.state,
    pending: null,
    tries: 0,
    failure: null,
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

async function finish(run: Run, answer?: Parameters<Run["settle"]>[1]): Promise<false> {
  const { job, deps } = run;
  const published = run.published;
  if (!published) {
    await run.stop({
      kind: "unexpected_response",
      status: 0,
      message: "Every step was done but the platform never named the post.",
    });
    return false;
  }
  const handedOver = nativePending(run);
  const written = await run.settle(
    {
      state: handedOver ? "handed_over" : "published",
      wake: handedOver ? Math.max(0, job.scheduledFor.getTime() - deps.clock.now().getTime()) + verifyAfterMs : null,
      pending: null,
      tries: 0,
      failure: null,
      probe: null,
      needsPerson: false,
      published,
      ...(run.state ? { connectorState: run.state } : {}),
    },
    answer,
  );
  if (written === "written" && !handedOver)
    deps.events.published({
      platform: job.platform,
      latenessMs: deps.clock.now().getTime() - job.scheduledFor.getTime(),
      ...run.key,
    });
  return false;
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
  await run.settle({ state: "scheduled", wake: leadMs, nativeSchedule: false });
  return true;
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
