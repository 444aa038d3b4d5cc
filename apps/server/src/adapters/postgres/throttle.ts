import { createHash } from "node:crypto";
import type { Clock } from "@postd/connector-kit";
import type { Throttle } from "@postd/core";
import { eq, sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { throttles } from "./schema.ts";

/** Counters in PostgreSQL, one statement a try, so that all processes count together. What is counted is stored hashed. */
export function createThrottle(db: Db, clock: Clock): Throttle {
  return {
    async take(key, { max, windowMs }) {
      const now = clock.now();
      const endsAt = new Date(now.getTime() + windowMs);
      const isOver = sql`${throttles.endsAt} <= ${now.toISOString()}::timestamptz`;
      const [row] = await db
        .insert(throttles)
        .values({ key: hashed(key), count: 1, endsAt })
        .onConflictDoUpdate({
          target: throttles.key,
          set: {
            // One more than the limit says all there is to say; the number cannot overflow.
            count: sql`case when ${isOver} then 1 else least(${throttles.count} + 1, ${max + 1}) end`,
            endsAt: sql`case when ${isOver} then excluded.ends_at else ${throttles.endsAt} end`,
          },
        })
        .returning({ count: throttles.count, endsAt: throttles.endsAt });
      if (!row || row.count <= max) return { allowed: true };
      return { allowed: false, retryAfterMs: Math.max(1_000, row.endsAt.getTime() - now.getTime()) };
    },

    async forget(key) {
      await db.delete(throttles).where(eq(throttles.key, hashed(key)));
    },
  };
}

const hashed = (key: string): string => createHash("sha256").update(key).digest("hex");
