import type { TenantId } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import { endOf, statusOf, type ViewDeps } from "../connections/view.ts";

/** What one tenant's accounts at a platform were granted, and what is wrong with them or soon will be. */
export interface PlatformStanding {
  readonly scopesGranted: readonly string[];
  readonly warning?: string;
}

/** Accounts looked at for one answer; of a tenant with more, the newest. */
const most = 1_000;
const hourMs = 3_600_000;

/** By platform; one where nothing is connected is not there. */
export async function standingByPlatform(
  deps: ViewDeps & { readonly connections: Pick<ConnectionsRepo, "forTenant"> },
  tenantId: TenantId,
): Promise<ReadonlyMap<string, PlatformStanding>> {
  const { rows } = await deps.connections.forTenant(tenantId).list({ limit: most });
  const live = rows.filter(({ disconnectedAt }) => disconnectedAt === undefined);
  const platforms = [...new Set(live.map(({ platform }) => platform))];
  return new Map(
    platforms.map((id) => [
      id,
      standingOf(
        deps,
        live.filter(({ platform }) => platform === id),
      ),
    ]),
  );
}

function standingOf(deps: ViewDeps, records: readonly ConnectionRecord[]): PlatformStanding {
  const warning = warningOf(deps, records);
  const scopesGranted = [...new Set(records.flatMap(({ scopes }) => scopes))].sort();
  return { scopesGranted, ...(warning && { warning }) };
}

/** The sign-in that ends first, unless one needs a person already. */
function warningOf(deps: ViewDeps, records: readonly ConnectionRecord[]): string | undefined {
  const statuses = records.map((record) => statusOf(record, deps));
  const broken = statuses.filter((status) => status === "attention" || status === "revoked").length;
  if (broken > 0) return broken === 1 ? "One account requires action" : `${broken} accounts require action`;
  const ends = records.flatMap((record, at) => (statuses[at] === "expiring_soon" ? (endOf(record, deps) ?? []) : []));
  if (ends.length === 0) return undefined;
  const leftMs = Math.min(...ends.map((end) => end.getTime())) - deps.clock.now().getTime();
  if (leftMs <= 0) return "Token has expired";
  const hours = Math.floor(leftMs / hourMs);
  return `Token expires in ${hours >= 48 ? `${Math.floor(hours / 24)} days` : hours === 1 ? "1 hour" : `${hours} hours`}`;
}
