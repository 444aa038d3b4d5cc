import type { Credentials } from "@postd/connector-kit";
import { asId, fail, ok } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectionWithSecret } from "../../ports/connections-repo.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import type { SignInStanding } from "../../ports/sign-ins.ts";
import { answered } from "../answered.ts";
import { ownApp } from "../apps/open-app.ts";
import { connectorContext, signInContext } from "../connector-context.ts";
import { unsubscribeAccount } from "../subscriptions/subscribe.ts";
import { openConnection, unsealed } from "./access.ts";
import { noConnection } from "./check.ts";
import { shareSecret } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { authFor } from "./sign-in.ts";
import { connectionView } from "./view.ts";

/** Longer than the calls of one withdrawal; a repeat begins it anew. */
const withdrawMs = 3 * 60_000;

/** Looking for what may be live goes on for so long before the sign-in is withdrawn all the same. */
const lookForMs = 60_000;

/**
 * Ends a connection. Where something may be live, nothing new goes out from here on, POSTD looks for a minute at most, and
 * the worker disconnects then; else at once. Safe to repeat: a second call finishes what a crash left.
 */
export async function disconnect(
  deps: ConnectionsDeps,
  caller: Caller,
  id: Parameters<ConnectionsService["disconnect"]>[1],
): ReturnType<ConnectionsService["disconnect"]> {
  const { tenantId, actorId } = caller;
  const found = await deps.connections.forTenant(tenantId).findWithSecret(id);
  if (!found) return fail(noConnection);
  const waits = found.record.disconnectedAt ? false : await beginEnding(deps, found.record, actorId);
  if (!waits) return ok(await end(deps, found, actorId));
  const latest = (await deps.connections.forTenant(tenantId).find(id)) ?? found.record;
  const handedOver = await deps.holds.handedOver({ tenantId, connectionId: id });
  const note =
    "POSTD first looks whether what was just sent is live, and does what was asked for live posts, for a minute at most. Then the account is disconnected.";
  return ok({ connection: connectionView(latest, deps), revokedAtPlatform: false, handedOver, waits: true, note });
}

/** Holds what is surely not sent, and answers whether a look can still tell of something, or a wish is under way at the platform. */
async function beginEnding(deps: ConnectionsDeps, record: ConnectionRecord, actor: string): Promise<boolean> {
  const { id, tenantId } = record;
  const key = { tenantId, connectionId: id };
  await deps.connections.forTenant(tenantId).markEnding(id, { actor, action: "disconnecting", detail: {} });
  await deps.holds.holdConnection(key);
  if ((await deps.holds.inDoubt(key)) === 0) return false;
  const since = record.endingAt ?? deps.clock.now();
  if (deps.clock.now().getTime() - since.getTime() >= lookForMs) return false;
  if (!record.endingAt) await deps.holds.lookAtOnce(key);
  return true;
}

/** Disconnects every account whose looks have ended, or whose minute is over. Answers how many. */
export async function finishDisconnects(
  deps: ConnectionsDeps,
  ending: readonly { readonly tenantId: string; readonly connectionId: string }[],
): Promise<number> {
  let ended = 0;
  for (const { tenantId, connectionId } of ending) {
    const found = await deps.connections
      .forTenant(asId("tenant", tenantId))
      .findWithSecret(asId("connection", connectionId));
    if (!found?.record.endingAt || (await beginEnding(deps, found.record, "system"))) continue;
    await end(deps, found, "system");
    ended += 1;
  }
  return ended;
}

/** Nothing opens it any more, the sign-in is withdrawn at the platform, and the credentials are deleted whatever it said. */
async function end(deps: ConnectionsDeps, found: ConnectionWithSecret, actor: string) {
  const { id, tenantId } = found.record;
  const repo = deps.connections.forTenant(tenantId);
  const key = { tenantId, connectionId: id };
  const audit = { actor, action: "disconnected", detail: {} };
  const record =
    (await repo.markDisconnected(id, audit, { onlyEnding: true })) ?? (await repo.find(id)) ?? found.record;
  // Somebody connected it again while POSTD looked: that is the newer word.
  if (!record.disconnectedAt) return stillConnected(deps, record);
  await deps.holds.holdConnection(key);
  await deps.holds.askAboutConnection(key);
  const handedOver = await deps.holds.handedOver(key);
  const begun = await repo.beginWithdrawing(id, withdrawMs);
  // Read again: a renewal may have replaced the pair until the mark stood, and only the newest ends the session.
  const newest = (await repo.findWithSecret(id)) ?? found;
  // Another call ended it before this one, and somebody connected it again since: what is in store is theirs.
  if (!begun || !newest.record.disconnectedAt) return stillConnected(deps, newest.record);
  const { revoked, mayBeGone, until, because, note } = await withdraw(deps, newest, begun);
  // The note may name another account, and what is recorded stays when that one's data goes.
  const detail = { revokedAtPlatform: revoked, handedOver, ...(because === undefined ? {} : { because }) };
  await repo.eraseCredentials(
    id,
    { actor, action: "credentials_deleted", detail },
    {
      withdrawn: mayBeGone,
      until,
    },
  );
  const latest = (await repo.find(id)) ?? record;
  const notes = [...(handedOver > 0 ? [stillGoingOut(deps, record, handedOver)] : []), ...(note ? [note] : [])];
  return {
    connection: connectionView(latest, deps),
    revokedAtPlatform: revoked,
    handedOver,
    waits: false,
    ...(notes.length > 0 ? { note: notes.join(" ") } : {}),
  };
}

