import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, test } from "node:test";
import { bodyOf, type HttpRequest, secret } from "@postd/connector-kit";
import type { EgressPort } from "@postd/core";
import { createEgress, type Egress, type EgressOptions, type EgressStep } from "./egress.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)));
  });
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
};
const web = (answer: (req: IncomingMessage, res: ServerResponse) => void) => listen(createServer(answer));
/** A server that cuts every connection once a request's first bytes are there. */
const cutting = () =>
  listen(createTcpServer((socket) => socket.once("data", () => socket.destroy()).on("error", () => {})));

const lines: string[] = [];
const log = { debug: note, info: note, warn: note };
function note(fields: unknown, message: string): void {
  lines.push(JSON.stringify([fields, message]));
}
const clock = { now: () => new Date("2026-11-20T12:00:00Z") };

/** An egress that finds `api.example` at a port of this machine, for real and for simulated connections. */
function egress(port: number, more: Partial<EgressOptions> = {}): Egress {
  const base = `http://127.0.0.1:${port}`;
  const made = createEgress({
    hostMap: [
      { host: "api.example", base, kind: "override" },
      { host: "other.example", base: `${base}/other`, kind: "override" },
    ],
    allowHosts: [],
    clock,
    log,
    connectTimeoutMs: 500,
    ...more,
  });
  closers.push(() => made.close());
  return made;
}
const provider = { hosts: ["api.example", "other.example", "evil.example"] };
const step = (over: Partial<EgressStep> = {}): EgressStep => ({
  provider,
  effect: "visible",
  timeoutMs: 2000,
  simulated: false,
  ...over,
});
const post: HttpRequest = { method: "POST", url: "https://api.example/x", json: { a: 1 } };
const get: HttpRequest = { method: "GET", url: "https://api.example/x" };

async function kindOf(made: Egress, reach: EgressStep, request: HttpRequest): Promise<string> {
  const answer = await made.forStep(reach).request(request);
  return answer.ok ? `answered ${answer.value.status}` : `${answer.error.kind} ${answer.error.cause ?? ""}`;
}

test("a refused connection surely sent nothing", async () => {
  const port = await web(() => {});
  await closers.pop()?.();
  assert.equal(await kindOf(egress(port), step(), post), "unavailable ECONNREFUSED");
});

test("an unknown name surely sent nothing", async () => {
  const lookup = (_: string, done: (e: Error, a: []) => void) =>
    done(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), []);
  const made = egress(1, { hostMap: [], lookup });
  assert.equal(await kindOf(made, step(), post), "unavailable ENOTFOUND");
});

test("a failed TLS handshake surely sent nothing", async () => {
  const port = await listen(
    createTcpServer((socket) => socket.once("data", () => socket.end("no tls here")).on("error", () => {})),
  );
  const made = egress(port, {
    hostMap: [{ host: "api.example", base: `https://127.0.0.1:${port}`, kind: "override" }],
  });
  assert.match(await kindOf(made, step(), post), /^unavailable (ERR_SSL|EPROTO|ECONNRESET)/);
});

test("a connection that never completes surely sent nothing", async () => {
  const port = await listen(createTcpServer(() => {}));
  const made = egress(port, {
    hostMap: [{ host: "api.example", base: `https://127.0.0.1:${port}`, kind: "override" }],
    connectTimeoutMs: 100,
  });
  assert.equal(await kindOf(made, step(), post), "unavailable UND_ERR_CONNECT_TIMEOUT");
});

test("a connection cut after bytes left leaves a changing call's outcome unknown, a read's not", async () => {
  const made = egress(await cutting());
  assert.match(await kindOf(made, step(), post), /^outcome_unknown /);
  assert.match(await kindOf(made, step({ effect: "invisible" }), post), /^outcome_unknown /);
  assert.match(await kindOf(made, step({ repeatable: true }), post), /^outcome_unknown /);
  assert.match(await kindOf(made, step({ effect: "none" }), get), /^unavailable /);
  assert.match(await kindOf(made, step(), { ...get, effect: "none" }), /^unavailable /, "a read inside an effect step");
});

test("a silent server: outcome unknown for a changing call, unavailable for a read, within the time allowed", async () => {
  const made = egress(await web(() => {}));
  assert.equal(await kindOf(made, step({ timeoutMs: 150 }), post), "outcome_unknown timeout");
  assert.equal(await kindOf(made, step({ effect: "none" }), { ...get, timeoutMs: 100 }), "unavailable timeout");
});

test("an answer cut in the middle leaves the outcome unknown", async () => {
  const port = await web((_req, res) => {
    res.writeHead(200, { "content-length": "100" });
    res.write("half", () => res.destroy());
  });
  assert.match(await kindOf(egress(port), step(), post), /^outcome_unknown /);
});

