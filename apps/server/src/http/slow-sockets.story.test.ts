import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { createBodyPool } from "./body-pool.ts";
import type { HttpConfig } from "./deps.ts";
import { startFakeApp } from "./testing/fake-app.ts";

const open = new Set<Socket>();
const apps: FastifyInstance[] = [];
after(async () => {
  for (const socket of open) socket.destroy();
  await Promise.all(apps.map((app) => app.close()));
});

async function listen(config: Partial<HttpConfig>): Promise<number> {
  const { app } = await startFakeApp({ config });
  apps.push(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  const [address] = app.addresses();
  return typeof address === "object" ? address.port : assert.fail();
}

/** A client on a bare socket; `said` resolves with everything it was told when the connection ends. */
function client(port: number, text: string): { readonly socket: Socket; readonly said: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  open.add(socket);
  const said = new Promise<string>((resolve) => {
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(heard));
    socket.on("error", () => {});
  });
  socket.write(text);
  return { socket, said };
}

const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;
const json = "content-type: application/json\r\n";
const owner = "authorization: Bearer session:owner\r\n";

test("a body that stops arriving is answered 408 and its connection ends", async () => {
  const port = await listen({ socketLimits: { idleMs: 500 } });
  for (const request of [
    head("/api/webhooks/facebook", `${json}content-length: 90000\r\n`),
    head("/api/posts", `${json}${owner}content-length: 90000\r\n`),
    head("/api/auth/sign-in/email", `${json}content-length: 9000\r\n`),
  ]) {
    const heard = await client(port, `${request}{"a":`).said;
    assert.match(heard, /^HTTP\/1.1 408 /, request);
    assert.match(heard, /"code":"too_slow".*"next":/);
  }
});

test("a body that trickles without end is answered 408 all the same", async () => {
  const port = await listen({ socketLimits: { idleMs: 500, bodyMs: 1_500 } });
  const { socket, said } = client(port, head("/api/webhooks/facebook", `${json}content-length: 90000\r\n`));
  const drip = setInterval(() => socket.write(" "), 100);
  assert.match(await said, /^HTTP\/1.1 408 /);
  clearInterval(drip);
});

test("an upload that brings something may take longer than any other body, one that does not may not", async () => {
  const port = await listen({ socketLimits: { idleMs: 500, bodyMs: 600, uploadMinBytes: 100 } });
  const form = (size: number) =>
    `${head("/api/media", `${owner}content-type: multipart/form-data; boundary=b\r\ncontent-length: ${size}\r\n`)}--b\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n`;
  const size = 20 * 200 + 75 + 7;
  const steady = client(port, form(size));
  let sent = 0;
  const drip = setInterval(() => {
    if (sent < 20) steady.socket.write("x".repeat(200));
    else steady.socket.end("\r\n--b--");
    sent += 1;
    if (sent > 20) clearInterval(drip);
  }, 100);
  const stalls = client(port, form(size));
  const heard = await stalls.said;
  assert.ok(heard === "" || heard.startsWith("HTTP/1.1 408 "), heard);
  assert.match(await steady.said, /^HTTP\/1.1 (201|4\d\d) /);
  assert.ok(sent > 20, "it was heard to its end");
});

test("who is not let in is told before a body is read, and the rest of it is not waited for", async () => {
  const port = await listen({});
  for (const [request, status] of [
    [head("/api/posts", `${json}content-length: 90000\r\n`), 401],
    [head("/api/nothing", `${json}content-length: 90000\r\n`), 404],
    [head("/api/media", "content-type: multipart/form-data; boundary=b\r\ncontent-length: 90000000\r\n"), 401],
    [head("/api/webhooks/facebook", `${json}content-length: 90000000\r\n`), 413],
    [head("/api/auth/sign-in/email", `${json}content-length: 90000000\r\n`), 413],
    [head("/api/posts", `${owner}content-type: multipart/form-data; boundary=b\r\ncontent-length: 9000\r\n`), 415],
  ] as const) {
    const heard = await client(port, request).said;
    assert.ok(heard.startsWith(`HTTP/1.1 ${status} `), `${request}: ${heard.slice(0, 100)}`);
  }
});

test("connections beyond the caps of one address and of all are refused at once", async () => {
  const port = await listen({ socketLimits: { perAddress: 5, inAll: 100 } });
  const clients = Array.from({ length: 8 }, () => client(port, "GET /api/live HTTP/1.1\r\nhost: x\r\n"));
  const refused = Promise.all(clients.slice(5).map(({ said }) => said));
  assert.deepEqual(await refused, ["", "", ""]);
  const [first] = clients;
  first?.socket.destroy();
  await first?.said;
  const answered = client(port, "GET /api/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  assert.match(await answered.said, /^HTTP\/1.1 200 /, "a place that came free is given again");
});

test("bodies that are still arriving share one memory, and the one that takes longest makes room", async () => {
  const port = await listen({ bodiesMaxBytes: 200_000, webhookMaxBytes: 100_000 });
  const slow = Array.from({ length: 4 }, () =>
    client(port, `${head("/api/webhooks/facebook", `${json}content-length: 100000\r\n`)}${"x".repeat(60_000)}`),
  );
  assert.match((await slow[0]?.said) ?? "", /^HTTP\/1.1 503 [\s\S]*retry-after: 2/i);
  const quick = client(
    port,
    `${head("/api/webhooks/facebook", `${json}connection: close\r\ncontent-length: 2\r\n`)}{}`,
  );
  assert.doesNotMatch(await quick.said, /^HTTP\/1.1 (5|408)/);
});

test("a body in single bytes takes no more memory than one that comes whole", async () => {
  const pool = createBodyPool(10_000_000);
  const { PassThrough } = await import("node:stream");
  const payload = new PassThrough();
  const request = { headers: {} } as never;
  const collected = pool.collect(request, payload, 100_000);
  for (let i = 0; i < 50_000; i += 1) payload.write("x");
  await new Promise(setImmediate);
  assert.ok(pool.usedBytes <= 100_000, `${pool.usedBytes}`);
  payload.end();
  assert.equal((await collected).byteLength, 50_000);
  assert.equal(pool.usedBytes, 0);
});
