import { asId } from "@postd/contracts";
import { newId } from "@postd/core";
import type { LedgerWorld } from "./ledger-world.ts";
import { beginsAtMs } from "./ledger-world.ts";
import { memoryCircuits } from "./memory/circuits.ts";
import { claim } from "./memory/claim.ts";
import { asRepo, connectionsRepo, newConnection } from "./memory/connections.ts";
import { dueJobs, jobHolds } from "./memory/holds.ts";
import { emptyTables, type MemoryRules, nowOf } from "./memory/rows.ts";
import { publishingStore } from "./memory/store.ts";
import { intend, owners, renew, settle } from "./memory/write.ts";

/**
 * The publish ledger of a whole server in plain maps. Every method is one moment, as a transaction is. It keeps to the
 * contract that PostgreSQL's adapter keeps to, and makes thousands of stories a minute possible.
 */
export function createMemoryLedger(
  settings: { readonly lateAfterMs: number; readonly withCircuits?: boolean },
  rules: MemoryRules = {},
): LedgerWorld {
  const tables = emptyTables(beginsAtMs, rules);
  return {
    isInMemory: true,
    clock: { now: () => nowOf(tables) },
    ledger: {
      async claim(input) {
        return claim(tables, input);
      },
      async renew(input) {
        return renew(tables, input);
      },
      async intend(input) {
        return intend(tables, input);
      },
      async settle(input) {
        return settle(tables, input);
      },
      async owners(input) {
        return owners(tables, input);
      },
    },
    holds: jobHolds(tables, settings),
    due: dueJobs(tables),
    ...(settings.withCircuits ? { circuits: memoryCircuits(tables) } : {}),
    store: publishingStore(tables, settings),
    connections: asRepo(connectionsRepo(tables)),
    async addTenant() {
      return newId("tenant");
    },
    async addConnection({ tenantId, platform, externalId, authKind }) {
      const id = newId("connection");
      const facts = { id, tenantId, platform, externalId, authKind };
      tables.connections.set(id, newConnection({ ...facts, now: nowOf(tables) }));
      return id;
    },
    async signIn({ connectionId }) {
      const found = tables.connections.get(asId("connection", connectionId));
      if (!found) throw new Error("there is no such connection");
      tables.connections.set(connectionId, {
        ...found,
        status: "healthy",
        statusReason: undefined,
        credentialVersion: found.credentialVersion + 1,
        blockedUntil: undefined,
        disconnectedAt: undefined,
        endingAt: undefined,
      });
    },
    async advance(ms) {
      tables.nowMs += ms;
    },
    async rows() {
      return [...tables.jobs.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async clear() {
      Object.assign(tables, { nowMs: beginsAtMs, instancePaused: false });
      for (const table of Object.values(tables)) if (table instanceof Map || table instanceof Set) table.clear();
    },
    async close() {},
  };
}
