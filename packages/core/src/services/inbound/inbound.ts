import type { AppCredentials, InboundEvent, Provider, Secret } from "@postd/connector-kit";
import type { ConnectionId } from "@postd/contracts";
import type { ConnectorSettings, Simulation } from "../../ports/egress.ts";
import type { Inbox, InboxItem, InboxWork } from "../../ports/inbox.ts";
import type { InboundService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { SubscriptionsRepo } from "../../ports/subscriptions.ts";
import type { TenantAppsRepo } from "../../ports/tenant-apps.ts";
import type { Vault } from "../../ports/vault.ts";
import { type AuthContextPorts, noApp, webhookContext } from "../connector-context.ts";
import { keysOf, subscriptionSecretName, unpackSubscriptionSecret } from "../subscriptions/secret.ts";
import { clientIdsOf, everySet } from "./app-keys.ts";
import { followPersonEvent, isPersonEvent, type PersonEventDeps } from "./person-events.ts";
import { storableEvent } from "./storable-event.ts";

export interface InboundDeps {
  readonly registry: ConnectorRegistry;
  readonly context: AuthContextPorts;
  readonly simulation: Simulation;
  readonly apps: Pick<TenantAppsRepo, "ownerOf">;
  readonly inbox: Inbox;
  readonly subscriptions: Pick<SubscriptionsRepo, "owner">;
  readonly vault: Pick<Vault, "open">;
  readonly newId: () => string;
  readonly publicUrl: string;
}

/** Headers worth keeping for parsing; never cookies or authorisation. */
const keptHeaders = ["content-type", "user-agent"];

/** Verifies and stores what a provider sends; fanning out happens afterwards, in a worker. */
export function createInboundService(deps: InboundDeps): InboundService {
  return {
    async receive(name, request, appId = instanceApp) {
      const provider = deps.registry.provider(name);
      if (!provider?.webhooks) return { kind: "unknown_provider" };
      const settings = appId === instanceApp ? deps.context.settings : await ownSettings(deps, provider, appId);
      if (!settings) return { kind: "unknown_app" };
      const signers = await signersOf(deps, { provider, settings, named: request.query.subscription });
      if ("kind" in signers) return signers;
      const answer = await provider.webhooks.verify(
        { request, keys: signers.keys, now: deps.context.clock.now(), publicUrl: deps.publicUrl },
        webhookContext(deps.context, { provider, simulated: signers.simulated, app: signers.app }),
      );
      if (answer.kind !== "accepted") return answer;
      const headers = Object.fromEntries(
        keptHeaders.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
      );
      const { secretQuery = [] } = provider.webhooks;
      const query = Object.fromEntries(
        Object.entries(request.query).flatMap(([name, value]) =>
          value === undefined || secretQuery.includes(name) ? [] : [[name, value]],
        ),
      );
      const { connectionId } = signers;
      const clientIds = clientIdsOf(provider, settings, signers.simulated);
      const from = { provider: provider.id, appId, clientIds, connectionId };
      await deps.inbox.store({ id: deps.newId(), ...from, headers, query, body: request.rawBody });
      return answer;
    },
  };
}

interface Signers {
  readonly keys: readonly Secret[];
  readonly app: AppCredentials;
  readonly simulated: boolean;
  /** Whose subscription's secret signs; undefined: the app's keys do, for every account. */
  readonly connectionId: ConnectionId | undefined;
}

/**
 * What a request to an address may be signed with: the secret of the subscription that it names, and nothing else where
 * that has one; else the app's keys.
 */
async function signersOf(
  deps: InboundDeps,
  {
    provider,
    settings,
    named,
  }: {
    readonly provider: Provider;
    readonly settings: Pick<ConnectorSettings, "appCredentials">;
    readonly named: string | undefined;
  },
): Promise<Signers | Exclude<Awaited<ReturnType<InboundService["receive"]>>, { readonly kind: "accepted" }>> {
  const simulated = deps.simulation.isSimulated(provider.id);
  const app = everySet(provider, settings, simulated);
  const owner = named === undefined ? undefined : await deps.subscriptions.owner(named);
  if (named !== undefined && owner?.provider !== provider.id)
    return { kind: "refused", status: 403, reason: "there is no such subscription" };
  const place = owner && { tenantId: owner.tenantId, ownerId: owner.id, name: subscriptionSecretName };
  const own = place ? keysOf(unpackSubscriptionSecret(await deps.vault.open(place))) : [];
  if (own.length > 0 && owner)
    return { keys: own, app: app?.credentials ?? noApp, simulated, connectionId: owner.connectionId };
  // Subscribed with a key somebody typed: no app is needed to know it, and none to answer its handshake.
  if (!app && owner) return { keys: [], app: noApp, simulated, connectionId: owner.connectionId };
  if (!app) return { kind: "not_configured" };
  return { keys: app.signingKeys, app: app.credentials, simulated, connectionId: undefined };
}

/** What a tenant's own app has set, as the only thing there is; undefined: no such app at this provider. */
async function ownSettings(
  { apps, context }: Pick<InboundDeps, "apps" | "context">,
  provider: Provider,
  appId: string,
): Promise<Pick<ConnectorSettings, "appCredentials"> | undefined> {
  const tenantId = await apps.ownerOf(appId);
  const opened = tenantId && (await context.tenantApp?.(tenantId, appId));
  if (opened?.app.provider !== provider.id) return undefined;
  return { appCredentials: ({ setId }) => (setId === opened.app.setId ? opened.credentials : undefined) };
}

export interface FanOutDeps extends PersonEventDeps {
  readonly registry: ConnectorRegistry;
  readonly inbox: Inbox;
  readonly log: {
    warn(fields: Readonly<Record<string, unknown>>, message: string): void;
    error(fields: Readonly<Record<string, unknown>>, message: string): void;
  };
}

/**
 * Turns stored requests into events of the connections they are about; repeats of one event are kept once. Answers how
 * many requests were worked on. Throws when the database is away.
 */
export async function fanOutInbox(deps: FanOutDeps): Promise<number> {
  for (let count = 0; ; count += 1) {
    const turn = await deps.inbox.processNext((item, inbox) => fanOut(item, { ...deps, inbox }));
    if (turn.kind === "none") return count;
    if (turn.kind === "done") continue;
    const { kind, ...about } = turn;
    if (kind === "failed") deps.log.warn(about, "a request of a platform could not be worked on; it is tried again");
    else deps.log.error(about, "a request of a platform was put aside; npm run db -- retry-inbound tries it again");
  }
}

async function fanOut(
  item: InboxItem,
  deps: Omit<FanOutDeps, "inbox"> & { readonly inbox: InboxWork },
): Promise<{ readonly events: number }> {
  const provider = deps.registry.provider(item.provider);
  if (!provider?.webhooks) throw new Error(`no connector takes requests of ${item.provider}`);
  const about = { appId: item.appId, clientIds: item.clientIds, within: item.connectionId };
  const events = provider.webhooks.parse({ headers: item.headers, rawBody: item.body, query: item.query });
  for (const sent of events) {
    const event = storableEvent(sent);
    await deps.inbox.apart(async () => {
      // An id that had to be changed to be storable is nobody's.
      if (event.accountExternalId !== sent.accountExternalId) await deps.inbox.keepUnmatched(event);
      else if (isPersonEvent(event)) await followPersonEvent(event, { provider, ...about }, deps);
      else await keep(event, about, deps.inbox);
    });
  }
  return { events: events.length };
}

/** A notification that only says that something is there: it is fetched, outside of this transaction. */
const isAnnouncement = ({ type }: InboundEvent): boolean => type === "changes.waiting";

async function keep(
  event: InboundEvent,
  about: Pick<Parameters<InboxWork["receivers"]>[0], "appId" | "clientIds" | "within">,
  inbox: InboxWork,
): Promise<void> {
  const { platform, accountExternalId } = event;
  const receivers = await inbox.receivers({ ...about, platforms: [platform], accountExternalId });
  if (receivers.length === 0) await inbox.keepUnmatched(event);
  const names = namesIn(event);
  for (const receiver of receivers)
    if (isAnnouncement(event)) await inbox.askForPull(receiver);
    else if (await inbox.keepEvent(receiver, event)) {
      if (names.length > 0) await inbox.hasten(receiver, names);
      if (isOfInbox(event)) await inbox.readSoon(receiver);
    }
}

/** Somebody wrote something, changed it or took it away. */
export const isOfInbox = ({ type }: Pick<InboundEvent, "type">): boolean =>
  /^(?:comment|review|mention|message)\./.test(type);

/** What the platform calls the post it has news of: its id, or that of what becomes it. */
const namesIn = ({ type, data }: InboundEvent): readonly string[] =>
  type === "post.changed"
    ? [data.post, data.publishId].flatMap((name) => (typeof name === "string" && name !== "" ? [name] : []))
    : [];
