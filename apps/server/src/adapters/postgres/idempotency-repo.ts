import type { Clock } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import type { IdempotencyStore } from "@postd/core";
import { and, eq, isNull, lt } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { idempotencyRecords } from "./schema.ts";
import { withTenant } from "./tenant-tx.ts";

/** A first request that never finished (its process died) may be done again after this. */
const abandonedAfterMs = 60_000;

/** First answers of creating requests, per tenant and operation. */
export function createIdempotencyStore(db: Db, clock: Clock): IdempotencyStore {
  const isRecord = (record: { readonly tenantId: string; readonly operation: string; readonly key: string }) =>
    and(
      eq(idempotencyRecords.tenantId, record.tenantId),
      eq(idempotencyRecords.operation, record.operation),
      eq(idempotencyRecords.key, record.key),
    );

  return {
    begin: ({ bodyHash, ...record }) =>
      withTenant(db, record.tenantId, async (tx) => {
        const now = clock.now();
        const abandoned = new Date(now.getTime() - abandonedAfterMs);
        await tx
          .delete(idempotencyRecords)
          .where(and(isRecord(record), isNull(idempotencyRecords.status), lt(idempotencyRecords.createdAt, abandoned)));
        const made = await tx
          .insert(idempotencyRecords)
          .values({ ...record, bodyHash, createdAt: now })
          .onConflictDoNothing()
          .returning({ key: idempotencyRecords.key });
        if (made.length === 1) return { kind: "fresh" };
        const [first] = await tx.select().from(idempotencyRecords).where(isRecord(record));
        if (!first) return { kind: "busy" };
        if (first.bodyHash !== bodyHash) return { kind: "conflict" };
        if (first.status === null) return { kind: "busy" };
        return { kind: "replay", status: first.status, response: first.response };
      }),

    async finish({ status, response, ...record }) {
      await withTenant(db, record.tenantId, (tx) =>
        tx
          .update(idempotencyRecords)
          // Answers of creating operations are objects, checked against their schema.
          .set({ status, response: response as JsonObject })
          .where(isRecord(record)),
      );
    },

    async forget(record) {
      await withTenant(db, record.tenantId, (tx) =>
        tx.delete(idempotencyRecords).where(and(isRecord(record), isNull(idempotencyRecords.status))),
      );
    },
  };
}
