import { Buffer } from "node:buffer";
import { type ConnectionId, fail, InstantInput, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { showBudgets } from "../budgets/show-budgets.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";
import { listDestinations, readLimits } from "./account-facts.ts";
import { checkConnection, noConnection, refreshConnection } from "./check.ts";
import { connectFromGrant, connectWithKeys, getGrant, viewsOf } from "./choose.ts";
import { contactsOf } from "./contacts.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { disconnect } from "./disconnect.ts";
import { startOAuth } from "./oauth.ts";
import { finishOAuth } from "./oauth-callback.ts";
import { isDisconnected, ofLive } from "./of-live.ts";
import { signInAgain } from "./sign-in-again.ts";
import { healthCheckView } from "./view.ts";

/** Connecting accounts, keeping them alive and letting them go. Ids of other tenants are `not_found`. */
export function createConnectionsService(deps: ConnectionsDeps): ConnectionsService {
  return {
    startOAuth: (caller, input) => startOAuth(deps, caller, input),
    reconnect: (caller, id, input) => signInAgain(deps, caller, id, input),
    finishOAuth: (caller, input) => finishOAuth(deps, caller, input),
    getGrant: (caller, id) => getGrant(deps, caller, id),
    connectFromGrant: (caller, input) => connectFromGrant(deps, caller, input),
    connectWithKeys: (caller, input) => connectWithKeys(deps, caller, input),
    disconnect: (caller, id) => disconnect(deps, caller, id),
    async list(caller, { limit, cursor, platform }) {
      const slice = await deps.connections.forTenant(caller.tenantId).list({
        limit,
        ...(cursor === undefined ? {} : { afterId: cursor }),
        ...(platform === undefined ? {} : { platform }),
      });
      return ok(pageOf(slice, await viewsOf(deps, caller, slice.rows), ({ id }) => id));
    },
    get: (caller, id) => viewOf(deps, caller, id),
    describe: (caller, id, change) =>
      withLive(deps, caller, id, async () => {
        const audit = { actor: caller.actorId, action: "connection_described", detail: described(change) };
        const changed = await deps.connections.forTenant(caller.tenantId).describe(id, change, audit);
        return changed ? ok(undefined) : fail(isDisconnected);
      }),
    refresh: (caller, id) => withLive(deps, caller, id, (record) => refreshConnection(deps, caller, record)),
    check: (caller, id) => withLive(deps, caller, id, (record) => checkConnection(deps, caller, record)),
    destinations: (caller, id, query) => ofLive(deps, caller, id, (record) => listDestinations(deps, record, query)),
    limits: (caller, id) => ofLive(deps, caller, id, (record) => readLimits(deps, record)),
    budgets: (caller, id) => ofLive(deps, caller, id, (record) => showBudgets(deps, record)),
    contacts: contactsOf(deps),
    timeline: (caller, id, page) => timeline(deps, caller, id, page),
    health: (caller, id, page) => healthLog(deps, caller, id, page),
  };
}

/** What somebody called an account stays out of its record, which outlives the name. */
const described = ({ disabled, ...named }: Parameters<ConnectionsService["describe"]>[2]): JsonObject => ({
  ...(disabled === undefined ? {} : { disabled }),
  changed: Object.keys(named),
});

type Viewed = ReturnType<ConnectionsService["get"]>;

async function viewOf(deps: ConnectionsDeps, caller: Caller, id: ConnectionId): Viewed {
  const record = await deps.connections.forTenant(caller.tenantId).find(id);
  const [view] = record ? await viewsOf(deps, caller, [record]) : [];
  return view ? ok(view) : fail(noConnection);
}

/** Does something with a connection that is not disconnected, and answers it as it is afterwards. */
async function withLive(...input: Parameters<typeof ofLive<void>>): Viewed {
  const [deps, caller, id] = input;
  const done = await ofLive(...input);
  return done.ok ? viewOf(deps, caller, id) : done;
}

const Cursor = z.object({ at: InstantInput, id: z.string().regex(/^[a-z]{2,5}_[0-9a-z]{8,40}$/) });

async function timeline(
  deps: ConnectionsDeps,
  caller: Caller,
  id: ConnectionId,
  { limit, cursor }: Parameters<ConnectionsService["timeline"]>[2],
): ReturnType<ConnectionsService["timeline"]> {
  const repo = deps.connections.forTenant(caller.tenantId);
  if (!(await repo.find(id))) return fail(noConnection);
  const before = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && !before) return fail(notOurCursor);
  const slice = await repo.timeline({ id, limit, ...(before ? { before } : {}) });
  const views = slice.rows.map(({ id: entryId, at, kind, data }) => ({
    id: entryId,
    at: at.toISOString(),
    kind,
    ...data,
  }));
  return ok(pageOf(slice, views, writeCursor));
}

async function healthLog(
  deps: ConnectionsDeps,
  caller: Caller,
  id: ConnectionId,
  { limit, cursor }: Parameters<ConnectionsService["health"]>[2],
): ReturnType<ConnectionsService["health"]> {
  const repo = deps.connections.forTenant(caller.tenantId);
  if (!(await repo.find(id))) return fail(noConnection);
  const before = cursor === undefined ? undefined : placeOf(cursor);
  if (cursor !== undefined && !before) return fail(notOurCursor);
  const slice = await repo.healthLog({ id, limit, ...(before ? { before } : {}) });
  return ok(pageOf(slice, slice.rows.map(healthCheckView), ({ at, id: entryId }) => cursorAt(at, entryId)));
}

const notOurCursor = {
  code: "invalid_input",
  field: "cursor",
  detail: "The cursor is not one that this list gave.",
} as const;

const writeCursor = ({ at, id }: { readonly at: Date; readonly id: string }): string =>
  Buffer.from(JSON.stringify({ at: at.toISOString(), id })).toString("base64url");

function readCursor(text: string): { readonly at: Date; readonly id: string } | undefined {
  try {
    const parsed = Cursor.safeParse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
    return parsed.success ? { at: new Date(parsed.data.at), id: parsed.data.id } : undefined;
  } catch {
    // Not JSON: not ours, answered like any other wrong cursor.
    return undefined;
  }
}
