import { type KeyField, signInsOf } from "@postd/connector-kit";
import { type ConnectionView, fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Circuit } from "../../domain/circuit.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { GrantRecord } from "../../ports/connections-repo.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import { answered } from "../answered.ts";
import { authContext } from "../connector-context.ts";
import { unknownPlatform } from "../unknown-platform.ts";
import { type ChosenAccount, connectAccount } from "./connect.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { listAccounts } from "./list-accounts.ts";
import { connectFromGrantAccount, grantIsOld, otherAccount } from "./reconnect.ts";
import { clientIdOf } from "./sign-in.ts";
import { typedFields, underPrefix } from "./typed-fields.ts";
import { accountKey, connectionView, grantView } from "./view.ts";
import { waitsOf } from "./waits.ts";

export async function getGrant(
  deps: ConnectionsDeps,
  caller: Caller,
  id: Parameters<ConnectionsService["getGrant"]>[1],
): ReturnType<ConnectionsService["getGrant"]> {
  const found = await findGrant(deps, caller, id);
  if (!found.ok) return found;
  const grant = found.value;
  const repo = deps.connections.forTenant(caller.tenantId);
  const connected = new Map<string, string>();
  for (const account of grant.accounts) {
    const record = await repo.findAccount({ ...account, authKind: grant.authKind });
    if (record && !record.disconnectedAt) connected.set(accountKey(account), record.id);
  }
  return ok(grantView(grant, connected));
}

/** All chosen accounts are looked at before the first is connected, so a wrong choice connects nothing. */
export async function connectFromGrant(
  deps: ConnectionsDeps,
  caller: Caller,
  input: Parameters<ConnectionsService["connectFromGrant"]>[1],
): ReturnType<ConnectionsService["connectFromGrant"]> {
  const found = await findGrant(deps, caller, input.grantId);
  if (!found.ok) return found;
  const grant = found.value;
  const wanted = new Set(input.accounts.map(accountKey));
  const chosen = grant.accounts.filter((account) => wanted.has(accountKey(account)));
  if (chosen.length !== wanted.size || chosen.length === 0)
    return fail({
      code: "invalid_input",
      field: "accounts",
      detail: "Not every chosen account belongs to this sign-in. Nothing was connected.",
      next: "GET /api/grants/:id lists the accounts to choose from.",
    });
  const blocked = chosen.find((account) => account.blocked !== undefined);
  if (blocked)
    return fail({
      code: "account_needs_attention",
      field: "accounts",
      detail: `${blocked.name}: ${blocked.blocked} Nothing was connected.`,
    });
  const records: ConnectionRecord[] = [];
  for (const account of chosen) {
    const done = await connectFromGrantAccount(deps, caller, grant, account);
    if (!done.ok) return done;
    records.push(done.value);
  }
  return ok({ connections: await viewsOf(deps, caller, records) });
}

/** Signs in with what a person typed; every problem with the fields is named before anything is sent. */
export async function connectWithKeys(
  deps: ConnectionsDeps,
  caller: Caller,
  input: Parameters<ConnectionsService["connectWithKeys"]>[1],
): ReturnType<ConnectionsService["connectWithKeys"]> {
  const opened = await connectableWithKeys(deps, input);
  if (!opened.ok) return opened;
  const records: ConnectionRecord[] = [];
  for (const account of opened.value) {
    const done = await connectAccount(deps, caller, account);
    if (!done.ok) return done;
    records.push(done.value);
  }
  return ok({ connections: await viewsOf(deps, caller, records) });
}

/** Signing in again with keys: only the very account renews the connection; any other is named and nothing is connected. */
export async function reconnectWithKeys(
  deps: ConnectionsDeps,
  caller: Caller,
  record: ConnectionRecord,
  opened: readonly ChosenAccount[],
): Promise<Result<ConnectionRecord, ServiceError>> {
  const same = opened.find(
    ({ account }) => account.platform === record.platform && account.externalId === record.externalId,
  );
  if (same) return connectAccount(deps, caller, same);
  const accounts = opened.map(({ account }) => account);
  return fail(otherAccount({ accounts, subject: opened[0]?.signIn.subject ?? { name: "somebody else" } }, record));
}

