import type { Clock } from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";
import type { ConnectionsRepo, DueJobs, JobHolds, Ledger, PublishingStore } from "@postd/core";
import type { JobRow } from "../../../../apps/server/src/adapters/postgres/ledger/job-row.ts";
import type { WorldCircuits } from "./memory/circuits.ts";

/** Everything publishing stores, of one adapter, with a clock that stands still until it is moved. */
export interface LedgerWorld {
  /** Reading every row costs nothing, so stories are told in full. */
  readonly isInMemory: boolean;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly holds: JobHolds;
  readonly due: DueJobs;
  readonly store: PublishingStore;
  readonly connections: ConnectionsRepo;
  /** Absent: nothing waits for a platform that does not answer. */
  readonly circuits?: WorldCircuits;
  addTenant(): Promise<TenantId>;
  addConnection(input: {
    readonly tenantId: TenantId;
    readonly platform: string;
    readonly externalId: string;
    readonly authKind: string;
  }): Promise<ConnectionId>;
  /** Somebody signed in again: the row as connecting leaves it. */
  signIn(input: { readonly tenantId: TenantId; readonly connectionId: ConnectionId }): Promise<void>;
  advance(ms: number): Promise<void>;
  /** Every job of every tenant, as it is stored, oldest first. */
  rows(): Promise<readonly StoredJob[]>;
  /** Forgets everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export type StoredJob = JobRow & { readonly in_flight: string | null };

/** Domain time begins here in every test. */
export const beginsAtMs = Date.UTC(2027, 0, 4, 9);
