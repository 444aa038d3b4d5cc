import { type Credentials, endsSignIn, type PlatformFailure } from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";
import type { OpenConnection } from "../../ports/connection-access.ts";
import type { CheckRecord } from "../../ports/connection-record.ts";
import type { ConnectionsRepo, ConnectionWithSecret } from "../../ports/connections-repo.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { RefreshClaim } from "../../ports/sign-ins.ts";
import type { SealedSecret, Vault } from "../../ports/vault.ts";
import { answered } from "../answered.ts";
import { type ConnectorContextPorts, signInContext } from "../connector-context.ts";
import { credentialsName, keepUnchanged, packCredentials } from "./credentials.ts";
import { failureJson } from "./explain.ts";
import { authFor } from "./sign-in.ts";

export interface RefreshDeps {
  readonly connections: ConnectionsRepo;
  readonly vault: Vault;
  readonly registry: ConnectorRegistry;
  readonly context: ConnectorContextPorts;
  readonly sleep: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  readonly markBroken: (input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly credentialVersion: number;
    readonly failure: PlatformFailure;
  }) => Promise<void>;
}

/** `busy`: somebody else refreshes. `failed`: nothing was learned about the sign-in. `refused`: a person must act. */
export type RefreshOutcome =
  | { readonly kind: "stored" }
  | { readonly kind: "busy" }
  | { readonly kind: "failed"; readonly failure: PlatformFailure }
  | { readonly kind: "refused"; readonly failure: PlatformFailure };

const callTimeoutMs = 20_000;
/** Longer than the call and the storing after it, so that a second refresher never overlaps a living first one. */
const leaseMs = 60_000;
/** Together well below what the lease leaves after the call. */
const storeWaitsMs = [100, 400, 1_600, 6_400];

/** One refresh under the sign-in's lease. No transaction is open while the platform is asked. */
export async function refreshNow(
  deps: RefreshDeps,
  input: { readonly tenantId: TenantId; readonly found: ConnectionWithSecret; readonly open: OpenConnection },
): Promise<RefreshOutcome> {
  const { tenantId, open } = input;
  const repo = deps.connections.forTenant(tenantId);
  const auth = authFor(deps.registry, input.found.record);
  const refresh = auth?.refresh;
  if (!refresh) return { kind: "failed", failure: { kind: "unavailable", message: "This sign-in cannot be renewed." } };
  // Read while somebody else renews: what became of that has to be read before anything is claimed.
  const { refreshFence: fence, refreshLeaseUntil } = input.found.record;
  if (refreshLeaseUntil && refreshLeaseUntil > input.found.now) return { kind: "busy" };
  const claim = await repo.claimRefresh({ id: open.id, credentialVersion: open.credentialVersion, fence, leaseMs });
  if (!claim) return { kind: "busy" };
  const ctx = signInContext(deps.context, {
    of: open,
    signIn: claim.signIn,
    credentials: open.credentials,
    effect: "invisible",
    repeatable: false,
    timeoutMs: callTimeoutMs,
    leaseRemainingMs: () => claim.leaseUntil.getTime() - deps.context.clock.now().getTime(),
  });
  const about = { call: "refresh", platform: open.platform, mayBeDone: true };
  const begunMs = deps.monotonicMs();
  const answer = await answered(ctx, about, () => refresh(ctx));
  const check: CheckRecord = {
    checkType: "token_refresh",
    ok: answer.ok,
    latencyMs: Math.round(deps.monotonicMs() - begunMs),
    result: answer.ok ? {} : failureJson(answer.error),
    apiVersion: ctx.apiVersion,
  };
  if (answer.ok) {
    await storePair(deps, open, answer.value, { ...claim, check });
    return { kind: "stored" };
  }
  const failure = answer.error;
  const isRefused = endsSignIn(failure);
  // A lost answer may hide a spent pair: the intent stays, so a later refusal can be told apart.
  const end = () => repo.endRefresh({ ...claim, keepIntent: failure.kind === "outcome_unknown", check });
  if (!isRefused) {
    await end();
    return { kind: "failed", failure: harmless(failure) };
  }
  const refused: PlatformFailure =
    failure.kind === "account_blocked"
      ? failure
      : {
          ...(failure.platformCode === undefined ? {} : { platformCode: failure.platformCode }),
          kind: "auth_revoked",
          ...(failure.kind === "auth_revoked" && failure.withdrawn && !claim.cutBefore && { withdrawn: true as const }),
          message: claim.cutBefore
            ? `${failure.message} An earlier renewal was cut off before its answer was stored, so the sign-in is lost. Sign in again.`
            : failure.message,
        };
  // Marked before the lease ends: whoever looks next sees the reason and does not ask the platform once more.
  await deps.markBroken({
    tenantId,
    connectionId: open.id,
    credentialVersion: open.credentialVersion,
    failure: refused,
  });
  await end();
  return { kind: "refused", failure: refused };
}

/**
 * Another version is in store when this one comes too late; then that one counts. The old pair may be spent already, so
 * a database that is away for a moment is waited for instead of losing the only good credentials.
 */
async function storePair(
  deps: Pick<RefreshDeps, "connections" | "vault" | "sleep">,
  { tenantId, credentials: old }: OpenConnection,
  renewed: Credentials,
  { signInId, version, owners, cutBefore, check }: RefreshClaim & { readonly check: CheckRecord },
): Promise<void> {
  const kept = keepUnchanged(old, renewed);
  const audit = {
    actor: "system",
    action: "refreshed",
    detail: {
      ...(kept.expiresAt === undefined ? {} : { expiresAt: kept.expiresAt.toISOString() }),
      ...(cutBefore === undefined ? {} : { afterCutOffAt: cutBefore.toISOString() }),
    },
  };
  const store = async () => {
    const sealed: SealedSecret[] = [];
    for (const ownerId of owners)
      sealed.push(await deps.vault.seal({ tenantId, ownerId, name: credentialsName }, packCredentials(kept)));
    return deps.connections.forTenant(tenantId).storeRefreshed({
      signInId,
      version,
      sealed,
      tokenExpiresAt: kept.expiresAt,
      refreshExpiresAt: kept.refreshExpiresAt,
      scopes: renewed.scopes,
      audit,
      check: {
        ...check,
        result: { ...(kept.expiresAt === undefined ? {} : { expiresAt: kept.expiresAt.toISOString() }) },
        ...(renewed.scopes && { scopes: renewed.scopes }),
      },
    });
  };
  for (const waitMs of storeWaitsMs) {
    try {
      if ((await store()) !== "key_gone") return;
    } catch {
      // Reported by the last try below, if it comes to that.
      await deps.sleep(waitMs);
    }
  }
  if ((await store()) === "key_gone") throw new Error("the tenant's data key changes too fast to store credentials");
}

/** Nothing was published by asking for a token, so a lost answer is only a delay for whoever wanted to publish. */
function harmless(failure: PlatformFailure): PlatformFailure {
  if (failure.kind !== "outcome_unknown" && failure.kind !== "content_rejected") return failure;
  const { message, platformCode, requestId, status, cause } = failure;
  return {
    kind: "unavailable",
    message,
    ...(platformCode === undefined ? {} : { platformCode }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(status === undefined ? {} : { status }),
    ...(cause === undefined ? {} : { cause }),
  };
}
