import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { type EventType, fail, ok, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import type { EventFeed, EventRecord } from "@postd/core";
import { eventFrame, heartbeat, readyFrame, resetFrame } from "./event-frames.ts";

export interface StreamRequest {
  readonly tenantId: TenantId;
  /** What the client saw last. */
  readonly lastEventId?: string;
  readonly types?: readonly EventType[];
  /** Names the session or key; streams of one are asked about once. */
  readonly who: string;
  /** Whether whoever asked still may; asked again while the stream is open. */
  readonly isAllowed: () => Promise<boolean>;
}

export interface EventStreams {
  open(request: StreamRequest): Promise<Result<Readable, ServiceError>>;
  /** Ends all of them; clients come back to another process. */
  close(): Promise<void>;
}

export interface StreamLimits {
  readonly perTenant: number;
  /** Bytes that wait for a client that does not read; beyond, it is ended and comes back with the last event it saw. */
  readonly behindBytes: number;
  readonly heartbeatMs: number;
  /** Rights are looked at again after this long, before anything is told; and after this long where nothing is. */
  readonly rightsMs: number;
  readonly idleRightsMs: number;
  /** Notifications wake it; this is for those that were lost. */
  readonly pollMs: number;
  /** How long events go on being written for somebody who left, so that coming back misses nothing. */
  readonly listensMs: number;
}

export const streamLimits: StreamLimits = {
  perTenant: 1_000,
  behindBytes: 256_000,
  heartbeatMs: 20_000,
  rightsMs: 1_000,
  idleRightsMs: 60_000,
  pollMs: 2_000,
  listensMs: 600_000,
};

/** Events a client that comes back may have missed and still gets told one by one. */
const missedMost = 2_000;
const pageSize = 500;

interface Client {
  readonly tenantId: TenantId;
  readonly types?: ReadonlySet<EventType>;
  readonly who: string;
  readonly isAllowed: () => Promise<boolean>;
  readonly stream: Readable;
  /** When its rights were seen last, by the process's clock. */
  seenMs: number;
  /** The last position it was told of. */
  position: number;
}

interface StreamParts {
  readonly feed: EventFeed;
  /** Wakes at every notification; returns the way to end it. */
  readonly subscribe: (wake: () => void) => () => void;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<StreamLimits>;
}

/**
 * Open event streams of this process: one reader for all of them, one read per tenant that something happened to, and no
 * work for a client to whom nothing happened but a heartbeat. Every client has its own position, so that one that joins
 * amid others, or comes back, is told each event once and in order.
 */
export function createEventStreams(parts: StreamParts): EventStreams {
  const { feed, onError } = parts;
  const limits = { ...streamLimits, ...parts.limits };
  const byTenant = new Map<TenantId, Set<Client>>();
  let stop: (() => void) | undefined;
  let turn: Promise<void> | undefined;
  let isStale = false;
  /** What has been handed on to everybody who was there. */
  let reached: number | undefined;

  const listensUntil = () => new Date(parts.now().getTime() + limits.listensMs);
  const leave = (client: Client) => {
    const of = byTenant.get(client.tenantId);
    of?.delete(client);
    if (of?.size === 0) byTenant.delete(client.tenantId);
    if (byTenant.size === 0) {
      stop?.();
      stop = undefined;
      reached = undefined;
    }
  };
  const end = (client: Client) => {
    leave(client);
    client.stream.push(null);
  };
  const send = (client: Client, text: string) => {
    client.stream.push(text);
    if (client.stream.readableLength <= limits.behindBytes) return;
    leave(client);
    client.stream.destroy();
  };
  const tell = (client: Client, event: EventRecord) => {
    if (event.position <= client.position) return;
    client.position = event.position;
    if (client.types === undefined || client.types.has(event.type)) send(client, eventFrame(event));
  };

  /** Ends the streams of whoever may no longer read, of those not asked about for `olderThanMs`. */
  async function lookAtRights(clients: readonly Client[], olderThanMs: number): Promise<void> {
    const answers = new Map<string, Promise<boolean>>();
    for (const client of clients) {
      const nowMs = performance.now();
      if (nowMs - client.seenMs < olderThanMs) continue;
      // A database that is away ends nobody's stream; nothing is told meanwhile, as nothing can be read.
      const answer = answers.get(client.who) ?? client.isAllowed().catch(() => true);
      answers.set(client.who, answer);
      if (await answer) client.seenMs = nowMs;
      else end(client);
    }
  }

  async function tellTenant(tenantId: TenantId, upTo: number): Promise<void> {
    const own = feed.forTenant(tenantId);
    for (;;) {
      await lookAtRights([...(byTenant.get(tenantId) ?? [])], limits.rightsMs);
      const clients = [...(byTenant.get(tenantId) ?? [])];
      const from = Math.min(...clients.map(({ position }) => position));
      if (clients.length === 0 || from >= upTo) return;
      const events = await own.after(from, pageSize);
      for (const client of clients) for (const event of events) tell(client, event);
      if (events.length < pageSize) return;
    }
  }

  async function handOn(): Promise<void> {
    do {
      isStale = false;
      if (byTenant.size === 0) return;
      const upTo = await feed.head();
      if (reached === undefined || upTo > reached) {
        const places = reached === undefined ? [] : await feed.after(reached, missedMost, [...byTenant.keys()]);
        // Unknown from where, or too many to name: whoever is here is looked after.
        const whose =
          reached === undefined || places.length === missedMost
            ? [...byTenant.keys()]
            : [...new Set(places.map(({ tenantId }) => tenantId))];
        for (const tenantId of whose) await tellTenant(tenantId, upTo);
        reached = upTo;
      }
    } while (isStale);
  }
  const wake = () => {
    isStale = true;
    turn ??= handOn()
      .catch(onError)
      .finally(() => {
        turn = undefined;
      });
  };

  async function beat(): Promise<void> {
    const until = listensUntil();
    for (const tenantId of [...byTenant.keys()]) await feed.forTenant(tenantId).listen("streams", until);
    const everybody = () => [...byTenant.values()].flatMap((clients) => [...clients]);
    for (const client of everybody()) send(client, heartbeat);
    await lookAtRights(everybody(), limits.idleRightsMs);
  }
  function start(): () => void {
    const unsubscribe = parts.subscribe(wake);
    const poll = setInterval(wake, limits.pollMs).unref();
    let beating = false;
    const beats = setInterval(() => {
      if (beating) return;
      beating = true;
      void beat()
        .catch(onError)
        .finally(() => {
          beating = false;
        });
    }, limits.heartbeatMs).unref();
    return () => {
      unsubscribe();
      clearInterval(poll);
      clearInterval(beats);
    };
  }

  /** Where the client goes on, and its first words. */
  async function begin({ tenantId, lastEventId }: StreamRequest): Promise<{ position: number; words: string }> {
    const own = feed.forTenant(tenantId);
    const head = await feed.head();
    if (lastEventId === undefined) return { position: head, words: readyFrame };
    const seen = /^evt_[0-9a-f]{32}$/.test(lastEventId) ? await own.get(lastEventId as never) : undefined;
    if (seen === undefined) return { position: head, words: resetFrame };
    const missed = await own.after(seen.position, missedMost);
    return missed.length < missedMost
      ? { position: seen.position, words: readyFrame }
      : { position: head, words: resetFrame };
  }

  return {
    async open(request) {
      // First of all: what happens from here on is written.
      await feed.forTenant(request.tenantId).listen("streams", listensUntil());
      const { position, words } = await begin(request);
      if ((byTenant.get(request.tenantId)?.size ?? 0) >= limits.perTenant)
        return fail({
          code: "rate_limited",
          detail: `This workspace has ${limits.perTenant} event streams open here, the most there may be.`,
          next: "Close some; one stream serves a whole program.",
        });
      const stream = new Readable({ read() {} });
      const client: Client = {
        tenantId: request.tenantId,
        who: request.who,
        isAllowed: request.isAllowed,
        stream,
        seenMs: performance.now(),
        position,
        ...(request.types && { types: new Set(request.types) }),
      };
      stream.once("close", () => leave(client));
      const of = byTenant.get(request.tenantId) ?? new Set();
      byTenant.set(request.tenantId, of.add(client));
      stop ??= start();
      send(client, words);
      await tellTenant(request.tenantId, await feed.head());
      return ok(stream);
    },
    async close() {
      for (const client of [...byTenant.values()].flatMap((clients) => [...clients])) end(client);
      await turn;
    },
  };
}
