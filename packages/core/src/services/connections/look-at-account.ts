import type { Clock, ConnectorContext, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { type ConnectionId, fail, type JsonObject, type TenantId } from "@postd/contracts";
import { askPlatform } from "./ask-platform.ts";
import type { ConnectionsDeps } from "./deps.ts";

/** What looking at accounts by the clock is made of: their numbers, and what people wrote to them. */
export type LookDeps = Pick<ConnectionsDeps, "access" | "context" | "registry" | "clock" | "log" | "budgets"> & {
  /** false: only those are looked at that somebody asked for. */
  readonly readsByItself: boolean;
};

interface LookOwner {
  readonly platform: string;
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
}

/** How many accounts one turn takes. */
export const accountsAtOnce = 20;

/** One account after the other. One whose look breaks holds up no other. Answers how many were looked at. */
export async function lookAtEach<O extends LookOwner>(
  { log }: Pick<LookDeps, "log">,
  owners: readonly O[],
  what: string,
  look: (owner: O) => Promise<void>,
): Promise<number> {
  for (const owner of owners)
    await look(owner).catch((error: unknown) =>
      log.warn({ connectionId: owner.connectionId, what, error }, "a look at an account broke"),
    );
  return owners.length;
}

/** Reads something at the platform as one account; `call` names it in the log. */
export type Ask = <T>(call: string, read: (ctx: ConnectorContext) => PlatformResult<T>) => PlatformResult<T>;

/**
 * A right to read that is lacking is no reason to hold posts; a sign-in that is over is one, and is marked. What is left of a
 * platform's budgets is kept for posts: then nothing is asked.
 */
export function askingAs(deps: LookDeps, { tenantId, connectionId, platform }: LookOwner): Ask {
  return async (call, read) => {
    const waits = await deps.budgets?.book.readingWaits({ tenantId, connectionId, platform });
    if (waits) {
      const retryAfterMs = Math.max(0, waits.until.getTime() - deps.clock.now().getTime());
      return fail({ kind: "rate_limited", quota: true, retryAfterMs, message: waits.message });
    }
    const { open, answer } = await askPlatform(deps, { id: connectionId, tenantId }, call, read);
    if (open && !answer.ok && (answer.error.kind === "auth_revoked" || answer.error.kind === "auth_expired"))
      await deps.access.markBroken({
        tenantId,
        connectionId,
        credentialVersion: open.credentialVersion,
        failure: answer.error,
      });
    return answer;
  };
}

/** Longest and shortest wait after a look that failed. */
export const afterFailureMs = { least: 15 * 60_000, most: 6 * 60 * 60_000 } as const;

/** When an account is looked at again after this, and what is told meanwhile: what a person has to mend is not asked for again and again. */
export function afterFailure(
  { kind, message, ...rest }: PlatformFailure,
  clock: Clock,
): { readonly at: Date; readonly failure: JsonObject } {
  const askedMs = "retryAfterMs" in rest ? (rest.retryAfterMs ?? 0) : 0;
  const ownMs = kind === "unavailable" || kind === "rate_limited" ? afterFailureMs.least : afterFailureMs.most;
  return { at: new Date(clock.now().getTime() + Math.max(ownMs, askedMs)), failure: { kind, message } };
}
