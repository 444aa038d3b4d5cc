import { asId, NoticeKindName } from "@postd/contracts";
import type { NoticeChannelRecord, TenantNotices } from "@postd/core";
import { and, asc, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { domainNow } from "./connections-row.ts";
import { runSql } from "./run-sql.ts";
import { notificationChannels, notificationDeliveries } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

const Choices = z.partialRecord(NoticeKindName, z.enum(["at_once", "off"])).catch({});
const Broken = z.object({ message: z.string(), at: z.string() });

type Channels = Pick<TenantNotices, "channels" | "findChannel" | "addChannel" | "updateChannel" | "removeChannel">;

/** Chats of one tenant; their addresses are in the vault. */
export function noticeChannels(db: TenantDb, tenantId: string): Channels {
  const own = (id: string) => and(eq(notificationChannels.tenantId, tenantId), eq(notificationChannels.id, id));
  return {
    channels: () =>
      withTenant(db, tenantId, async (tx) =>
        (await tx.select().from(notificationChannels).orderBy(asc(notificationChannels.id))).map(channelOf),
      ),
    findChannel: (id) =>
      withTenant(db, tenantId, async (tx) => {
        const [row] = await tx.select().from(notificationChannels).where(own(id));
        return row && channelOf(row);
      }),
    addChannel: (channel, most) =>
      withTenant(db, tenantId, async (tx) => {
        await runSql(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`notice channels ${tenantId}`}, 0))`);
        const all = await tx.select({ id: notificationChannels.id }).from(notificationChannels);
        if (all.length >= most) return false;
        const { broken: _none, ...values } = channel;
        await tx
          .insert(notificationChannels)
          .values({ ...values, tenantId, broken: null, createdAt: domainNow, updatedAt: domainNow });
        return true;
      }),
    updateChannel: (id, { broken, ...change }) =>
      withTenant(db, tenantId, async (tx) => {
        await tx
          .update(notificationChannels)
          .set({
            ...change,
            ...(broken === undefined ? {} : { broken: broken && { ...broken } }),
            updatedAt: domainNow,
          })
          .where(own(id));
      }),
    removeChannel: (id) =>
      withTenant(db, tenantId, async (tx) => {
        await tx
          .delete(notificationDeliveries)
          .where(and(eq(notificationDeliveries.recipient, id), eq(notificationDeliveries.state, "pending")));
        const gone = await tx.delete(notificationChannels).where(own(id)).returning({ id: notificationChannels.id });
        return gone.length > 0;
      }),
  };
}

function channelOf(row: typeof notificationChannels.$inferSelect): NoticeChannelRecord {
  const broken = Broken.safeParse(row.broken);
  return {
    id: asId("noticeChannel", row.id),
    kind: row.kind,
    name: row.name,
    host: row.host,
    lastCharacters: row.lastCharacters,
    choices: Choices.parse(row.choices),
    broken: broken.success ? broken.data : undefined,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
