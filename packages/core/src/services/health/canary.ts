import type { Clock } from "@postd/connector-kit";
import type { HealthReader } from "../../ports/health.ts";
import type { Task } from "../../ports/queue.ts";

const canaryTenant = "canary";

/** A task that belongs to nobody: that it arrives proves that engine and workers carry tasks. */
export function canaryTask(now: Date): Task {
  return { tenantId: canaryTenant, jobId: `canary_${now.getTime()}` };
}

/** When a canary was sent; undefined for every other task. */
export function canarySentAt(task: Task): Date | undefined {
  const sentMs =
    task.tenantId === canaryTenant ? Number(/^canary_(\d+)$/.exec(task.jobId)?.[1] ?? Number.NaN) : Number.NaN;
  return Number.isFinite(sentMs) ? new Date(sentMs) : undefined;
}

/** Notes canaries and passes every other task on. */
export function noticingCanaries(
  deps: { readonly clock: Clock; readonly reader: Pick<HealthReader, "recordCanary"> },
  handle: (task: Task) => Promise<void>,
): (task: Task) => Promise<void> {
  return async (task) => {
    const sentAt = canarySentAt(task);
    if (!sentAt) return handle(task);
    await deps.reader.recordCanary(Math.max(0, deps.clock.now().getTime() - sentAt.getTime()));
  };
}
