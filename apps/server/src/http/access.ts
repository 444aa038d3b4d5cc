import {
  fail,
  type Operation,
  ok,
  type Result,
  roleScopes,
  rolesWith,
  type Scope,
  type ServiceError,
} from "@postd/contracts";
import type { Caller, Principal, TenantAccess } from "@postd/core";
import type { FastifyRequest } from "fastify";
import type { HttpAuth, HttpConfig } from "./deps.ts";
import { trustedOriginsOf } from "./trusted-origins.ts";

export interface Access {
  readonly principal: Principal;
  readonly setCookies: readonly string[];
}

/** What a person or key may do in the tenant it works in. */
export function scopesOf(principal: Principal): readonly Scope[] {
  if (principal.tenant?.closed) return [];
  if (principal.kind === "key") return principal.scopes;
  return principal.tenant ? roleScopes[principal.tenant.role] : [];
}

/** An API key never is one: it belongs to one tenant, and an operator acts on all of them. */
export const isOperator = (principal: Principal): boolean => principal.kind === "session" && principal.operator;

/** Whether somebody may call an operation: known, by an allowed way, from a trusted page, with the scope. */
export async function admit(
  operation: Operation,
  request: FastifyRequest,
  deps: { readonly auth: HttpAuth; readonly config: HttpConfig },
): Promise<Result<Access | undefined, ServiceError>> {
  const { auth } = operation;
  if (auth.kind === "public") return ok(undefined);
  const found = await deps.auth.resolve(headersOf(request));
  if (!found)
    return auth.optional && request.headers.authorization === undefined
      ? ok(undefined)
      : fail(unauthenticated(request));
  const { principal } = found;
  if (principal.kind === "session" && !isSafe(request.method) && !fromTrustedPage(request, deps.config))
    return fail({
      code: "forbidden",
      detail: "This request came from a page of another site.",
      next: "Open POSTD at its own address, or use an API key.",
    });
  if (!auth.by.includes(principal.kind))
    return fail({
      code: "forbidden",
      detail: "An API key cannot do this; it takes a signed-in person.",
      next: "Sign in and do it in the web, or with the session cookie.",
    });
  if (!principal.tenant && !auth.tenantless)
    return fail({
      code: "forbidden",
      detail: "You are not a member of the tenant this request works in.",
      next: "Create a tenant with POST /api/tenants, accept an invitation, or leave out X-Postd-Tenant.",
    });
  if (principal.tenant?.closed && !auth.tenantless) return fail(closedTo(principal, principal.tenant.closed));
  if (auth.scope && !scopesOf(principal).includes(auth.scope)) return fail(lacks(principal, auth.scope));
  return ok(found);
}

/** The caller as services know it. Operations that need no tenant do not ask for this. */
export function callerOf(principal: Principal): Caller {
  if (!principal.tenant) throw new Error("an operation without a tenant asked for its caller");
  return {
    tenantId: principal.tenant.id,
    actorId: principal.kind === "key" ? principal.keyId : principal.userId,
    role: principal.tenant.role,
    sessionHash: principal.sessionHash,
    operator: isOperator(principal),
  };
}

export function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) headers.append(name, item);
  return headers;
}

const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/**
 * Cookies are SameSite=Lax, and a browser also says where a request comes from: a foreign origin is refused. Programs
 * with a cookie jar send neither header.
 */
export function fromTrustedPage(request: FastifyRequest, config: HttpConfig): boolean {
  const origin = request.headers.origin;
  if (origin !== undefined) return trustedOriginsOf(config.publicUrl, config.trustedOrigins).includes(origin);
  const site = request.headers["sec-fetch-site"];
  return site === undefined || site === "same-origin" || site === "none";
}

function unauthenticated(request: FastifyRequest): ServiceError {
  return request.headers.authorization === undefined
    ? {
        code: "unauthenticated",
        detail: "Nobody is signed in.",
        next: "Sign in, or send Authorization: Bearer with an API key.",
      }
    : {
        code: "unauthenticated",
        detail: "This API key is unknown, revoked or over.",
        next: "Create a new key in the settings and send it as Authorization: Bearer postd_...",
      };
}

function closedTo({ kind }: Principal, why: NonNullable<TenantAccess["closed"]>): ServiceError {
  if (why === "signed_out")
    return {
      code: "unauthenticated",
      detail: "An owner or admin of this workspace ended your session in it.",
      next: "Sign in again.",
    };
  return kind === "key"
    ? {
        code: "forbidden",
        detail: "This workspace wants a second factor from everybody, and whoever made this key has none.",
        next: "They switch on codes; the key works again then.",
      }
    : {
        code: "forbidden",
        detail: "This workspace wants a second factor from everybody, and this session showed none.",
        next: "Switch on codes with POST /api/auth/two-factor/enable, or sign in with a code.",
      };
}

const lacks = (principal: Principal, scope: Scope): ServiceError =>
  principal.kind === "key"
    ? {
        code: "forbidden",
        detail: `This API key lacks the scope ${scope}.`,
        next: "Create a key that has it.",
      }
    : {
        code: "forbidden",
        detail: `Your role ${principal.tenant?.role ?? ""} may not do this; it takes ${rolesWith(scope).join(" or ")}.`,
        next: "Ask an owner or admin of this tenant.",
      };
