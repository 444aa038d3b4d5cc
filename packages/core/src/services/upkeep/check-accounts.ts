import type { DueCheck, UpkeepRepo } from "../../ports/upkeep.ts";
import { checkConnection } from "../connections/check.ts";
import type { ConnectionsDeps } from "../connections/deps.ts";
import { eachAtMost } from "./at-most.ts";

export interface CheckAccountsDeps extends ConnectionsDeps {
  readonly upkeep: UpkeepRepo;
  /** How many accounts are looked at at once in this process. */
  readonly healthWorkers: number;
}

/** Turns of a full pool that one batch is. */
const turns = 4;
const putOffMostMs = 6 * 60 * 60_000;
/** A turn never ends in asking for the same account at once. */
const leastMs = 60_000;
const brokeMs = 30 * 60_000;

/**
 * Looks at the accounts whose time has come until none is due, so many at once, and of one platform at most half of them.
 * One whose look breaks is put off and holds up no other. Answers how many were looked at.
 */
export async function checkAccounts(deps: CheckAccountsDeps, signal?: AbortSignal): Promise<number> {
  const limit = deps.healthWorkers * turns;
  let looked = 0;
  for (;;) {
    const due = await deps.upkeep.dueChecks(limit, Math.max(1, Math.ceil(limit / 2)));
    if (due.length === 0 || signal?.aborted) return looked;
    await eachAtMost(
      deps.healthWorkers,
      due,
      (it) => (signal?.aborted ? Promise.resolve() : check(deps, it)),
      (it, error) => putOff(deps, it, error),
    );
    looked += due.length;
  }
}

async function check(deps: CheckAccountsDeps, { tenantId, connectionId }: DueCheck): Promise<void> {
  const record = await deps.connections.forTenant(tenantId).find(connectionId);
  if (!record || record.disconnectedAt || record.endingAt || record.disabledAt) return;
  // A budget of calls that is known to be nearly used is left to posts; an account is still looked at within the day's quarter.
  const waits = await deps.budgets?.book.readingWaits({
    tenantId,
    connectionId,
    platform: record.platform,
    onlySure: true,
  });
  if (waits) {
    const now = deps.clock.now().getTime();
    const until = Math.min(Math.max(waits.until.getTime(), now + leastMs), now + putOffMostMs);
    return deps.upkeep.forTenant(tenantId).putOffCheck(connectionId, new Date(until));
  }
  const checked = await checkConnection(deps, { tenantId, actorId: "system" }, record);
  if (!checked.ok) await putOff(deps, { tenantId, connectionId }, checked.error.code);
}

async function putOff(deps: CheckAccountsDeps, { tenantId, connectionId }: DueCheck, error: unknown): Promise<void> {
  deps.log.warn({ connectionId, error }, "a look at an account broke");
  const until = new Date(deps.clock.now().getTime() + brokeMs);
  await deps.upkeep.forTenant(tenantId).putOffCheck(connectionId, until);
}
