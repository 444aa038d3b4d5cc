import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";

const lookEveryMs = 50;
/** Longer than statements of a server that is well take. A session that is still at work then keeps what it knew. */
const patienceMs = 10_000;

const older = `from pg_stat_activity where datname = current_database() and usename = session_user
  and application_name in ('postd_app', 'postd_system') and backend_start <= $1::timestamptz`;

/**
 * Ends the sessions of servers that are open now, each in a moment when nothing runs in it; their pools open new ones. For
 * after a migration: a session keeps the plans of its statements, and PostgreSQL refuses one whose columns are others now
 * ("cached plan must not change result type") until the session ends. That of a busy process would never end by itself.
 */
export async function endOlderSessions(client: pg.Client): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const { rows } = await client.query<{ since: string }>("select clock_timestamp()::text as since");
  const since = [rows[0]?.since];
  for (;;) {
    await client.query(`select pg_terminate_backend(pid) ${older} and state = 'idle'`, since);
    const { rowCount } = await client.query(`select 1 ${older}`, since);
    if (rowCount === 0 || performance.now() > deadline) return;
    await delay(lookEveryMs);
  }
}
