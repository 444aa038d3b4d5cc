import { fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Acting, Principal } from "@postd/core";
import type { FastifyRequest } from "fastify";

const reasonHeader = "x-postd-reason";
const reasonMaxChars = 500;

/** Why somebody asks, in their own words; headers carry no letters beyond ASCII, so it is percent-encoded. */
export function reasonOf({ headers }: FastifyRequest): Result<string | undefined, ServiceError> {
  const sent = headers[reasonHeader];
  if (sent === undefined) return ok(undefined);
  const reason = decoded(String(sent))?.trim();
  if (reason !== undefined && reason.length <= reasonMaxChars) return ok(reason === "" ? undefined : reason);
  return fail({
    code: "invalid_input",
    field: reasonHeader,
    detail: `The reason must be percent-encoded UTF-8 of at most ${reasonMaxChars} characters.`,
    next: "Encode it with encodeURIComponent, or leave the header out.",
  });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign or bytes that are no UTF-8: the caller is told.
    return undefined;
  }
}

/** Nobody known, such as a platform that calls: the server acts, and says itself whom it follows. */
export function actingOf({ id }: FastifyRequest, principal: Principal | undefined, reason: string | undefined): Acting {
  const more = { requestId: id, ...(reason === undefined ? {} : { reason }) };
  if (!principal) return { kind: "system", ...more };
  return principal.kind === "key"
    ? { kind: "api_key", id: principal.keyId, ...more }
    : { kind: "person", id: principal.userId, ...more };
}
