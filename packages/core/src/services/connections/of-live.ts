import { type ConnectionId, fail, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { Caller } from "../../ports/services.ts";
import { noConnection } from "./check.ts";
import type { ConnectionsDeps } from "./deps.ts";

export const isDisconnected: ServiceError = {
  code: "state_conflict",
  detail: "This account is disconnected.",
  next: "Connect the account again to sign in anew.",
};

/** Does something with a connection that is not disconnected. */
export async function ofLive<T>(
  deps: ConnectionsDeps,
  caller: Caller,
  id: ConnectionId,
  act: (record: ConnectionRecord) => Promise<Result<T, ServiceError>>,
): Promise<Result<T, ServiceError>> {
  const record = await deps.connections.forTenant(caller.tenantId).find(id);
  if (!record) return fail(noConnection);
  return record.disconnectedAt ? fail(isDisconnected) : act(record);
}
