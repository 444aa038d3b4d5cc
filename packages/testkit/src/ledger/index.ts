export { describeLedger } from "./contract.ts";
export { search } from "./lab/property.ts";
export { beginsAtMs, type LedgerWorld, type StoredJob } from "./ledger-world.ts";
export { createMemoryLedger } from "./memory-ledger.ts";
