import type { AppCredentials, Connector, InboundEvent } from "@postd/connector-kit";
import type { ConnectorSettings, Simulation } from "../../ports/egress.ts";
import type { Inbox, InboxItem, InboxWork } from "../../ports/inbox.ts";
import type { InboundService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { followPersonEvent, isPersonEvent, type PersonEventDeps } from "./person-events.ts";
import { storableEvent } from "./storable-event.ts";

export interface InboundDeps {
  readonly registry: ConnectorRegistry;
  readonly settings: ConnectorSettings & Simulation;
  readonly inbox: Inbox;
  readonly newId: () => string;
}

/** Headers worth keeping for parsing; never cookies or authorisation. */
const keptHeaders = ["content-type", "user-agent"];

/** Verifies and stores what a platform sends; fanning out happens afterwards, in a worker. */
export function createInboundService(deps: InboundDeps): InboundService {
  return {
    async receive(platform, request) {
      const connector = connectorOf(deps.registry, platform);
      if (!connector?.webhooks) return { kind: "unknown_platform" };
      const app = everySet(connector, deps.settings);
      if (!app) return { kind: "not_configured" };
      const answer = connector.webhooks.verify(request, app);
      if (answer.kind !== "accepted") return answer;
      const headers = Object.fromEntries(
        keptHeaders.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
      );
      const query = Object.fromEntries(
        Object.entries(request.query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      await deps.inbox.store({ id: deps.newId(), platform: connector.id, headers, query, body: request.rawBody });
      return answer;
    },
  };
}

/** An address may name a platform or a family whose connectors share one. */
function connectorOf(registry: ConnectorRegistry, platform: string): Connector | undefined {
  return registry.get(platform) ?? registry.all().find(({ family, webhooks }) => family === platform && webhooks);
}

/** All sets of a connector behind one look-up, as `field` of the first set or `set.field`; undefined: none is configured. */
function everySet(connector: Connector, settings: InboundDeps["settings"]): AppCredentials | undefined {
  const simulated = settings.isSimulated(connector.id);
  const sets = connector.appCredentials.flatMap(({ id }) => {
    const values = settings.appCredentials({ connector, setId: id, simulated });
    return values ? [{ id, values }] : [];
  });
  const [first] = sets;
  if (!first) return undefined;
  const find = (name: string) => {
    const [set, field] = name.includes(".") ? name.split(".", 2) : [first.id, name];
    const values = sets.find(({ id }) => id === set)?.values;
    return values && field ? { values, field } : undefined;
  };
  return {
    value: (name) => {
      const found = find(name);
      return found?.values.value(found.field);
    },
    secret: (name) => {
      const found = find(name);
      return found?.values.secret(found.field);
    },
  };
}

export interface FanOutDeps extends PersonEventDeps {
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
  deps: PersonEventDeps & { readonly inbox: InboxWork },
): Promise<{ readonly events: number }> {
  const connector = deps.registry.get(item.platform);
  if (!connector?.webhooks) throw new Error(`no connector takes requests of ${item.platform}`);
  const events = connector.webhooks.parse({ headers: item.headers, rawBody: item.body, query: item.query });
  for (const sent of events) {
    const event = storableEvent(sent);
    await deps.inbox.apart(async () => {
      // An id that had to be changed to be storable is nobody's.
      if (event.accountExternalId !== sent.accountExternalId) await deps.inbox.keepUnmatched(event);
      else if (isPersonEvent(event)) await followPersonEvent(event, connector, deps);
      else await keep(event, deps.inbox);
    });
  }
  return { events: events.length };
}

async function keep(event: InboundEvent, inbox: InboxWork): Promise<void> {
  const { platform, accountExternalId } = event;
  const receivers = await inbox.receivers({ platforms: [platform], accountExternalId });
  if (receivers.length === 0) await inbox.keepUnmatched(event);
  for (const receiver of receivers) await inbox.keepEvent(receiver, event);
}
