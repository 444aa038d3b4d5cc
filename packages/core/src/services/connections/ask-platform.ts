import type { ConnectorContext, Effect, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { fail, type Result } from "@postd/contracts";
import type { OpenConnection } from "../../ports/connection-access.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { answered } from "../answered.ts";
import { connectorContext } from "../connector-context.ts";
import type { ConnectionsDeps } from "./deps.ts";

/** What an account's platform answered, and the connection it was asked with; undefined: it could not be opened. */
export interface Asked<T> {
  readonly open: OpenConnection | undefined;
  readonly answer: Result<T, PlatformFailure>;
}

/**
 * Reads something at the platform as an account, renewing an ended token once. Changes nothing here; with an `effect` it is
 * a change there that may be repeated.
 */
export async function askPlatform<T>(
  deps: Pick<ConnectionsDeps, "access" | "context">,
  record: Pick<ConnectionRecord, "id" | "tenantId">,
  call: string,
  ask: (ctx: ConnectorContext) => PlatformResult<T>,
  effect: Effect = "none",
): Promise<Asked<T>> {
  const target = { tenantId: record.tenantId, connectionId: record.id };
  const read = (connection: OpenConnection) => {
    const ctx = connectorContext(deps.context, { connection, effect, repeatable: true });
    const about = { call, platform: connection.platform, mayBeDone: effect !== "none" };
    return answered(ctx, about, () => ask(ctx));
  };
  const first = await deps.access.open({ ...target, fresh: true });
  if (!first?.ok) return { open: undefined, answer: first ?? fail(gone) };
  const answer = await read(first.value);
  if (answer.ok || answer.error.kind !== "auth_expired") return { open: first.value, answer };
  const again = await deps.access.open({ ...target, fresh: true, newerThan: first.value.credentialVersion });
  if (!again?.ok) return { open: first.value, answer: again ?? fail(gone) };
  return { open: again.value, answer: await read(again.value) };
}

const gone: PlatformFailure = { kind: "auth_revoked", message: "The account is no longer connected." };
