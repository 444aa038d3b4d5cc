import { type ConnectionId, fail, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { GrantRecord } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import { connectAccount } from "./connect.ts";
import { grantAccountName, grantSignInName, unpackCredentials } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";

/**
 * Signing in again for an existing connection: only that very account renews it. When somebody signed in as another
 * one, both are named and nothing is connected.
 */
export async function reconnectFromGrant(
  deps: ConnectionsDeps,
  caller: Caller,
  grant: GrantRecord,
  connectionId: ConnectionId,
): Promise<Result<ConnectionRecord, ServiceError>> {
  const record = await deps.connections.forTenant(caller.tenantId).find(connectionId);
  if (!record) return fail({ code: "not_found", detail: "The connection to sign in for is gone." });
  const account = grant.accounts.find(
    ({ platform, externalId }) => platform === record.platform && externalId === record.externalId,
  );
  if (!account) return fail(otherAccount(grant, record));
  return connectFromGrantAccount(deps, caller, grant, account);
}

/** Connects one account of a grant with the credentials sealed for it. */
export async function connectFromGrantAccount(
  deps: ConnectionsDeps,
  caller: Caller,
  grant: GrantRecord,
  account: GrantRecord["accounts"][number],
): Promise<Result<ConnectionRecord, ServiceError>> {
  if (account.blocked !== undefined)
    return fail({ code: "account_needs_attention", detail: `${account.name}: ${account.blocked}` });
  const place = { tenantId: caller.tenantId, ownerId: grant.id };
  const packed = await deps.vault.open({ ...place, name: grantAccountName(account) });
  if (!packed) return fail(grantIsOld);
  // A grant from before sign-ins were kept with it knows the accounts' credentials only.
  const granted = (await deps.vault.open({ ...place, name: grantSignInName })) ?? packed;
  const { authKind, appId, clientId, simulated, subject, extras, scopes, createdAt } = grant;
  const credentials = unpackCredentials(granted);
  return connectAccount(deps, caller, {
    account,
    credentials: unpackCredentials(packed),
    signIn: { authKind, appId, clientId, simulated, subject, extras, credentials, scopes, grantedAt: createdAt },
  });
}

export const grantIsOld: ServiceError = {
  code: "expired",
  detail: "This sign-in is older than 30 minutes. Nothing was connected.",
  next: "Start the connection again.",
};

/** Says which accounts a sign-in opens instead of the one that was meant. */
export function otherAccount(
  grant: {
    readonly accounts: readonly Pick<GrantRecord["accounts"][number], "platform" | "name" | "handle">[];
    readonly subject: Pick<GrantRecord["subject"], "name">;
  },
  record: ConnectionRecord,
): ServiceError {
  const found = grant.accounts
    .filter(({ platform }) => platform === record.platform)
    .map(({ name, handle }) => (handle === undefined ? name : `${name} (${handle})`));
  const opened = found.length > 0 ? `opens ${found.slice(0, 5).join(", ")}` : "opens no account of this kind";
  const wanted = record.handle === undefined ? record.name : `${record.name} (${record.handle})`;
  return {
    code: "conflict",
    detail: `The sign-in as ${grant.subject.name} ${opened}, but this connection is ${wanted}. Nothing was connected.`,
    next: `Sign out at the platform, then start again and sign in with an account that may use ${wanted}.`,
  };
}
