import type { HealthAnswer, PlatformFailure } from "@postd/connector-kit";
import { type ConnectionStatus, fail, type JsonObject, ok, type Result, type ServiceError } from "@postd/contracts";
import { checkOutcome, nextCheck, type Seen } from "../../domain/check-outcome.ts";
import type { CheckRecord, ConnectionRecord, StatusReason } from "../../ports/connection-record.ts";
import type { ConnectionChange } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import { markBroken } from "./access.ts";
import { type Asked, askPlatform } from "./ask-platform.ts";
import { testEvents } from "./check-events.ts";
import type { ConnectionsDeps } from "./deps.ts";
import {
  brokenReason,
  failureJson,
  isBroken,
  missingScopesReason,
  serviceErrorOf,
  signedOut,
  unreadReason,
} from "./explain.ts";
import { authFor, canRenew } from "./sign-in.ts";
import { toldHealth } from "./told.ts";
import { endsSoon } from "./view.ts";

/**
 * Asks the platform how the account is, refreshing an ended token once. What was learned, the time it took and the
 * status go to the row and the health log; jobs that waited for the account go on when it works again. `checkOutcome` says
 * what becomes of the status, `nextCheck` when it is looked at again.
 */
export async function checkConnection(
  deps: ConnectionsDeps,
  caller: Pick<Caller, "tenantId"> & { readonly actorId: string },
  record: ConnectionRecord,
): Promise<Result<void, ServiceError>> {
  const connector = deps.registry.get(record.platform);
  if (!connector) return fail(noConnector(record.platform));
  const { tenantId } = caller;
  const looked = await askHealth(deps, record);
  const { open, answer, latencyMs } = looked;
  const repo = deps.connections.forTenant(tenantId);
  const before = (await repo.find(record.id)) ?? record;
  const learned = answer.ok ? learnedFrom(deps, before, looked, answer.value) : {};
  const now = deps.clock.now();
  const failure = answer.ok ? undefined : answer.error;
  const outcome = checkOutcome(before.status, before.lastCheck?.unread ?? 0, seenIn(deps, before, looked, learned));
  const { status } = outcome;
  const statusReason = reasonOf(deps, before, { about: outcome.about, failure, learned });
  const isOther = status !== before.status;
  const endsSignIn = isOther && failure !== undefined && statusReason?.code === signedOut;
  const credentialVersion = open?.credentialVersion ?? before.credentialVersion;
  const audit = isOther && !endsSignIn ? auditOf(caller.actorId, before, status, statusReason) : undefined;
  await repo.recordCheck({
    id: record.id,
    credentialVersion,
    check: {
      checkType: "synthetic_ping",
      ok: answer.ok,
      latencyMs,
      result: answer.ok ? healthJson(answer.value) : failureJson(answer.error),
      status,
      scopes: answer.ok ? answer.value.scopes : undefined,
      quota: looked.quota,
      apiVersion: looked.apiVersion,
      nextCheckAt: nextCheck(record.id, status, failure, now),
    },
    unread: outcome.unread,
    change: endsSignIn ? {} : { ...learned, ...(outcome.about && { status, statusReason: statusReason ?? null }) },
    audit,
  });
  if (outcome.about === "unread")
    deps.log.warn(
      { connectionId: record.id, platform: record.platform },
      "answers about an account are not understood",
    );
  // What ended the sign-in ended it for all accounts that act with its tokens.
  if (endsSignIn && failure)
    await markBroken(deps, { tenantId, connectionId: record.id, credentialVersion, failure, actor: caller.actorId });
  else if (isOther && isBroken({ status })) await deps.holds.holdConnection({ tenantId, connectionId: record.id });
  if (isBroken(before) && !isBroken({ status }))
    await deps.holds.releaseConnection({ tenantId, connectionId: record.id });
  // Each look costs calls, so by the clock events are looked for with the first look of a day (UTC).
  const isAsked = caller.actorId !== "system";
  if (open && answer.ok && (isAsked || !isSameDay(before.checkedAt, now))) await testEvents(deps, record, open);
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
  if (!isBroken({ status }) || record.statusReason?.code === "scope_missing") return ok(undefined);
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

const isSameDay = (a: Date | undefined, b: Date): boolean =>
  a?.toISOString().slice(0, 10) === b.toISOString().slice(0, 10);

interface Looked extends Asked<HealthAnswer> {
  readonly latencyMs: number;
  readonly quota: CheckRecord["quota"];
  readonly apiVersion: string | undefined;
}

/** Posts left are asked for as well, where the platform tells them of one account and bills nobody for it. */
async function askHealth(deps: ConnectionsDeps, record: ConnectionRecord): Promise<Looked> {
  const platform = deps.registry.get(record.platform);
  const begunMs = deps.monotonicMs();
  let latencyMs: number | undefined;
  let quota: CheckRecord["quota"];
  let apiVersion: string | undefined;
  const asked = await askPlatform(deps, record, "health", async (ctx) => {
    apiVersion = ctx.apiVersion;
    const answer = await (platform?.health(ctx) ?? fail(gone));
    latencyMs = Math.round(deps.monotonicMs() - begunMs);
    const accountLimits = answer.ok && !platform?.prices ? platform?.publishing?.accountLimits : undefined;
    const limits = await accountLimits?.(ctx);
    const left = limits?.ok ? limits.value.postsLeft : undefined;
    quota = left && { left: left.count, ...(left.until && { until: left.until.toISOString() }) };
    return answer;
  });
  const told = asked.answer.ok ? { ...asked, answer: ok(toldHealth(asked.answer.value)) } : asked;
  return { ...told, latencyMs: latencyMs ?? Math.round(deps.monotonicMs() - begunMs), quota, apiVersion };
}

/** What was learned besides the status. */
function learnedFrom(
  deps: ConnectionsDeps,
  before: ConnectionRecord,
  { open }: Looked,
  answer: HealthAnswer,
): ConnectionChange {
  return {
    ...(answer.name === undefined ? {} : { name: answer.name }),
    ...(answer.handle === undefined ? {} : { handle: answer.handle }),
    ...(answer.pictureUrl === undefined ? {} : { pictureUrl: answer.pictureUrl }),
    ...(answer.scopes === undefined ? {} : { scopes: answer.scopes }),
    ...(answer.extras === undefined ? {} : { extras: { ...before.extras, ...answer.extras } }),
    ...(answer.expiresAt === undefined ? {} : { tokenExpiresAt: answer.expiresAt }),
    ...(answer.signInAgainBy === undefined ? {} : { signInAgainBy: answer.signInAgainBy }),
    ...(open && { renews: canRenew(deps.registry, before, open.credentials) }),
    missingScopes: answer.missingScopes,
  };
}

function seenIn(
  deps: ConnectionsDeps,
  before: ConnectionRecord,
  { answer }: Looked,
  { tokenExpiresAt, renews, signInAgainBy }: ConnectionChange,
): Seen {
  if (!answer.ok) return { kind: "failed", failure: answer.error };
  const known = {
    ...before,
    ...(tokenExpiresAt && { tokenExpiresAt }),
    ...(renews !== undefined && { renews }),
    ...(signInAgainBy && { signInAgainBy }),
  };
  const lacks = lacking(deps, before, answer.value.missingScopes).length > 0;
  return { kind: "answered", lacks, endsSoon: endsSoon(known, deps) };
}

const lacking = (
  deps: Pick<ConnectionsDeps, "registry">,
  record: ConnectionRecord,
  missing: readonly string[] = [],
): readonly string[] => {
  const optional = authFor(deps.registry, record)?.scopes.optional ?? [];
  return missing.filter((scope) => !optional.includes(scope));
};

function reasonOf(
  deps: ConnectionsDeps,
  before: ConnectionRecord,
  seen: { about: "said" | "unread" | undefined; failure: PlatformFailure | undefined; learned: ConnectionChange },
): StatusReason | undefined {
  const now = deps.clock.now();
  if (seen.about === "unread") return unreadReason(now);
  const broken = seen.failure && brokenReason(seen.failure, now);
  if (seen.failure) return broken && keepSince(before, broken);
  const missing = lacking(deps, before, seen.learned.missingScopes);
  return missing.length > 0 ? keepSince(before, missingScopesReason(missing, now)) : undefined;
}

function auditOf(actor: string, before: ConnectionRecord, status: ConnectionStatus, reason: StatusReason | undefined) {
  const action = isBroken({ status }) ? "needs_attention" : isBroken(before) ? "recovered" : status;
  return { actor, action, detail: reason ? { code: reason.code, message: reason.message } : {} };
}

const keepSince = ({ statusReason }: ConnectionRecord, reason: StatusReason): StatusReason =>
  statusReason?.code === reason.code ? { ...reason, since: statusReason.since } : reason;

const healthJson = ({ missingScopes, notes, expiresAt }: HealthAnswer): JsonObject => ({
  missingScopes: [...missingScopes],
  ...(notes === undefined ? {} : { notes: [...notes] }),
  ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
});

const gone: PlatformFailure = { kind: "auth_revoked", message: "The account is no longer connected." };
export const noConnection: ServiceError = { code: "not_found", detail: "There is no such connection." };

const noConnector = (platform: string): ServiceError => ({
  code: "not_configured",
  detail: `The connector for ${platform} is not part of this instance any more.`,
});
