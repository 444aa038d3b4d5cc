export interface StreamedEvent {
  /** `ready`, `reset` or an event's type. */
  readonly event: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what an event says freely, as they do bodies.
  readonly data: any;
}

export interface OpenStream {
  readonly events: readonly StreamedEvent[];
  /** Comes back with the first event that fits, of those that came already too; rejects when the stream ended without it. */
  until(fits: (event: StreamedEvent) => boolean): Promise<StreamedEvent>;
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens `GET /api/events` as a program does. Throws what is refused. */
export async function openStream(
  baseUrl: string,
  headers: Readonly<Record<string, string>>,
  query = "",
): Promise<OpenStream> {
  const leaving = new AbortController();
  const response = await fetch(`${baseUrl}/api/events${query}`, { headers, signal: leaving.signal });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const events: StreamedEvent[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;
  const wakeAll = () => {
    for (const wake of waiting) wake();
  };
  const ended = (async () => {
    let rest = "";
    try {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const event = eventOf(block);
          if (event) events.push(event);
        }
        wakeAll();
      }
    } catch {
      // The reader left.
    } finally {
      isOver = true;
      wakeAll();
    }
  })();
  return {
    events,
    ended,
    close: () => leaving.abort(),
    async until(fits) {
      for (;;) {
        const found = events.find(fits);
        if (found) return found;
        if (isOver) throw new Error(`the stream ended after ${events.map(({ event }) => event).join(", ")}`);
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  };
}

function eventOf(block: string): StreamedEvent | undefined {
  const fields = new Map(
    block
      .split("\n")
      .filter((line) => !line.startsWith(":"))
      .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const event = fields.get("event");
  if (event === undefined) return undefined;
  const id = fields.get("id");
  return { event, ...(id !== undefined && { id }), data: JSON.parse(fields.get("data") ?? "null") };
}
