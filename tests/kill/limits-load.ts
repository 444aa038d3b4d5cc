import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { z } from "zod";

// Runs in a thread of its own, so that whoever times the neighbour is not busy with the load. Ends when it is terminated.
const { url, cookie, connectionId } = z
  .object({ url: z.url(), cookie: z.string(), connectionId: z.string() })
  .parse(workerData);

/** A stranger's connection that trickles a large body for as long as it is let, and comes back when it is not. */
async function slowSocket(port: number): Promise<never> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {}).resume();
    socket.write("POST /api/webhooks/facebook HTTP/1.1\r\nhost: postd\r\ncontent-length: 2900000\r\n\r\n");
    const drip = setInterval(() => socket.write("x".repeat(30_000)), 500);
    await gone;
    clearInterval(drip);
    await delay(100);
  }
}

/** Sends again and again; written and read without a look. */
async function keepSending(everyMs: number, method: string, path: string, body?: string): Promise<never> {
  const headers = { cookie, origin: url, "content-type": "application/json" };
  for (;;) {
    const answer = await fetch(new URL(path, url), { method, headers, ...(body ? { body } : {}) });
    await answer.body?.cancel();
    if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status}`);
    await delay(everyMs);
  }
}

const tags = JSON.stringify({ content: "x", options: { tags: ["x".repeat(960_000)] }, targets: [{ connectionId }] });
const port = Number(new URL(url).port);
await Promise.all([
  ...Array.from({ length: 200 }, () => slowSocket(port)),
  ...Array.from({ length: 4 }, () => keepSending(300, "GET", "/api/posts?limit=200")),
  ...Array.from({ length: 4 }, () => keepSending(500, "POST", "/api/posts/validate", tags)),
  keepSending(1_000, "GET", "/api/jobs?limit=200"),
]);
