import type { Json } from "@postd/contracts";
import type { SimEnv } from "./types.ts";

/** Where events go: an app's address, or one somebody subscribed. */
export interface SimSubscription {
  readonly id: string;
  readonly address: string;
  /** What deliveries are signed with. */
  readonly secret: string;
  /** Whom or what it is about: a page, an audience, an app. */
  readonly subject: string;
  /** Kinds of event it takes; empty: all. */
  readonly events: readonly string[];
  readonly expiresAt?: number;
}

/** An event that was sent; 0: the address did not answer. */
export interface SimDelivery {
  readonly at: string;
  readonly event: string;
  readonly address: string;
  status: number | "pending";
}

/** Headers that sign a body, as the platform's documentation has them. */
export type SignDelivery = (input: {
  readonly body: string;
  readonly secret: string;
  readonly at: Date;
}) => Readonly<Record<string, string>>;

/** Subscriptions, and signed events to them. Events leave at once and are not waited for; `settle` does. */
export function simWebhooks(env: Pick<SimEnv, "now" | "randomId" | "deliver" | "ask">, sign: SignDelivery) {
  const subscriptions = new Map<string, SimSubscription>();
  const deliveries: SimDelivery[] = [];
  const outbox = new Set<Promise<void>>();
  const isOver = ({ expiresAt }: SimSubscription) => expiresAt !== undefined && expiresAt <= env.now().getTime();

  function send(
    to: Pick<SimSubscription, "address" | "secret">,
    event: string,
    body: Json | string,
    contentType: string,
  ): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers = { "content-type": contentType, ...sign({ body: text, secret: to.secret, at: env.now() }) };
    const delivery: SimDelivery = { at: env.now().toISOString(), event, address: to.address, status: "pending" };
    deliveries.push(delivery);
    const sending = env
      .deliver(to.address, { headers, body: text })
      .then((status) => {
        delivery.status = status;
      })
      .catch(() => {
        // An address that does not answer is its owner's trouble, not the platform's.
        delivery.status = 0;
      })
      .finally(() => outbox.delete(sending));
    outbox.add(sending);
  }

  return {
    subscribe(
      input: Omit<SimSubscription, "id" | "events"> & { readonly id?: string; readonly events?: readonly string[] },
    ): SimSubscription {
      const subscription = { events: [], ...input, id: input.id ?? env.randomId() };
      subscriptions.set(subscription.id, subscription);
      return subscription;
    },
    get: (id: string): SimSubscription | undefined => subscriptions.get(id),
    list: (subject?: string): readonly SimSubscription[] =>
      [...subscriptions.values()].filter((one) => subject === undefined || one.subject === subject),
    remove: (id: string): boolean => subscriptions.delete(id),
    /** Tells every subscription of the subject that takes this event; answers how many. */
    emit(subject: string, event: string, body: Json | string, contentType = "application/json"): number {
      const to = [...subscriptions.values()].filter(
        (one) => one.subject === subject && !isOver(one) && (one.events.length === 0 || one.events.includes(event)),
      );
      for (const subscription of to) send(subscription, event, body, contentType);
      return to.length;
    },
    /** Sends to one address, whether it is subscribed or not. */
    send: (
      to: Pick<SimSubscription, "address" | "secret">,
      event: string,
      body: Json | string,
      contentType = "application/json",
    ) => send(to, event, body, contentType),
    /** Asks an address to prove itself: GET with these parameters; undefined where it does not answer. `json` where it is. */
    async challenge(address: string, params: Readonly<Record<string, string>>) {
      const url = new URL(address);
      for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
      const answer = await env.ask(url.href);
      return answer && { ...answer, json: jsonOf(answer.text) };
    },
    /** What came of each event so far. */
    shown: (): Json[] => deliveries.map((delivery) => ({ ...delivery })),
    /** Waits until every event has been answered. */
    async settle(): Promise<number> {
      while (outbox.size > 0) await Promise.all(outbox);
      return deliveries.length;
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: a handshake in plain text.
  }
}

export type SimWebhooks = ReturnType<typeof simWebhooks>;
