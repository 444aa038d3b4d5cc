import { setImmediate as turn } from "node:timers/promises";
import type pg from "pg";

/** Goes on when some session of this database waits for a lock another one holds, and `work` has not ended. Rejects after 20 s. */
export async function waitsForLock(admin: pg.Pool, work: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  void work.then(over, over);
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const { rows } = await admin.query(
      "select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.datname = current_database()",
    );
    if (isOver) throw new Error("it ended without waiting for a lock");
    if (rows.length > 0) return;
    if (performance.now() > giveUpAt) throw new Error("nothing waits for a lock");
    await turn();
  }
}
