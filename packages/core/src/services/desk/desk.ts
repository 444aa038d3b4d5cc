import type { Clock } from "@postd/connector-kit";
import { type DeskAuditView, fail, ok } from "@postd/contracts";
import { causeOf, changesSince } from "../../domain/desk.ts";
import type { DeskAudit, DeskService, DeskStore, TenantDesk } from "../../ports/desk.ts";

const dayMs = 24 * 60 * 60_000;
const shownDays = 30;

/** What the desk tells over time: reasons counted, and how it stood day by day. */
export function createDeskService({ store, clock }: { readonly store: DeskStore; readonly clock: Clock }): DeskService {
  return {
    async reasons(caller, range) {
      const until = range.until === undefined ? clock.now() : new Date(range.until);
      const since = range.since === undefined ? new Date(until.getTime() - shownDays * dayMs) : new Date(range.since);
      if (since >= until)
        return fail({
          code: "invalid_input",
          field: "since",
          detail: "since must lie before until.",
          next: "Leave until out to count up to now.",
        });
      const reasons = await store.forTenant(caller.tenantId).reasons(since, until);
      const total = reasons.reduce((sum, { count }) => sum + count, 0);
      return ok({ since: since.toISOString(), until: until.toISOString(), total, reasons });
    },
    async audits(caller) {
      const audits = await store.forTenant(caller.tenantId).audits(shownDays);
      return ok({ items: audits.map(auditView) });
    },
  };
}

export const auditView = ({ day, at, oldestAt, causes, decided }: DeskAudit): DeskAuditView => ({
  day,
  at: at.toISOString(),
  jobs: causes.reduce((sum, { count }) => sum + count, 0),
  ...(oldestAt ? { oldestAt: oldestAt.toISOString() } : {}),
  causes: causes.map((cause) => ({ ...cause })),
  decided,
});

/**
 * Counts every workspace's desk once a day, in its morning, and keeps what has changed since; whoever keeps it tells people
 * in the same transaction. Answers the audits that were made; of two workers at it one writes.
 */
export async function auditDesks(store: DeskStore): Promise<number> {
  let made = 0;
  for (const { tenantId, day } of await store.dueForAudit(500)) {
    const own = store.forTenant(tenantId);
    if (await own.keepAudit(await auditOf(own, day))) made += 1;
  }
  return made;
}

async function auditOf(own: TenantDesk, day: string): Promise<DeskAudit> {
  const [before] = await own.audits(1);
  const { now, groups } = await own.facts();
  const counts = new Map<string, number>();
  for (const { facts, count } of groups) {
    const cause = causeOf(facts, now);
    counts.set(cause, (counts.get(cause) ?? 0) + count);
  }
  const since = before?.at ?? new Date(now.getTime() - dayMs);
  const reasons = since < now ? await own.reasons(since, now) : [];
  const oldest = Math.min(...groups.map(({ oldestAt }) => oldestAt.getTime()));
  return {
    day,
    at: now,
    oldestAt: groups.length > 0 ? new Date(oldest) : undefined,
    causes: changesSince(
      [...counts].map(([cause, count]) => ({ cause, count })),
      before?.causes ?? [],
    ),
    decided: Object.fromEntries(reasons.map(({ reason, count }) => [reason, count])),
  };
}
