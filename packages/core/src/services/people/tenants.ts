import { storableRemark } from "@postd/connector-kit";
import { ok, type TenantView } from "@postd/contracts";
import type { MemberTenant, PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";
import { enoughTenants, noTenant, notFound, secondFactorByOwners, showYoursFirst } from "./refusals.ts";

type Verbs = Pick<PeopleService, "listTenants" | "createTenant" | "switchTenant" | "updateTenant" | "welcome">;

export function tenantVerbs(deps: PeopleDeps): Verbs {
  const { repo, invitations, links, linkSecrets, clock, newId } = deps;

  async function create(ownerId: Parameters<typeof repo.tenantsOf>[0], name: string, timeZone: string) {
    const id = newId("tenant");
    const at = clock.now();
    const slug = slugOf(name, id);
    const most = deps.workspacesPerPerson;
    const isMade = await repo.createTenant({ id, name, slug, timeZone, ownerId, memberId: newId("member"), most, at });
    if (!isMade) return undefined;
    return {
      id,
      name,
      slug,
      timeZone,
      role: "owner" as const,
      createdAt: at,
      requiresApproval: false,
      requiresTwoFactor: false,
      hasSecondFactor: false,
      afterReconnect: "ask" as const,
    };
  }

  return {
    async listTenants(me) {
      const tenants = await repo.tenantsOf(me.userId);
      return ok({ items: tenants.map((tenant) => tenantView(tenant, tenant.id === me.tenant?.id)) });
    },

    async createTenant(me, input) {
      const tenant = await create(me.userId, input.name, input.timeZone ?? "UTC");
      if (!tenant) return enoughTenants(deps.workspacesPerPerson);
      await repo.setActiveTenant(me.sessionId, tenant.id);
      return ok(tenantView(tenant, true));
    },

    async switchTenant(me, tenantId) {
      const tenant = (await repo.tenantsOf(me.userId)).find(({ id }) => id === tenantId);
      if (!tenant) return notFound("tenant");
      await repo.setActiveTenant(me.sessionId, tenant.id);
      return ok(tenantView(tenant, true));
    },

    async updateTenant(me, change) {
      if (!me.tenant) return noTenant();
      if (change.requiresTwoFactor !== undefined) {
        if (me.tenant.role !== "owner") return secondFactorByOwners();
        if (!me.secondFactor) return showYoursFirst();
      }
      await repo.updateTenant(me.tenant.id, {
        ...(change.requiresTwoFactor === undefined ? {} : { requiresTwoFactor: change.requiresTwoFactor }),
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.timeZone === undefined ? {} : { timeZone: change.timeZone }),
        ...(change.requiresApproval === undefined ? {} : { requiresApproval: change.requiresApproval }),
        // What was missed before waits for a person.
        ...(change.afterReconnect === undefined
          ? {}
          : { afterReconnect: change.afterReconnect, afterReconnectAt: clock.now() }),
      });
      const tenant = (await repo.tenantsOf(me.userId)).find(({ id }) => id === me.tenant?.id);
      return tenant ? ok(tenantView(tenant, true)) : notFound("tenant");
    },

    async welcome(user) {
      const hash = user.link === undefined ? undefined : linkSecrets.hash(user.link);
      if (hash !== undefined) {
        await links.makeOperator({ hash, userId: user.id, at: clock.now() });
        if (await invitations.byLink(hash)) return;
      }
      await create(user.id, storableRemark(`${user.name || user.email.split("@")[0]}'s workspace`, 100), "UTC");
    },
  };
}

/** Shape a tenant for one of its members. */
export function tenantView(tenant: MemberTenant, active: boolean): TenantView {
  const { id, name, slug, timeZone, role, requiresApproval, requiresTwoFactor, afterReconnect, createdAt } = tenant;
  const settings = { requiresApproval, requiresTwoFactor, afterReconnect };
  return { id, name, slug, timeZone, role, active, ...settings, createdAt: createdAt.toISOString() };
}

/** Readable part of the name and the end of the id, which makes it unique. */
function slugOf(name: string, id: string): string {
  const readable = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return `${readable || "tenant"}-${id.slice(-10)}`;
}
