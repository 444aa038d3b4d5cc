import type { Clock, ConnectorLog } from "@postd/connector-kit";
import { nextRefreshLook, nextRefreshTry, type RefreshPlan, refreshPlan } from "../../domain/refresh-plan.ts";
import type { SignInRenewal } from "../../ports/connection-access.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { DueSignIn, SignInUpkeep, UpkeepRepo } from "../../ports/upkeep.ts";
import { authFor } from "../connections/sign-in.ts";
import { eachAtMost } from "./at-most.ts";

export interface RenewDeps {
  readonly upkeep: UpkeepRepo;
  readonly access: SignInRenewal;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: Pick<ConnectorLog, "warn">;
  /** How many renewals run at once in this process. */
  readonly refreshWorkers: number;
}

const batch = 200;
/** Longer than a renewal's lease: whoever holds it has ended by then, or is dead. */
const busyMs = 61_000;
const brokeMs = 30 * 60_000;

/**
 * Renews the sign-ins whose time has come, by `refreshPlan`, until none is due. Whoever renews one at the same moment, in
 * whatever process, is left to it: the sign-in's lease lets one through. Answers how many were looked at.
 */
export async function renewSignIns(deps: RenewDeps, signal?: AbortSignal): Promise<number> {
  let looked = 0;
  for (;;) {
    const due = await deps.upkeep.dueSignIns(batch);
    if (due.length === 0 || signal?.aborted) return looked;
    await eachAtMost(
      deps.refreshWorkers,
      due,
      (it) => (signal?.aborted ? Promise.resolve() : tend(deps, it)),
      (it, error) => putOff(deps, it, error),
    );
    looked += due.length;
  }
}

async function tend(deps: RenewDeps, { tenantId, signInId }: DueSignIn): Promise<void> {
  const repo = deps.upkeep.forTenant(tenantId);
  const seen = await repo.signIn(signInId);
  if (!seen) return;
  const now = deps.clock.now();
  const next = (at: Date | undefined, tries = 0) => repo.plan(signInId, { at, tries, seen });
  const later = nextRefreshLook(signInId, now);
  if (!seen.connection) return next(later);
  const method = authFor(deps.registry, seen.connection);
  if (!method?.refresh || seen.connection.renews === false) return next(undefined);
  const plan = refreshPlan(method, { ...seen, signInId }, now);
  // A post may be planned, or an account enabled, before the plan's own time.
  if (!plan) return next(later);
  if (plan.at > now) return next(plan.at < later ? plan.at : later);
  const { id: connectionId, credentialVersion } = seen.connection;
  const done = await deps.access.renew({ tenantId, connectionId, credentialVersion });
  switch (done.kind) {
    case "stored":
      // What was stored is planned anew, because its ends changed.
      return;
    case "busy":
      return next(new Date(now.getTime() + busyMs), seen.tries);
    case "impossible":
      await repo.renewsNot(signInId);
      return next(undefined);
    case "refused":
    case "gone":
      return next(later);
    case "failed":
      return failed(deps, { plan, seen, later }, done.failure, next);
    default:
      done satisfies never;
  }
}

function failed(
  { clock }: RenewDeps,
  { plan, seen, later }: { readonly plan: RefreshPlan; readonly seen: SignInUpkeep; readonly later: Date },
  failure: Parameters<typeof nextRefreshTry>[2],
  next: (at: Date, tries?: number) => Promise<void>,
): Promise<void> {
  const tries = seen.tries + 1;
  const again = nextRefreshTry(plan, tries, failure, clock.now());
  return again ? next(again, tries) : next(later);
}

async function putOff(deps: RenewDeps, { tenantId, signInId }: DueSignIn, error: unknown): Promise<void> {
  deps.log.warn({ signInId, error }, "renewing a sign-in broke");
  const repo = deps.upkeep.forTenant(tenantId);
  const seen = await repo.signIn(signInId);
  const at = new Date(deps.clock.now().getTime() + brokeMs);
  if (seen) await repo.plan(signInId, { at, tries: seen.tries, seen });
}
