import type { PlatformFailure, Step } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { type Blocks, type Decision, decide, leavesOpen } from "../../domain/decide.ts";
import { heldNotes } from "../../domain/explain.ts";
import type { JobChange } from "../../ports/ledger.ts";
import type { Run } from "./run.ts";

/** What of a step a failure is judged by. */
export type FailedStep = Pick<Step<JsonObject>, "name" | "effect" | "repeatable" | "touch"> & {
  readonly settleMs: number;
};

/** Before any step; nothing was sent by it. */
export const opening: FailedStep = { name: "open", effect: "none", repeatable: true, settleMs: 0 };

/** What a failure does to the job; answers true when the same step may be run again at once (a renewed token). */
export async function settleFailure(
  run: Run,
  failure: PlatformFailure,
  step: FailedStep,
  latencyMs: number,
): Promise<boolean> {
  run.sentVisible = leavesOpen(run.sentVisible, failure);
  const decision = decide({
    failure,
    step,
    sent: run.sentVisible,
    mayBeLive: run.mayBeLive,
    tries: run.tries,
    refreshed: run.refreshed,
    random: run.deps.random(),
  });
  run.deps.events.failed({ platform: run.job.platform, kind: failure.kind, ...run.key });
  run.deps.log.warn(
    { ...run.key, step: step.name, kind: failure.kind, code: failure.platformCode, decision: decision.do },
    "publish step failed",
  );
  if (decision.do === "refresh") {
    if (await renewToken(run, failure)) return true;
    // A token that cannot be renewed needs a person.
    const expired: PlatformFailure = { ...failure, kind: "auth_revoked" };
    return settleFailure(run, expired, step, latencyMs);
  }
  await apply(run, decision, failure, step, latencyMs);
  return false;
}

async function renewToken(run: Run, failure: PlatformFailure): Promise<boolean> {
  run.refreshed = true;
  const seen = run.connection?.credentialVersion;
  if (seen === undefined) return false;
  const opened = await run.open(seen);
  if ("failure" in opened) return false;
  const answer = run.answerOf(failure, "failed");
  // The refused call is settled as answered; its prepared value stays for the repeat.
  const written = await run.settle(
    {
      state: "publishing",
      wake: "lease",
      pending: "answered",
      ...(run.steps ? { connectorState: run.steps } : {}),
      ...(run.mayBeLive ? {} : { mayBeLive: false }),
    },
    answer,
  );
  return written === "written";
}

async function apply(
  run: Run,
  decision: Exclude<Decision, { do: "refresh" }>,
  failure: PlatformFailure,
  step: FailedStep,
  latencyMs: number,
): Promise<void> {
  const isOpen = run.sentVisible;
  const stored = run.stored(failure, step.name);
  if (decision.do !== "fail") await block(run, decision);
  const answer = run.answerOf(failure, isOpen ? "unknown" : "failed", latencyMs);
  await run.settle(changeFor(run, decision, stored, step), answer);
  const isBroken = (decision.do === "hold" || decision.do === "probe") && decision.breakConnection;
  if (isBroken && run.connection)
    await run.deps.access.markBroken({
      ...run.key,
      connectionId: run.job.connectionId,
      credentialVersion: run.connection.credentialVersion,
      failure,
    });
  if (decision.do === "fail" && decision.tellOperator)
    run.deps.log.error(
      { ...run.key, platform: run.job.platform, step: step.name, code: failure.platformCode, status: failure.status },
      "a platform answered in a way this version does not know",
    );
}

/** What must wait with this job waits by the row that every claim reads, so that it does not ask for itself. */
async function block(run: Run, decision: { readonly blocks: Blocks } & Decision): Promise<void> {
  const waitMs = decision.do === "hold" ? decision.wakeAfterMs : "afterMs" in decision ? decision.afterMs : undefined;
  if (decision.blocks === "nothing" || waitMs === undefined) return;
  await run.deps.access.blockUntil({
    ...run.key,
    connectionId: run.job.connectionId,
    until: new Date(run.deps.clock.now().getTime() + waitMs),
    ...(decision.blocks === "app" ? { allOfApp: true } : {}),
  });
}

function changeFor(
  run: Run,
  decision: Exclude<Decision, { do: "refresh" }>,
  failure: JsonObject,
  step: FailedStep,
): JobChange {
  const isLive = run.whereabouts() === "live" || (run.published !== undefined && !run.job.nativeSchedule);
  const known = {
    pending: "answered" as const,
    ...(run.steps ? { connectorState: run.steps } : {}),
    ...(run.published ? { published: run.published } : {}),
    // This call is settled, and no earlier one is open.
    ...(run.mayBeLive || run.sentVisible ? {} : { mayBeLive: false }),
  };
  const now = run.deps.clock.now();
  // Trouble with a finishing touch is a remark on what is live; it may be missing, and it is not made twice.
  if (isLive && step.touch && decision.do !== "retry")
    return { ...known, state: "published", wake: null, pending: null, mayBeLive: false, failure };
  if (isLive && !run.owes && decision.do !== "retry")
    return { ...known, state: "published", wake: null, pending: null, mayBeLive: false, failure };
  switch (decision.do) {
    case "retry":
      return {
        ...known,
        state: "retrying",
        wake: decision.afterMs,
        tries: run.tries + (decision.countTry ? 1 : 0),
        failure,
      };
    case "hold": {
      const held = {
        heldReason: decision.reason,
        wake: decision.wakeAfterMs ?? null,
        tries: run.tries,
        failure: { ...failure, effect: isLive ? restWaits : heldNotes[decision.reason] },
      };
      // Some parts are live: what waits is the rest of them.
      return { ...known, ...held, state: isLive ? "partly_published" : "held" };
    }
    case "probe":
      return {
        ...known,
        state: run.doubtState(),
        wake: decision.afterMs,
        failure,
        probe: { since: now.toISOString(), looks: 0, saw: [] },
      };
    case "fail":
      return isLive
        ? {
            ...known,
            state: "partly_published",
            wake: null,
            needsPerson: true,
            failure: { ...failure, effect: restRefused },
          }
        : { ...known, state: "failed", wake: null, failure };
    default:
      decision satisfies never;
      throw new Error("a decision has no change");
  }
}

const restWaits = "The first part is live; the rest waits. Nothing is lost.";
const restRefused = "The first part is live; the rest was not sent.";
