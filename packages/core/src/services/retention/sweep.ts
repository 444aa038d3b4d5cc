import type { Clock } from "@postd/connector-kit";
import type { BlobStore } from "../../ports/media.ts";
import type { BlobRows, Retention } from "../../ports/retention.ts";

/** How long things are kept. docs/guides/operate.md tells operators the same. */
export const retentionDays = {
  answers: 7,
  inbound: 30,
  checks: 90,
  notices: 90,
  events: 30,
  stepSecrets: 30,
  looseBlobs: 1,
} as const;

const dayMs = 24 * 3_600_000;
const blobsAtOnce = 500;

export interface SweepDeps {
  readonly retention: Retention;
  readonly blobs: Pick<BlobStore, "list" | "remove">;
  readonly blobRows: BlobRows;
  readonly clock: Clock;
}

export interface Swept {
  readonly states: number;
  readonly grants: number;
  readonly answers: number;
  readonly inbound: number;
  readonly checks: number;
  readonly entries: number;
  readonly notices: number;
  readonly events: number;
  readonly stepSecrets: number;
  readonly blobs: number;
}

/** Removes what has served its time. One process at a time; a second at once would only find less. Safe to break off. */
export async function sweep(deps: SweepDeps, signal?: AbortSignal): Promise<Swept> {
  const { retention } = deps;
  return {
    ...(await retention.expiredSignIns()),
    answers: await retention.oldAnswers(retentionDays.answers),
    inbound: await retention.oldInbound(retentionDays.inbound),
    checks: await retention.oldChecks(retentionDays.checks),
    entries: await retention.unkeptEntries(),
    notices: await retention.oldNotices(retentionDays.notices),
    events: await retention.oldEvents(retentionDays.events),
    stepSecrets: await retention.oldStepSecrets(retentionDays.stepSecrets),
    blobs: await sweepBlobs(deps, signal),
  };
}

/**
 * Removes files no row names, a day after they were written: what a crash left between storing a file and its row, or
 * between deleting a row and its file. Files older than the instance's first tenant belong to another database, and are
 * left alone: a wrong DATABASE_URL must not cost anybody's media.
 */
async function sweepBlobs({ blobs, blobRows, clock }: SweepDeps, signal?: AbortSignal): Promise<number> {
  const writtenAfter = await blobRows.since();
  if (!writtenAfter) return 0;
  const writtenBefore = new Date(clock.now().getTime() - retentionDays.looseBlobs * dayMs);
  let removed = 0;
  let keys: string[] = [];
  const removeLoose = async () => {
    const named = await blobRows.named(keys, writtenBefore);
    for (const key of keys.filter((it) => !named.has(it))) {
      await blobs.remove(key);
      removed += 1;
    }
    keys = [];
  };
  for await (const key of blobs.list({ writtenAfter, writtenBefore })) {
    if (signal?.aborted) return removed;
    keys.push(key);
    if (keys.length === blobsAtOnce) await removeLoose();
  }
  await removeLoose();
  return removed;
}
