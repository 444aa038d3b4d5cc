import { asId } from "@postd/contracts";
import type { OwnerLinksRepo } from "@postd/core";
import { and, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import { domainNow } from "./connections-row.ts";
import { addLink, takeLink } from "./links-repo.ts";
import type { Db, Executor } from "./pools.ts";
import { links, tenants } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

const purposes = { link: "reconnect", session: "reconnect_session" } as const;

/**
 * Ends links of a connection, or all that somebody made in a tenant, with the cookies they were exchanged for and what was
 * begun with those. A connection that is connected anew, or a right that is given again, brings none of them back.
 */
export async function endOwnerLinks(
  tx: Executor,
  of: { readonly tenantId: string } & ({ readonly connectionId: string } | { readonly createdBy: string }),
): Promise<void> {
  await tx
    .update(links)
    .set({ revokedAt: domainNow })
    .where(
      and(
        inArray(links.purpose, Object.values(purposes)),
        eq(links.tenantId, of.tenantId),
        "createdBy" in of
          ? eq(links.createdBy, of.createdBy)
          : sql`split_part(${links.subject}, ' ', 1) = ${of.connectionId}`,
        isNull(links.revokedAt),
        gt(links.expiresAt, domainNow),
      ),
    );
}

/** Owners' links in PostgreSQL. The subject is the connection, and after a space whoever POSTD sent it to. */
export function createOwnerLinksRepo(db: Db): OwnerLinksRepo {
  return {
    add: ({ connectionId, recipient, ...link }) =>
      withoutTenant(db, (tx) =>
        addLink(tx, {
          ...link,
          purpose: purposes.link,
          subject: recipient === undefined ? connectionId : `${connectionId} ${recipient}`,
        }),
      ),

    async find(hash, kind) {
      const [row] = await db
        .select({ link: links, tenantName: tenants.name })
        .from(links)
        .innerJoin(tenants, eq(tenants.id, links.tenantId))
        .where(and(eq(links.hash, hash), eq(links.purpose, purposes[kind]), isNull(links.revokedAt)));
      if (!row?.link.tenantId || row.link.createdBy === null) return undefined;
      const { tenantId, createdBy, subject, usedAt, expiresAt } = row.link;
      return {
        tenantId: asId("tenant", tenantId),
        tenantName: row.tenantName,
        connectionId: asId("connection", subject.split(" ")[0] ?? ""),
        createdBy,
        used: usedAt !== null,
        expiresAt,
      };
    },

    exchange: ({ hash, sessionHash, at, sessionEndsAt }) =>
      withoutTenant(db, async (tx) => {
        const subject = await takeLink(tx, { hash, purpose: purposes.link, by: undefined, at });
        if (subject === undefined) return false;
        const [row] = await tx
          .select({ tenantId: links.tenantId, createdBy: links.createdBy })
          .from(links)
          .where(eq(links.hash, hash));
        if (!row?.tenantId || row.createdBy === null) return false;
        await addLink(tx, {
          hash: sessionHash,
          purpose: purposes.session,
          subject,
          tenantId: asId("tenant", row.tenantId),
          createdBy: row.createdBy,
          at,
          expiresAt: sessionEndsAt,
        });
        return true;
      }),

    async takeSession(hash, at) {
      const taken = await withoutTenant(db, (tx) =>
        takeLink(tx, { hash, purpose: purposes.session, by: undefined, at }),
      );
      return taken !== undefined;
    },

    async giveSessionBack(hash) {
      await db
        .update(links)
        .set({ usedAt: null })
        .where(
          and(
            eq(links.hash, hash),
            eq(links.purpose, purposes.session),
            // One that was begun since then is the one that counts.
            sql`not exists (select 1 from links newer where newer.purpose = ${links.purpose} and newer.subject = ${links.subject}
              and newer.used_at is null and newer.revoked_at is null)`,
          ),
        );
    },
  };
}
