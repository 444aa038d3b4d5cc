import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../context.ts";
import { answerControl } from "./control.ts";
import type { ControlPanel } from "./control-panel.ts";
import { credentialFor, tokenWithinBytes } from "./credential.ts";
import { findMount } from "./find-mount.ts";
import { createHolds, type Holds } from "./holds.ts";
import { pageHeaders } from "./html.ts";
import { type MountedSimulator, mountInProcess, named, outcomeOf } from "./mount.ts";
import { postPage } from "./overview.ts";
import type { SimAnswer, SimRequest, SimResponse, SimulatorDefinition } from "./types.ts";
import { cutConnection, isLocalControl, readBeginning, readBody, readFirstBytes, sendAnswer } from "./wire.ts";

export interface SimulatorHostOptions {
  readonly definitions: readonly SimulatorDefinition[];
  /** 0 takes any free port. A taken port rejects with EADDRINUSE. */
  readonly port: number;
  /** Address to listen on; default 127.0.0.1. `/__sim` answers loopback callers only, whatever it is. */
  readonly address?: string;
  /** Time of the simulators; default the system's, movable by POST /__sim/clock. */
  readonly clock?: Clock;
  /** Each simulated answer is delayed by a random time between the two, in milliseconds. */
  readonly latencyMs?: readonly [number, number];
}

export interface SimulatorHost {
  readonly port: number;
  /** "http://127.0.0.1:4100", without a slash at the end. */
  readonly url: string;
  /** By simulator id; throws when there is none. */
  simulator(id: string): MountedSimulator;
  /** Cuts held requests and open connections. */
  close(): Promise<void>;
}

const maxBodyBytes = 1024 * 1024 * 1024;

/** Serves every simulator under `/<real host>/<real path>` and the control operations under `/__sim/`. */
export async function createSimulatorHost(options: SimulatorHostOptions): Promise<SimulatorHost> {
  let offsetMs = 0;
  const clock: Clock = options.clock ?? { now: () => new Date(Date.now() + offsetMs) };
  let base = "";
  const mounts = options.definitions.map((definition) =>
    mountInProcess(definition, { clock, urlFor: (host, path) => `${base}/${host}${path}` }),
  );
  const holds = createHolds(clock);
  const panel: ControlPanel = {
    mounts,
    now: () => clock.now(),
    localPath: (url) => localPath(mounts, url),
    moveClock(value) {
      if (options.clock !== undefined) return false;
      offsetMs = value;
      return true;
    },
    holds: (id) => holds.list(id),
    release: (id) => holds.release(id),
  };
  const context: Context = { panel, mounts, holds, latencyMs: options.latencyMs };

  const server = createServer((req, res) => {
    serve(req, res, context).catch((error: unknown) => {
      if (res.headersSent || req.socket.destroyed) cutConnection(req);
      else sendAnswer(res, { status: 500, json: { error: error instanceof Error ? error.message : String(error) } });
    });
  });
  // Clients keep connections open; closing idle ones early would look like a cut answer.
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address ?? "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;

  return {
    port,
    url: base,
    simulator(id) {
      const mount = mounts.find(({ definition }) => definition.id === id);
      if (mount === undefined)
        throw new Error(`no simulator ${id}; known: ${mounts.map(({ definition }) => definition.id).join(", ")}`);
      return mount;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      holds.releaseAll();
    },
  };
}

interface Context {
  readonly panel: ControlPanel;
  readonly mounts: readonly MountedSimulator[];
  readonly holds: Holds;
  readonly latencyMs: readonly [number, number] | undefined;
}

async function serve(req: IncomingMessage, res: ServerResponse, context: Context): Promise<void> {
  const url = URL.parse(`http://simulator.invalid${req.url ?? "/"}`);
  if (url === null || !req.url?.startsWith("/"))
    return sendAnswer(res, { status: 400, json: { error: "this is no address" } });
  if (url.pathname === "/" || url.pathname === "/__sim")
    return sendAnswer(res, { status: 302, headers: { location: "/__sim/" } });
  if (url.pathname.startsWith("/__sim/")) return sendAnswer(res, await control(req, url.pathname, context.panel));
  const [, host = "", ...rest] = url.pathname.split("/");
  const mount = findMount(context.mounts, host);
  if (mount === undefined)
    return sendAnswer(res, {
      status: 404,
      json: { error: `no simulator serves ${host}; paths are /<real host>/<real path>` },
    });
  const method = (req.method ?? "GET").toUpperCase();
  const head = {
    method,
    host: host.toLowerCase(),
    path: `/${rest.join("/")}`,
    query: url.searchParams,
    rawQuery: url.search.slice(1),
  };
  await delay(context.latencyMs);
  const page = await permalinkPage(mount, head, req, context);
  if (page !== undefined) return sendAnswer(res, page);
  await simulate(req, res, { mount, head, holds: context.holds });
}

