import { type SignInMethod, sha256Hex } from "@postd/connector-kit";
import { asId, type ConnectionId, fail, ok, type ServiceError, type TenantId } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { OwnerDoor, OwnerLink, OwnerLinksService, OwnerOutcome, OwnerPage } from "../../ports/owner-links.ts";
import type { Caller } from "../../ports/services.ts";
import { noConnection } from "./check.ts";
import { connectableWithKeys, reconnectWithKeys } from "./choose.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { startOAuth } from "./oauth.ts";
import { isDisconnected } from "./of-live.ts";
import { onceForOwner, ownerSessionHash, ownerState } from "./owner-session.ts";
import { authFor } from "./sign-in.ts";

const dayMs = 24 * 60 * 60_000;
const linkLifeMs = 7 * dayMs;
const sessionLifeMs = 60 * 60_000;

interface Opened {
  readonly link: OwnerLink;
  readonly record: ConnectionRecord;
  readonly signIn: SignInMethod;
}

/**
 * A link that lets whoever owns an account sign in again, without an account here:
 *
 *   link --POST--> cookie (an hour, this purpose only) --platform's page or typed keys--> the same account works again
 *
 * Link and cookie are each taken once, and both end with the right of whoever made the link. Opening changes nothing.
 */
export function createOwnerLinksService(deps: ConnectionsDeps): OwnerLinksService {
  return {
    async make(caller, id) {
      const record = await deps.connections.forTenant(caller.tenantId).find(id);
      if (!record) return fail(noConnection);
      if (record.disconnectedAt) return fail(isDisconnected);
      if (!authFor(deps.registry, record)) return fail(noSignIn);
      const made = await makeLink(deps, { tenantId: caller.tenantId, connectionId: id, createdBy: caller.actorId });
      const detail = { until: made.expiresAt.toISOString() };
      const entry = { actor: caller.actorId, action: "reconnect_link_made", detail };
      await deps.connections.forTenant(caller.tenantId).audit(id, entry);
      return ok({ ...made, connectionId: id, expiresAt: made.expiresAt.toISOString(), simulated: record.simulated });
    },

    async linkFor({ tenantId, connectionId, recipient, createdBy }) {
      const record = await deps.connections.forTenant(tenantId).find(connectionId);
      if (!record || record.disconnectedAt || !authFor(deps.registry, record)) return undefined;
      if (!(await hasRight(deps, tenantId, createdBy))) return undefined;
      return (await makeLink(deps, { tenantId, connectionId, recipient, createdBy })).link;
    },

    async look(door) {
      const found = await find(deps, door);
      return found ? pageOf(deps, found, door) : { state: "closed" };
    },

    async use(door, fields) {
      const found = await find(deps, door);
      if (!found || found.link.used) return { outcome: { kind: "closed" } };
      const now = deps.clock.now();
      if ("session" in door) return { outcome: await signInAgain(deps, found, sha256Hex(door.session), fields) };
      const secret = deps.randomToken();
      const sessionHash = sha256Hex(secret);
      const sessionEndsAt = new Date(now.getTime() + sessionLifeMs);
      const isOurs = await deps.ownerLinks.exchange({
        hash: sha256Hex(door.token),
        sessionHash,
        at: now,
        sessionEndsAt,
      });
      if (!isOurs) return { outcome: { kind: "closed" } };
      const entry = { actor: "account_owner", action: "reconnect_link_used", detail: { by: found.link.createdBy } };
      await deps.connections.forTenant(found.link.tenantId).audit(found.record.id, entry);
      return {
        outcome: await signInAgain(deps, found, sessionHash, fields),
        session: { secret, lifeMs: sessionLifeMs },
      };
    },
  };
}

async function makeLink(
  deps: ConnectionsDeps,
  whose: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly recipient?: string;
    readonly createdBy: string;
  },
) {
  const token = deps.randomToken();
  const at = deps.clock.now();
  const expiresAt = new Date(at.getTime() + linkLifeMs);
  await deps.ownerLinks.add({ ...whose, hash: sha256Hex(token), at, expiresAt });
  return { link: `${deps.publicUrl}/links/reconnect/${token}`, expiresAt };
}

/** A link that is still good for something to look at: not over, its connection here, its maker's right in force. */
async function find(deps: ConnectionsDeps, door: OwnerDoor): Promise<Opened | undefined> {
  const [secret, kind] = "token" in door ? [door.token, "link" as const] : [door.session, "session" as const];
  const link = await deps.ownerLinks.find(sha256Hex(secret), kind);
  if (!link || link.expiresAt <= deps.clock.now()) return undefined;
  const record = await deps.connections.forTenant(link.tenantId).find(link.connectionId);
  const signIn = record && authFor(deps.registry, record);
  if (!record || !signIn || record.disconnectedAt || !(await hasRight(deps, link.tenantId, link.createdBy)))
    return undefined;
  return { link, record, signIn };
}

const hasRight = async ({ rights }: ConnectionsDeps, tenantId: TenantId, actorId: string): Promise<boolean> =>
  (await rights.scopesOf(tenantId, actorId)).includes("connections:write");

const accountOf = (deps: ConnectionsDeps, { link, record }: Opened) => ({
  name: record.name,
  ...(record.handle === undefined ? {} : { handle: record.handle }),
  platform: deps.registry.get(record.platform)?.name ?? record.platform,
  workspace: link.tenantName,
});

function pageOf(deps: ConnectionsDeps, found: Opened, door: OwnerDoor): OwnerPage {
  const { link, record, signIn } = found;
  const account = accountOf(deps, found);
  // A link that was used says nothing; its cookie was used up by connecting.
  if (link.used) return "session" in door ? { state: "done", account } : { state: "closed" };
  return {
    state: "open",
    account,
    by: signIn.kind === "keys" ? "keys" : "redirect",
    fields: signIn.fields ?? [],
    scopes: [...signIn.scopes.required, ...signIn.scopes.optional],
    ...(record.statusReason && { message: record.statusReason.message }),
    expiresAt: link.expiresAt,
  };
}

/** Acts with the right of whoever made the link, tied to the cookie, for this connection and nothing else. */
async function signInAgain(
  deps: ConnectionsDeps,
  found: Opened,
  sessionHash: string,
  fields: Readonly<Record<string, string>>,
): Promise<OwnerOutcome> {
  const { link, record, signIn } = found;
  const caller: Caller = {
    tenantId: link.tenantId,
    actorId: asId("user", link.createdBy),
    role: "admin",
    sessionHash: ownerSessionHash(sessionHash),
  };
  if (signIn.kind === "keys") {
    const opened = await connectableWithKeys(deps, {
      platform: record.platform,
      authKind: record.authKind,
      keys: fields,
    });
    if (!opened.ok) return { kind: "refused", error: opened.error };
    const done = await onceForOwner(deps, sessionHash, () => reconnectWithKeys(deps, caller, record, opened.value));
    return done.ok ? { kind: "done", account: accountOf(deps, found) } : { kind: "refused", error: done.error };
  }
  const own = { ...deps, randomToken: () => ownerState(deps.randomToken()) };
  const started = await startOAuth(own, caller, {
    provider: deps.registry.providerOf(record.platform)?.id ?? record.platform,
    connectionId: record.id,
    fields,
  });
  return started.ok ? { kind: "go", authUrl: started.value.authUrl } : { kind: "refused", error: started.error };
}

const noSignIn: ServiceError = {
  code: "state_conflict",
  detail: "This account signs in by a way this server does not offer any more.",
  next: "Connect the account anew.",
};
