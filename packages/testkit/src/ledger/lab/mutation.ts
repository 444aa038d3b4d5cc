import type { PublishingPlatform } from "@postd/connector-kit";
import type { JobHolds, Ledger, PublishingStore } from "@postd/core";
import type { MemoryRules } from "../memory/rows.ts";

/** One guard switched off, by what is handed to the shipped code; that code itself knows nothing of it. */
export interface Mutation {
  readonly name: string;
  readonly memory?: MemoryRules;
  readonly ledger?: (ledger: Ledger) => Ledger;
  readonly holds?: (holds: JobHolds) => JobHolds;
  readonly store?: (store: PublishingStore, gate: (at: string) => Promise<void>) => PublishingStore;
  readonly connector?: (connector: PublishingPlatform) => PublishingPlatform;
  /** Every answer to a visible call counts as the platform's documented refusal. */
  readonly believesAll?: true;
  /** What is thrown is left to the lease. */
  readonly ignoresThrows?: true;
}
