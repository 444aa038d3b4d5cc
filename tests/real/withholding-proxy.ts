import { once } from "node:events";
import http from "node:http";

export interface ProxiedCall {
  readonly method: string;
  readonly path: string;
  /** The upstream's answer; undefined while it is not there yet. */
  readonly status: number | undefined;
  readonly withheld: boolean;
}

export interface Withheld {
  /** Settles when the upstream has answered completely: it applied the call, and the caller knows nothing. */
  readonly reached: Promise<ProxiedCall>;
}

export interface WithholdingProxy {
  readonly url: string;
  /** Every call that arrived, oldest first. */
  calls(): readonly ProxiedCall[];
  /** The answer to the next call of these methods is read from the upstream and never handed on. */
  withholdNext(nsids: readonly string[]): Withheld;
  close(): Promise<void>;
}

interface Armed {
  readonly nsids: readonly string[];
  readonly reached: (call: ProxiedCall) => void;
}

/** A proxy on a free loopback port in front of `upstream`, with the power to keep an answer back. */
export async function startWithholdingProxy(upstream: string): Promise<WithholdingProxy> {
  let calls: ProxiedCall[] = [];
  let armed: Armed[] = [];

  const take = (nsid: string): Armed | undefined => {
    const found = armed.find(({ nsids }) => nsids.includes(nsid));
    armed = armed.filter((entry) => entry !== found);
    return found;
  };

  const server = http.createServer(async (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const hold = request.method === "POST" ? take(path.replace(/^\/xrpc\//, "")) : undefined;
    const at = calls.length;
    const note = (status: number | undefined): ProxiedCall => {
      const call = { method: request.method ?? "", path, status, withheld: hold !== undefined };
      calls = calls.with(at, call);
      return call;
    };
    calls = [...calls, { method: request.method ?? "", path, status: undefined, withheld: hold !== undefined }];
    try {
      const answer = await forward(upstream, request);
      const call = note(answer.status);
      if (hold) return hold.reached(call);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      // The upstream is gone; the caller sees what a gateway says then.
      response.writeHead(502).end();
    }
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    calls: () => calls,
    withholdNext(nsids) {
      const { promise, resolve } = Promise.withResolvers<ProxiedCall>();
      armed = [...armed, { nsids, reached: resolve }];
      return { reached: promise };
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function forward(upstream: string, request: http.IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const target = new URL(request.url ?? "/", upstream);
  const { host: _, connection: __, ...headers } = request.headers;
  const out = http.request(target, { method: request.method ?? "GET", headers, agent: false });
  out.end(Buffer.concat(chunks));
  const [answer]: [http.IncomingMessage] = (await once(out, "response")) as [http.IncomingMessage];
  const body: Buffer[] = [];
  for await (const chunk of answer) body.push(chunk);
  const { "transfer-encoding": ___, connection: ____, ...answered } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: answered, body: Buffer.concat(body) };
}
