import type { OpenConnection } from "../../ports/connection-access.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { answered } from "../answered.ts";
import { connectorContext } from "../connector-context.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { failureJson } from "./explain.ts";

/**
 * Whether the platform still has the account's event subscription, where it can be asked. One that is gone there is made
 * anew by whoever tends subscriptions. Nothing of this moves the account's status: posts go out without events.
 */
export async function testEvents(
  deps: Pick<ConnectionsDeps, "registry" | "subscriptions" | "connections" | "context" | "clock" | "monotonicMs">,
  { id, tenantId, platform }: ConnectionRecord,
  connection: OpenConnection,
): Promise<void> {
  const isSubscribed = deps.registry.providerOf(platform)?.webhooks?.isSubscribed;
  if (!isSubscribed) return;
  const repo = deps.subscriptions.forTenant(tenantId);
  const row = await repo.of(id);
  if (row?.externalId === undefined) return;
  const { externalId } = row;
  const ctx = connectorContext(deps.context, { connection, effect: "none", repeatable: true });
  const begunMs = deps.monotonicMs();
  const answer = await answered(ctx, { call: "isSubscribed", platform }, () => isSubscribed(ctx, { id: externalId }));
  const isLost = answer.ok && !answer.value;
  await deps.connections.forTenant(tenantId).logCheck(id, {
    checkType: "webhook_test",
    ok: answer.ok && answer.value,
    latencyMs: Math.round(deps.monotonicMs() - begunMs),
    result: answer.ok
      ? isLost
        ? { message: "The platform no longer has the subscription of events. It is made again." }
        : {}
      : failureJson(answer.error),
    apiVersion: ctx.apiVersion,
  });
  if (isLost) await repo.putOff(row.id, "renew", deps.clock.now());
}
