import { performance } from "node:perf_hooks";
import type { Clock } from "@postd/connector-kit";
import { sql } from "drizzle-orm";
import type pg from "pg";
import { z } from "zod";
import { pause } from "../pause.ts";
import type { Listener } from "./listen.ts";
import { runSql } from "./run-sql.ts";

export const clockChannel = "postd_clock";

export interface DomainClock extends Clock {
  /** Asks the database for the time now, instead of at the next turn. Throws when it does not answer. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What passes in this process; wall and monotonic time are both read, since a suspended machine stops the second. */
export interface ProcessTime {
  wallMs(): number;
  monotonicMs(): number;
}

const processTime: ProcessTime = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** So far ahead means that the machine's wall clock was set forward; standing still until time catches up would be worse. */
const steppedMs = 5_000;

const ClockRow = z.object({ nowMs: z.coerce.number(), offsetMs: z.coerce.number() });

interface Reading {
  readonly databaseMs: number;
  readonly offsetMs: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * The domain clock: database time at the last sync plus what has passed here since. Syncs every second and when the
 * offset changes. It counts from before the question was sent, so it runs at most a round trip ahead of the database
 * and never behind: a lease never looks longer than it is. It runs backwards only when the offset does, or to undo a
 * jump of the machine's own clock.
 * Resolves after the first sync; throws when the database does not answer then.
 */
export async function createDomainClock(options: {
  readonly pool: pg.Pool;
  readonly listener?: Listener;
  readonly everyMs?: number;
  readonly time?: ProcessTime;
  readonly onError?: (error: unknown) => void;
}): Promise<DomainClock> {
  const time = options.time ?? processTime;
  const closing = new AbortController();
  let last = await read(options.pool, time);
  let latestMs = last.databaseMs;

  const nowMs = () => {
    const passedMs = Math.max(time.wallMs() - last.wallMs, time.monotonicMs() - last.monotonicMs);
    latestMs = Math.max(latestMs, last.databaseMs + passedMs);
    return latestMs;
  };
  const sync = async () => {
    const next = await read(options.pool, time);
    if (next.monotonicMs < last.monotonicMs) return; // a later question was answered first
    const wasAheadMs = latestMs - next.databaseMs;
    if (next.offsetMs !== last.offsetMs || wasAheadMs > steppedMs) latestMs = next.databaseMs;
    last = next;
  };
  const trySync = () => sync().catch((error) => options.onError?.(error));
  const unsubscribe = options.listener?.subscribe(clockChannel, trySync);
  const running = (async () => {
    while (!closing.signal.aborted) {
      await pause(options.everyMs ?? 1_000, closing.signal);
      if (!closing.signal.aborted) await trySync();
    }
  })();
  return {
    now: () => new Date(Math.trunc(nowMs())),
    sync,
    async close() {
      unsubscribe?.();
      closing.abort();
      await running;
    },
  };
}

async function read(pool: pg.Pool, time: ProcessTime): Promise<Reading> {
  const wallMs = time.wallMs();
  const monotonicMs = time.monotonicMs();
  const { rows } = await runSql(
    pool,
    sql`select extract(epoch from domain_now()) * 1000 as "nowMs", clock_offset_ms as "offsetMs" from instance where id = 1`,
  );
  const row = ClockRow.parse(rows[0]);
  return { databaseMs: row.nowMs, offsetMs: row.offsetMs, wallMs, monotonicMs };
}
