import { type SQL, sql } from "drizzle-orm";

/** Reading the clock costs more than the row it stamps, so a statement of the hot path reads it once. */
export const clock = sql`clock as materialized (select domain_now() as now)`;
/** The clock's instant, in a statement that begins with `clock`. */
export const now = sql`(select now from clock)`;

/** An instant as it stands inside JSON. */
export const isoText = (instant: SQL): SQL =>
  sql`to_char((${instant}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
