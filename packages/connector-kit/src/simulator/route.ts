import type { JsonObject } from "@postd/contracts";
import type { z } from "zod";
import type { Caller } from "./tokens.ts";
import type { SimAnswer, SimEnv, SimFaultName, SimRequest } from "./types.ts";

/** One call, checked: token, scopes, query and body are what the route says. */
export interface Call<W, B = unknown, Q = unknown> {
  readonly world: W;
  readonly env: SimEnv;
  readonly request: SimRequest;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** Who calls. Throws on a route whose token is `none`; on an `optional` one use `visitor`. */
  readonly caller: Caller;
  /** Who calls, where somebody does. */
  readonly visitor: Caller | undefined;
  readonly now: Date;
  /** Whether a named fault is armed for this call; uses it up. */
  fault(name: SimFaultName): JsonObject | undefined;
  /** How long something works, in milliseconds; `slowProcessing {ms?}` adds to it, ten minutes unless told. */
  workMs(usualMs: number): number;
  /** What lists show: under `hideFromLists {lagMs?}` things of the last hour are missing. */
  listed<T>(items: readonly T[], madeAt: (item: T) => Date | number): readonly T[];
  /** Answers another request as if it had come by itself: a part of a batch. */
  answer(request: SimRequest): Promise<SimAnswer>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";

interface Checks {
  /** `needed` unless told. `optional`: taken and checked where it is given. `none`: never looked at. */
  readonly token?: "needed" | "optional" | "none";
  /** All of them; a list inside: one of these. */
  readonly scopes?: readonly (string | readonly string[])[];
  /** How the body comes; `json` unless told. `bytes`: any, unread in `request.rawBody`. */
  readonly bodyAs?: "json" | "form" | "multipart" | "bytes";
  /** A call whose success an audience sees; `dropAfterAccept` cuts the answers of these. */
  readonly publishes?: boolean;
}

export interface RouteOptions<W, B extends z.ZodType, Q extends z.ZodType> extends Checks {
  /** Strict objects refuse unknown fields. Absent: the body is not looked at. */
  readonly body?: B;
  /** A parameter given several times is a list. Absent: the query is not looked at. */
  readonly query?: Q;
  handle(call: Call<W, z.output<B>, z.output<Q>>): SimAnswer | Promise<SimAnswer>;
}

/** A route as data, so that tests can compare what a simulator takes with an official description. */
export interface Route<W> extends Checks {
  readonly method: Method;
  /** "api.linkedin.com/rest/posts/:urn"; a host may begin with `*.`, a last `*` takes the rest of the path. */
  readonly paths: readonly string[];
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  handle(call: Call<W>): SimAnswer | Promise<SimAnswer>;
}

/** `route(method, path, options)` for a world of this type. */
export function routesOf<W>() {
  return function route<B extends z.ZodType = z.ZodUnknown, Q extends z.ZodType = z.ZodUnknown>(
    method: Method,
    path: string | readonly string[],
    options: RouteOptions<W, B, Q>,
  ): Route<W> {
    // What the schemas let through is what the handler declares; only the erased type cannot say so.
    const handle = options.handle as Route<W>["handle"];
    return { ...options, method, paths: typeof path === "string" ? [path] : path, handle };
  };
}

export type Found<W> =
  | { readonly route: Route<W>; readonly params: Readonly<Record<string, string>> }
  | { readonly route?: undefined; readonly allowed: readonly string[] };

/** Finds routes by host and path: an exact host wins over a wildcard, plain segments over named ones. */
export function createRouter<W>(routes: readonly Route<W>[]): (request: SimRequest) => Found<W> {
  const entries = routes.flatMap((route) => route.paths.map((path) => ({ route, ...compile(path) })));
  entries.sort((left, right) => right.weight - left.weight);
  return ({ host, path, method }) => {
    const address = `${host}${path.replace(/(.)\/$/, "$1")}`;
    const allowed: string[] = [];
    for (const { route, pattern } of entries) {
      const match = pattern.exec(address);
      if (match === null) continue;
      if (route.method !== method) allowed.push(route.method);
      else
        return {
          route,
          params: Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value)])),
        };
    }
    return { allowed };
  };
}

function compile(path: string): { readonly pattern: RegExp; readonly weight: number } {
  const [host = "", ...segments] = path.replace(/(.)\/$/, "$1").split("/");
  const hostPattern = host.startsWith("*.") ? `(?:[^/]+)${escapeRegex(host.slice(1))}` : escapeRegex(host);
  const parts = segments.map((segment) => {
    if (segment === "*") return "(?<rest>.*)";
    // A name may stand inside a segment: "(key::name)" is left to the platform, "@:name" is not.
    return segment.replace(/:([a-zA-Z]+)|[^:]+|:/g, (text, name: string | undefined) =>
      name === undefined ? escapeRegex(text) : `(?<${name}>[^/]+?)`,
    );
  });
  const plain = segments.filter((segment) => !segment.includes(":") && segment !== "*").length;
  const pattern = new RegExp(`^${[hostPattern, ...parts].join("/")}$`);
  return { pattern, weight: (host.startsWith("*.") ? 0 : 1000) + plain * 10 - (segments.at(-1) === "*" ? 5 : 0) };
}

const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // Not encoded text: the platform sees it as it came.
  }
}
