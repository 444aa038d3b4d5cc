import type { JobView, PublishJobId } from "@postd/contracts";
import { meet, type Wish } from "../../domain/wishes.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { type ActDeps, act, notFound, verdictOf, wishBy, wished } from "./act-on-job.ts";
import { abilities } from "./remote.ts";

/** Cancels at once where surely nothing is live; else the wish is kept and POSTD looks first. */
export const cancelJob = (caller: Caller, id: PublishJobId, deps: ActDeps): ServiceResult<Wished<JobView>> =>
  ask(caller, id, { kind: "cancel", ...wishBy(caller, deps) }, deps);

/** Takes a live post down at the platform. */
export const removeJob = (caller: Caller, id: PublishJobId, deps: ActDeps): ServiceResult<Wished<JobView>> =>
  ask(caller, id, { kind: "remove", ...wishBy(caller, deps) }, deps);

async function ask(caller: Caller, id: PublishJobId, wish: Wish, deps: ActDeps): ServiceResult<Wished<JobView>> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  const [target] = await deps.store.forTenant(caller.tenantId).targets([found.job.connectionId]);
  const can = abilities(found.job, target?.account, deps.registry);
  const acted = await act(caller, id, deps, ({ facts }) => verdictOf(meet({ ...facts, can }, wish)));
  return acted.ok ? { ok: true, value: wished(acted.job) } : acted;
}
