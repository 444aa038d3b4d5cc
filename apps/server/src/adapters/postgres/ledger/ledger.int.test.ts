import { describeLedger } from "@postd/testkit/ledger";
import { createPostgresLedgerWorld } from "../testing/ledger-world.ts";

describeLedger("on PostgreSQL", () => createPostgresLedgerWorld({ lateAfterMs: 60 * 60_000 }));
