import type { InboundEvent, Provider } from "@postd/connector-kit";
import type { EventReceiver, Inbox, InboxItem, InboxWork } from "../../ports/inbox.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { followPersonEvent, isPersonEvent, type PersonEventDeps } from "./person-events.ts";
import { storableEvent } from "./storable-event.ts";

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
    else
      deps.log.error(
        about,
        "a request of a platform was put aside; POST /api/inbound/replay or npm run db -- retry-inbound tries it again",
      );
  }
}

async function fanOut(
  item: InboxItem,
  deps: Omit<FanOutDeps, "inbox"> & { readonly inbox: InboxWork },
): Promise<{ readonly events: number }> {
  const provider = deps.registry.provider(item.provider);
  if (!provider?.webhooks) throw new Error(`no connector takes requests of ${item.provider}`);
  const about = { provider, appId: item.appId, clientIds: item.clientIds, within: item.connectionId };
  const events = provider.webhooks.parse({ headers: item.headers, rawBody: item.body, query: item.query });
  for (const sent of events) {
    const event = storableEvent(sent);
    await deps.inbox.apart(async () => {
      // An id that had to be changed to be storable is nobody's.
      if (event.accountExternalId !== sent.accountExternalId) await deps.inbox.keepUnmatched(event);
      else if (isPersonEvent(event)) await followPersonEvent(event, about, deps);
      else await keep(event, about, deps.inbox);
    });
  }
  return { events: events.length };
}

type About = { readonly provider: Provider } & Pick<
  Parameters<InboxWork["receivers"]>[0],
  "appId" | "clientIds" | "within"
>;

async function keep(event: InboundEvent, { provider, ...about }: About, inbox: InboxWork): Promise<void> {
  const { platform, accountExternalId } = event;
  // What a person took back or gave is their sign-in's, which opens accounts of several platforms.
  const platforms = isOfAccess(event) ? provider.platforms.map(({ id }) => id) : [platform];
  const receivers = await inbox.receivers({ ...about, platforms, accountExternalId });
  if (receivers.length === 0) await inbox.keepUnmatched(event);
  for (const receiver of receivers)
    if (isAnnouncement(event)) await inbox.askForPull(receiver);
    else if (await inbox.keepEvent(receiver, event)) await follow(event, receiver, inbox);
}

/** What a new event makes POSTD do; docs/guides/events.md says it for every type. */
async function follow(event: InboundEvent, receiver: EventReceiver, inbox: InboxWork): Promise<void> {
  const names = namesIn(event);
  const { isNewPost = false } = event;
  if (names.length > 0 || isNewPost) await inbox.hasten(receiver, { names, isNewPost });
  if (isOfInbox(event)) await inbox.readSoon(receiver);
  if (isOfAccess(event) || event.type === "account.changed") await inbox.checkSoon(receiver);
}

/** A notification that only says that something is there: it is fetched, outside of this transaction. */
const isAnnouncement = ({ type }: InboundEvent): boolean => type === "changes.waiting";

/** What the account, or its person, lets the app do may have changed. */
const isOfAccess = ({ type }: InboundEvent): boolean => type === "permissions.changed";

/** Somebody wrote something, changed it or took it away. */
export const isOfInbox = ({ type }: Pick<InboundEvent, "type">): boolean =>
  /^(?:comment|review|mention|message)\./.test(type);

/** What the platform calls the post it has news of: its id, or that of what becomes it. */
const namesIn = ({ type, data }: InboundEvent): readonly string[] =>
  type === "post.changed"
    ? [data.post, data.publishId].flatMap((name) => (typeof name === "string" && name !== "" ? [name] : []))
    : [];
