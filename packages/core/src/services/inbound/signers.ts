import type { AppCredentials, Provider, Secret } from "@postd/connector-kit";
import type { ConnectionId } from "@postd/contracts";
import type { ConnectorSettings, Simulation } from "../../ports/egress.ts";
import type { InboundFailure } from "../../ports/operations.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { SubscriptionsRepo } from "../../ports/subscriptions.ts";
import type { TenantAppsRepo } from "../../ports/tenant-apps.ts";
import type { Vault } from "../../ports/vault.ts";
import { type AuthContextPorts, noApp } from "../connector-context.ts";
import { keysOf, subscriptionSecretName, unpackSubscriptionSecret } from "../subscriptions/secret.ts";
import { clientIdsOf, everySet } from "./app-keys.ts";

export interface SignersDeps {
  readonly context: AuthContextPorts;
  readonly simulation: Simulation;
  readonly apps: Pick<TenantAppsRepo, "ownerOf">;
  readonly subscriptions: Pick<SubscriptionsRepo, "owner">;
  readonly vault: Pick<Vault, "open">;
}

export interface Signers {
  readonly kind: "signers";
  readonly keys: readonly Secret[];
  readonly app: AppCredentials;
  /** What the provider calls the app; each of its sets may be another. */
  readonly clientIds: readonly string[];
  readonly simulated: boolean;
  /** Whose subscription's secret signs; undefined: the app's keys do, for every account. */
  readonly connectionId: ConnectionId | undefined;
}

type NoSigners = InboundFailure | { readonly kind: "refused"; readonly status: number; readonly reason: string };

export interface Address {
  readonly provider: Provider;
  readonly appId: string;
  /** The subscription it names. */
  readonly subscription: string | undefined;
}

/** Whether the database has to be asked who signs: not for this server's own apps, whose keys are configured. */
export const needsDatabase = ({ appId, subscription }: Address): boolean =>
  appId !== instanceApp || subscription !== undefined;

/**
 * What a request to an address may be signed with: the secret of the subscription that it names, and nothing else where
 * that has one; else the app's keys. A subscription nobody has any more stands for no account: what the app's own key
 * signed is taken all the same, since one at the platform may serve several accounts, and was named by the first of them.
 */
export async function signersOf(
  deps: SignersDeps,
  { provider, appId, subscription }: Address,
): Promise<Signers | NoSigners> {
  const settings = appId === instanceApp ? deps.context.settings : await ownSettings(deps, provider, appId);
  if (!settings) return { kind: "unknown_app" };
  const simulated = deps.simulation.isSimulated(provider.id);
  const app = everySet(provider, settings, simulated);
  const clientIds = clientIdsOf(provider, settings, simulated);
  const owner = subscription === undefined ? undefined : await deps.subscriptions.owner(subscription);
  const isStrange = subscription !== undefined && owner?.provider !== provider.id;
  if (isStrange && (owner !== undefined || !app?.signingKeys.length))
    return { kind: "refused", status: 403, reason: "there is no such subscription" };
  const place = owner && { tenantId: owner.tenantId, ownerId: owner.id, name: subscriptionSecretName };
  const own = place ? keysOf(unpackSubscriptionSecret(await deps.vault.open(place))) : [];
  const found = { kind: "signers", clientIds, simulated } as const;
  if (own.length > 0 && owner)
    return { ...found, keys: own, app: app?.credentials ?? noApp, connectionId: owner.connectionId };
  // Subscribed with a key somebody typed: no app is needed to know it, and none to answer its handshake.
  if (!app && owner) return { ...found, keys: [], app: noApp, connectionId: owner.connectionId };
  if (!app) return { kind: "not_configured" };
  return { ...found, keys: app.signingKeys, app: app.credentials, connectionId: undefined };
}

/** What a tenant's own app has set, as the only thing there is; undefined: no such app at this provider. */
async function ownSettings(
  { apps, context }: Pick<SignersDeps, "apps" | "context">,
  provider: Provider,
  appId: string,
): Promise<Pick<ConnectorSettings, "appCredentials"> | undefined> {
  const tenantId = await apps.ownerOf(appId);
  const opened = tenantId && (await context.tenantApp?.(tenantId, appId));
  if (opened?.app.provider !== provider.id) return undefined;
  return { appCredentials: ({ setId }) => (setId === opened.app.setId ? opened.credentials : undefined) };
}
