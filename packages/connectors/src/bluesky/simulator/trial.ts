import { type MountedSimulator, mountInProcess, type SimAnswer, type SimRequest } from "@postd/connector-kit/simulator";
import { simulators } from "../simulator.ts";

export interface TrialCall {
  /** A method and query ("app.bsky.actor.getProfile?actor=...", asked of bsky.social) or a whole URL. */
  readonly to: string;
  readonly token?: string | undefined;
  /** JSON input; makes it a POST. */
  readonly body?: unknown;
  /** Raw bytes; makes it a POST. */
  readonly bytes?: Uint8Array;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  readonly text: string | undefined;
}

/** One simulated Bluesky on a clock that stands still unless moved; for tests of the simulator. */
export function createTrial() {
  let nowMs = Date.parse("2026-11-21T09:00:00Z");
  const [definition] = simulators;
  if (definition === undefined) throw new Error("no simulator defined");
  const mount: MountedSimulator = mountInProcess(definition, { clock: { now: () => new Date(nowMs) } });

  const send = (call: TrialCall): Promise<SimAnswer> => mount.handle(request(call));

  /** Sends, and expects an answer rather than a cut. */
  async function ask(call: TrialCall): Promise<Answered> {
    const answer = await send(call);
    if (typeof answer === "string") throw new Error(`no answer: ${answer}`);
    return { status: answer.status, headers: answer.headers ?? {}, json: answer.json, text: answer.text };
  }

  /** Signs in and answers what the account can do from then on. */
  async function signIn(identifier = "northfold.bsky.social", password = "fold-demo-post-aaaa") {
    const session = await ask({ to: "com.atproto.server.createSession", body: { identifier, password } });
    const did = textAt(session.json, "did");
    const token = textAt(session.json, "accessJwt");
    return {
      did,
      token,
      refreshJwt: textAt(session.json, "refreshJwt"),
      create: (record: Readonly<Record<string, unknown>>, rkey?: string) =>
        ask({ to: "com.atproto.repo.createRecord", token, body: postInput(did, record, rkey) }),
      put: (record: Readonly<Record<string, unknown>>, rkey: string) =>
        ask({ to: "com.atproto.repo.putRecord", token, body: postInput(did, record, rkey) }),
      upload: (bytes: Uint8Array, type: string) =>
        ask({ to: "com.atproto.repo.uploadBlob", token, bytes, headers: { "content-type": type } }),
    };
  }

  function advance(ms: number): void {
    nowMs += ms;
  }

  return { mount, send, ask, signIn, advance };
}

/** Input that writes a post; `record` overrides a plain "Hello". */
export const postInput = (repo: string, record: Readonly<Record<string, unknown>>, rkey?: string) => ({
  repo,
  collection: "app.bsky.feed.post",
  ...(rkey === undefined ? {} : { rkey }),
  record: { $type: "app.bsky.feed.post", text: "Hello", createdAt: "2026-11-21T09:00:00Z", ...record },
});

/** A value inside JSON by its path; undefined when any part is missing. */
export function valueAt(json: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    json,
  );
}

export function textAt(json: unknown, ...path: readonly (string | number)[]): string {
  const value = valueAt(json, ...path);
  if (typeof value !== "string") throw new Error(`no text at ${path.join(".")} in ${JSON.stringify(json)}`);
  return value;
}

function request({ to, token, body, bytes, method, headers }: TrialCall): SimRequest {
  const url = new URL(to.startsWith("https:") ? to : `https://bsky.social/xrpc/${to}`);
  return {
    method: method ?? (body === undefined && bytes === undefined ? "GET" : "POST"),
    host: url.hostname,
    path: url.pathname,
    query: url.searchParams,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    rawBody: bytes ?? new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body)),
  };
}
