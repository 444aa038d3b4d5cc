import { secret } from "@postd/connector-kit";
import { type ConnectionView, fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord, GrantRecord } from "../../ports/connections-repo.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { authContext, authOf } from "../connector-context.ts";
import { connectAccount } from "./connect.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { unknownPlatform } from "./oauth.ts";
import { connectFromGrantAccount, grantIsOld } from "./reconnect.ts";
import { accountKey, connectionView, grantView } from "./view.ts";

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
  const connector = deps.registry.get(input.platform);
  if (!connector) return fail(unknownPlatform(input.platform));
  const auth =
    input.authKind === undefined
      ? connector.auth.find(({ kind }) => kind === "keys")
      : authOf(connector, input.authKind);
  if (auth?.kind !== "keys")
    return fail({
      code: "invalid_input",
      field: "authKind",
      detail: `${connector.name} is not connected with keys.`,
      next: "Start a sign-in with POST /api/oauth/:platform/start.",
    });
  const keys = new Map(auth.fields.map(({ name, defaultValue }) => [name, input.keys[name]?.trim() || defaultValue]));
  const problems = [
    ...auth.fields
      .filter(({ name, required }) => required && !keys.get(name))
      .map(({ name, label }) => fieldProblem(name, "required", `${label} is needed.`)),
    ...Object.keys(input.keys)
      .filter((name) => !keys.has(name))
      .map((name) => fieldProblem(name, "unknown", `${connector.name} has no field called ${name}.`)),
  ];
  const [first] = problems;
  if (first) return fail({ code: "invalid_input", detail: first.message, field: first.field, problems });

  const simulated = deps.simulation.isSimulated(connector.id);
  const ctx = authContext(deps.context, {
    connector,
    authKind: auth.id,
    simulated,
    effect: "invisible",
    repeatable: true,
  });
  const given = [...keys].flatMap(([name, value]) => (value ? [[name, secret(value)] as const] : []));
  const granted = await auth.connect(Object.fromEntries(given), ctx);
  if (!granted.ok) return fail(keysError(serviceErrorOf(granted.error, connector), new Set(keys.keys())));
  const found = await auth.accounts(granted.value, ctx);
  if (!found.ok) return fail(serviceErrorOf(found.error, connector));
  const open = found.value.filter(({ blocked }) => blocked === undefined);
  if (open.length === 0)
    return fail({
      code: "account_needs_attention",
      detail: found.value[0]?.blocked ?? `These keys open no account at ${connector.name}.`,
    });
  const records: ConnectionRecord[] = [];
  for (const { credentials, ...account } of open) {
    const scopes = granted.value.scopes;
    const done = await connectAccount(deps, caller, { account, credentials, authKind: auth.id, scopes, simulated });
    if (!done.ok) return done;
    records.push(done.value);
  }
  return ok({ connections: await viewsOf(deps, caller, records) });
}

/** Views with warnings where another connection posts to the same account. */
export async function viewsOf(
  deps: ConnectionsDeps,
  caller: Pick<Caller, "tenantId">,
  records: readonly ConnectionRecord[],
): Promise<readonly ConnectionView[]> {
  const twins = await deps.connections.forTenant(caller.tenantId).twins(records);
  return records.map((record) => connectionView(record, deps, twins.get(record.id)));
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
      detail: `There is no sign-in ${id}. It ends half an hour after it was made.`,
      next: "Start the connection again.",
    });
  return grant.expiresAt <= deps.clock.now() ? fail(grantIsOld) : ok(grant);
}

const fieldProblem = (name: string, code: string, message: string) =>
  ({ field: `keys.${name}`, code, message, severity: "error" }) as const;

/** Connectors name the bare field; for the caller it stands under `keys`. */
function keysError(error: ServiceError, names: ReadonlySet<string>): ServiceError {
  const next = "Check what was typed, and try again. Nothing was connected.";
  if (error.field === undefined) return { ...error, next };
  const bare = error.field.replace(/^(keys|options)\./, "");
  return { ...error, next, field: names.has(bare) ? `keys.${bare}` : error.field };
}
