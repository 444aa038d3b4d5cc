import type { ConnectionId, JsonObject, TenantId } from "@postd/contracts";
import type { AttemptRecord, admit, Circuit, ConnectionRecord, PostRecord } from "@postd/core";
import type { JobRow } from "../../../../../apps/server/src/adapters/postgres/ledger/job-row.ts";

/** A row of publish_jobs with the columns only the ledger itself looks at. Replaced, never changed in place. */
export interface MemoryJob extends JobRow {
  readonly in_flight: string | null;
  readonly handed_at: Date | null;
  /** The circuit it waits for. */
  readonly waits_for?: string | null;
}

export interface MemoryPost extends PostRecord {
  readonly tenantId: TenantId;
  readonly deletedAt: Date | undefined;
}

export interface MemoryAttempt extends AttemptRecord {
  readonly jobId: string;
  readonly effect: string;
}

export interface MemoryKey {
  readonly bodyHash: string;
  readonly postId: string;
  readonly response: JsonObject;
}

/** A unique index or a check that PostgreSQL would have refused; a rule above the tables must never come to it. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly constraint: string;
  constructor(constraint: string) {
    super(`refused by ${constraint}`);
    this.constraint = constraint;
  }
}

/**
 * What is left out on purpose, to show that whoever checks it sees it. Set by the test of the tests only.
 */
export interface MemoryRules {
  readonly admit?: typeof admit;
  /** The check that no state means "not sent" while something may be live. */
  readonly checksTruth?: false;
  /** With a visible call the row says that it may be live. */
  readonly marksDoubt?: false;
  /** A wish that stands on the row is first. */
  readonly checksWish?: false;
  /** A key outlives the deletion of what was sent. */
  readonly keepsKeys?: false;
  /** A renewed lease moves the end of the open call along. */
  readonly movesEnd?: false;
}

/** All tables of one server, with the clock that stands still until it is moved. */
export interface Tables {
  readonly rules: MemoryRules;
  nowMs: number;
  instancePaused: boolean;
  readonly pausedTenants: Set<string>;
  readonly connections: Map<string, ConnectionRecord>;
  readonly appBlocks: Map<string, Date>;
  readonly posts: Map<string, MemoryPost>;
  readonly jobs: Map<string, MemoryJob>;
  readonly attempts: Map<string, MemoryAttempt>;
  readonly keys: Map<string, MemoryKey>;
  readonly circuits: Map<string, Circuit>;
}

export function emptyTables(nowMs: number, rules: MemoryRules = {}): Tables {
  return {
    rules,
    nowMs,
    instancePaused: false,
    pausedTenants: new Set(),
    connections: new Map(),
    appBlocks: new Map(),
    posts: new Map(),
    jobs: new Map(),
    attempts: new Map(),
    keys: new Map(),
    circuits: new Map(),
  };
}

export const nowOf = (tables: Tables): Date => new Date(tables.nowMs);
export const later = (tables: Tables, ms: number): Date => new Date(tables.nowMs + ms);

const mayBeLiveStates: readonly string[] = [
  "publishing",
  "processing",
  "retrying",
  "unknown",
  "published",
  "partly_published",
  "discarded",
];

/** Writes a job's row, with the checks and unique indexes that stand on the table. */
export function putJob(tables: Tables, row: MemoryJob): MemoryJob {
  if (tables.rules.checksTruth !== false && row.may_be_live && !mayBeLiveStates.includes(row.state))
    throw new Refused("publish_jobs_truth");
  for (const other of tables.jobs.values()) {
    if (other.id === row.id) continue;
    if (row.in_flight !== null && other.connection_id === row.connection_id && other.in_flight === row.in_flight)
      throw new Refused("publish_jobs_in_flight");
    if (
      row.external_post_id !== null &&
      other.external_post_id === row.external_post_id &&
      other.platform === row.platform &&
      other.simulated === row.simulated
    )
      throw new Refused("publish_jobs_external");
  }
  tables.jobs.set(row.id, row);
  return row;
}

/** A job of this tenant; another tenant's is simply not there. */
export function jobOf(tables: Tables, tenantId: string, jobId: string): MemoryJob | undefined {
  const row = tables.jobs.get(jobId);
  return row?.tenant_id === tenantId ? row : undefined;
}

export function connectionOf(tables: Tables, id: ConnectionId | string): ConnectionRecord {
  const found = tables.connections.get(id);
  if (!found) throw new Error("a job has no connection");
  return found;
}

/** Takes everything back that was written since, where a later statement of the same transaction is refused. */
export function inTransaction<T>(tables: Tables, work: () => T): T {
  const before = {
    jobs: new Map(tables.jobs),
    posts: new Map(tables.posts),
    keys: new Map(tables.keys),
    attempts: new Map(tables.attempts),
  };
  try {
    return work();
  } catch (error) {
    restore(tables.jobs, before.jobs);
    restore(tables.posts, before.posts);
    restore(tables.keys, before.keys);
    restore(tables.attempts, before.attempts);
    throw error;
  }
}

function restore<T>(table: Map<string, T>, before: ReadonlyMap<string, T>): void {
  table.clear();
  for (const [id, row] of before) table.set(id, row);
}
