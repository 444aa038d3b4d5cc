import { createHash } from "node:crypto";
import type { Clock } from "@postd/connector-kit";
import { asId, type Role, roleScopes, roles, type Scope } from "@postd/contracts";
import {
  type ApiKeySecrets,
  type ApiKeysRepo,
  keyScopes,
  type MemberTenant,
  type PeopleRepo,
  type PeopleService,
  type Principal,
  type SessionStanding,
  type TenantAccess,
} from "@postd/core";
import type { HttpAuth } from "../../http/deps.ts";
import { isPassing } from "../postgres/database-error.ts";
import type { Auth } from "./create-auth.ts";
import { hearFailures } from "./hidden-failures.ts";

/** Header by which a session works in another of its tenants for one request. */
export const tenantHeader = "x-postd-tenant";

export interface HttpAuthDeps {
  readonly auth: Auth;
  readonly standing: Pick<PeopleRepo, "sessionStanding" | "noteCodeShown">;
  readonly people: Pick<PeopleRepo, "tenantsOf">;
  readonly isOperator: PeopleService["isOperator"];
  readonly keys: ApiKeysRepo;
  readonly keySecrets: ApiKeySecrets;
  readonly clock: Clock;
}

/** Who sends a request: an API key where `Authorization` is sent, otherwise the session of the cookie. */
export function createHttpAuth(deps: HttpAuthDeps): HttpAuth {
  return {
    async handle(request) {
      const { result, heard } = await hearFailures(() => deps.auth.handler(request));
      const response = await result;
      if (response.status >= 500) await blame(heard, deps);
      // It also goes on without the database and calls it done, such as a sign-out that ended no session.
      if (heard && isPassing(heard)) throw heard;
      if (response.ok && new URL(request.url).pathname.includes("/two-factor/verify-"))
        await noteShownAgain(request.headers, deps);
      return response;
    },
    async passwordFits(userId, password) {
      const { internalAdapter, password: passwords } = await deps.auth.$context;
      const account = await internalAdapter.findCredentialAccount(userId);
      return account?.password ? passwords.verify({ hash: account.password, password }) : false;
    },
    async resolve(headers) {
      const authorization = headers.get("authorization");
      if (authorization === null) return bySession(headers, deps);
      const principal = await byKey(authorization, deps);
      return principal && { principal, setCookies: [] };
    },
  };
}

/** Somebody signed in without a second factor showed one: the session they have counts as such from now on. */
async function noteShownAgain(headers: Headers, { auth, standing }: HttpAuthDeps): Promise<void> {
  const found = await auth.api.getSession({ headers });
  if (found) await standing.noteCodeShown(found.session.id);
}

async function byKey(authorization: string, { keys, keySecrets, clock }: HttpAuthDeps): Promise<Principal | undefined> {
  const presented = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const hash = presented === undefined ? undefined : keySecrets.hash(presented);
  const found = hash === undefined ? undefined : await keys.findByHash(hash);
  if (!found) return undefined;
  const { key, tenant, closed } = found;
  const now = clock.now();
  const scopes = keyScopes(key, now);
  if (scopes.length === 0) return undefined;
  await keys.markUsed(key, now);
  return {
    kind: "key",
    keyId: key.id,
    name: key.name,
    scopes,
    sessionHash: sha256(key.id),
    tenant: { ...tenant, role: weakestRoleWith(scopes), ...(closed ? { closed } : {}) },
  };
}

/**
 * The library hides what a query failed of: throws it where it was heard, and otherwise asks the database, which throws
 * where it is the reason.
 */
async function blame(heard: Error | undefined, { people }: HttpAuthDeps): Promise<void> {
  if (heard) throw heard;
  await people.tenantsOf(asId("user", ""));
}

async function bySession(headers: Headers, deps: HttpAuthDeps) {
  const { auth, people } = deps;
  if (!headers.get("cookie")?.includes("postd.session_token")) return undefined;
  const { result, heard } = await hearFailures(() => auth.api.getSession({ headers, returnHeaders: true }));
  const { response, headers: answered } = await result.catch(async (error) => {
    await blame(heard, deps);
    throw error;
  });
  if (!response) return undefined;
  const { session, user } = response;
  const userId = asId("user", user.id);
  const [tenants, operator, standing] = await Promise.all([
    people.tenantsOf(userId),
    deps.isOperator({ ...user, id: userId }),
    deps.standing.sessionStanding(session.id, deps.clock.now()),
  ]);
  if (!standing) return undefined;
  const wished = headers.get(tenantHeader);
  // A tenant named for this request is that one or none; a stale choice of the session falls back to the first.
  const tenant =
    wished === null
      ? (tenants.find(({ id }) => id === session.activeOrganizationId) ?? tenants[0])
      : tenants.find(({ id }) => id === wished);
  const principal: Principal = {
    kind: "session",
    userId,
    name: user.name,
    email: user.email,
    emailVerified: user.emailVerified,
    operator,
    ...(user.image ? { image: user.image } : {}),
    sessionId: session.id,
    sessionHash: sha256(session.id),
    secondFactor: standing.secondFactor,
    ...(tenant
      ? {
          tenant: {
            id: tenant.id,
            name: tenant.name,
            slug: tenant.slug,
            timeZone: tenant.timeZone,
            role: tenant.role,
            ...closedBy(tenant, standing),
          },
        }
      : {}),
  };
  return { principal, setCookies: answered.getSetCookie() };
}

function closedBy(
  tenant: MemberTenant,
  { secondFactor, endedIn }: SessionStanding,
): { readonly closed?: NonNullable<TenantAccess["closed"]> } {
  if (endedIn.includes(tenant.id)) return { closed: "signed_out" };
  return tenant.requiresTwoFactor && !secondFactor ? { closed: "second_factor" } : {};
}

/** Services that look at roles see a key as the weakest member who could do as much. */
export function weakestRoleWith(scopes: readonly Scope[]): Role {
  return [...roles].reverse().find((role) => scopes.every((scope) => roleScopes[role].includes(scope))) ?? "viewer";
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
