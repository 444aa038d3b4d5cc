import type { AppCredentials, ConnectorLog, Credentials, PlatformFailure } from "@postd/connector-kit";
import { type ConnectionId, fail, ok, type TenantId } from "@postd/contracts";
import type { ConnectionAccess, OpenConnection, SignInRenewal } from "../../ports/connection-access.ts";
import type { ConnectionsRepo, ConnectionWithSecret } from "../../ports/connections-repo.ts";
import type { JobHolds } from "../../ports/ledger.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { Tampered, type Vault } from "../../ports/vault.ts";
import { ownApp } from "../apps/open-app.ts";
import type { ConnectorContextPorts } from "../connector-context.ts";
import { unpackCredentials } from "./credentials.ts";
import { brokenReason, brokenStatus, isBroken, signedOut } from "./explain.ts";
import { type RefreshDeps, refreshNow } from "./refresh.ts";
import { authFor, canRenew } from "./sign-in.ts";

export interface ConnectionAccessDeps {
  readonly connections: ConnectionsRepo;
  readonly vault: Vault;
  readonly registry: ConnectorRegistry;
  readonly context: ConnectorContextPorts;
  readonly holds: Pick<JobHolds, "holdConnection">;
  readonly log: ConnectorLog;
  /** Waits between looks at a refresh that another process runs; holds no connection meanwhile. */
  readonly sleep: (ms: number) => Promise<void>;
  /** How long to wait for another process's refresh. Default 90 s: longer than its lease. */
  readonly patienceMs?: number;
  readonly monotonicMs: () => number;
}

const defaultRefreshBeforeMs = 5 * 60_000;
const defaultPatienceMs = 90_000;
const pollMs = 100;

type Opened = Awaited<ReturnType<ConnectionAccess["open"]>>;
type OpenInput = Parameters<ConnectionAccess["open"]>[0];

/**
 * Opens connections for one call at a time. A refresh runs once for a sign-in, whoever asks and for whichever of its
 * connections: the sign-in's lease is taken by compare-and-set with the intent on it, the platform is called outside any
 * transaction, the new pair is stored before anybody uses it, and everybody else polls the row.
 *
 *   near its end --claim--> leased, intent --ok--> stored, version + 1
 *                              |  \--refused--> attention (a person signs in again)
 *                              |---no effect--> lease ended; the old token is used while it lasts
 *                              \---answer lost, crash--> the intent stays; the next one tries again
 */
export function createConnectionAccess(deps: ConnectionAccessDeps): ConnectionAccess & SignInRenewal {
  const { connections, patienceMs = defaultPatienceMs } = deps;

  async function open(input: OpenInput): Promise<Opened> {
    const repo = connections.forTenant(input.tenantId);
    const deadline = deps.monotonicMs() + patienceMs;
    let watched: Watched | undefined;
    let known = input.found;
    for (;;) {
      const found = known ?? (await repo.findWithSecret(input.connectionId));
      known = undefined;
      if (!found) return undefined;
      const usable = await openStored(deps, found);
      if (usable === "damaged") return damaged(deps, found);
      if (!usable.ok) return usable;
      const need = refreshNeed(deps, input, found, usable.value);
      if (need === "none") return ok(usable.value);
      if (need === "impossible") return fail(cannotRenew(usable.value, found, deps.registry));
      if (watched && hasGivenUp(watched, found)) return afterFailedRefresh(usable.value, found, input, deps.registry);
      const outcome = await refreshNow(refreshDeps(deps), { tenantId: input.tenantId, found, open: usable.value });
      switch (outcome.kind) {
        case "stored":
          break;
        case "refused":
          return fail(outcome.failure);
        case "failed":
          // What ends later is still good for this call, unless it was just seen to be refused.
          if (input.newerThan === undefined && isStillValid(found)) return ok(usable.value);
          return fail(outcome.failure);
        case "busy":
          if (deps.monotonicMs() >= deadline) return fail(stillBusy);
          watched = watch(found);
          await deps.sleep(pollMs);
          break;
        default:
          outcome satisfies never;
      }
    }
  }

  return {
    open,
    async renew({ tenantId, connectionId, credentialVersion }) {
      const found = await connections.forTenant(tenantId).findWithSecret(connectionId);
      if (!found || found.record.disconnectedAt) return { kind: "gone" };
      if (found.record.credentialVersion !== credentialVersion) return { kind: "stored" };
      const usable = await openStored(deps, found);
      if (usable === "damaged") {
        const lost = await damaged(deps, found);
        return lost.ok ? { kind: "gone" } : { kind: "refused", failure: lost.error };
      }
      if (!usable.ok) return { kind: "gone" };
      if (!canRenew(deps.registry, found.record, usable.value.credentials)) return { kind: "impossible" };
      return refreshNow(refreshDeps(deps), { tenantId, found, open: usable.value });
    },
    async markBroken({ tenantId, connectionId, credentialVersion, failure }) {
      await markBroken(deps, { tenantId, connectionId, credentialVersion, failure });
    },
    blockUntil: ({ tenantId, connectionId, until, allOfApp = false }) =>
      connections.forTenant(tenantId).blockUntil(connectionId, until, allOfApp),
  };
}

