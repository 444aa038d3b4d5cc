import { asId, type InvitationId, type Role, roles, type TenantId, type UserId } from "@postd/contracts";
import type { InvitationRow, MemberRow, PeopleRepo } from "@postd/core";
import { and, asc, desc, eq, gt, max, sql } from "drizzle-orm";
import type { Db, Executor } from "./pools.ts";
import { apiKeys, invitations, members, sessions, tenants, users } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** People and tenants in PostgreSQL; the tables are shared with the sign-in library, which calls tenants organisations. */
export function createPeopleRepo(db: Db): PeopleRepo {
  return {
    async tenantsOf(userId) {
      const rows = await db
        .select({ tenant: tenants, role: members.role })
        .from(members)
        .innerJoin(tenants, eq(tenants.id, members.organizationId))
        .where(eq(members.userId, userId))
        .orderBy(asc(members.createdAt), asc(members.id));
      return rows.map(({ tenant, role }) => ({
        id: asId("tenant", tenant.id),
        name: tenant.name,
        slug: tenant.slug,
        timeZone: tenant.timeZone,
        role: roleOf(role),
        createdAt: tenant.createdAt,
      }));
    },

    async createTenant({ id, name, slug, timeZone, ownerId, memberId, at }) {
      await withoutTenant(db, async (tx) => {
        await tx.insert(tenants).values({ id, name, slug, timeZone, createdAt: at });
        await tx
          .insert(members)
          .values({ id: memberId, organizationId: id, userId: ownerId, role: "owner", createdAt: at });
      });
    },

    async updateTenant(id, change) {
      if (Object.keys(change).length > 0) await db.update(tenants).set(change).where(eq(tenants.id, id));
    },

    async setActiveTenant(sessionId, tenantId) {
      await db.update(sessions).set({ activeOrganizationId: tenantId }).where(eq(sessions.id, sessionId));
    },

    members: (tenantId) => readMembers(db, tenantId),

    async memberByEmail(tenantId, email) {
      return (await readMembers(db, tenantId)).find((row) => row.email.toLowerCase() === email.toLowerCase());
    },

    setRole: (tenantId, id, role) =>
      changingOwners(db, tenantId, id, role !== "owner", async (tx) => {
        await tx
          .update(members)
          .set({ role })
          .where(and(eq(members.organizationId, tenantId), eq(members.id, id)));
      }),

    removeMember: (tenantId, id, at) =>
      changingOwners(db, tenantId, id, true, async (tx) => {
        const removed = await tx
          .delete(members)
          .where(and(eq(members.organizationId, tenantId), eq(members.id, id)))
          .returning({ userId: members.userId });
        const [member] = removed;
        if (!member) return;
        await tx
          .update(apiKeys)
          .set({ revokedAt: at })
          .where(
            and(
              eq(apiKeys.tenantId, tenantId),
              eq(apiKeys.createdBy, member.userId),
              sql`${apiKeys.revokedAt} is null`,
            ),
          );
        await tx
          .update(sessions)
          .set({ activeOrganizationId: null })
          .where(and(eq(sessions.userId, member.userId), eq(sessions.activeOrganizationId, tenantId)));
      }),

    async pendingInvitations(tenantId, now) {
      return readInvitations(
        db,
        and(
          eq(invitations.organizationId, tenantId),
          eq(invitations.status, "pending"),
          gt(invitations.expiresAt, now),
        ),
      );
    },

    async pendingInvitationFor(email, now) {
      const rows = await readInvitations(
        db,
        and(
          eq(invitations.email, email.toLowerCase()),
          eq(invitations.status, "pending"),
          gt(invitations.expiresAt, now),
        ),
      );
      return rows[0];
    },

    async invitation(id) {
      const [row] = await readInvitations(db, eq(invitations.id, id));
      return row;
    },

    async createInvitation({ tenantId, email, ...rest }) {
      await withoutTenant(db, async (tx) => {
        await tx
          .update(invitations)
          .set({ status: "canceled" })
          .where(
            and(
              eq(invitations.organizationId, tenantId),
              eq(invitations.email, email),
              eq(invitations.status, "pending"),
            ),
          );
        await tx.insert(invitations).values({ ...rest, organizationId: tenantId, email, status: "pending" });
      });
    },

    async cancelInvitation(tenantId, id) {
      const changed = await db
        .update(invitations)
        .set({ status: "canceled" })
        .where(and(eq(invitations.organizationId, tenantId), eq(invitations.id, id), eq(invitations.status, "pending")))
        .returning({ id: invitations.id });
      return changed.length === 1;
    },

    acceptInvitation: ({ id, userId, memberId, at }) =>
      withoutTenant(db, async (tx) => {
        const [accepted] = await tx
          .update(invitations)
          .set({ status: "accepted" })
          .where(and(eq(invitations.id, id), eq(invitations.status, "pending"), gt(invitations.expiresAt, at)))
          .returning({ tenantId: invitations.organizationId, role: invitations.role });
        if (!accepted) return false;
        await tx
          .insert(members)
          .values({
            id: memberId,
            organizationId: accepted.tenantId,
            userId,
            role: roleOf(accepted.role),
            createdAt: at,
          })
          .onConflictDoNothing();
        return true;
      }),

    async firstUserId() {
      const [row] = await db.select({ id: users.id }).from(users).orderBy(asc(users.createdAt), asc(users.id)).limit(1);
      return row ? asId("user", row.id) : undefined;
    },
  };
}