test("any answer is a value, an error of the server's own too", async () => {
  const port = await web((_req, res) => res.writeHead(503, { "Retry-After": "7" }).end('{"e":1}'));
  const answer = await egress(port).forStep(step()).request(post);
  assert.ok(answer.ok);
  assert.deepEqual([answer.value.status, answer.value.json, answer.value.effect], [503, { e: 1 }, "visible"]);
  assert.equal(answer.value.headers["retry-after"], "7");
});

test("a changing call leaves only while the lease outlives its longest time and a margin", async () => {
  let reached = 0;
  const port = await web((_req, res) => res.end(String(++reached)));
  const made = egress(port);
  const held = (leaseMs: number) => step({ timeoutMs: 1000, marginMs: 500, leaseRemainingMs: () => leaseMs });
  assert.equal(await kindOf(made, held(1400), post), "unavailable lease");
  assert.equal(reached, 0);
  assert.equal(await kindOf(made, { ...held(0), effect: "none" }, get), "answered 200", "reads need no lease");
  assert.equal(await kindOf(made, held(1600), post), "answered 200");
});

test("a call that may not be repeated never rides on a kept connection", async () => {
  const ports = new Set<number | undefined>();
  const port = await web((req, res) => {
    ports.add(req.socket.remotePort);
    res.setHeader("x-connection", req.headers.connection ?? "").end("{}");
  });
  const made = egress(port);
  for (let i = 0; i < 3; i++) assert.equal(await kindOf(made, step(), post), "answered 200");
  assert.equal(ports.size, 3);
  ports.clear();
  for (let i = 0; i < 8; i++) await made.forStep(step({ effect: "none" })).request(get);
  assert.ok(ports.size <= 2, "reads share connections");
});

test("a read follows at most three redirects, and no credential goes to another origin", async () => {
  const seen: string[] = [];
  const port = await web((req, res) => {
    seen.push(`${req.url} ${req.headers.authorization ?? "-"} ${req.headers["x-key"] ?? "-"}`);
    if (req.url === "/x?k=1") return res.writeHead(302, { location: "/y" }).end();
    if (req.url === "/y") return res.writeHead(307, { location: "https://other.example/z" }).end();
    if (req.url === "/loop") return res.writeHead(302, { location: "/loop" }).end();
    return res.end("{}");
  });
  const made = egress(port);
  const request: HttpRequest = {
    ...get,
    bearer: secret("tok"),
    headers: { "x-key": secret("k") },
    query: { k: secret("1") },
  };
  assert.equal(await kindOf(made, step({ effect: "none" }), request), "answered 200");
  assert.deepEqual(seen, ["/x?k=1 Bearer tok k", "/y Bearer tok k", "/other/z - -"]);
  seen.length = 0;
  const loop = { ...get, url: "https://api.example/loop" };
  assert.equal(await kindOf(made, step({ effect: "none" }), loop), "unavailable too_many_redirects");
  assert.equal(seen.length, 4);
});

test("a redirect to a private address or an undeclared host is refused", async () => {
  for (const [location, cause] of [
    ["http://127.0.0.1:1/", "refused:undeclared_host"],
    ["https://nowhere.example/", "refused:undeclared_host"],
    ["https://evil.example/", "refused:private_address"],
  ] as const) {
    const port = await web((_req, res) => res.writeHead(302, { location }).end());
    const lookup = (_: string, done: (e: null, a: { address: string; family: number }[]) => void) =>
      done(null, [{ address: "127.0.0.1", family: 4 }]);
    assert.equal(await kindOf(egress(port, { lookup }), step({ effect: "none" }), get), `unavailable ${cause}`);
  }
});

test("a changing call is never redirected", async () => {
  const paths: string[] = [];
  const port = await web((req, res) => {
    paths.push(String(req.url));
    res.writeHead(307, { location: "/elsewhere" }).end();
  });
  assert.equal(await kindOf(egress(port), step(), post), "answered 307");
  assert.deepEqual(paths, ["/x"]);
});

test("a name that changes to a private address between calls is refused without a connection", async () => {
  let connections = 0;
  const port = await listen(createTcpServer(() => void connections++));
  const answers = ["169.254.169.254", "127.0.0.1", "::ffff:7f00:1"];
  const lookup = (_: string, done: (e: null, a: { address: string; family: number }[]) => void) => {
    const address = answers.shift() ?? "127.0.0.1";
    done(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
  };
  const made = egress(port, { hostMap: [], lookup });
  for (let i = 0; i < 4; i++) assert.equal(await kindOf(made, step(), post), "unavailable refused:private_address");
  assert.equal(connections, 0);
});

test("an address written in numbers is checked too", async () => {
  const reach = step({ provider: { ...provider, customHosts: true } });
  for (const url of [
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::ffff:7f00:1]/",
  ])
    assert.equal(await kindOf(egress(1), reach, { ...post, url }), "unavailable refused:private_address", url);
});

