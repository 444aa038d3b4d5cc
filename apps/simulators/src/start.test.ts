import assert from "node:assert/strict";
import { it } from "node:test";
import { readSettings } from "./settings.ts";
import { startSimulatorHost } from "./start.ts";

it("moves to the next free port when one is taken, and refuses when strict", async () => {
  const first = await startSimulatorHost({ port: 0 });
  try {
    await assert.rejects(startSimulatorHost({ port: first.port, strict: true }), { code: "EADDRINUSE" });
    const second = await startSimulatorHost({ port: first.port });
    assert.ok(second.port > first.port);
    await second.close();
  } finally {
    await first.close();
  }
});

it("delays answers when asked to, and never the control page", async () => {
  const host = await startSimulatorHost({ port: 0, latencyMs: [40, 40] });
  const timed = async (path: string) => {
    const start = performance.now();
    await (await fetch(host.url + path)).text();
    return performance.now() - start;
  };
  await timed("/__sim/health");
  assert.ok((await timed("/bsky.social/xrpc/_health")) >= 39);
  await host.close();
});

it("serves every connector's simulator and lists its demo accounts", async () => {
  const host = await startSimulatorHost({ port: 0 });
  const page = await (await fetch(`${host.url}/__sim/`)).text();
  assert.match(page, /northfold\.bsky\.social/);
  assert.match(page, /fold-demo-post-aaaa/);
  await host.close();
});

it("reads settings from flags over environment and names a bad one", () => {
  assert.deepEqual(readSettings([], {}), { port: 4100, strict: false, address: "127.0.0.1" });
  assert.deepEqual(readSettings(["--port=5000", "--strict", "--latency=50-300"], { POSTD_SIMULATOR_PORT: "1" }), {
    port: 5000,
    strict: true,
    address: "127.0.0.1",
    latencyMs: [50, 300],
  });
  assert.deepEqual(readSettings([], { POSTD_SIMULATOR_LATENCY_MS: "80" }).latencyMs, [80, 80]);
  assert.throws(() => readSettings([], { POSTD_SIMULATOR_PORT: "abc" }), /POSTD_SIMULATOR_PORT/);
  assert.throws(() => readSettings(["--latency=300-50"], {}), /POSTD_SIMULATOR_LATENCY_MS/);
});
