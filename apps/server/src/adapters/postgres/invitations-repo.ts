import { asId, type InvitationId } from "@postd/contracts";
import type { InvitationRow, InvitationsRepo } from "@postd/core";
import { and, desc, eq, gt, isNull, lte, type SQL } from "drizzle-orm";
import { addLink, takeLink } from "./links-repo.ts";
import { lockMembers, roleOf } from "./people-repo.ts";
import type { Db, Executor } from "./pools.ts";
import { invitations, links, members, tenants, users } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** Invitations in PostgreSQL. The secret of each is a row of `links`; an invitation's id opens nothing. */
export function createInvitationsRepo(db: Db): InvitationsRepo {
  return {
    pending: (tenantId, now) =>
      read(
        db,
        and(
          eq(invitations.organizationId, tenantId),
          eq(invitations.status, "pending"),
          gt(invitations.expiresAt, now),
        ),
      ),

    async find(id) {
      const [row] = await read(db, eq(invitations.id, id));
      return row;
    },

    byLink: (hash) => readByLink(db, hash),

    async create({ tenantId, linkHash, ...row }) {
      await withoutTenant(db, async (tx) => {
        await tx
          .update(invitations)
          .set({ status: "canceled" })
          .where(
            and(
              eq(invitations.organizationId, tenantId),
              eq(invitations.email, row.email),
              eq(invitations.status, "pending"),
            ),
          );
        await tx.insert(invitations).values({ ...row, organizationId: tenantId, status: "pending" });
        await addLink(tx, {
          hash: linkHash,
          purpose: "invitation",
          subject: row.id,
          tenantId,
          at: row.createdAt,
          expiresAt: row.expiresAt,
        });
      });
    },

    async cancel(tenantId, id) {
      const open = and(
        eq(invitations.organizationId, tenantId),
        eq(invitations.id, id),
        eq(invitations.status, "pending"),
      );
      const changed = await withoutTenant(db, (tx) =>
        tx.update(invitations).set({ status: "canceled" }).where(open).returning({ id: invitations.id }),
      );
      return changed.length === 1;
    },

    accept: ({ hash, userId, memberId, at }, judge) =>
      withoutTenant(db, async (tx) => {
        const seen = await readByLink(tx, hash);
        // Roles of members decide whether the invitation stands, so it is read again under their lock.
        if (seen) await lockMembers(tx, seen.tenantId);
        const row = seen && (await readByLink(tx, hash));
        const judged = judge(row);
        if (!judged.ok) return judged;
        if (!row) throw new Error("an invitation that is not there was judged acceptable");
        await takeLink(tx, { hash, purpose: "invitation", by: userId, at });
        await tx.update(invitations).set({ status: "accepted" }).where(eq(invitations.id, row.id));
        await tx
          .insert(members)
          .values({ id: memberId, organizationId: row.tenantId, userId, role: row.role, createdAt: at })
          .onConflictDoNothing();
        return { ok: true, value: row.tenantId };
      }),
  };
}

async function readByLink(db: Executor, hash: string): Promise<InvitationRow | undefined> {
  const [link] = await db
    .select({ subject: links.subject })
    .from(links)
    .where(and(eq(links.hash, hash), eq(links.purpose, "invitation"), isNull(links.revokedAt)));
  const [row] = link ? await read(db, eq(invitations.id, link.subject)) : [];
  return row;
}

async function read(db: Executor, where: SQL | undefined): Promise<InvitationRow[]> {
  const rows = await db
    .select({ invitation: invitations, tenantName: tenants.name, inviterName: users.name, inviterRole: members.role })
    .from(invitations)
    .innerJoin(tenants, eq(tenants.id, invitations.organizationId))
    .innerJoin(users, eq(users.id, invitations.inviterId))
    .leftJoin(
      members,
      and(
        eq(members.organizationId, invitations.organizationId),
        eq(members.userId, invitations.inviterId),
        // Somebody who left and came back has a new membership; what the old one began stays ended.
        lte(members.createdAt, invitations.createdAt),
      ),
    )
    .where(where)
    .orderBy(desc(invitations.createdAt), desc(invitations.id));
  return rows.map(({ invitation, tenantName, inviterName, inviterRole }) => ({
    id: asId("invitation", invitation.id) satisfies InvitationId,
    tenantId: asId("tenant", invitation.organizationId),
    tenantName,
    email: invitation.email,
    role: roleOf(invitation.role),
    status: invitation.status,
    inviterName,
    inviterRole: inviterRole === null ? undefined : roleOf(inviterRole),
    createdAt: invitation.createdAt,
    expiresAt: invitation.expiresAt,
  }));
}
