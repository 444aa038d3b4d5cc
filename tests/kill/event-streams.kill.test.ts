import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { after, before, test } from "node:test";
import { type ApiSession, signUp } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { createProcessSystem, type Part, type ProcessSystem } from "@postd/testkit/processes";

const workspaces = 4;
const clientsEach = 500;
/** What one open stream may cost the server; a socket of Node with its request is about half of it. */
const memoryEachMaxKb = 100;

let system: ProcessSystem;
let server: Part;

before(async () => {
  system = await createProcessSystem();
  server = await system.startAll();
});
after(() => system?.close());

const memoryKb = () => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/smaps_rollup`, "utf8"))?.[1]);

interface Listening {
  readonly heard: string[];
  readonly times: number[];
  readonly answer: IncomingMessage;
}

/** A stream from a loopback address of its own group, as no one address may hold them all. */
function listen(session: ApiSession, localAddress: string): Promise<Listening> {
  const { hostname, port } = new URL(system.url);
  return new Promise((resolve, reject) => {
    const request = get(
      { hostname, port, path: "/api/events", headers: { cookie: session.cookies() }, localAddress, agent: false },
      (answer) => {
        const listening: Listening = { heard: [], times: [], answer };
        answer.setEncoding("utf8");
        answer.on("error", () => {}); // the server is ended under it
        answer.on("data", (text: string) => {
          for (const [, type = ""] of text.matchAll(/^event: (.+)$/gm)) {
            listening.heard.push(type);
            listening.times.push(performance.now());
            if (type === "ready") resolve(listening);
          }
        });
        if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      },
    );
    request.on("error", reject);
  });
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const patienceMs = 30_000;
  const beganMs = performance.now();
  while (!isTrue()) {
    assert.ok(performance.now() - beganMs < patienceMs, what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("2,000 open streams cost little, and each is told of its own workspace's posts", async (t) => {
  const sessions = await Promise.all(Array.from({ length: workspaces }, () => signUp(system.url)));
  const accounts: string[] = [];
  for (const session of sessions) accounts.push((await connectBluesky(system, session)).id);
  const beforeKb = memoryKb();
  const clients: { readonly index: number; readonly listening: Listening }[] = [];
  for (const [index, session] of sessions.entries())
    for (let begun = 0; begun < clientsEach; begun += 50)
      clients.push(
        ...(await Promise.all(Array.from({ length: 50 }, () => listen(session, `127.0.1.${index + 1}`)))).map(
          (listening) => ({ index, listening }),
        ),
      );
  const eachKb = (memoryKb() - beforeKb) / clients.length;
  t.diagnostic(`${clients.length} streams open: ${eachKb.toFixed(1)} KB of the server's memory each`);
  assert.ok(eachKb < memoryEachMaxKb, `${eachKb} KB each`);

  const delays: number[] = [];
  for (const [index, session] of sessions.entries()) {
    const sentMs = performance.now();
    await session.must("POST", "/api/publish", { connectionId: accounts[index], payload: { content: "To all" } });
    const own = clients.filter((client) => client.index === index).map(({ listening }) => listening);
    await until(() => own.every(({ heard }) => heard.includes("job.published")), "somebody was not told");
    for (const { heard, times } of own) {
      assert.equal(heard.filter((type) => type === "job.published").length, 1);
      delays.push((times[heard.indexOf("post.created")] ?? Number.NaN) - sentMs);
    }
    const others = clients.filter((client) => client.index > index).map(({ listening }) => listening);
    assert.ok(
      others.every(({ heard }) => !heard.includes("job.published")),
      "another workspace's clients were told",
    );
  }
  delays.sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.floor((delays.length - 1) * share)] ?? Number.NaN);
  t.diagnostic(`from a post's request to its event at ${clientsEach} clients: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  assert.ok(at(0.99) < 5_000, `p99 ${at(0.99)} ms`);

  // Whoever is there when the server goes is let go by it, and closing does not wait for them.
  const endedMs = performance.now();
  await server.end("SIGTERM");
  t.diagnostic(`ended with all of them open after ${Math.round(performance.now() - endedMs)} ms`);
  assert.ok(performance.now() - endedMs < 20_000);
});
