import { sql } from "drizzle-orm";
import type pg from "pg";
import { clockChannel } from "../domain-clock.ts";
import { runSql } from "../run-sql.ts";

/** Moves domain time for every process on this database, forwards or back. */
export async function setClockOffset(pool: pg.Pool, offsetMs: number): Promise<void> {
  await runSql(
    pool,
    sql`with moved as (update instance set clock_offset_ms = ${offsetMs} where id = 1 returning 1)
      select pg_notify(${clockChannel}, '') from moved`,
  );
}
