import type { Clock } from "@postd/connector-kit";
import { canaryTask, type JobQueue } from "@postd/core";
import { type Leases, runAsLeader } from "../postgres/leases.ts";

/**
 * Sends a canary through the queue every 20 s from one process of the instance; workers note its arrival, and health
 * fails a minute after the last one. Run it wherever the dispatcher runs.
 */
export function sendCanaries(options: {
  readonly leases: Leases;
  readonly queue: Pick<JobQueue, "push">;
  readonly clock: Clock;
  readonly everyMs?: number;
  readonly onError: (error: unknown) => void;
}): { stop(): Promise<void> } {
  const everyMs = options.everyMs ?? 20_000;
  return runAsLeader({
    leases: options.leases,
    name: "canary",
    ttlMs: 2 * everyMs,
    everyMs,
    run: () => options.queue.push([canaryTask(options.clock.now())]),
    onError: options.onError,
  });
}
