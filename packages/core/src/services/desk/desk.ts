import type { Clock } from "@postd/connector-kit";
import { type DeskAuditView, fail, type JsonObject, ok } from "@postd/contracts";
import { causeOf, changesSince } from "../../domain/desk.ts";
import type { DeskAudit, DeskService, DeskStore, TenantDesk } from "../../ports/desk.ts";
import type { Notices } from "../../ports/notices.ts";

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
 * Counts every workspace's desk once a day, in its morning, keeps what has changed since and tells people where anything
 * waits or has gone. It is told before it is kept: who dies in between tells it again, which the notice's key hears once.
 * Answers the audits that were made; of two workers at it one writes.
 */
export async function auditDesks({
  store,
  notices,
}: {
  readonly store: DeskStore;
  readonly notices: Pick<Notices, "raise">;
}): Promise<number> {
  let made = 0;
  for (const { tenantId, day } of await store.dueForAudit(500)) {
    const own = store.forTenant(tenantId);
    const audit = await auditOf(own, day);
    if (audit.causes.length > 0)
      await notices.raise({
        tenantId,
        kind: "dead_letter_daily",
        subject: { kind: "tenant", id: tenantId },
        dedupeKey: `dead_letter_daily:${day}`,
        momentary: true,
        data: told(audit),
      });
    if (await own.keepAudit(audit)) made += 1;
  }
  return made;
}

/** Causes a notice names; the rest is counted. */
const mostNamed = 5;

function told({ day, causes, oldestAt }: DeskAudit): JsonObject {
  const count = causes.reduce((sum, it) => sum + it.count, 0);
  const named = causes.slice(0, mostNamed).map((it) => `${it.cause}: ${it.count}${signed(it.change)}`);
  const more = causes.length > mostNamed ? [`and ${causes.length - mostNamed} causes more`] : [];
  const since = oldestAt ? ` The longest waits since ${oldestAt.toISOString()}.` : "";
  return {
    day,
    count,
    causes: causes.map((it) => ({ ...it })),
    message: `${[...named, ...more].join("; ")}.${since}`,
  };
}

const signed = (change: number): string => (change === 0 ? "" : ` (${change > 0 ? "+" : ""}${change})`);

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
