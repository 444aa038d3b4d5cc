import type { Clock } from "@postd/connector-kit";
import { asId, idPrefixes, roleScopes, type Scope } from "@postd/contracts";
import type { ApiKeyRow, ApiKeysRepo, InvitationRow, PeopleRepo } from "../../ports/people.ts";
import type { StandingRights } from "../../ports/sign-in.ts";

/**
 * What a key may do now: what it was given, as far as its maker's present role carries that. Nothing once it is revoked,
 * over, or its maker has left, also where they came back.
 */
export function keyScopes(key: Omit<ApiKeyRow, "hash">, now: Date): readonly Scope[] {
  const { makerRole } = key;
  if (makerRole === undefined || key.revokedAt || (key.expiresAt && key.expiresAt <= now)) return [];
  return key.scopes.filter((scope) => roleScopes[makerRole].includes(scope));
}

/** Whether whoever invited may still do so: an invitation ends with the right it came from. */
export function invitationStands({ inviterRole, role }: Pick<InvitationRow, "inviterRole" | "role">): boolean {
  if (inviterRole === undefined || !roleScopes[inviterRole].includes("members:write")) return false;
  return role !== "owner" || inviterRole === "owner";
}

export function createStandingRights(deps: {
  readonly people: Pick<PeopleRepo, "tenantsOf">;
  readonly keys: Pick<ApiKeysRepo, "find">;
  readonly clock: Clock;
}): StandingRights {
  return {
    async scopesOf(tenantId, actorId) {
      if (actorId.startsWith(`${idPrefixes.apiKey}_`)) {
        const key = await deps.keys.find(tenantId, asId("apiKey", actorId));
        return key ? keyScopes(key, deps.clock.now()) : [];
      }
      const tenant = (await deps.people.tenantsOf(asId("user", actorId))).find(({ id }) => id === tenantId);
      return tenant && !(tenant.requiresTwoFactor && !tenant.hasSecondFactor) ? roleScopes[tenant.role] : [];
    },
  };
}