test("a simulated connection never reaches a real host, a real one never a simulator", async () => {
  let reached = 0;
  const port = await web((_req, res) => res.end(String(++reached)));
  const simulator = { host: "api.example", base: `http://127.0.0.1:${port}/{host}`, kind: "simulator" } as const;
  const lookup = (_: string, done: (e: null, a: { address: string; family: number }[]) => void) =>
    done(null, [{ address: "127.0.0.1", family: 4 }]);
  const made = egress(port, { hostMap: [simulator], lookup });
  assert.equal(await kindOf(made, step(), post), "unavailable refused:private_address");
  assert.equal(
    await kindOf(made, step({ simulated: true }), { ...post, url: "https://other.example/" }),
    "unavailable refused:simulated_only",
  );
  assert.equal(reached, 0);
  assert.equal(await kindOf(made, step({ simulated: true }), post), "answered 200");
  const page = new URL("https://api.example/authorize?a=1");
  assert.equal(made.mapBrowserUrl(page).href, `http://127.0.0.1:${port}/api.example/authorize?a=1`);
  assert.equal(made.mapBrowserUrl(page, { simulated: false }).href, page.href);
  const elsewhere = new URL("https://real.example/");
  assert.equal(made.mapBrowserUrl(elsewhere), elsewhere);
});

test("an answer over the size allowed is refused, announced or not", async () => {
  const port = await web((req, res) => {
    if (req.url === "/told") res.setHeader("content-length", "1000");
    res.write("x".repeat(500));
    res.end("x".repeat(500));
  });
  const made = egress(port);
  for (const path of ["told", "untold"]) {
    const request = { ...get, url: `https://api.example/${path}` };
    assert.equal(await kindOf(made, step({ effect: "none" }), { ...request, maxAnswerBytes: 1000 }), "answered 200");
    const over = { ...request, maxAnswerBytes: 999 };
    assert.equal(await kindOf(made, step({ effect: "none" }), over), "unexpected_response answer_too_long");
  }
});

test("streamed bodies and multipart arrive whole, with a known length", async () => {
  const port = await web((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () =>
      res.end(
        JSON.stringify({
          length: req.headers["content-length"],
          got: Buffer.concat(chunks).length,
          type: req.headers["content-type"],
        }),
      ),
    );
  });
  const body = {
    sizeBytes: 300_000,
    contentType: "video/mp4",
    async *open() {
      for (let i = 0; i < 3; i++) yield Buffer.alloc(100_000, i);
    },
  };
  const made = egress(port);
  const raw = await made.forStep(step()).request({ method: "POST", url: "https://api.example/u", body });
  assert.deepEqual(raw.ok && raw.value.json, { length: "300000", got: 300_000, type: "video/mp4" });
  const multipart = [
    { name: "t", value: secret("x") },
    { name: "f", filename: "a.mp4", body },
  ];
  const parts = await made.forStep(step()).request({ method: "POST", url: "https://api.example/u", multipart });
  const said = parts.ok ? (parts.value.json as { length: string; got: number }) : undefined;
  assert.equal(Number(said?.length), said?.got);
});

test("a body shorter than announced never counts as sent in full", async () => {
  const port = await web((req, res) => req.on("end", () => res.end("{}")).resume());
  const body = { ...bodyOf("short", "text/plain"), sizeBytes: 500 };
  const kind = await kindOf(egress(port), step({ timeoutMs: 500 }), {
    method: "POST",
    url: "https://api.example/u",
    body,
  });
  assert.match(kind, /^outcome_unknown /);
});

test("reads rest after a row of failures; changing calls and simulators are not held back", async () => {
  const port = await web((_req, res) => res.writeHead(500).end());
  const hostLimits = { failures: 3, restMs: 60_000 };
  const made = egress(port, { hostLimits });
  for (let i = 0; i < 3; i++) assert.equal(await kindOf(made, step({ effect: "none" }), get), "answered 500");
  assert.equal(await kindOf(made, step({ effect: "none" }), get), "unavailable refused:circuit_open");
  assert.equal(await kindOf(made, step(), post), "answered 500");
  const simulator = { host: "api.example", base: `http://127.0.0.1:${port}`, kind: "simulator" } as const;
  const fake = egress(port, { hostMap: [simulator], hostLimits });
  for (let i = 0; i < 6; i++)
    assert.equal(await kindOf(fake, step({ effect: "none", simulated: true }), get), "answered 500");
});