const stillConnected = (deps: ConnectionsDeps, record: ConnectionRecord) => ({
  connection: connectionView(record, deps),
  revokedAtPlatform: false,
  handedOver: 0,
  waits: false,
});

/** Without credentials nothing here can stop or see them; at their time the jobs become `unknown` and ask a person. */
function stillGoingOut(deps: ConnectionsDeps, { platform }: ConnectionRecord, count: number): string {
  const name = deps.registry.get(platform)?.name ?? platform;
  const [posts, them] = count === 1 ? ["1 post", "it"] : [`${count} posts`, "them"];
  return `${name} holds ${posts} itself and will still show ${them} at the planned time. Cancel ${them} there, or connect the account again and cancel ${them} here.`;
}

interface Withdrawn {
  readonly revoked: boolean;
  /** The platform was told, whatever it answered. */
  readonly mayBeGone: boolean;
  /** The mark that keeps new credentials out, as it stands now. */
  readonly until: Date;
  /** Why the platform was not told, or would not have it. */
  readonly because?: NotWithdrawn;
  readonly note?: string;
}

type NotWithdrawn =
  | "no_credentials"
  | "damaged"
  | "app_gone"
  | "owner_only"
  | "shared"
  | "used_elsewhere"
  | "refused"
  | "unanswered";

/**
 * Withdraws the sign-in at the platform where nobody else lives on it, of whatever tenant: the platform's own step may
 * reach further than this connection.
 */
async function withdraw(deps: ConnectionsDeps, found: ConnectionWithSecret, begun: Date): Promise<Withdrawn> {
  const { record } = found;
  const repo = deps.connections.forTenant(record.tenantId);
  const connector = deps.registry.get(record.platform);
  const auth = authFor(deps.registry, record);
  const signIn = await repo.standing(record.id);
  const not = (because: NotWithdrawn, note?: string): Withdrawn => ({
    revoked: false,
    mayBeGone: false,
    until: begun,
    because,
    ...(note === undefined ? {} : { note }),
  });
  if (!found.credentials || !signIn?.credentials || !connector || !auth) return not("no_credentials");
  const acting = await unsealed(deps.vault, found.credentials);
  const granted = record.ownSecret ? await unsealed(deps.vault, signIn.credentials) : acting;
  if (acting === "damaged" || granted === "damaged")
    return not(
      "damaged",
      `The stored sign-in was damaged, so ${connector.name} could not be told. Withdraw the access in its settings.`,
    );
  const app = await ownApp(deps.context, record);
  if (app === "gone")
    return not("app_gone", `The app is gone, so ${connector.name} could not be told. Withdraw the access there.`);
  const connection = openConnection(record, acting, app);
  const unsubscribed = await unsubscribeAccount(
    deps,
    record,
    connectorContext(deps.context, { connection, ...reachUntil(deps, begun) }),
  );
  if (!unsubscribed.ok)
    deps.log.warn(
      { platform: record.platform, connectionId: record.id, kind: unsubscribed.error.kind },
      "events could not be unsubscribed",
    );
  const { revoke } = auth;
  if (!revoke)
    return not("owner_only", `${connector.name} lets only the account's owner withdraw access, in its own settings.`);
  const sharer = signIn.sharers[0] ?? (await sharingSecret(deps, signIn, granted));
  const claim = sharer ? "shared" : await repo.claimWithdrawal(record.id, begun, withdrawMs);
  if (claim === "shared")
    return not(
      "shared",
      `${sharer?.name ?? "Another account"} uses the same sign-in, so it was not withdrawn at ${connector.name}. Disconnect that one too, and it is.`,
    );
  if (claim === "elsewhere")
    return not(
      "used_elsewhere",
      `The same person's access is used elsewhere on this server, so it was not withdrawn at ${connector.name}. To end it everywhere, withdraw it in ${connector.name}'s settings.`,
    );
  const { until } = claim;
  const ctx = signInContext(deps.context, {
    of: connection,
    signIn: signIn.ref,
    credentials: granted,
    ...reachUntil(deps, until),
  });
  const answer = await answered(ctx, { call: "revoke", platform: record.platform }, () => revoke(ctx));
  if (answer.ok) return { revoked: true, mayBeGone: true, until };
  return {
    revoked: false,
    mayBeGone: answer.error.kind === "outcome_unknown",
    until,
    because: answer.error.kind === "outcome_unknown" || answer.error.kind === "unavailable" ? "unanswered" : "refused",
    note: `${connector.name} could not be told: ${answer.error.message} Withdraw the access in its settings.`,
  };
}

/** No call of it outlives its mark: a process that was stopped meanwhile must not end what was stored since. */
const reachUntil = ({ context }: Pick<ConnectionsDeps, "context">, until: Date) =>
  ({
    effect: "invisible",
    repeatable: true,
    leaseRemainingMs: () => until.getTime() - context.clock.now().getTime(),
  }) as const;

/** A sign-in from before may be this very one without the rows saying so; then their secrets do. */
async function sharingSecret(
  deps: ConnectionsDeps,
  { unjoined }: SignInStanding,
  credentials: Credentials,
): Promise<ConnectionRecord | undefined> {
  for (const other of unjoined) {
    const others = await unsealed(deps.vault, other.credentials);
    if (others !== "damaged" && shareSecret(credentials, others)) return other.record;
  }
  return undefined;
}
