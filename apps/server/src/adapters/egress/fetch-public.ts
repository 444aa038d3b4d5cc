import { fail, ok, type Result } from "@postd/contracts";
import type { Dispatcher } from "undici";
import { EgressRefused } from "./guard.ts";
import { findMapping } from "./host-map.ts";
import { type RouteTable, routeFor } from "./route.ts";
import type { Transport } from "./transport.ts";

/** A public file being read. `body` throws a plain Error when it grows over the limit or the connection breaks. */
export interface PublicFile {
  readonly contentType: string;
  /** As announced; absent where the server does not say. */
  readonly sizeBytes?: number;
  /** The address it finally came from, without its query. */
  readonly from: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PublicFetchFailure {
  readonly code: "refused" | "unavailable" | "not_found" | "too_large";
  readonly message: string;
}

export interface PublicFetchLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Reach mapped hosts only, an operator's or a simulator's; anything else is refused. */
  readonly mappedOnly?: boolean;
  /** What is wanted, as `Accept` says it. Default: anything. */
  readonly accept?: string;
  /** Ends it where several share one limit of time. */
  readonly signal?: AbortSignal;
}

const MAX_REDIRECTS = 3;

/** How fast a file must come: something within `idleMs`, and after that time at least so much on the whole. */
export interface Pace {
  readonly idleMs: number;
  readonly minBytesPerSecond: number;
}

const defaultPace: Pace = { idleMs: 15_000, minBytesPerSecond: 10_000 };

/**
 * Opens a file a person named by URL: public addresses only, no credentials, at most three redirects, each checked
 * anew. The whole transfer ends after `timeoutMs` or with `signal`, and earlier where the sender drips. The caller reads
 * or abandons the body.
 */
export async function fetchPublic(
  deps: {
    readonly table: RouteTable;
    readonly transport: Transport;
    readonly userAgent: string;
    readonly filePace?: Pace | undefined;
  },
  address: string,
  { maxBytes, timeoutMs, mappedOnly = false, accept = "*/*", signal: given }: PublicFetchLimits,
): Promise<Result<PublicFile, PublicFetchFailure>> {
  if (!URL.canParse(address)) return refuse("The address is not valid. Write it whole, with https://.");
  const watch = watchPace(deps.filePace ?? defaultPace);
  const ends = [AbortSignal.timeout(timeoutMs), watch.signal, ...(given ? [given] : [])];
  const signal = AbortSignal.any(ends);
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const simulated = mappedOnly && !findMapping(deps.table.hostMap, url, "override");
    const route = routeFor(deps.table, url, { simulated, hosts: [url.hostname], customHosts: false });
    if (route instanceof EgressRefused) return refuse(route.message);
    let answer: Dispatcher.ResponseData;
    watch.begin();
    try {
      answer = await deps.transport.lease(route, false).dispatcher.request({
        origin: route.target.origin,
        path: `${route.target.pathname}${route.target.search}`,
        method: "GET",
        headers: { accept, "accept-encoding": "identity", "user-agent": deps.userAgent },
        signal,
      });
    } catch (error) {
      watch.end();
      if (error instanceof EgressRefused) return refuse(error.message);
      return fail({
        code: "unavailable",
        message: `${url.hostname} could not be reached. Try again or upload the file.`,
      });
    }
    const location = header(answer, "location");
    if ([301, 302, 303, 307, 308].includes(answer.statusCode) && location && URL.canParse(location, url.href)) {
      discard(answer);
      url = new URL(location, url);
      continue;
    }
    watch.end();
    return opened(answer, url, maxBytes, watch);
  }
  return refuse(
    `The address was redirected more than ${MAX_REDIRECTS} times, and POSTD follows ${MAX_REDIRECTS}. Use the address the file itself has, at the end of the redirects.`,
  );
}

function opened(
  answer: Dispatcher.ResponseData,
  url: URL,
  maxBytes: number,
  watch: PaceWatch,
): Result<PublicFile, PublicFetchFailure> {
  if (answer.statusCode !== 200) {
    discard(answer);
    return answer.statusCode >= 500
      ? fail({ code: "unavailable", message: `${url.hostname} answered ${answer.statusCode}. Try again later.` })
      : fail({ code: "not_found", message: `${url.hostname} answered ${answer.statusCode}. Is the address public?` });
  }
  const announced = Number(header(answer, "content-length") ?? Number.NaN);
  if (announced > maxBytes) {
    discard(answer);
    return fail({ code: "too_large", message: `The file has ${announced} bytes; the limit is ${maxBytes}.` });
  }
  return ok({
    contentType: header(answer, "content-type") ?? "application/octet-stream",
    ...(Number.isFinite(announced) && { sizeBytes: announced }),
    from: `${url.origin}${url.pathname}`,
    body: capped(answer.body, maxBytes, watch),
  });
}

async function* capped(body: AsyncIterable<Uint8Array>, maxBytes: number, watch: PaceWatch): AsyncIterable<Uint8Array> {
  let size = 0;
  watch.begin();
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`the file is larger than ${maxBytes} bytes`);
      // While the reader is at it nobody waits for the sender.
      watch.came(size);
      yield chunk;
      watch.begin();
    }
  } finally {
    watch.end();
  }
}

interface PaceWatch {
  readonly signal: AbortSignal;
  /** From now on the sender is waited for. */
  begin(): void;
  /** So many bytes came in all; throws when that is too few for the time waited. */
  came(bytes: number): void;
  end(): void;
}

function watchPace({ idleMs, minBytesPerSecond }: Pace): PaceWatch {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let waitedMs = 0;
  let sinceMs = 0;
  const end = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    signal: controller.signal,
    begin() {
      end();
      sinceMs = performance.now();
      timer = setTimeout(() => controller.abort(new Error("its server sent nothing for too long")), idleMs);
    },
    came(bytes) {
      end();
      waitedMs += performance.now() - sinceMs;
      if (waitedMs > idleMs && bytes < (waitedMs / 1_000) * minBytesPerSecond)
        throw new Error("its server sends too slowly");
    },
    end,
  };
}

function header(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function discard(answer: Dispatcher.ResponseData): void {
  answer.body.on("error", () => {}).destroy(); // Nobody reads it; its end is of no interest.
}

const refuse = (message: string) => fail({ code: "refused" as const, message });
