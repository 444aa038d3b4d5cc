import { formatOf, type PlatformFailure, type PublishingPlatform } from "@postd/connector-kit";
import {
  bringUpToDate,
  lookBroke,
  lookUp,
  opening,
  readsState,
  runSteps,
  settleFailure,
  type Way,
} from "@postd/connector-kit/rules";
import { type ClaimedJob, type JobKey, otherSteps } from "../../ports/ledger.ts";
import { MediaGone } from "../../ports/media.ts";
import { grantWish, wishBroke } from "./grant-wish.ts";
import { Run } from "./run.ts";
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
  const claimed = await deps.ledger.claim({ ...key, owner, leaseMs, lateAfterMs, readsSteps: readsStepsOf(deps) });
  if ("refused" in claimed) {
    if (claimed.refused === otherSteps)
      deps.log.warn({ ...key }, "a publish job was begun by another version of this program and waits for it");
    return claimed.refused;
  }
  const run = new Run(claimed, deps);
  try {
    await work(run, claimed);
  } catch (error) {
    await settleThrown(run, error);
  } finally {
    run.close();
    await run.tellCircuits();
  }
  return undefined;
}

/** A job whose format is not known here at all is claimed, and then held for the operator. */
const readsStepsOf =
  ({ registry }: PipelineDeps): NonNullable<Parameters<PipelineDeps["ledger"]["claim"]>[0]["readsSteps"]> =>
  ({ platform, format, version }) => {
    const known = formatOf(registry.get(platform) ?? {}, format);
    return known === undefined || readsState(known, version);
  };

async function work(run: Run, claimed: ClaimedJob): Promise<void> {
  const found = wayOf(run);
  if (!found) {
    const unknown: PlatformFailure = {
      kind: "operator_must_act",
      what: `a connector for ${claimed.platform} with the format ${claimed.post.format}`,
      message: `This server has no connector for ${claimed.platform} with the format ${claimed.post.format}.`,
    };
    await settleFailure(run.drive, unknown, { ...opening, name: "start" }, 0);
    return;
  }
  bringUpToDate(run.drive, found.way.format);
  switch (claimed.admission) {
    case "publish":
    case "finish":
      return tellLive(run, await runSteps(run.drive, found.way));
    case "probe":
      // What the platform was to show by itself is asked for by its id.
      if (claimed.nativeSchedule && claimed.published && !claimed.visible)
        return verifyHandedOver(run, found.platform.publishing);
      return tellLive(run, await lookUp(run.drive, found.way));
    case "verify":
      // A draft in somebody's app has no name of its own yet; the step that handed it over looks again.
      if (!claimed.published) return tellLive(run, await runSteps(run.drive, found.way));
      return verifyHandedOver(run, found.platform.publishing);
    case "grant":
      return grantWish(run, found.platform);
    default:
      claimed.admission satisfies never;
      throw new Error("an admission has no way to run");
  }
}

function tellLive({ deps, job, key }: Run, isLive: boolean): void {
  if (!isLive) return;
  const latenessMs = deps.clock.now().getTime() - job.scheduledFor.getTime();
  deps.events.published({ platform: job.platform, latenessMs, ...key });
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
  const { platform } = run;
  const { mayBeLive, pending } = run.drive;
  if (admission === "grant" && wish && platform) return wishBroke(run, platform, wish, failure);
  // Nothing was sent by a look.
  if (admission !== "publish" && mayBeLive) return lookBroke(run.drive, failure);
  if (admission === "verify") return verifyBroke(run, failure);
  const step = pending
    ? {
        ...opening,
        name: pending.step,
        effect: pending.effect,
        repeatable: pending.repeatable,
        settleMs: pending.settleMs,
      }
    : { ...opening, name: "start" };
  await settleFailure(run.drive, failure, step, 0);
}

interface Found {
  readonly platform: PublishingPlatform;
  readonly way: Way;
}

function wayOf({ platform, job }: Run): Found | undefined {
  const format = platform && formatOf(platform, job.post.format);
  if (!platform || !format) return undefined;
  const name = `${platform.id}.${job.post.format}`;
  return { platform, way: { name, format, schedule: platform.publishing.schedule } };
}
