import type { JsonObject } from "@postd/contracts";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";
import { type Decision, decide, leavesOpen } from "./decide.ts";
import {
  answerOf,
  type Drive,
  doubtState,
  type StepChange,
  saw,
  type Trouble,
  troubleOf,
  whereabouts,
} from "./drive.ts";

/** What of a step a failure is judged by. */
export type FailedStep = Pick<Step<JsonObject>, "name" | "effect" | "repeatable" | "touch"> & {
  readonly settleMs: number;
};

/** Before any step; nothing was sent by it. */
export const opening: FailedStep = { name: "open", effect: "none", repeatable: true, settleMs: 0 };

/** What a failure does to the job; answers true when the same step may be run again at once (a renewed token). */
export async function settleFailure(
  drive: Drive,
  failure: PlatformFailure,
  step: FailedStep,
  latencyMs: number,
): Promise<boolean> {
  drive.sentVisible = leavesOpen(drive.sentVisible, failure);
  const decision = decide({
    failure,
    step,
    sent: drive.sentVisible,
    mayBeLive: drive.mayBeLive,
    tries: drive.tries,
    refreshed: drive.refreshed,
    random: drive.port.random(),
  });
  drive.port.failed(failure, step.name, decision);
  if (decision.do === "refresh") {
    if (await renewToken(drive, failure)) return true;
    // A token that cannot be renewed needs a person.
    const expired: PlatformFailure = { ...failure, kind: "auth_revoked" };
    return settleFailure(drive, expired, step, latencyMs);
  }
  await apply(drive, decision, failure, step, latencyMs);
  return false;
}

async function renewToken(drive: Drive, failure: PlatformFailure): Promise<boolean> {
  drive.refreshed = true;
  if (await drive.port.renew()) return false;
  const answer = answerOf(drive, failure, "failed");
  // The refused call is settled as answered; its prepared value stays for the repeat.
  const written = await drive.port.commit(
    {
      state: drive.withAuthor ? "handed_over" : "publishing",
      wake: "lease",
      pending: "answered",
      ...(drive.state ? { connectorState: drive.state } : {}),
      ...(drive.mayBeLive ? {} : { mayBeLive: false }),
    },
    answer,
  );
  return written === "written";
}

async function apply(
  drive: Drive,
  decision: Exclude<Decision, { do: "refresh" }>,
  failure: PlatformFailure,
  step: FailedStep,
  latencyMs: number,
): Promise<void> {
  const trouble = troubleOf(drive, failure, step.name);
  if (decision.do !== "fail") await block(drive, decision);
  const answer = answerOf(drive, failure, drive.sentVisible ? "unknown" : "failed", latencyMs);
  await drive.port.commit(changeFor(drive, decision, trouble, step), answer);
  const isBroken = (decision.do === "hold" || decision.do === "probe") && decision.breakConnection;
  if (isBroken) await drive.port.markBroken(failure);
}

/** What must wait with this job waits by what every claim reads, so that it does not ask for itself. */
async function block(drive: Drive, decision: Exclude<Decision, { do: "refresh" | "fail" }>): Promise<void> {
  const waitMs = decision.do === "hold" ? decision.wakeAfterMs : decision.afterMs;
  if (decision.blocks === "nothing" || waitMs === undefined) return;
  await drive.port.block(waitMs, decision.blocks);
}

function changeFor(
  drive: Drive,
  decision: Exclude<Decision, { do: "refresh" }>,
  failure: Trouble,
  step: FailedStep,
): StepChange {
  const isLive = whereabouts(drive) === "live" || (drive.published !== undefined && !drive.plannedAt);
  const known = {
    pending: "answered" as const,
    ...(drive.state ? { connectorState: drive.state } : {}),
    ...(drive.published ? { published: drive.published } : {}),
    // This call is settled, and no earlier one is open.
    ...(drive.mayBeLive || drive.sentVisible ? {} : { mayBeLive: false }),
  };
  // Trouble with a finishing touch is a remark on what is live; it may be missing, and it is not made twice.
  if (isLive && (step.touch || !drive.owes) && decision.do !== "retry")
    return { ...known, state: "published", wake: null, pending: null, mayBeLive: false, failure };
  if (drive.withAuthor) return withAuthor(drive, decision, { ...known, failure });
  switch (decision.do) {
    case "retry":
      return {
        ...known,
        state: "retrying",
        wake: decision.afterMs,
        tries: drive.tries + (decision.countTry ? 1 : 0),
        failure,
      };
    case "hold":
      // Where some parts are live, what waits is the rest of them.
      return {
        ...known,
        state: isLive ? "partly_published" : "held",
        heldReason: decision.reason,
        wake: decision.wakeAfterMs ?? null,
        tries: drive.tries,
        failure: isLive ? { ...failure, rest: "waits" } : failure,
      };
    case "probe":
      return {
        ...known,
        state: doubtState(drive),
        wake: decision.afterMs,
        failure,
        probe: { since: drive.port.now().toISOString(), looks: 0, saw: [] },
      };
    case "fail":
      return isLive
        ? {
            ...known,
            state: "partly_published",
            wake: null,
            needsPerson: true,
            failure: { ...failure, rest: "not_sent" },
          }
        : { ...known, state: "failed", wake: null, failure };
    default:
      decision satisfies never;
      throw new Error("a decision has no change");
  }
}

/** A draft nobody could look at is no less with its author than before; where looking is at its end, a person says. */
function withAuthor(
  drive: Drive,
  decision: Exclude<Decision, { do: "refresh" }>,
  known: Pick<StepChange, "pending" | "connectorState" | "failure">,
): StepChange {
  if (decision.do === "fail") {
    const probe = saw(
      drive,
      "ask",
      "It waited as a draft in the platform's app, and the platform no longer tells of it.",
    );
    return { ...known, state: "unknown", wake: null, needsPerson: true, mayBeLive: true, probe };
  }
  const tries = drive.tries + (decision.do === "retry" && decision.countTry ? 1 : 0);
  const wake = (decision.do === "hold" ? decision.wakeAfterMs : decision.afterMs) ?? draftCheckMs;
  return { ...known, state: "handed_over", wake, tries };
}

/** A draft whose account needs a person is looked for again this often. */
const draftCheckMs = 60 * 60_000;
