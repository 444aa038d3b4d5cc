import type { JobQueue } from "@postd/core";
import type pg from "pg";
import type { Listener } from "../adapters/postgres/listen.ts";
import { startPgBossQueue } from "../adapters/queue/pg-boss.ts";
import type { Logger } from "./logger.ts";

/** The engine behind the queue port; another one is another function here. */
export function openQueue(options: {
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly log: Logger;
  readonly maintain: boolean;
}): Promise<JobQueue> {
  return startPgBossQueue(options);
}

export const engineName = "pg-boss";
