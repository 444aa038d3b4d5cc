import type { HeldReason, JobState } from "@postd/contracts";

/** What is due this long and not sent stands at the desk as well, whatever it waits for. */
export const overdueAfterMs = 7 * 24 * 60 * 60_000;

/** What the desk knows of a job. */
export interface DeskFacts {
  readonly platform: string;
  readonly state: JobState;
  readonly heldReason: HeldReason | undefined;
  readonly mayBeLive: boolean;
  readonly externalPostId?: string | undefined;
  readonly scheduledFor: Date;
  readonly createdAt: Date;
  readonly failure: { readonly kind?: unknown; readonly platformCode?: unknown; readonly field?: unknown } | undefined;
}

const waiting: readonly JobState[] = ["scheduled", "retrying", "processing", "held"];

/** Nothing of it is live, its time passed more than a week ago, and it still waits. Pure. */
export const isOverdue = (job: DeskFacts, now: Date): boolean =>
  waiting.includes(job.state) &&
  !job.mayBeLive &&
  job.externalPostId === undefined &&
  now.getTime() - Math.max(job.scheduledFor.getTime(), job.createdAt.getTime()) > overdueAfterMs;

/** What a group of jobs has in common: the platform and its own code, or the kind of trouble. Pure. */
export function causeOf(job: DeskFacts, now: Date): string {
  if (job.mayBeLive || job.state === "unknown") return `${job.platform}:unknown`;
  if (isOverdue(job, now)) return `${job.platform}:overdue`;
  if (job.state === "partly_published") return `${job.platform}:partly_published`;
  if (job.state === "held") return `${job.platform}:held_${job.heldReason ?? "attention"}`;
  const code = text(job.failure?.platformCode) ?? text(job.failure?.field) ?? "";
  return `${job.platform}:${text(job.failure?.kind) ?? "failed"}${code ? `:${code}` : ""}`;
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Jobs of one cause. */
export interface CauseCount {
  readonly cause: string;
  readonly count: number;
}

/** How many each cause has now and how that has changed, causes that are gone included; most first. Pure. */
export function changesSince(
  now: readonly CauseCount[],
  before: readonly CauseCount[],
): readonly (CauseCount & { readonly change: number })[] {
  const was = new Map(before.map(({ cause, count }) => [cause, count]));
  const is = new Map(now.map(({ cause, count }) => [cause, count]));
  return [...new Set([...is.keys(), ...was.keys()])]
    .map((cause) => ({ cause, count: is.get(cause) ?? 0, change: (is.get(cause) ?? 0) - (was.get(cause) ?? 0) }))
    .filter(({ count, change }) => count > 0 || change !== 0)
    .sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1));
}
