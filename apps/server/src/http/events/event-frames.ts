import type { EventRecord } from "@postd/core";

/** Lines that keep a connection open and say nothing. */
export const heartbeat = ":\n\n";

/** How long a browser waits before it comes back. */
const retryMs = 2_000;

/** The first words of a stream: everything from here on comes by it. */
export const readyFrame = `retry: ${retryMs}\nevent: ready\ndata: {}\n\n`;

/** What was missed can no longer be told. */
export const resetFrame = `retry: ${retryMs}\nevent: reset\ndata: {}\n\n`;

/** One event as server-sent events have it; JSON holds no line break of its own. */
export function eventFrame({ id, type, at, data }: EventRecord): string {
  return `event: ${type}\nid: ${id}\ndata: ${JSON.stringify({ id, type, at: at.toISOString(), data })}\n\n`;
}
