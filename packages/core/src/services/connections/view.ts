import type { Clock, ConnectorLog } from "@postd/connector-kit";
import type { ConnectionStatus, ConnectionView, GrantView, HealthCheckView } from "@postd/contracts";
import type { ConnectionRecord, HealthCheckRecord } from "../../ports/connection-record.ts";
import type { GrantRecord } from "../../ports/connections-repo.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { unbroken } from "../unbroken.ts";
import { authFor } from "./sign-in.ts";

/** How long before a sign-in ends that cannot renew itself people are told. The operator's views say the same. */
const warnBeforeMs = 7 * 24 * 60 * 60_000;

export interface ViewDeps {
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: Pick<ConnectorLog, "warn">;
}

/** What stands in the row, with an end that comes near added by the clock. */
export function statusOf(record: ConnectionRecord, deps: Pick<ViewDeps, "registry" | "clock">): ConnectionStatus {
  if (record.status !== "healthy" && record.status !== "expiring_soon") return record.status;
  return endsSoon(record, deps) ? "expiring_soon" : "healthy";
}

/** A person has to sign in again within a week. */
export function endsSoon(record: ConnectionRecord, deps: Pick<ViewDeps, "registry" | "clock">): boolean {
  const endsAt = endOf(record, deps);
  return endsAt !== undefined && endsAt.getTime() - deps.clock.now().getTime() <= warnBeforeMs;
}

/** When a person has to sign in again at the latest; undefined: never, as far as is known. */
export function endOf(record: ConnectionRecord, { registry }: Pick<ViewDeps, "registry">): Date | undefined {
  const ends = [renewsItself(record, registry) ? record.refreshExpiresAt : record.tokenExpiresAt, record.signInAgainBy];
  return ends.filter((end) => end !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
}

const renewsItself = (record: ConnectionRecord, registry: ConnectorRegistry): boolean =>
  record.renews ?? (!record.ownSecret && authFor(registry, record)?.refresh !== undefined);

export function connectionView(
  record: ConnectionRecord,
  deps: ViewDeps,
  twins: readonly ConnectionRecord[] = [],
): ConnectionView {
  const { id, platform, authKind, accountKind, externalId, name, handle, pictureUrl, profileUrl } = record;
  const { statusReason, tokenExpiresAt, checkedAt, checkLatencyMs, blockedUntil, endingAt, disconnectedAt } = record;
  const { lastCheck: { unread: _unread, ...lastCheck } = {}, nextCheckAt } = record;
  const isLookedAt = !disconnectedAt && !endingAt && !record.disabledAt;
  return {
    id,
    platform,
    authKind,
    accountKind,
    externalId,
    name: record.ownName ?? name,
    ...(record.ownName === undefined ? {} : { platformName: name }),
    ...(record.label === undefined ? {} : { label: record.label }),
    ...(handle === undefined ? {} : { handle }),
    ...(pictureUrl === undefined ? {} : { pictureUrl }),
    ...(profileUrl === undefined ? {} : { profileUrl }),
    status: statusOf(record, deps),
    ...(statusReason === undefined ? {} : { statusReason }),
    scopes: [...record.scopes],
    missingScopes: [...record.missingScopes],
    ...permissionsOf(record, deps),
    ...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt: tokenExpiresAt.toISOString() }),
    renewsItself: renewsItself(record, deps.registry),
    ...personNeeded(record, deps),
    ...(checkedAt === undefined ? {} : { checkedAt: checkedAt.toISOString() }),
    ...(checkLatencyMs === undefined ? {} : { checkLatencyMs }),
    ...("at" in lastCheck ? { lastCheck } : {}),
    ...(nextCheckAt !== undefined && isLookedAt ? { nextCheckAt: nextCheckAt.toISOString() } : {}),
    ...(blockedUntil !== undefined && blockedUntil > deps.clock.now()
      ? { blockedUntil: blockedUntil.toISOString() }
      : {}),
    paused: record.pausedAt !== undefined,
    disabled: record.disabledAt !== undefined,
    simulated: record.simulated,
    createdAt: record.createdAt.toISOString(),
    ...(endingAt === undefined ? {} : { endingAt: endingAt.toISOString() }),
    ...(disconnectedAt === undefined ? {} : { disconnectedAt: disconnectedAt.toISOString() }),
    warnings: record.disconnectedAt ? [] : twins.map((twin) => twinWarning(record, twin, deps.registry)),
  };
}

function personNeeded(record: ConnectionRecord, deps: ViewDeps): Pick<ConnectionView, "personNeededAt"> {
  const endsAt = record.disconnectedAt ? undefined : endOf(record, deps);
  return endsAt ? { personNeededAt: endsAt.toISOString() } : {};
}

/** Rights on the account as the platform gave them, and those that are lacking; nothing where it does not tell. */
function permissionsOf(record: ConnectionRecord, { registry, log }: ViewDeps): Pick<ConnectionView, "permissions"> {
  const { platform, accountKind: kind, authKind, extras } = record;
  const told = unbroken(
    { error: (fields, message) => log.warn(fields, message) },
    { platform, connectionId: record.id },
    () => registry.get(platform)?.permissions?.({ kind, authKind, extras }),
    () => undefined,
  );
  return told ? { permissions: { granted: [...told.granted], missing: told.missing.map((it) => ({ ...it })) } } : {};
}

function twinWarning(record: ConnectionRecord, twin: ConnectionRecord, registry: ConnectorRegistry): string {
  const login = authFor(registry, twin)?.label ?? twin.authKind;
  return `${record.name} is also connected through ${login}. Both connections post to one account, so a post to both appears twice.`;
}

export const healthCheckView = ({ at, nextCheckAt, scopes, quota, ...check }: HealthCheckRecord): HealthCheckView => ({
  id: check.id,
  at: at.toISOString(),
  checkType: check.checkType,
  ok: check.ok,
  latencyMs: check.latencyMs,
  ...(check.status && { status: check.status }),
  ...(scopes && { scopes: [...scopes] }),
  ...(quota && { quota }),
  ...(check.apiVersion !== undefined && { apiVersion: check.apiVersion }),
  ...(nextCheckAt && { nextCheckAt: nextCheckAt.toISOString() }),
  result: check.result,
});

/** The accounts of a grant to choose from; `connected` maps platform and account to the connection there is. */
export function grantView(grant: GrantRecord, connected: ReadonlyMap<string, string>): GrantView {
  return {
    id: grant.id,
    platform: grant.platform,
    authKind: grant.authKind,
    subject: grant.subject,
    scopes: [...grant.scopes],
    simulated: grant.simulated,
    expiresAt: grant.expiresAt.toISOString(),
    accounts: grant.accounts.map(({ platform, externalId, kind, name, handle, pictureUrl, missingScopes, blocked }) => {
      const connectionId = connected.get(accountKey({ platform, externalId }));
      return {
        platform,
        externalId,
        kind,
        name,
        ...(handle === undefined ? {} : { handle }),
        ...(pictureUrl === undefined ? {} : { pictureUrl }),
        missingScopes: [...missingScopes],
        ...(blocked === undefined ? {} : { blocked }),
        ...(connectionId === undefined ? {} : { connectionId }),
      };
    }),
  };
}

export const accountKey = ({ platform, externalId }: { readonly platform: string; readonly externalId: string }) =>
  `${platform}:${externalId}`;