/**
 * Sets attention for a failure that needs a person, seen with this credential version; holds what was planned. Signed out
 * is the sign-in: every connection that acts with its tokens needs the same person.
 */
export async function markBroken(
  deps: Pick<ConnectionAccessDeps, "connections" | "holds" | "context">,
  input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly credentialVersion: number;
    readonly failure: PlatformFailure;
    readonly actor?: string;
  },
): Promise<void> {
  const { tenantId, connectionId, credentialVersion, failure, actor = "system" } = input;
  const statusReason = brokenReason(failure, deps.context.clock.now());
  if (!statusReason) return;
  const changed = await deps.connections.forTenant(tenantId).setStatus({
    id: connectionId,
    credentialVersion,
    status: brokenStatus(failure),
    statusReason,
    wholeSignIn: statusReason.code === signedOut,
    audit: {
      actor,
      action: "needs_attention",
      detail: {
        code: statusReason.code,
        message: statusReason.message,
        ...(failure.platformCode === undefined ? {} : { platformCode: failure.platformCode }),
      },
    },
  });
  for (const id of changed) await deps.holds.holdConnection({ tenantId, connectionId: id });
}

async function openStored(
  deps: Pick<ConnectionAccessDeps, "vault" | "context">,
  { record, credentials }: ConnectionWithSecret,
): Promise<NonNullable<Opened> | "damaged"> {
  if (record.disconnectedAt || !credentials)
    return fail({ kind: "auth_revoked", message: "The account was disconnected. Connect it again to post to it." });
  const opened = await unsealed(deps.vault, credentials);
  if (opened === "damaged") return opened;
  const app = await ownApp(deps.context, record);
  if (app === "gone") return fail(appIsGone);
  return ok(openConnection(record, opened, app));
}

/** Credentials as they were stored; `damaged` where the sealed value was changed or moved. */
export async function unsealed(
  vault: Pick<Vault, "unseal">,
  stored: NonNullable<ConnectionWithSecret["credentials"]>,
): Promise<Credentials | "damaged"> {
  try {
    return unpackCredentials(await vault.unseal(stored));
  } catch (error) {
    if (error instanceof Tampered) return "damaged";
    throw error;
  }
}

/** Sealed credentials that were changed or moved open never again; only a new sign-in helps, and the operator must know. */
async function damaged(deps: ConnectionAccessDeps, { record }: ConnectionWithSecret): Promise<NonNullable<Opened>> {
  const { id: connectionId, tenantId, credentialVersion } = record;
  const failure: PlatformFailure = {
    kind: "auth_revoked",
    message: "The stored sign-in of this account is damaged and cannot be opened. Sign in again.",
  };
  deps.log.warn({ tenantId, connectionId }, "sealed credentials do not fit their place: changed or moved");
  await markBroken(deps, { tenantId, connectionId, credentialVersion, failure });
  return fail(failure);
}

