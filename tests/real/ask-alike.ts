import type { Asking, Known } from "./bluesky-requests.ts";

/** One answer as it is compared: what differs from run to run has a name instead of a value. */
export interface Told {
  readonly status: number;
  readonly type: string;
  readonly cors: string | null;
  readonly body: unknown;
}

/** A server under question: where it is, and how its account is brought into a state. */
export interface Asked {
  /** Address of a path of the account's server. */
  url(path: string): string;
  readonly account: {
    readonly did: string;
    readonly handle: string;
    readonly password: string;
    readonly host: string;
    readonly neighbour: string;
  };
  setState(state: NonNullable<Asking["state"]>): Promise<void>;
}

/** Asks everything in order and answers by title. */
export async function askAll(server: Asked, requests: readonly Asking[]): Promise<ReadonlyMap<string, Told>> {
  const { did, handle, password, neighbour } = server.account;
  const known: Known = { did, handle, HANDLE: handle.toUpperCase(), password, neighbour };
  const told = new Map<string, Told>();
  for (const request of requests) {
    if (request.state) await server.setState(request.state);
    told.set(request.title, await askOne(server, request, known));
  }
  return told;
}

async function askOne(server: Asked, asking: Asking, known: Known): Promise<Told> {
  const path = asking.to.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(find(known, name))));
  const hasBody = asking.json !== undefined || asking.bytes !== undefined;
  const token = asking.token?.startsWith("raw:") ? asking.token.slice(4) : asking.token && find(known, asking.token);
  const response = await fetch(server.url(path.startsWith("/") ? path : `/xrpc/${path}`), {
    method: asking.method ?? (hasBody ? "POST" : "GET"),
    headers: {
      ...(asking.json === undefined ? {} : { "content-type": "application/json" }),
      ...(asking.type === undefined ? {} : { "content-type": asking.type }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...asking.headers,
    },
    ...(asking.bytes === undefined ? {} : { body: asking.bytes }),
    ...(asking.json === undefined ? {} : { body: JSON.stringify(fill(asking.json, known)) }),
  });
  const text = await response.text();
  const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
  const body: unknown = type === "application/json" ? JSON.parse(text) : text;
  for (const [name, at] of Object.entries(asking.keep ?? {})) known[name] = at.reduce(part, body);
  return {
    status: response.status,
    type,
    cors: response.headers.get("access-control-allow-origin"),
    body: plain(body, server, asking),
  };
}

const part = (value: unknown, name: string | number): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** "blob.ref" is a part of what is known as "blob". */
const find = (known: Known, path: string): unknown => path.split(".").reduce<unknown>(part, known);

/** A text that is one placeholder becomes the value itself, others have it put in. */
function fill(value: unknown, known: Known): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, known));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, known)]));
  if (typeof value !== "string") return value;
  const whole = /^\{([^}]+)\}$/.exec(value)?.[1];
  if (whole !== undefined) return find(known, whole);
  return value.replace(/\{([^}]+)\}/g, (text, name: string) => String(find(known, name) ?? text));
}

/** A record that names its own account has another hash at every server. */
const namesItself = ({ json }: Asking): boolean =>
  /\{(did|uri|cid)\}/.test(JSON.stringify({ ...(json as object | undefined), repo: "", swapRecord: "" }));

/**
 * Takes out what no two servers share: ids, tokens, keys, revisions, hashes of commits, times of their own. The DID document is
 * left out as well: a PDS alone on a machine does not resolve those of its own directory.
 */
function plain(value: unknown, server: Asked, asking: Asking): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, server, asking));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== "didDoc")
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, item]) => [name, name === "commit" ? "<commit>" : plain(item, server, asking)]),
    );
  if (typeof value !== "string") return value;
  const { did, handle, host } = server.account;
  const text = value
    .replaceAll(did, "<did>")
    .replaceAll(handle, "<handle>")
    .replaceAll(host, "<host>")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<jwt>")
    .replace(/^(Commit was at) bafyrei[a-z2-7]+$/, "$1 <commit>")
    .replace(/\b3[a-z2-7]{12}\b/g, (tid) => (tid.startsWith("3mabcdefghi") ? tid : "<tid>"));
  return namesItself(asking) ? text.replace(/\bbafyrei[a-z2-7]{52}\b/g, "<cid>") : text;
}