test("one host's queue has an end, and waiting counts as time of the call", async () => {
  const port = await web(() => {});
  const made = egress(port, { hostLimits: { concurrent: 1, waiting: 1 } });
  const kinds = await Promise.all([200, 100, 100].map((timeoutMs) => kindOf(made, step({ timeoutMs }), post)));
  assert.deepEqual(kinds, ["outcome_unknown timeout", "unavailable timeout", "unavailable refused:busy"]);
});

test("no token, query, header or body appears in logs, measures or failures", async () => {
  lines.length = 0;
  const measured: unknown[] = [];
  const made = egress(await cutting(), { metrics: { call: (fields) => measured.push(fields) } });
  const token = secret("PLANTED");
  const request: HttpRequest = {
    method: "POST",
    url: "https://api.example/botPLANTED/x",
    query: { t: token },
    headers: { "x-k": token },
    bearer: token,
    json: { p: token },
  };
  const failures = [
    await made.forStep(step()).request(request),
    await made.forStep(step()).request({ ...request, headers: { "x-k": secret("PLANTED\nx: y") } }),
    await made.forStep(step()).request({ ...request, url: "https://nowhere.example/PLANTED" }),
  ];
  assert.equal(measured.length, 3);
  assert.ok(!JSON.stringify([failures, lines, measured]).includes("PLANTED"));
});

test("a public file is streamed up to its limit, through redirects that are each checked", async () => {
  const port = await web((req, res) => {
    if (req.url === "/start") return res.writeHead(302, { location: "https://api.example/file?sig=1" }).end();
    if (req.url === "/inside") return res.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    if (req.url === "/gone") return res.writeHead(404).end();
    res.writeHead(200, { "content-type": "image/png" });
    res.write("x".repeat(50));
    return res.end("x".repeat(50));
  });
  const made = egress(port);
  const open = (path: string, maxBytes: number) =>
    made.fetchPublic(`https://api.example${path}`, { maxBytes, timeoutMs: 2000 });
  const file = await open("/start", 100);
  assert.ok(file.ok);
  let size = 0;
  for await (const chunk of file.value.body) size += chunk.length;
  assert.deepEqual([size, file.value.contentType, file.value.from], [100, "image/png", "https://api.example/file"]);

  const long = await open("/file", 99);
  assert.ok(long.ok);
  await assert.rejects(async () => {
    for await (const _ of long.value.body);
  }, /larger than 99/);
  for (const [path, code] of [
    ["/inside", "refused"],
    ["/gone", "not_found"],
  ] as const) {
    const answer = await open(path, 100);
    assert.equal(answer.ok ? "opened" : answer.error.code, code);
  }
  const inside = await made.fetchPublic("http://127.0.0.1/x", { maxBytes: 1, timeoutMs: 500 });
  assert.equal(inside.ok ? "opened" : inside.error.code, "refused");
});

test("an address that is redirected too often says how many redirects are followed", async () => {
  const port = await web((req, res) => {
    const left = Number(req.url?.slice(1));
    if (left > 0) return res.writeHead(302, { location: `https://api.example/${left - 1}` }).end();
    return res.end("x");
  });
  const open = (left: number) =>
    egress(port).fetchPublic(`https://api.example/${left}`, { maxBytes: 9, timeoutMs: 2000 });
  const three = await open(3);
  assert.ok(three.ok);
  for await (const _ of three.value.body);
  const four = await open(4);
  assert.match(
    four.ok ? "" : four.error.message,
    /redirected more than 3 times, and POSTD follows 3\. Use the address/,
  );
});

test("a file that drips, stalls or never begins is given up, and one that comes steadily is not", async () => {
  const port = await web((req, res) => {
    if (req.url === "/never") return;
    res.writeHead(200, { "content-type": "image/png" });
    if (req.url === "/stalls") return void res.write("x".repeat(1000));
    const piece = req.url === "/drips" ? "x" : "x".repeat(2000);
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      if (sent < 30) res.write(piece);
      else res.end();
    }, 30);
    res.on("close", () => clearInterval(timer));
  });
  const made = egress(port, { filePace: { idleMs: 300, minBytesPerSecond: 10_000 } });
  const read = async (path: string) => {
    const file = await made.fetchPublic(`https://api.example${path}`, { maxBytes: 1e6, timeoutMs: 20_000 });
    if (!file.ok) return file.error.code;
    let size = 0;
    try {
      for await (const chunk of file.value.body) size += chunk.length;
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return size;
  };
  assert.equal(await read("/never"), "unavailable");
  assert.match(String(await read("/stalls")), /nothing for too long/);
  assert.match(String(await read("/drips")), /too slowly/);
  assert.equal(await read("/steady"), 29 * 2000);
});

test("the egress is what core asks for", () => {
  const port: EgressPort = egress(1);
  assert.ok(port);
});