/** Changes a member unless that takes the last owner away; the tenant's row is the lock. */
function changingOwners(
  db: Db,
  tenantId: TenantId,
  id: string,
  takesOwnership: boolean,
  change: (tx: Executor) => Promise<void>,
): Promise<boolean> {
  return withoutTenant(db, async (tx) => {
    await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for("update");
    const owners = await tx
      .select({ id: members.id })
      .from(members)
      .where(and(eq(members.organizationId, tenantId), eq(members.role, "owner")));
    if (takesOwnership && owners.length === 1 && owners[0]?.id === id) return false;
    await change(tx);
    return true;
  });
}

async function readMembers(db: Db, tenantId: TenantId): Promise<MemberRow[]> {
  const seen = db
    .select({ userId: sessions.userId, at: max(sessions.updatedAt).as("at") })
    .from(sessions)
    .groupBy(sessions.userId)
    .as("seen");
  const rows = await db
    .select({ member: members, user: users, seenAt: seen.at })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .leftJoin(seen, eq(seen.userId, members.userId))
    .where(eq(members.organizationId, tenantId))
    .orderBy(asc(members.createdAt), asc(members.id));
  return rows.map(({ member, user, seenAt }) => ({
    id: asId("member", member.id),
    userId: asId("user", user.id) satisfies UserId,
    name: user.name,
    email: user.email,
    ...(user.image === null ? {} : { image: user.image }),
    role: roleOf(member.role),
    joinedAt: member.createdAt,
    ...(seenAt === null ? {} : { lastSeenAt: new Date(seenAt) }),
  }));
}

async function readInvitations(db: Db, where: ReturnType<typeof and>): Promise<InvitationRow[]> {
  const rows = await db
    .select({ invitation: invitations, tenantName: tenants.name, inviterName: users.name })
    .from(invitations)
    .innerJoin(tenants, eq(tenants.id, invitations.organizationId))
    .innerJoin(users, eq(users.id, invitations.inviterId))
    .where(where)
    .orderBy(desc(invitations.createdAt), desc(invitations.id));
  return rows.map(({ invitation, tenantName, inviterName }) => ({
    id: asId("invitation", invitation.id) satisfies InvitationId,
    tenantId: asId("tenant", invitation.organizationId),
    tenantName,
    email: invitation.email,
    role: roleOf(invitation.role),
    status: invitation.status,
    inviterName,
    createdAt: invitation.createdAt,
    expiresAt: invitation.expiresAt,
  }));
}

/** A role the table of rights does not know has the fewest rights. */
const roleOf = (stored: string | null): Role => roles.find((role) => role === stored) ?? "viewer";
