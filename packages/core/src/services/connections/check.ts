import type { HealthAnswer, PlatformFailure } from "@postd/connector-kit";
import { fail, type JsonObject, ok, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord, StatusReason } from "../../ports/connection-record.ts";
import type { ConnectionChange } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import { markBroken } from "./access.ts";
import { type Asked, askPlatform } from "./ask-platform.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { brokenReason, missingScopesReason, serviceErrorOf, signedOut } from "./explain.ts";
import { authFor } from "./sign-in.ts";
import { toldHealth } from "./told.ts";

/**
 * Asks the platform how the account is, refreshing an ended token once. What was learned, the time it took and the
 * status go to the row and the health log; jobs that waited for the account go on when it works again.
 */
export async function checkConnection(
  deps: ConnectionsDeps,
  caller: Pick<Caller, "tenantId" | "actorId">,
  record: ConnectionRecord,
): Promise<Result<void, ServiceError>> {
  const connector = deps.registry.get(record.platform);
  if (!connector) return fail(noConnector(record.platform));
  const { tenantId } = caller;
  const begun = deps.monotonicMs();
  const { open, answer } = await askHealth(deps, record);
  const latencyMs = Math.round(deps.monotonicMs() - begun);
  const repo = deps.connections.forTenant(tenantId);
  const before = (await repo.find(record.id)) ?? record;
  const change = answer.ok ? learned(deps, before, answer.value) : suffered(deps, answer.error);
  const isOther = change.status !== undefined && change.status !== before.status;
  const endsSignIn = isOther && !answer.ok && change.statusReason?.code === signedOut;
  const credentialVersion = open?.credentialVersion ?? before.credentialVersion;
  await repo.recordCheck({
    id: record.id,
    credentialVersion,
    ok: answer.ok,
    latencyMs,
    result: answer.ok ? healthJson(answer.value) : failureJson(answer.error),
    change: endsSignIn ? {} : change,
    audit:
      isOther && !endsSignIn
        ? {
            actor: caller.actorId,
            action: change.status === "attention" ? "needs_attention" : "recovered",
            detail: change.statusReason ? { code: change.statusReason.code, message: change.statusReason.message } : {},
          }
        : undefined,
  });
  // What ended the sign-in ended it for all accounts that act with its tokens.
  if (endsSignIn)
    await markBroken(deps, {
      tenantId,
      connectionId: record.id,
      credentialVersion,
      failure: answer.error,
      actor: caller.actorId,
    });
  else if (isOther && change.status === "attention")
    await deps.holds.holdConnection({ tenantId, connectionId: record.id });
  if (isOther && change.status === "healthy" && before.status === "attention")
    await deps.holds.releaseConnection({ tenantId, connectionId: record.id });
  return ok(undefined);
}

/** Renews the sign-in now, whoever else is at it; a person asked, so also after it was refused before. */
export async function refreshConnection(
  deps: ConnectionsDeps,
  caller: Caller,
  record: ConnectionRecord,
): Promise<Result<void, ServiceError>> {
  const connector = deps.registry.get(record.platform);
  if (!connector) return fail(noConnector(record.platform));
  if (record.ownSecret || !authFor(deps.registry, record)?.refresh)
    return fail({
      code: "state_conflict",
      detail: `Sign-ins at ${connector.name} cannot be renewed without a person.`,
      next: "Connect the account again to sign in anew.",
    });
  const { tenantId } = caller;
  const repo = deps.connections.forTenant(tenantId);
  await repo.audit(record.id, { actor: caller.actorId, action: "refresh_requested", detail: {} });
  const opened = await deps.access.open({
    tenantId,
    connectionId: record.id,
    fresh: true,
    newerThan: record.credentialVersion,
  });
  if (!opened?.ok) return fail(opened ? serviceErrorOf(opened.error, connector) : noConnection);
  const { status, credentialVersion } = opened.value;
  if (status !== "attention" || record.statusReason?.code === "scope_missing") return ok(undefined);
  const changed = await repo.setStatus({
    id: record.id,
    credentialVersion,
    status: "healthy",
    statusReason: undefined,
    wholeSignIn: true,
    audit: { actor: caller.actorId, action: "recovered", detail: {} },
  });
  for (const connectionId of changed) await deps.holds.releaseConnection({ tenantId, connectionId });
  return ok(undefined);
}

async function askHealth(deps: ConnectionsDeps, record: ConnectionRecord): Promise<Asked<HealthAnswer>> {
  const platform = deps.registry.get(record.platform);
  const asked = await askPlatform(deps, record, "health", async (ctx) => platform?.health(ctx) ?? fail(gone));
  return asked.answer.ok ? { ...asked, answer: ok(toldHealth(asked.answer.value)) } : asked;
}

function learned(deps: ConnectionsDeps, before: ConnectionRecord, answer: HealthAnswer): ConnectionChange {
  const optional = authFor(deps.registry, before)?.scopes.optional ?? [];
  const lacking = answer.missingScopes.filter((scope) => !optional.includes(scope));
  return {
    ...(answer.name === undefined ? {} : { name: answer.name }),
    ...(answer.handle === undefined ? {} : { handle: answer.handle }),
    ...(answer.pictureUrl === undefined ? {} : { pictureUrl: answer.pictureUrl }),
    ...(answer.scopes === undefined ? {} : { scopes: answer.scopes }),
    ...(answer.extras === undefined ? {} : { extras: { ...before.extras, ...answer.extras } }),
    ...(answer.expiresAt === undefined ? {} : { tokenExpiresAt: answer.expiresAt }),
    missingScopes: answer.missingScopes,
    ...(lacking.length === 0
      ? { status: "healthy", statusReason: null }
      : { status: "attention", statusReason: keepSince(before, missingScopesReason(lacking, deps.clock.now())) }),
  };
}

/** A platform that is down says nothing about the account; its status stays. */
function suffered(deps: ConnectionsDeps, failure: PlatformFailure): ConnectionChange {
  const statusReason = brokenReason(failure, deps.clock.now());
  return statusReason ? { status: "attention", statusReason } : {};
}

const keepSince = ({ statusReason }: ConnectionRecord, reason: StatusReason): StatusReason =>
  statusReason?.code === reason.code ? { ...reason, since: statusReason.since } : reason;

const healthJson = ({ missingScopes, notes, expiresAt }: HealthAnswer): JsonObject => ({
  missingScopes: [...missingScopes],
  ...(notes === undefined ? {} : { notes: [...notes] }),
  ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
});

const failureJson = ({ kind, message, platformCode, requestId }: PlatformFailure): JsonObject => ({
  kind,
  message,
  ...(platformCode === undefined ? {} : { platformCode }),
  ...(requestId === undefined ? {} : { requestId }),
});

const gone: PlatformFailure = { kind: "auth_revoked", message: "The account is no longer connected." };
export const noConnection: ServiceError = { code: "not_found", detail: "There is no such connection." };

const noConnector = (platform: string): ServiceError => ({
  code: "not_configured",
  detail: `The connector for ${platform} is not part of this instance any more.`,
});
