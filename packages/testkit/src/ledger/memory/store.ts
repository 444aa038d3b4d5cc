import { asId, type TenantId } from "@postd/contracts";
import {
  isOverdue,
  type JobRecord,
  type LockedJob,
  type PublishingStore,
  type TargetRecord,
  type TenantPublishing,
} from "@postd/core";
import { factsOf } from "../../../../../apps/server/src/adapters/postgres/ledger/job-row.ts";
import { jobRecord } from "../../../../../apps/server/src/adapters/postgres/publishing/records.ts";
import { accept, addJobs, bare, byId, seen } from "./accept.ts";
import { endDeletion } from "./deletion.ts";
import { releaseHeld } from "./holds.ts";
import { patched } from "./patch.ts";
import { inTransaction, jobOf, type MemoryJob, type MemoryPost, nowOf, putJob, Refused, type Tables } from "./rows.ts";

export function publishingStore(tables: Tables, settings: { readonly lateAfterMs: number }): PublishingStore {
  return { forTenant: (tenantId) => tenantPublishing(tables, tenantId, settings.lateAfterMs) };
}

function tenantPublishing(tables: Tables, tenantId: TenantId, lateAfterMs: number): TenantPublishing {
  const jobsOf = (which: (row: MemoryJob) => boolean) =>
    [...tables.jobs.values()].filter((row) => row.tenant_id === tenantId && which(row)).sort(byId);
  const recordsOf = (which: (row: MemoryJob) => boolean): readonly JobRecord[] => jobsOf(which).map(jobRecord);
  const postOf = (id: string): MemoryPost | undefined => {
    const post = tables.posts.get(id);
    return post?.tenantId === tenantId ? post : undefined;
  };
  const withJobs = (post: MemoryPost) => ({ post: bare(post), jobs: recordsOf((row) => row.post_id === post.id) });
  return {
    async targets(ids) {
      return ids.flatMap((id) => {
        const found = tables.connections.get(id);
        return found?.tenantId === tenantId ? targetOf(found) : [];
      });
    },
    async media() {
      return [];
    },
    async mentions() {
      return [];
    },
    async requiresApproval() {
      return false;
    },
    async seen(claim) {
      return seen(tables, tenantId, claim);
    },
    async accept(input) {
      return accept(tables, tenantId, input);
    },
    async post(id) {
      const post = postOf(id);
      return post && !post.deletedAt ? withJobs(post) : undefined;
    },
    async posts({ limit, before, status, withoutAnswers }) {
      const rows = [...tables.posts.values()]
        .filter((post) => post.tenantId === tenantId && !post.deletedAt)
        .filter(
          (post) =>
            (before === undefined || post.id < before) &&
            (status === undefined || post.status === status) &&
            !(withoutAnswers && post.content.format === "reply"),
        )
        .sort(byId)
        .reverse();
      return { rows: rows.slice(0, limit).map(withJobs), more: rows.length > limit };
    },
    async job(id) {
      const row = jobOf(tables, tenantId, id);
      if (!row) return undefined;
      const attempts = [...tables.attempts.values()].filter(({ jobId }) => jobId === id);
      return { job: jobRecord(row), attempts };
    },
    async jobs({ limit, before, states, connectionId, postId }) {
      const rows = recordsOf(
        (row) =>
          (before === undefined || row.id < before) &&
          (states === undefined || states.length === 0 || states.includes(row.state)) &&
          (connectionId === undefined || row.connection_id === connectionId) &&
          (postId === undefined || row.post_id === postId),
      ).toReversed();
      return { rows: rows.slice(0, limit), more: rows.length > limit };
    },
    async desk() {
      return recordsOf(
        (row) =>
          row.state === "failed" ||
          row.state === "unknown" ||
          (row.state === "held" && row.held_reason === "missed") ||
          (row.state === "partly_published" && row.wake_at === null) ||
          isOverdue(jobRecord(row), nowOf(tables)),
      )
        .toReversed()
        .slice(0, 1_000);
    },
    async change(input) {
      const post = postOf(input.id);
      if (!post || post.deletedAt || post.version !== input.ifVersion) return undefined;
      return inTransaction(tables, () => {
        const rows = jobsOf((row) => row.post_id === post.id);
        const { post: next, decided, jobs, remove } = input.decide(rows.map((row) => lockedOf(tables, row)));
        for (const { jobId, meeting } of decided) {
          const row = rows.find(({ id }) => id === jobId);
          if (row && meeting.patch) patchJob(tables, row, meeting.patch);
        }
        const written: MemoryPost = {
          ...post,
          ...next,
          deletedAt: remove === "now" ? nowOf(tables) : undefined,
          deleting: remove === "when_settled" ? true : post.deleting,
          version: post.version + 1,
          updatedAt: nowOf(tables),
        };
        tables.posts.set(post.id, written);
        addJobs(tables, tenantId, post.id, jobs, nowOf(tables));
        return { ...withJobs(written), decided };
      });
    },
    async act({ jobId, decide }) {
      const row = jobOf(tables, tenantId, jobId);
      if (!row) return undefined;
      try {
        return inTransaction(tables, () => {
          const { patch } = decide(lockedOf(tables, row));
          if (!patch) return jobRecord(row);
          const changed = patchJob(tables, row, patch);
          endDeletion(tables, jobId);
          return jobRecord(changed);
        });
      } catch (error) {
        if (error instanceof Refused && error.constraint === "publish_jobs_external") return "taken";
        throw error;
      }
    },
    async pause({ scope, connectionId }) {
      return setPaused(tables, tenantId, scope, connectionId, true);
    },
    async resume({ scope, connectionId }) {
      if (!setPaused(tables, tenantId, scope, connectionId, false)) return undefined;
      return releaseHeld(
        tables,
        (row) =>
          row.tenant_id === tenantId &&
          row.held_reason === "paused" &&
          (scope !== "connection" || row.connection_id === connectionId),
        lateAfterMs,
      );
    },
  };
}

