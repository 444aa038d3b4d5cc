import type { InboundEvent } from "@postd/connector-kit";
import type { Simulation } from "../../ports/egress.ts";
import type { Inbox, InboxItem, InboxWork } from "../../ports/inbox.ts";
import type { InboundService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { type AuthContextPorts, webhookContext } from "../connector-context.ts";
import { everySet } from "./app-keys.ts";
import { followPersonEvent, isPersonEvent, type PersonEventDeps } from "./person-events.ts";
import { storableEvent } from "./storable-event.ts";

export interface InboundDeps {
  readonly registry: ConnectorRegistry;
  readonly context: AuthContextPorts;
  readonly simulation: Simulation;
  readonly inbox: Inbox;
  readonly newId: () => string;
  readonly publicUrl: string;
}

/** Headers worth keeping for parsing; never cookies or authorisation. */
const keptHeaders = ["content-type", "user-agent"];

/** Verifies and stores what a provider sends; fanning out happens afterwards, in a worker. */
export function createInboundService(deps: InboundDeps): InboundService {
  return {
    async receive(name, request) {
      const provider = deps.registry.provider(name);
      if (!provider?.webhooks) return { kind: "unknown_provider" };
      const simulated = deps.simulation.isSimulated(provider.id);
      const app = everySet(provider, deps.context.settings, simulated);
      if (!app) return { kind: "not_configured" };
      const answer = await provider.webhooks.verify(
        { request, keys: app.signingKeys, now: deps.context.clock.now(), publicUrl: deps.publicUrl },
        webhookContext(deps.context, { provider, simulated, app: app.credentials }),
      );
      if (answer.kind !== "accepted") return answer;
      const headers = Object.fromEntries(
        keptHeaders.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
      );
      const query = Object.fromEntries(
        Object.entries(request.query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      await deps.inbox.store({ id: deps.newId(), provider: provider.id, headers, query, body: request.rawBody });
      return answer;
    },
  };
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
  const events = provider.webhooks.parse({ headers: item.headers, rawBody: item.body, query: item.query });
  for (const sent of events) {
    const event = storableEvent(sent);
    await deps.inbox.apart(async () => {
      // An id that had to be changed to be storable is nobody's.
      if (event.accountExternalId !== sent.accountExternalId) await deps.inbox.keepUnmatched(event);
      else if (isPersonEvent(event)) await followPersonEvent(event, provider, deps);
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
