import type {
  ConnectorContext,
  ConnectorLog,
  PlatformResult,
  WebhookSubscription,
  Webhooks,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { SubscriptionRecord, SubscriptionsRepo } from "../../ports/subscriptions.ts";
import type { Vault } from "../../ports/vault.ts";
import { answered } from "../answered.ts";
import type { NewId } from "../new-id.ts";
import { packSubscriptionSecret, subscriptionSecretName, unpackSubscriptionSecret } from "./secret.ts";

export interface SubscribeDeps {
  readonly subscriptions: SubscriptionsRepo;
  readonly vault: Pick<Vault, "open" | "seal">;
  readonly registry: Pick<ConnectorRegistry, "providerOf">;
  readonly newId: NewId;
  readonly clock: { now(): Date };
  readonly publicUrl: string;
  readonly log: Pick<ConnectorLog, "warn">;
}

/** `appId`: of a tenant's own app; absent, or `instance`: this server's. */
type Account = Pick<ConnectionRecord, "id" | "tenantId" | "platform" | "clientId"> & { readonly appId?: string };

/** Whether a subscription was made with the very app, under the very registration, that an account is signed in with. */
export const isMadeWith = (
  row: Pick<SubscriptionRecord, "appId" | "clientId">,
  { appId = instanceApp, clientId }: Pick<Account, "appId" | "clientId">,
): boolean =>
  row.appId === appId && (row.clientId === undefined || clientId === undefined || row.clientId === clientId);

/**
 * Subscribes an account's events, or renews what there is. The row comes first, so that a handshake during the call finds
 * one; a subscription that could not be made leaves none. One that was made with another app is ended, with `old`, what the
 * account acted with then, and made anew: neither its address nor its secret is this app's. `none`: the platform has
 * nothing to subscribe, and what was kept of an earlier one goes.
 */
export async function subscribeAccount(
  deps: SubscribeDeps,
  account: Account,
  ctx: ConnectorContext,
  old?: ConnectorContext,
): PlatformResult<"kept" | "none"> {
  const { id: connectionId, tenantId, platform, appId = instanceApp, clientId } = account;
  const provider = deps.registry.providerOf(platform);
  const repo = deps.subscriptions.forTenant(tenantId);
  const kinds = provider?.webhooks?.accountKinds;
  if (!provider?.webhooks?.subscribe || (kinds && !kinds.includes(ctx.account.kind))) {
    const old = await repo.of(connectionId);
    if (old) await repo.remove(old.id);
    return ok("none");
  }
  const former = await repo.of(connectionId);
  if (former && !isMadeWith(former, account)) {
    // Of one app under two registrations either may end it; of another app only who made it.
    const isSame = former.clientId !== undefined && former.clientId === clientId;
    await endFormer(deps, { account, former, by: old ?? (isSame ? ctx : undefined) });
  }
  const id = deps.newId("webhookSubscription");
  const row = await repo.begin({ id, connectionId, provider: provider.id, appId, clientId });
  const { webhooks } = provider;
  const about = { call: "subscribe", platform };
  const answer = await answered(ctx, about, () => ask(webhooks, row, ctx, addressOf(deps, row, appId)));
  if (answer.ok) {
    await keep(deps, tenantId, row, answer.value);
    return ok("kept");
  }
  if (row.externalId === undefined) await repo.remove(row.id);
  return answer;
}

/** What the platform says to it changes nothing here: the old app's events are not taken any more. */
async function endFormer(
  deps: SubscribeDeps,
  it: { readonly account: Account; readonly former: SubscriptionRecord; readonly by: ConnectorContext | undefined },
): Promise<void> {
  const { account, former, by } = it;
  const { id: connectionId, tenantId, platform } = account;
  const ended = by && (await endAtPlatform(deps, { account, row: former, ctx: by }));
  if (!ended?.ok)
    deps.log.warn(
      { platform, connectionId, ...(ended && { kind: ended.error.kind }) },
      "events of the app an account was signed in with before could not be unsubscribed",
    );
  await deps.subscriptions.forTenant(tenantId).remove(former.id);
}

/** Renewing where the platform can, subscribing anew where it cannot or has forgotten it. */
async function ask(
  { subscribe, renew }: Webhooks,
  { externalId: id }: SubscriptionRecord,
  ctx: ConnectorContext,
  address: string,
): PlatformResult<WebhookSubscription> {
  if (id !== undefined && renew) {
    const renewed = await renew(ctx, { id, address });
    if (renewed.ok || !(renewed.error.kind === "content_rejected" && renewed.error.reason === "missing"))
      return renewed;
  }
  return subscribe ? subscribe(ctx, { address }) : fail({ kind: "unavailable", message: "Nothing can be subscribed." });
}

/** Every subscription has an address of its own, so that its secret speaks for its account only. */
const addressOf = ({ publicUrl }: SubscribeDeps, { id, provider }: SubscriptionRecord, appId: string): string =>
  `${publicUrl}/api/webhooks/${provider}${appId === instanceApp ? "" : `/${appId}`}?subscription=${id}`;

/** A new secret replaces the old one, which goes on being taken: events signed with it may be on their way. */
async function keep(
  deps: SubscribeDeps,
  tenantId: Account["tenantId"],
  row: SubscriptionRecord,
  made: WebhookSubscription,
): Promise<void> {
  const place = { tenantId, ownerId: row.id, name: subscriptionSecretName };
  const before = unpackSubscriptionSecret(await deps.vault.open(place));
  const isNew = made.secret !== undefined && made.secret.reveal() !== before.current?.reveal();
  await deps.subscriptions.forTenant(tenantId).keep({
    id: row.id,
    externalId: made.id,
    expiresAt: made.expiresAt,
    renewAt: made.expiresAt && halfWay(deps.clock.now(), made.expiresAt),
    sealed: isNew
      ? await deps.vault.seal(place, packSubscriptionSecret({ current: made.secret, previous: before.current }))
      : undefined,
  });
}

/** With half of its life left there is time for a long outage. */
const halfWay = (now: Date, end: Date): Date =>
  new Date(now.getTime() + Math.max(0, (end.getTime() - now.getTime()) / 2));

/**
 * Ends an account's subscription at the platform, where no other account hears by it; what is kept of it here goes whatever
 * the platform says.
 */
export async function unsubscribeAccount(
  deps: Pick<SubscribeDeps, "subscriptions" | "registry">,
  account: Account,
  ctx: ConnectorContext,
): PlatformResult<void> {
  const repo = deps.subscriptions.forTenant(account.tenantId);
  const row = await repo.of(account.id);
  const ended = await endAtPlatform(deps, { account, row, ctx });
  if (row) await repo.remove(row.id);
  return ended;
}

async function endAtPlatform(
  { registry, subscriptions }: Pick<SubscribeDeps, "registry" | "subscriptions">,
  it: { readonly account: Account; readonly row: SubscriptionRecord | undefined; readonly ctx: ConnectorContext },
): PlatformResult<void> {
  const { account, row, ctx } = it;
  const { id, tenantId, platform } = account;
  const unsubscribe = registry.providerOf(platform)?.webhooks?.unsubscribe;
  if (!unsubscribe || (await subscriptions.forTenant(tenantId).isShared(id))) return ok(undefined);
  const named = row?.externalId === undefined ? {} : { id: row.externalId };
  return answered(ctx, { call: "unsubscribe", platform }, () => unsubscribe(ctx, named));
}
