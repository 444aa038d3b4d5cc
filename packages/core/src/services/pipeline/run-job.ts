import type { Connector, Format } from "@postd/connector-kit";
import type { ClaimedJob, JobKey } from "../../ports/ledger.ts";
import { probeJob } from "./probe-job.ts";
import { publishSteps } from "./publish-steps.ts";
import { Run } from "./run.ts";
import { verifyHandedOver } from "./verify-handed-over.ts";
import type { PipelineDeps } from "./worker-deps.ts";

/**
 * One wake-up of one publish job: claim, then publish, probe or verify. Losing the claim or the lease is normal and
 * ends quietly. Answers what was refused, or undefined when the job was worked on.
 */
export async function runJob(key: JobKey, deps: PipelineDeps): Promise<string | undefined> {
  const { owner, leaseMs, lateAfterMs } = deps.settings;
  const claimed = await deps.ledger.claim({ ...key, owner, leaseMs, lateAfterMs });
  if ("refused" in claimed) return claimed.refused;
  const found = formatOf(claimed, deps);
  const run = new Run(claimed, deps);
  if (!found) {
    await run.stop({
      kind: "unexpected_response",
      status: 0,
      message: `This server has no connector for ${claimed.platform} with the format ${claimed.post.format}.`,
    });
    return undefined;
  }
  switch (claimed.admission) {
    case "publish":
      await publishSteps(run, found);
      return undefined;
    case "probe":
      // What the platform was to show by itself is asked for by its id.
      if (claimed.nativeSchedule && claimed.published && !claimed.pending) await verifyHandedOver(run, found.connector);
      else await probeJob(run, found);
      return undefined;
    case "verify":
      await verifyHandedOver(run, found.connector);
      return undefined;
    default:
      claimed.admission satisfies never;
      throw new Error("an admission has no way to run");
  }
}

export interface FoundFormat {
  readonly connector: Connector;
  readonly format: Format;
}

function formatOf(job: ClaimedJob, deps: PipelineDeps): FoundFormat | undefined {
  const connector = deps.registry.get(job.platform);
  const format = connector?.publish[job.post.format];
  return connector && format ? { connector, format } : undefined;
}
