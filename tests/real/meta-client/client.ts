import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  createSimulatorHost,
  type SimAnswer,
  type SimRequest,
  type SimulatorDefinition,
} from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { z } from "zod";

/** One request as it came over the wire, and its answer. */
export interface WireCall {
  readonly request: SimRequest;
  readonly answer: SimAnswer;
}

/** What the client made of a step: a value, or the error it threw. */
export interface Made {
  readonly value?: unknown;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly status?: number | null | undefined;
    readonly response?: unknown;
  };
}

const Ready = z.object({ ready: z.literal(true), version: z.string() });
const Told = z.union([
  z.object({ value: z.unknown() }),
  z.object({
    error: z.object({
      name: z.string(),
      message: z.string(),
      status: z.number().nullish(),
      response: z.unknown().optional(),
    }),
  }),
]);

/** Meta's simulator on a port, with everything it is sent and answers kept, and the official client in a process beside it. */
export async function startMetaClient() {
  const undo: (() => Promise<unknown> | unknown)[] = [];
  let nowMs = Date.parse("2026-11-20T12:00:00Z");
  const wire: WireCall[] = [];
  const host = await createSimulatorHost({
    definitions: simulatorDefinitions.filter(({ id }) => id === "meta").map((definition) => recorded(definition, wire)),
    port: 0,
    clock: { now: () => new Date(nowMs) },
  });
  undo.push(() => host.close());
  const folder = mkdtempSync(path.join(tmpdir(), "postd-meta-client-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const media = await mediaHost();
  undo.push(media.close);

  const child = fork(
    fileURLToPath(new URL("./client.mjs", import.meta.url)),
    [JSON.stringify({ simulatorUrl: host.url })],
    { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"], env: { PATH: process.env.PATH, NODE_ENV: "test" } },
  );
  const [ready] = await once(child, "message", { signal: AbortSignal.timeout(60_000) });
  const { version } = Ready.parse(ready);
  undo.push(async () => {
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  });

  return {
    version,
    simulator: host.simulator("meta"),
    url: (realHost: string, path: string) => `${host.url}/${realHost}${path}`,
    now: () => nowMs,
    advance(ms: number) {
      nowMs += ms;
    },
    /** Puts a file where the simulator can pull it; answers its address. */
    host: media.add,
    /** Writes a file for the client to send; answers its path. */
    file(name: string, bytes: Uint8Array) {
      const file = path.join(folder, name);
      writeFileSync(file, bytes);
      return file;
    },
    /** One step of the client: what it made of it, and what went over the wire meanwhile. */
    async take(step: string, input: Readonly<Record<string, unknown>>): Promise<Made & { calls: readonly WireCall[] }> {
      wire.length = 0;
      const answer = once(child, "message", { signal: AbortSignal.timeout(30_000) });
      child.send({ step, input });
      const [told] = await answer;
      return { ...(Told.parse(told) as Made), calls: [...wire] };
    },
    async stop() {
      for (const step of undo.reverse()) await step();
    },
  };
}

function recorded(definition: SimulatorDefinition, wire: WireCall[]): SimulatorDefinition {
  return {
    ...definition,
    create(env) {
      const simulator = definition.create(env);
      return {
        ...simulator,
        async handle(request) {
          const answer = await simulator.handle(request);
          wire.push({ request, answer });
          return answer;
        },
      };
    },
  };
}

async function mediaHost() {
  const files = new Map<string, { bytes: Uint8Array; type: string }>();
  const server = createServer((req, res) => {
    const file = files.get(req.url ?? "");
    if (file === undefined) return res.writeHead(404).end();
    return res.writeHead(200, { "content-type": file.type }).end(file.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    add(name: string, bytes: Uint8Array, type: string) {
      files.set(`/${name}`, { bytes, type });
      return `http://127.0.0.1:${port}/${name}`;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
