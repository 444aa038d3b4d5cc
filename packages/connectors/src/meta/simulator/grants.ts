import type { Grant, PermissionStatus } from "./model.ts";
import type { World } from "./world.ts";

/** Records a person's consent. A second login keeps what was granted before and replaces the choice of Pages and accounts. */
export function recordGrant(
  world: World,
  input: {
    readonly login: Grant["login"];
    readonly personId: string;
    readonly asked: readonly string[];
    readonly granted: readonly string[];
    readonly pageIds: readonly string[];
    readonly igIds: readonly string[];
    /** Account-bound logins (Instagram) and made-up accounts stand on their own. */
    readonly isSeparate?: boolean;
  },
): Grant {
  const known = input.isSeparate
    ? undefined
    : [...world.data.grants.values()].find(
        (grant) => grant.login === input.login && grant.personId === input.personId && sameAccount(grant, input),
      );
  const grant: Grant = known ?? {
    id: world.env.randomId(),
    login: input.login,
    personId: input.personId,
    permissions: new Map(),
    pageIds: new Set(),
    igIds: new Set(),
    lastLoginAt: world.nowMs(),
  };
  for (const scope of input.asked) {
    const status: PermissionStatus = input.granted.includes(scope) ? "granted" : "declined";
    if (status === "granted" || grant.permissions.get(scope) !== "granted") grant.permissions.set(scope, status);
  }
  grant.pageIds = new Set(input.pageIds);
  grant.igIds = new Set(input.igIds);
  grant.lastLoginAt = world.nowMs();
  world.data.grants.set(grant.id, grant);
  return grant;
}

/** Instagram Login consents for one account at a time (meta.md §3b); Facebook Login for all of a person. */
const sameAccount = (
  grant: Grant,
  input: { readonly login: Grant["login"]; readonly igIds: readonly string[] },
): boolean => input.login === "facebook" || [...grant.igIds][0] === input.igIds[0];

const codeMs = 3_600_000;

/** A single-use authorisation code, good for an hour (§3b.1). */
export function issueCode(world: World, grant: Grant, redirectUri: string): string {
  const code = `AQ${world.env.randomId()}${world.env.randomId()}`;
  world.data.codes.set(code, {
    code,
    grantId: grant.id,
    login: grant.login,
    redirectUri,
    expiresAt: world.nowMs() + codeMs,
    used: false,
  });
  return code;
}
