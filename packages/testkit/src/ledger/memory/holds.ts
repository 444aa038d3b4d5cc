import type { HeldReason } from "@postd/contracts";
import type { DueJobs, JobHolds } from "@postd/core";
import { later, type MemoryJob, nowOf, putJob, type Tables } from "./rows.ts";

const handAgainMs = 30_000;

export function dueJobs(tables: Tables): DueJobs {
  return {
    async takeDue(limit) {
      const now = tables.nowMs;
      const due = [...tables.jobs.values()]
        .filter(
          ({ wake_at: wakeAt, handed_at: handedAt }) =>
            wakeAt !== null &&
            wakeAt.getTime() <= now &&
            (handedAt === null || handedAt <= wakeAt || handedAt.getTime() < now - handAgainMs),
        )
        .sort((a, b) => (a.wake_at?.getTime() ?? 0) - (b.wake_at?.getTime() ?? 0))
        .slice(0, limit);
      for (const row of due) tables.jobs.set(row.id, { ...row, handed_at: nowOf(tables) });
      return due.map((row) => ({
        tenantId: row.tenant_id,
        jobId: row.id,
        connectionId: row.connection_id,
        platform: row.platform,
      }));
    },
    async giveBack(jobIds) {
      for (const id of jobIds) {
        const row = tables.jobs.get(id);
        if (row) tables.jobs.set(id, { ...row, handed_at: null });
      }
    },
    async endingConnections() {
      return [...tables.connections.values()]
        .filter(({ endingAt, disconnectedAt }) => endingAt && !disconnectedAt)
        .slice(0, 100)
        .map(({ id, tenantId }) => ({ tenantId, connectionId: id }));
    },
    async nextDueInMs() {
      const ahead = [...tables.jobs.values()]
        .map((row) => (row.wake_at?.getTime() ?? 0) - tables.nowMs)
        .filter((ms) => ms > 0);
      return ahead.length > 0 ? Math.min(...ahead) : undefined;
    },
  };
}

const waitsForIt: readonly (HeldReason | null)[] = ["quota", "outage", "paused", "disabled", "operator"];

function isUnsent(row: MemoryJob): boolean {
  if (row.may_be_live || row.external_post_id !== null) return false;
  if (row.state === "scheduled" || row.state === "retrying" || row.state === "processing") return true;
  return row.state === "held" && waitsForIt.includes(row.held_reason);
}

export function jobHolds(tables: Tables, settings: { readonly lateAfterMs: number }): JobHolds {
  const rowsOf = ({ tenantId, connectionId }: { readonly tenantId: string; readonly connectionId: string }) =>
    [...tables.jobs.values()].filter((row) => row.tenant_id === tenantId && row.connection_id === connectionId);
  const isOpenDoubt = (row: MemoryJob) =>
    row.may_be_live &&
    row.state !== "published" &&
    row.state !== "discarded" &&
    !(row.needs_person && row.wake_at === null);
  const needsSignIn = (row: MemoryJob) => isOpenDoubt(row) || (row.wish !== null && row.wake_at !== null);
  const isLeased = (row: MemoryJob) => row.lease_until !== null && row.lease_until.getTime() > tables.nowMs;
  return {
    async holdConnection(input) {
      const rows = rowsOf(input).filter(isUnsent);
      for (const row of rows)
        putJob(tables, {
          ...row,
          state: "held",
          held_reason: "attention",
          wake_at: row.wish === null ? null : nowOf(tables),
          in_flight: null,
          fence: String(Number(row.fence) + 1),
          updated_at: nowOf(tables),
        });
      return rows.length;
    },
    async handedOver(input) {
      return rowsOf(input).filter(({ state }) => state === "handed_over").length;
    },
    async lookAtOnce(input) {
      const rows = rowsOf(input).filter(needsSignIn);
      for (const row of rows)
        putJob(tables, { ...row, wake_at: isLeased(row) ? row.wake_at : nowOf(tables), updated_at: nowOf(tables) });
      return rows.length;
    },
    async inDoubt(input) {
      return rowsOf(input).filter(needsSignIn).length;
    },
    async askAboutConnection(input) {
      const rows = rowsOf(input).filter(
        (row) => isOpenDoubt(row) && ["unknown", "retrying", "processing"].includes(row.state) && !isLeased(row),
      );
      for (const row of rows) putJob(tables, { ...row, wake_at: nowOf(tables), updated_at: nowOf(tables) });
      return rows.length;
    },
    async releaseConnection(input) {
      const mine = (row: MemoryJob) => row.tenant_id === input.tenantId && row.connection_id === input.connectionId;
      const released = releaseHeld(tables, (row) => mine(row) && row.held_reason === "attention", settings.lateAfterMs);
      for (const row of tables.jobs.values())
        if (
          mine(row) &&
          row.may_be_live &&
          row.wake_at === null &&
          (row.state === "unknown" || row.state === "partly_published")
        )
          putJob(tables, { ...row, wake_at: nowOf(tables), needs_person: false });
      return released;
    },
  };
}

/** Wakes held jobs that are still in time; those too late stay held, now as missed. */
export function releaseHeld(tables: Tables, which: (row: MemoryJob) => boolean, lateAfterMs: number): number {
  const now = nowOf(tables);
  const isLate = (row: MemoryJob) =>
    Math.max(row.scheduled_for.getTime(), row.created_at.getTime(), row.released_at?.getTime() ?? 0) <
    tables.nowMs - lateAfterMs;
  let woken = 0;
  for (const row of [...tables.jobs.values()].filter(which)) {
    if (row.state === "held" && isLate(row)) {
      putJob(tables, { ...row, held_reason: "missed", updated_at: now });
    } else if (row.state === "held" || row.state === "partly_published") {
      putJob(tables, {
        ...row,
        state: row.state === "held" && row.first_claimed_at === null ? "scheduled" : "retrying",
        held_reason: null,
        tries: 0,
        wake_at: row.scheduled_for > now ? row.scheduled_for : later(tables, 0),
        released_at: row.scheduled_for < now ? now : row.released_at,
        updated_at: now,
      });
      woken += 1;
    }
  }
  return woken;
}
