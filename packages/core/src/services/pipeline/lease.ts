import type { ClaimedJob } from "../../ports/ledger.ts";
import type { PipelineDeps } from "./worker-deps.ts";

/** The lease of one claim: kept by whoever works, so that a step may take longer than it; close it when the work ends. */
export class Lease {
  private until: Date;
  private readonly job: ClaimedJob;
  private readonly deps: PipelineDeps;
  private readonly stopBeat: () => void;

  constructor(job: ClaimedJob, deps: PipelineDeps) {
    this.job = job;
    this.deps = deps;
    this.until = job.leaseUntil;
    this.stopBeat = deps.every(deps.settings.leaseMs / 3, () => void this.keep());
  }

  close(): void {
    this.stopBeat();
  }

  /** Below zero: it is over, and somebody else may have the job. */
  remainingMs(): number {
    return this.until.getTime() - this.deps.clock.now().getTime();
  }

  /** The ledger made it end then. */
  set(until: Date): void {
    this.until = until;
  }

  /** A worker that stands still loses it. */
  private async keep(): Promise<void> {
    const { tenantId, jobId, fence } = this.job;
    const { leaseMs } = this.deps.settings;
    if (this.remainingMs() > (leaseMs * 2) / 3) return;
    try {
      const until = await this.deps.ledger.renew({ tenantId, jobId, fence, leaseMs });
      if (until && until > this.until) this.until = until;
    } catch {
      // The next beat tries again; without a lease the next write is refused, and nothing visible leaves.
    }
  }
}
