import { performance } from "node:perf_hooks";
import { type ConnectorRegistry, createBudgetBook } from "@postd/core";
import { createBudgetLedger } from "../adapters/postgres/budgets-repo.ts";
import type { Config } from "../config.ts";
import type { OpenParts } from "./open-parts.ts";

const flushEveryMs = 1_000;

/** What this process counts at platforms; written once a second, and a last time when it closes. */
export function buildBudgets(
  { app, system, log, metrics }: OpenParts,
  registry: ConnectorRegistry,
  { budgets: limits }: Pick<Config, "budgets">,
) {
  const ledger = createBudgetLedger(app.db, system.db);
  const book = createBudgetBook({
    registry,
    ledger,
    limits,
    log,
    monotonicMs: () => performance.now(),
    onWait: metrics.budgets.waits,
  });
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(() => book.flush());
  }, flushEveryMs);
  timer.unref();
  return {
    book,
    ledger,
    async close() {
      clearInterval(timer);
      await writing;
      await book.flush();
    },
  };
}
