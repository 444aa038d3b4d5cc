import type { Connector, Format } from "@postd/connector-kit";
import type { ClaimedJob } from "../../ports/ledger.ts";
import type { PipelineDeps } from "./worker-deps.ts";

export interface FoundFormat {
  readonly connector: Connector;
  readonly format: Format;
}

/** What a job is published by; undefined: this server knows no such platform or format. */
export function findFormat(job: ClaimedJob, deps: PipelineDeps): FoundFormat | undefined {
  const connector = deps.registry.get(job.platform);
  const format = connector?.publish[job.post.format];
  return connector && format ? { connector, format } : undefined;
}
