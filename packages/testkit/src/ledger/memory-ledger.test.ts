import { lateAfterMs } from "./contract/scene.ts";
import { describeLedger } from "./contract.ts";
import { createMemoryLedger } from "./memory-ledger.ts";

describeLedger("in memory", async () => createMemoryLedger({ lateAfterMs }));
