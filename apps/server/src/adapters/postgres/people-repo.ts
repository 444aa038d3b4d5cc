import { asId, type Role, roles, type TenantId, type UserId } from "@postd/contracts";
import type { MemberRow, Membership, PeopleRepo } from "@postd/core";
import { and, asc, count, eq, inArray, isNull, max, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { endOwnerLinks } from "./owner-links-repo.ts";
import type { Db, Executor } from "./pools.ts";
import {
  apiKeys,
  invitations,
  links,
  members,
  operators,
  passkeys,
  sessions,
  tenants,
  twoFactors,
  users,
  verifications,
} from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** People and tenants in PostgreSQL; the tables are shared with the sign-in library, which calls tenants organisations. */
export function createPeopleRepo(db: Db): PeopleRepo {
  return {
    async tenantsOf(userId) {
      const rows = await db
        .select({ tenant: tenants, role: members.role, hasSecondFactor: hasSecondFactor(members.userId) })
        .from(members)
        .innerJoin(tenants, eq(tenants.id, members.organizationId))
        .where(and(eq(members.userId, userId), isNull(tenants.erasingAt)))
        .orderBy(asc(members.createdAt), asc(members.id));
      return rows.map(({ tenant, role, hasSecondFactor }) => ({
        id: asId("tenant", tenant.id),
        name: tenant.name,
        slug: tenant.slug,
        timeZone: tenant.timeZone,
        requiresApproval: tenant.requiresApproval,
        requiresTwoFactor: tenant.requiresTwoFactor,
        hasSecondFactor,
        afterReconnect: tenant.afterReconnect,
        role: roleOf(role),
        createdAt: tenant.createdAt,
      }));
    },

    async sessionStanding(sessionId, at) {
      const [row] = await db
        .select({ factor: sessions.secondFactor, endedIn: sessions.endedIn, lastUsedAt: sessions.lastUsedAt })
        .from(sessions)
        .where(eq(sessions.id, sessionId));
      if (!row) return undefined;
      const isNoted = row.lastUsedAt && row.lastUsedAt.getTime() > at.getTime() - usedEveryMs;
      if (!isNoted) await db.update(sessions).set({ lastUsedAt: at }).where(eq(sessions.id, sessionId));
      return { secondFactor: row.factor !== null, endedIn: row.endedIn };
    },

    async noteCodeShown(sessionId) {
      await db.update(sessions).set({ secondFactor: "code" }).where(eq(sessions.id, sessionId));
    },

    createTenant: ({ id, name, slug, timeZone, ownerId, memberId, most, at }) =>
      withoutTenant(db, async (tx) => {
        await tx.select({ id: users.id }).from(users).where(eq(users.id, ownerId)).for("update");
        const owned = and(eq(members.userId, ownerId), eq(members.role, "owner"));
        const [row] = await tx.select({ count: count() }).from(members).where(owned);
        if ((row?.count ?? 0) >= most) return false;
        await tx.insert(tenants).values({ id, name, slug, timeZone, createdAt: at });
        await tx
          .insert(members)
          .values({ id: memberId, organizationId: id, userId: ownerId, role: "owner", createdAt: at });
        return true;
      }),

    async updateTenant(id, change) {
      if (Object.keys(change).length === 0) return;
      await withoutTenant(db, (tx) => tx.update(tenants).set(change).where(eq(tenants.id, id)));
    },

    async setActiveTenant(sessionId, tenantId) {
      await db.update(sessions).set({ activeOrganizationId: tenantId }).where(eq(sessions.id, sessionId));
    },

    members: (tenantId) => readMembers(db, tenantId),

    changeMember: ({ tenantId, id, change, endsLinks, at }, judge) =>
      withoutTenant(db, async (tx) => {
        await lockMembers(tx, tenantId);
        const memberships = await readMemberships(tx, tenantId);
        const judged = judge(memberships);
        if (!judged.ok) return judged;
        const self = and(eq(members.organizationId, tenantId), eq(members.id, id));
        if (change.to === "role") await tx.update(members).set({ role: change.role }).where(self);
        else await removeMember(tx, { tenantId, id, at });
        const createdBy = memberships.find((member) => member.id === id)?.userId;
        if (endsLinks && createdBy) await endOwnerLinks(tx, { tenantId, createdBy });
        return judged;
      }),

    async isStoredOperator(userId) {
      const found = await db.select({ id: operators.userId }).from(operators).where(eq(operators.userId, userId));
      return found.length > 0;
    },

    async operators(operatorEmails) {
      const isByAddress = byAddress(operatorEmails);
      const rows = await db
        .select({ email: users.email, name: users.name, since: operators.since })
        .from(users)
        .leftJoin(operators, eq(operators.userId, users.id))
        .where(sql`${operators.userId} is not null or ${isByAddress}`)
        .orderBy(asc(users.email));
      return rows.map(({ email, name, since }) => ({ email, name, by: since === null ? "address" : "link" }));
    },

    async endOperator(email) {
      const person = db.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()));
      const ended = await withoutTenant(db, (tx) =>
        tx.delete(operators).where(inArray(operators.userId, person)).returning({ id: operators.userId }),
      );
      return ended.length > 0;
    },

    deleteAccount: (id, at) =>
      withoutTenant(db, async (tx) => {
        const mine = tx.select({ id: members.organizationId }).from(members).where(eq(members.userId, id));
        const rows = await tx.select().from(tenants).where(inArray(tenants.id, mine)).orderBy(tenants.id).for("update");
        const owned: { id: TenantId; name: string }[] = [];
        for (const tenant of rows) {
          const owners = (await readMemberships(tx, asId("tenant", tenant.id))).filter(({ role }) => role === "owner");
          const isOnly = owners.length === 1 && owners[0]?.userId === id;
          if (isOnly && tenant.erasingAt === null) owned.push({ id: asId("tenant", tenant.id), name: tenant.name });
        }
        if (owned.length > 0) return owned;
        await tx
          .update(apiKeys)
          .set({ revokedAt: at })
          .where(and(eq(apiKeys.createdBy, id), isNull(apiKeys.revokedAt)));
        // An invitation holds the address it was sent to, also when it was accepted long ago.
        const address = tx
          .select({ email: sql`lower(${users.email})` })
          .from(users)
          .where(eq(users.id, id));
        await tx.delete(invitations).where(inArray(sql`lower(${invitations.email})`, address));
        await tx.delete(links).where(eq(links.subject, id));
        await tx.delete(verifications).where(eq(verifications.value, id));
        await tx.delete(users).where(eq(users.id, id));
        return [];
      }),

    async hasAccount(email) {
      return (await db.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()))).length > 0;
    },

    endSecondFactor: (email) =>
      withoutTenant(db, async (tx) => {
        const person = tx.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()));
        const ended = await tx
          .delete(twoFactors)
          .where(inArray(twoFactors.userId, person))
          .returning({ userId: twoFactors.userId });
        for (const { userId } of ended) {
          await tx.update(users).set({ twoFactorEnabled: false }).where(eq(users.id, userId));
          await tx.delete(sessions).where(eq(sessions.userId, userId));
        }
        return ended.length > 0;
      }),

    async census(operatorEmails) {
      const [row] = await db
        .select({
          people: count(),
          operators: sql<number>`(count(*) filter (where ${operators.userId} is not null or ${byAddress(operatorEmails)}))::int`,
        })
        .from(users)
        .leftJoin(operators, eq(operators.userId, users.id));
      return row ?? { people: 0, operators: 0 };
    },
  };
}