const lockedOf = (tables: Tables, row: MemoryJob): LockedJob => ({
  job: jobRecord(row),
  facts: factsOf(row, nowOf(tables)),
});

function patchJob(tables: Tables, row: MemoryJob, patch: Parameters<typeof patched>[2]): MemoryJob {
  const changed = putJob(tables, patched(tables, row, patch));
  const post = tables.posts.get(row.post_id);
  if (patch.keepsPost && post) tables.posts.set(post.id, { ...post, deleting: false });
  if (patch.inFlight === false)
    for (const other of tables.jobs.values())
      if (
        other.id !== row.id &&
        other.connection_id === row.connection_id &&
        other.fingerprint === row.fingerprint &&
        other.state === "scheduled" &&
        other.scheduled_for.getTime() <= tables.nowMs
      )
        tables.jobs.set(other.id, { ...other, wake_at: nowOf(tables) });
  return changed;
}

function targetOf(found: NonNullable<ReturnType<Tables["connections"]["get"]>>): TargetRecord {
  const {
    id,
    tenantId,
    appId,
    platform,
    externalId,
    accountKind,
    authKind,
    name,
    handle,
    extras,
    status,
    disconnectedAt,
    simulated,
  } = found;
  return {
    tenantId,
    connectionId: id,
    appId,
    platform,
    account: { externalId, kind: accountKind, authKind, name, extras, ...(handle === undefined ? {} : { handle }) },
    status,
    disconnected: disconnectedAt !== undefined,
    simulated,
  };
}

function setPaused(
  tables: Tables,
  tenantId: string,
  scope: "instance" | "tenant" | "connection",
  connectionId: string | undefined,
  isPaused: boolean,
): boolean {
  switch (scope) {
    case "instance":
      tables.instancePaused = isPaused;
      return true;
    case "tenant":
      if (isPaused) tables.pausedTenants.add(tenantId);
      else tables.pausedTenants.delete(tenantId);
      return true;
    case "connection": {
      const found = tables.connections.get(asId("connection", connectionId ?? ""));
      if (found?.tenantId !== tenantId) return false;
      tables.connections.set(found.id, { ...found, pausedAt: isPaused ? nowOf(tables) : undefined });
      return true;
    }
    default:
      scope satisfies never;
      throw new Error("a scope has no table");
  }
}