/** What typed keys open, ready to be connected. Nothing is stored. */
export async function connectableWithKeys(
  deps: ConnectionsDeps,
  input: Parameters<ConnectionsService["connectWithKeys"]>[1],
): Promise<Result<readonly ChosenAccount[], ServiceError>> {
  const platform = deps.registry.get(input.platform);
  const provider = deps.registry.providerOf(input.platform);
  if (!platform || !provider) return fail(unknownPlatform(deps.registry, input.platform));
  const auth = signInsOf(provider, platform.id).find(({ id, kind }) =>
    input.authKind === undefined ? kind === "keys" : id === input.authKind,
  );
  if (auth?.kind !== "keys")
    return fail({
      code: "invalid_input",
      field: "authKind",
      detail: `${platform.name} is not connected with keys.`,
      next: "Start a sign-in with POST /api/oauth/:provider/start.",
    });
  const typed = typedFields(auth.fields, input.keys, { prefix: "keys", platform: platform.name });
  if (!typed.ok) return typed;

  const simulated = deps.simulation.isSimulated(platform.id);
  const ctx = authContext(deps.context, {
    provider,
    authKind: auth.id,
    simulated,
    effect: "invisible",
    repeatable: true,
  });
  const grantedAt = deps.clock.now();
  const granted = await answered(ctx, { call: "connect", platform: platform.id }, () => auth.connect(typed.value, ctx));
  if (!granted.ok) return fail(keysError(serviceErrorOf(granted.error, platform), auth.fields));
  const found = await listAccounts(ctx, auth, granted.value, platform.id);
  if (!found.ok) return fail(serviceErrorOf(found.error, platform));
  const open = found.value.filter(({ blocked }) => blocked === undefined);
  if (open.length === 0)
    return fail({
      code: "account_needs_attention",
      detail: found.value[0]?.blocked ?? `These keys open no account at ${platform.name}.`,
    });
  const signIn = {
    ...granted.value,
    extras: granted.value.extras ?? {},
    authKind: auth.id,
    appId: instanceApp,
    clientId: clientIdOf(auth, ctx.app),
    simulated,
    grantedAt,
  };
  return ok(open.map(({ credentials, ...account }) => ({ account, credentials, signIn })));
}

/** Views with warnings where another connection posts to the same account. */
export async function viewsOf(
  deps: ConnectionsDeps,
  caller: Pick<Caller, "tenantId">,
  records: readonly ConnectionRecord[],
): Promise<readonly ConnectionView[]> {
  const [twins, circuits] = await Promise.all([
    deps.connections.forTenant(caller.tenantId).twins(records),
    deps.circuits?.troubled(caller.tenantId) ?? new Map<string, Circuit>(),
  ]);
  return records.map((record) => ({
    ...connectionView(record, deps, twins.get(record.id)),
    ...waitsOf(record, deps, circuits),
  }));
}

/** A sign-in of this tenant that has not ended. One that was cleared away, or is another tenant's, is not there. */
async function findGrant(
  deps: ConnectionsDeps,
  caller: Caller,
  id: GrantRecord["id"],
): Promise<Result<GrantRecord, ServiceError>> {
  const grant = await deps.grants.findGrant(caller.tenantId, id);
  if (!grant)
    return fail({
      code: "not_found",
      detail: `There is no sign-in ${id}. It ends half an hour after it was made, and with the access it gave.`,
      next: "Start the connection again.",
    });
  return grant.expiresAt <= deps.clock.now() ? fail(grantIsOld) : ok(grant);
}

const keysError = (error: ServiceError, fields: readonly KeyField[]): ServiceError => ({
  ...underPrefix(error, fields, "keys"),
  next: "Check what was typed, and try again. Nothing was connected.",
});