/** A record with its credentials as a connector gets them. */
export function openConnection(
  record: ConnectionWithSecret["record"],
  credentials: Credentials,
  app?: AppCredentials,
): OpenConnection {
  const { id, tenantId, platform, externalId, accountKind, authKind, name, handle, extras } = record;
  return {
    id,
    tenantId,
    platform,
    account: { externalId, kind: accountKind, authKind, name, extras, ...(handle === undefined ? {} : { handle }) },
    credentials,
    credentialVersion: record.credentialVersion,
    status: record.status,
    simulated: record.simulated,
    ...(app && { app, appId: record.appId }),
    ...(record.clientId !== undefined && { clientId: record.clientId }),
  };
}

const appIsGone: PlatformFailure = {
  kind: "auth_revoked",
  message: "The workspace's own app that this account was connected with is gone. Sign in again.",
};

interface Watched {
  readonly version: number;
  /** Fence of the refresh that was waited for. */
  readonly fence: number;
}

/** A row read before the other one claimed it still shows the fence before that claim. */
const watch = ({ record, now }: ConnectionWithSecret): Watched => ({
  version: record.credentialVersion,
  fence: record.refreshLeaseUntil && record.refreshLeaseUntil > now ? record.refreshFence : record.refreshFence + 1,
});

/**
 * The refresh that was waited for ended by itself and left no new credentials; asking the platform once more helps
 * nobody. One that crashed leaves its lease to run out, and then this one takes over.
 */
const hasGivenUp = ({ version, fence }: Watched, { record }: ConnectionWithSecret): boolean =>
  record.credentialVersion === version && record.refreshFence >= fence && record.refreshLeaseUntil === undefined;

function refreshNeed(
  deps: Pick<ConnectionAccessDeps, "registry">,
  { fresh, newerThan }: OpenInput,
  { record, now }: ConnectionWithSecret,
  open: OpenConnection,
): "none" | "refresh" | "impossible" {
  const auth = authFor(deps.registry, record);
  const endsAt = record.tokenExpiresAt?.getTime();
  const leftMs = endsAt === undefined ? Number.POSITIVE_INFINITY : endsAt - now.getTime();
  const isForced = newerThan !== undefined && open.credentialVersion <= newerThan;
  const isNear = fresh && leftMs <= (auth?.refreshBeforeMs ?? defaultRefreshBeforeMs);
  if (!isForced && !isNear) return "none";
  if (isBroken(record) && record.statusReason?.code === signedOut && !isForced)
    return leftMs > 0 ? "none" : "impossible";
  // A secret the platform gave the account itself, such as a Page token, is not what a sign-in renews.
  if (auth?.refresh && !record.ownSecret) return "refresh";
  return isForced || leftMs <= 0 ? "impossible" : "none";
}

function cannotRenew(
  { status }: OpenConnection,
  { record }: ConnectionWithSecret,
  registry: ConnectorRegistry,
): PlatformFailure {
  const platform = registry.get(record.platform)?.name ?? record.platform;
  const known = isBroken({ status }) ? record.statusReason?.message : undefined;
  return {
    kind: "auth_revoked",
    message: known ?? `The sign-in at ${platform} has ended and cannot be renewed without a person. Sign in again.`,
  };
}

function afterFailedRefresh(
  open: OpenConnection,
  found: ConnectionWithSecret,
  input: OpenInput,
  registry: ConnectorRegistry,
): NonNullable<Opened> {
  if (isBroken(found.record)) return fail(cannotRenew(open, found, registry));
  if (input.newerThan === undefined && isStillValid(found)) return ok(open);
  return fail({ kind: "unavailable", message: "The sign-in could not be renewed just now." });
}

const isStillValid = ({ record, now }: ConnectionWithSecret): boolean =>
  record.tokenExpiresAt === undefined || record.tokenExpiresAt.getTime() - now.getTime() > 30_000;

const stillBusy: PlatformFailure = {
  kind: "unavailable",
  message: "Another process has been renewing this sign-in for long. It is tried again.",
};

function refreshDeps(deps: ConnectionAccessDeps): RefreshDeps {
  return { ...deps, markBroken: (input) => markBroken(deps, input) };
}
