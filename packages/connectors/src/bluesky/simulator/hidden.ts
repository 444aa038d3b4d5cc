import type { SimEnv, SimRequest } from "@postd/connector-kit/simulator";
import type { StoredRecord } from "./world.ts";

const lagMs = 10 * 60_000;

/**
 * The fault `hideFromLists`: lists and the public index lag behind, records of the last ten minutes (or of `lagMs`) are
 * missing from them. Reading one record by its key is never affected. Without the fault nothing is hidden.
 */
export function isHidden(env: SimEnv, request: SimRequest): (record: StoredRecord) => boolean {
  const fault = env.fault("hideFromLists", request);
  if (fault === undefined) return () => false;
  const since = env.now().getTime() - (typeof fault.lagMs === "number" ? fault.lagMs : lagMs);
  return ({ indexedAt }) => indexedAt.getTime() >= since;
}
