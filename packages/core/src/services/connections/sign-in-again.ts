import { type ConnectionId, fail, ok, type ServiceError } from "@postd/contracts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { askedScopes, isMissing } from "./asked-scopes.ts";
import { noConnection } from "./check.ts";
import { connectableWithKeys, reconnectWithKeys, viewsOf } from "./choose.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { startOAuth } from "./oauth.ts";
import { authFor } from "./sign-in.ts";

type Again = ReturnType<ConnectionsService["reconnect"]>;

/**
 * Signs in again for one connection, by the way it was connected: an address to open, or the fields to type, or with
 * typed keys at once. Only the very account renews it. What is asked for is what the accounts that live on this sign-in
 * need, and no more.
 */
export async function signInAgain(
  deps: ConnectionsDeps,
  caller: Caller,
  id: ConnectionId,
  input: Parameters<ConnectionsService["reconnect"]>[2],
): Again {
  const record = await deps.connections.forTenant(caller.tenantId).find(id);
  if (!record) return fail(noConnection);
  const signIn = authFor(deps.registry, record);
  const platform = deps.registry.get(record.platform);
  if (!signIn || !platform)
    return fail({
      code: "not_configured",
      detail: `This server has no connector for ${record.platform} any more, so nobody can sign in there.`,
    });
  const { keys, ...rest } = input;
  const asked = await askedScopes(deps, record);
  const told = {
    account: record.ownName ?? record.name,
    platform: record.platform,
    scopes: { asked, missing: asked.filter((scope) => isMissing(record, scope)) },
    simulated: record.simulated,
  };
  if (signIn.kind === "keys") {
    if (rest.fields !== undefined) return fail(typedElsewhere("fields", platform.name, "keys"));
    if (keys === undefined) return ok({ ...told, kind: "keys", fields: signIn.fields.map((field) => ({ ...field })) });
    const opened = await connectableWithKeys(deps, { platform: platform.id, authKind: signIn.id, keys });
    if (!opened.ok) return opened;
    const done = await reconnectWithKeys(deps, caller, record, opened.value);
    if (!done.ok) return done;
    const [connection] = await viewsOf(deps, caller, [done.value]);
    return ok({ ...told, kind: "done", ...(connection ? { connection } : {}) });
  }
  if (keys !== undefined) return fail(typedElsewhere("keys", platform.name, "fields"));
  const started = await startOAuth(deps, caller, {
    ...rest,
    provider: record.platform,
    connectionId: id,
  });
  return started.ok ? ok({ ...told, kind: "oauth2", ...started.value }) : started;
}

const typedElsewhere = (field: "fields" | "keys", platform: string, instead: "fields" | "keys"): ServiceError => ({
  code: "invalid_input",
  field,
  detail: `This account at ${platform} is signed in to ${instead === "keys" ? "with typed keys" : "at the platform's own page"}.`,
  next: instead === "keys" ? "Send what is typed as keys." : "Leave keys out, and open the address that is answered.",
});
