import pg from "pg";
import { pause } from "../pause.ts";

export interface Listener {
  /**
   * Calls `onNotify` for every notification of the channel, and once without payload whenever listening (again) has
   * begun, because notifications may have been lost until then. Returns the way to end it.
   */
  subscribe(channel: string, onNotify: (payload?: string) => void): () => void;
  /** Resolves once a session listens to everything subscribed so far. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const heartbeatMs = 10_000;
const longestPauseMs = 5_000;

/**
 * The process's one LISTEN session. Connects in the background, notices a silent loss by a heartbeat and reconnects
 * with growing pauses for as long as it takes. A notification is a hint: every listener also polls.
 */
export function openListener(options: { readonly url: string; readonly onError?: (error: Error) => void }): Listener {
  const channels = new Map<string, Set<(payload?: string) => void>>();
  const closing = new AbortController();
  let session: pg.Client | undefined;
  let ready = Promise.withResolvers<void>();
  let isListening = false;
  /** Ends when the session's last query has; a session asks one thing at a time. */
  let asked: Promise<unknown> = Promise.resolve();

  const report = (error: unknown) => {
    if (!closing.signal.aborted) options.onError?.(error instanceof Error ? error : new Error(String(error)));
  };
  const call = (channel: string, payload?: string) => {
    for (const onNotify of channels.get(channel) ?? []) {
      try {
        onNotify(payload);
      } catch (error) {
        report(error);
      }
    }
  };
  const ask = (client: pg.Client, text: string): Promise<unknown> => {
    const answer = asked.then(() => client.query(text));
    asked = answer.catch(() => {});
    return answer;
  };
  const listenTo = async (client: pg.Client, channel: string) => {
    await ask(client, `listen ${client.escapeIdentifier(channel)}`);
    call(channel);
  };

  async function runSession(): Promise<void> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: "postd_listener",
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    });
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => {}); // a loss while connecting is reported by connect() itself
    client.on("error", (error) => lost.reject(error));
    client.on("end", () => lost.reject(new Error("the listening session ended")));
    client.on("notification", ({ channel, payload }) => call(channel, payload));
    try {
      await client.connect();
      asked = Promise.resolve();
      session = client;
      for (const channel of channels.keys()) await listenTo(client, channel);
      isListening = true;
      ready.resolve();
      while (!closing.signal.aborted) {
        await Promise.race([pause(heartbeatMs, closing.signal), lost.promise]);
        if (!closing.signal.aborted) await Promise.race([ask(client, "select 1"), lost.promise]);
      }
    } finally {
      session = undefined;
      await client.end().catch(() => {}); // already lost; there is nothing more to give back
    }
  }

  const running = (async () => {
    for (let losses = 0; !closing.signal.aborted; losses += 1) {
      try {
        await runSession();
      } catch (error) {
        report(error);
        if (isListening) {
          isListening = false;
          ready = Promise.withResolvers();
          losses = 0;
        }
      }
      await pause(Math.min(longestPauseMs, 100 * 2 ** Math.min(losses, 10)), closing.signal);
    }
  })();

  return {
    subscribe(channel, onNotify) {
      const callbacks = channels.get(channel) ?? new Set();
      callbacks.add(onNotify);
      channels.set(channel, callbacks);
      // A failure ends the session, and the next one listens to every channel.
      if (session) listenTo(session, channel).catch(report);
      return () => callbacks.delete(onNotify);
    },
    ready: () => ready.promise,
    async close() {
      closing.abort();
      await running;
    },
  };
}
