import { type MountedSimulator, mountInProcess } from "./mount.ts";
import type { SimAnswer, SimEnv, SimRequest, Simulator, SimulatorDefinition } from "./types.ts";

export interface TestCall {
  readonly url: string;
  /** Default: GET without a body, POST with one. */
  readonly method?: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly multipart?: Readonly<Record<string, string | Blob>>;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a client would see. */
export interface Answered {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Parsed; undefined where the body is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read deep into answers whose shape is what they assert.
  readonly json: any;
}

/** A simulator in process on a clock that tests move, with made-up media to pull and a list of what it delivered. */
export function testClient(definition: SimulatorDefinition, { startAt = "2026-11-20T12:00:00Z" } = {}) {
  let nowMs = Date.parse(startAt);
  const files = new Map<string, { readonly bytes: Uint8Array; readonly contentType: string }>();
  const delivered: ({ readonly url: string } & Parameters<SimEnv["deliver"]>[1])[] = [];
  const asked: string[] = [];
  const client = {
    /** What addresses answer that prove themselves; default 404. */
    onAsk: (_url: URL): { readonly status: number; readonly text: string } => ({ status: 404, text: "" }),
    /** What addresses answer that get an event. */
    onDeliver: (_url: string): number => 200,
  };
  const mount: MountedSimulator = mountInProcess(definition, {
    clock: { now: () => new Date(nowMs) },
    fetchMedia: async (url) => files.get(url),
    async ask(url) {
      asked.push(url);
      return client.onAsk(new URL(url));
    },
    async deliver(url, request) {
      delivered.push({ url, ...request });
      return client.onDeliver(url);
    },
  });

  /** Sends; a cut or a hold stays one. */
  const send = async (call: TestCall): Promise<SimAnswer> => mount.handle(await requestOf(call));

  return Object.assign(client, {
    mount,
    simulator: mount.simulator as Simulator,
    delivered,
    asked,
    send,
    /** Sends, and expects an answer. */
    async ask(call: TestCall): Promise<Answered> {
      const answer = await send(call);
      if (typeof answer === "string") throw new Error(`${call.url}: no answer but ${answer}`);
      return seen(answer);
    },
    advance(ms: number): void {
      nowMs += ms;
    },
    now: () => new Date(nowMs),
    act: (action: string, input: Parameters<NonNullable<Simulator["act"]>>[1] = {}) => {
      if (mount.simulator.act === undefined) throw new Error("this simulator has no actions");
      return mount.simulator.act(action, input);
    },
    /** Puts a medium where the simulator can pull it; answers its address. */
    host(name: string, bytes: Uint8Array, contentType: string): string {
      const url = `https://media.example/${name}`;
      files.set(url, { bytes, contentType });
      return url;
    },
    /** Consents as a person does on the authorise page, and answers the callback's parameters. */
    async consent(url: string, form: Readonly<Record<string, string>> = {}): Promise<URLSearchParams> {
      const answer = await send({ url, form: { decision: "continue", ...form } });
      const location = typeof answer === "object" ? answer.headers?.location : undefined;
      if (location === undefined) throw new Error(`no way back from ${url}: ${JSON.stringify(answer).slice(0, 500)}`);
      return new URL(location).searchParams;
    },
  });
}
export type TestClient = ReturnType<typeof testClient>;

async function requestOf(call: TestCall): Promise<SimRequest> {
  const url = new URL(call.url);
  const { json, form, multipart, bytes } = call;
  let body: { readonly bytes: Uint8Array; readonly type?: string } = { bytes: bytes ?? new Uint8Array() };
  if (json !== undefined) body = { bytes: Buffer.from(JSON.stringify(json)), type: "application/json" };
  else if (form !== undefined)
    body = { bytes: Buffer.from(String(new URLSearchParams(form))), type: "application/x-www-form-urlencoded" };
  else if (multipart !== undefined) {
    const fields = new FormData();
    for (const [name, value] of Object.entries(multipart))
      if (typeof value === "string") fields.set(name, value);
      else fields.set(name, value, "file");
    const encoded = new Response(fields);
    body = { bytes: new Uint8Array(await encoded.arrayBuffer()), type: encoded.headers.get("content-type") ?? "" };
  }
  const hasBody = body.type !== undefined || bytes !== undefined;
  return {
    method: call.method ?? (hasBody ? "POST" : "GET"),
    host: url.host,
    path: url.pathname,
    query: url.searchParams,
    rawQuery: url.search.slice(1),
    headers: {
      ...(body.type === undefined ? {} : { "content-type": body.type }),
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...call.headers,
    },
    rawBody: body.bytes,
  };
}

function seen(answer: Exclude<SimAnswer, string>): Answered {
  const text =
    answer.text ??
    (answer.bytes
      ? Buffer.from(answer.bytes).toString("utf8")
      : answer.json === undefined
        ? ""
        : JSON.stringify(answer.json));
  const headers = Object.fromEntries(
    Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined; // Not JSON is an answer too.
  }
  return { status: answer.status, headers, text, json };
}