/** A use is written at most this often. */
const usedEveryMs = 60_000;

/** Codes that were confirmed once, or a passkey. */
export const hasSecondFactor = (userId: AnyPgColumn): SQL<boolean> =>
  sql<boolean>`(exists (select from ${passkeys} where ${passkeys.userId} = ${userId})
    or exists (select from ${users} where ${users.id} = ${userId} and ${users.twoFactorEnabled}))`;

/** Whose address the settings name, and who confirmed it. */
const byAddress = (operatorEmails: readonly string[]): SQL =>
  operatorEmails.length === 0
    ? sql`false`
    : sql`(${users.emailVerified} and lower(${users.email}) in ${[...operatorEmails]})`;

/** Whoever changes members of a tenant, or joins it, does so alone: the tenant's row is the lock. */
export async function lockMembers(tx: Executor, tenantId: TenantId): Promise<void> {
  await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for("update");
}

async function readMemberships(tx: Executor, tenantId: TenantId): Promise<Membership[]> {
  const rows = await tx.select().from(members).where(eq(members.organizationId, tenantId));
  return rows.map(({ id, userId, role }) => ({
    id: asId("member", id),
    userId: asId("user", userId),
    role: roleOf(role),
  }));
}

/** The keys would be dead without a membership all the same; revoking them lets lists say when they ended. */
async function removeMember(
  tx: Executor,
  { tenantId, id, at }: { readonly tenantId: TenantId; readonly id: string; readonly at: Date },
): Promise<void> {
  const [member] = await tx
    .delete(members)
    .where(and(eq(members.organizationId, tenantId), eq(members.id, id)))
    .returning({ userId: members.userId });
  if (!member) return;
  await tx
    .update(apiKeys)
    .set({ revokedAt: at })
    .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.createdBy, member.userId), isNull(apiKeys.revokedAt)));
  await tx
    .update(sessions)
    .set({ activeOrganizationId: null })
    .where(and(eq(sessions.userId, member.userId), eq(sessions.activeOrganizationId, tenantId)));
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

/** A role the table of rights does not know has the fewest rights. */
export const roleOf = (stored: string | null): Role => roles.find((role) => role === stored) ?? "viewer";
