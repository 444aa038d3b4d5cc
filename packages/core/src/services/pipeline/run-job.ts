import type { PlatformFailure } from "@postd/connector-kit";
import type { ClaimedJob, JobKey } from "../../ports/ledger.ts";
import { MediaGone } from "../../ports/media.ts";
import { findFormat } from "./find-format.ts";
import { grantWish, wishBroke } from "./grant-wish.ts";
import { lookBroke, probeJob } from "./probe-job.ts";
import { publishSteps } from "./publish-steps.ts";
import { Run } from "./run.ts";
import { opening, settleFailure } from "./settle-failure.ts";
import { verifyBroke, verifyHandedOver } from "./verify-handed-over.ts";
import type { PipelineDeps } from "./worker-deps.ts";

/**
 * One wake-up of one publish job: claim, then publish, probe, verify or grant a wish. Losing the claim or the lease is
 * normal and ends quietly. Whatever is thrown on the way is settled from the intents, so that no job is left behind
 * without a state that says so; only a database that cannot be reached leaves it to the next claim. Answers what was
 * refused, or undefined when the job was worked on.
 */
export async function runJob(key: JobKey, deps: PipelineDeps): Promise<string | undefined> {
  const { owner, leaseMs, lateAfterMs } = deps.settings;
  const claimed = await deps.ledger.claim({ ...key, owner, leaseMs, lateAfterMs });
  if ("refused" in claimed) return claimed.refused;
  const run = new Run(claimed, deps);
  try {
    await work(run, claimed);
  } catch (error) {
    await settleThrown(run, error);
  } finally {
    run.close();
  }
  return undefined;
}

async function work(run: Run, claimed: ClaimedJob): Promise<void> {
  const found = findFormat(claimed, run.deps);
  if (!found) {
    const unknown: PlatformFailure = {
      kind: "operator_must_act",
      what: `a connector for ${claimed.platform} with the format ${claimed.post.format}`,
      message: `This server has no connector for ${claimed.platform} with the format ${claimed.post.format}.`,
    };
    await settleFailure(run, unknown, { ...opening, name: "start" }, 0);
    return;
  }
  switch (claimed.admission) {
    case "publish":
    case "finish":
      return publishSteps(run, found);
    case "probe":
      // What the platform was to show by itself is asked for by its id.
      if (claimed.nativeSchedule && claimed.published && !claimed.visible)
        return verifyHandedOver(run, found.connector);
      return probeJob(run, found);
    case "verify":
      return verifyHandedOver(run, found.connector);
    case "grant":
      return grantWish(run, found.connector);
    default:
      claimed.admission satisfies never;
      throw new Error("an admission has no way to run");
  }
}

/** A fault of ours, or of what the connector was given. The error's words may quote anything, so only its name is kept. */
async function settleThrown(run: Run, error: unknown): Promise<void> {
  if (run.deps.isPassing(error)) throw error;
  const name = error instanceof Error ? error.name : typeof error;
  run.deps.log.error({ ...run.key, platform: run.job.platform, error }, "a publish job threw");
  const gone = error instanceof MediaGone ? error : undefined;
  const failure: PlatformFailure = gone
    ? {
        kind: "content_rejected",
        field: "media",
        reason: "gone",
        message: gone.message,
      }
    : {
        kind: "unexpected_response",
        status: 500,
        message: "POSTD itself failed at this post. The operator finds the reason in the log.",
        cause: name,
      };
  const { admission, wish } = run.job;
  const connector = run.deps.registry.get(run.job.platform);
  if (admission === "grant" && wish && connector) return wishBroke(run, connector, wish, failure);
  // Nothing was sent by a look.
  if (admission !== "publish" && run.mayBeLive) return lookBroke(run, run.stored(failure, "look"));
  if (admission === "verify") return verifyBroke(run, failure);
  const step = run.pending
    ? {
        ...opening,
        name: run.pending.step,
        effect: run.pending.effect,
        repeatable: run.pending.repeatable,
        settleMs: run.pending.settleMs,
      }
    : { ...opening, name: "start" };
  await settleFailure(run, failure, step, 0);
}
