import { fail, type Result, type ServiceError } from "@postd/contracts";
import type { ErasureRecord, ErasuresRepo } from "../../ports/erasures.ts";
import type { BlobStore } from "../../ports/media.ts";
import type { ConnectionsDeps } from "../connections/deps.ts";
import { disconnect } from "../connections/disconnect.ts";

export interface RunErasuresDeps {
  readonly erasures: Omit<ErasuresRepo, "begin" | "find" | "list" | "takeReport" | "deletionDone">;
  readonly connections: ConnectionsDeps;
  readonly blobs: Pick<BlobStore, "remove">;
}

/** An account that does not end by then is taken with the rows: its tokens go all the same, and the platform was not told. */
const accountsWithinMs = 15 * 60_000;

/**
 * Goes on with every workspace that is being erased, as far as it gets. Each step may be repeated, so that a crash at any point
 * costs time and nothing else. One that fails waits for the next turn and keeps no other from its own.
 */
export async function runErasures(deps: RunErasuresDeps, signal?: AbortSignal): Promise<number> {
  let done = 0;
  for (const erasure of await deps.erasures.open()) {
    if (signal?.aborted) break;
    try {
      if (await goOn(deps, erasure)) done += 1;
    } catch (error) {
      deps.connections.log.warn(
        { erasureId: erasure.id, stage: erasure.stage, error: error instanceof Error ? error.name : "unknown" },
        "a workspace could not be erased yet",
      );
    }
  }
  return done;
}

/** true: nothing of it is left. */
async function goOn(deps: RunErasuresDeps, erasure: ErasureRecord): Promise<boolean> {
  const { erasures } = deps;
  if (erasure.stage === "accounts") {
    if (!(await endAccounts(deps, erasure))) return false;
    const accounts = await erasures.accountsEnded(erasure.tenantId, erasure.requestedAt);
    await erasures.advance(erasure.id, "files", { accounts });
    return goOn(deps, { ...erasure, stage: "files" });
  }
  if (erasure.stage === "files") {
    await erasures.advance(erasure.id, "rows", { files: await removeFiles(deps, erasure) });
    return goOn(deps, { ...erasure, stage: "rows" });
  }
  // An upload that was under way may have ended meanwhile; what ends after this is swept as a file no row names.
  await removeFiles(deps, erasure);
  return erasures.eraseRows(erasure.id);
}

async function endAccounts({ erasures, connections }: RunErasuresDeps, erasure: ErasureRecord): Promise<boolean> {
  const { tenantId, requestedBy } = erasure;
  for (const id of await erasures.accountsLeft(tenantId)) {
    const ended: Result<unknown, ServiceError> = await disconnect(
      connections,
      { tenantId, actorId: requestedBy, role: "owner", sessionHash: "" },
      id,
    ).catch((error: unknown) => {
      connections.log.warn(
        { connectionId: id, error: error instanceof Error ? error.name : "unknown" },
        "an account could not be disconnected yet",
      );
      return fail({ code: "internal", detail: "" });
    });
    if (!ended.ok && ended.error.code === "not_found") continue;
  }
  if ((await erasures.accountsLeft(tenantId)).length === 0) return true;
  return connections.clock.now().getTime() - erasure.stageAt.getTime() > accountsWithinMs;
}

async function removeFiles({ erasures, blobs }: RunErasuresDeps, { tenantId }: ErasureRecord): Promise<number> {
  const keys = await erasures.fileKeys(tenantId);
  for (const key of keys) await blobs.remove(key);
  return keys.length;
}