/** One simulated request: transport fault, body, simulator, transport fault, answer. */
async function simulate(
  req: IncomingMessage,
  res: ServerResponse,
  {
    mount,
    head,
    holds,
  }: {
    readonly mount: MountedSimulator;
    readonly head: Omit<SimRequest, "headers" | "rawBody">;
    readonly holds: Holds;
  },
): Promise<void> {
  const headers = plainHeaders(req);
  const isEnough = (rawBody: Uint8Array) =>
    credentialFor(mount.definition, { ...head, headers, rawBody }) !== undefined;
  const begun = mount.faults.asksForAccount() ? await readBeginning(req, isEnough, tokenWithinBytes) : Buffer.alloc(0);
  const accounts = mount.accountsOf({ ...head, headers, rawBody: begun });
  let fault = mount.faults.takeTransport({ ...head, accounts });
  const known = { method: head.method, host: head.host, path: head.path };
  const entry = { ...known, ...named(accounts) };
  const hold = (at: Parameters<Holds["wait"]>[0]["at"]) =>
    holds.wait({ ...entry, simulator: mount.definition.id, at, socket: req.socket });

  if (fault !== undefined && fault.at !== "after") {
    if (fault.at === "body" && begun.byteLength === 0) await readFirstBytes(req);
    if (fault.answer === "hold") {
      if (!(await hold(fault.at))) return mount.record({ ...entry, outcome: "hold" });
      fault = mount.faults.takeReleased({ ...head, accounts });
    }
  }
  if (fault !== undefined && fault.at !== "after") {
    mount.record({ ...entry, outcome: outcomeOf(fault.answer) });
    return finish(req, res, fault.answer);
  }

  const rawBody = await readBody(req, maxBodyBytes, begun);
  if (rawBody === undefined)
    return finish(req, res, { status: 413, text: "The body is larger than the simulator takes." });
  const told = { ...known, ...named(mount.accountsOf({ ...head, headers, rawBody })) };
  const answer = await mount.apply({ ...head, headers, rawBody });
  const applied = outcomeOf(answer);

  if (fault?.at === "after" && fault.answer !== "hold") {
    const cut = fault.answer;
    mount.record({ ...told, outcome: outcomeOf(cut), applied });
    return finish(req, res, cut);
  }
  // Recorded before the answer leaves: a client that has it must find its request in the log.
  mount.record({ ...told, outcome: fault?.at === "after" ? "hold" : applied, applied });
  if (fault?.at === "after") {
    if (!(await hold("after"))) return;
    return finish(req, res, mount.faults.takeReleased({ ...head, accounts })?.answer ?? answer);
  }
  if (answer === "hold") {
    await hold("simulator");
    return cutConnection(req);
  }
  return finish(req, res, answer);
}

function finish(req: IncomingMessage, res: ServerResponse, answer: SimAnswer): void {
  if (typeof answer === "string") cutConnection(req);
  else sendAnswer(res, answer, { closes: !req.complete });
}

async function control(req: IncomingMessage, path: string, panel: ControlPanel): Promise<SimResponse> {
  if (!isLocalControl(req)) return { status: 403, json: { error: "/__sim answers programs on this machine only" } };
  const raw = await readBody(req, 1024 * 1024);
  if (raw === undefined) return { status: 413, json: { error: "the body is larger than 1 MiB" } };
  const text = Buffer.from(raw).toString("utf8");
  let body: unknown = {};
  try {
    if (text.trim() !== "") body = JSON.parse(text);
  } catch {
    return { status: 400, json: { error: "the body must be JSON" } };
  }
  return answerControl(panel, { method: (req.method ?? "GET").toUpperCase(), path, body });
}

/** A browser on a permalink sees the post, whatever the simulator itself serves there. */
async function permalinkPage(
  mount: MountedSimulator,
  head: Pick<SimRequest, "method" | "host" | "path" | "query">,
  req: IncomingMessage,
  { panel }: Context,
): Promise<SimResponse | undefined> {
  if (head.method !== "GET" || !(req.headers.accept ?? "").includes("text/html")) return undefined;
  const query = head.query.size === 0 ? "" : `?${head.query}`;
  const asked = normalLink(`https://${head.host}${head.path}${query}`);
  const post = mount.simulator
    .posts()
    .find(({ permalink }) => permalink !== undefined && normalLink(permalink) === asked);
  return post === undefined ? undefined : { status: 200, headers: pageHeaders, text: postPage(panel, mount, post) };
}

const normalLink = (link: string): string => (URL.canParse(link) ? new URL(link).href.replace(/\/$/, "") : link);

function localPath(mounts: readonly MountedSimulator[], link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const url = new URL(link);
  return findMount(mounts, url.hostname) === undefined ? undefined : `/${url.hostname}${url.pathname}${url.search}`;
}

function plainHeaders(req: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(req.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value] as const,
  );
  return Object.fromEntries(entries);
}

async function delay(range: readonly [number, number] | undefined): Promise<void> {
  if (range === undefined) return;
  const [min, max] = range;
  await new Promise((resolve) => setTimeout(resolve, min + Math.random() * (max - min)));
}
