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
}

const MAX_REDIRECTS = 3;

/**
 * Opens a file a person named by URL: public addresses only, no credentials, at most three redirects, each checked
 * anew. The whole transfer ends after `timeoutMs`. The caller reads or abandons the body.
 */
export async function fetchPublic(
  deps: { readonly table: RouteTable; readonly transport: Transport; readonly userAgent: string },
  address: string,
  { maxBytes, timeoutMs, mappedOnly = false, accept = "*/*" }: PublicFetchLimits,
): Promise<Result<PublicFile, PublicFetchFailure>> {
  if (!URL.canParse(address)) return refuse("The address is not valid. Write it whole, with https://.");
  const signal = AbortSignal.timeout(timeoutMs);
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const simulated = mappedOnly && !findMapping(deps.table.hostMap, url, "override");
    const route = routeFor(deps.table, url, { simulated, hosts: [url.hostname], customHosts: false });
    if (route instanceof EgressRefused) return refuse(route.message);
    let answer: Dispatcher.ResponseData;
    try {
      answer = await deps.transport.lease(route, false).dispatcher.request({
        origin: route.target.origin,
        path: `${route.target.pathname}${route.target.search}`,
        method: "GET",
        headers: { accept, "accept-encoding": "identity", "user-agent": deps.userAgent },
        signal,
      });
    } catch (error) {
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
    return opened(answer, url, maxBytes);
  }
  return refuse(
    `The address was redirected more than ${MAX_REDIRECTS} times, and POSTD follows ${MAX_REDIRECTS}. Use the address the file itself has, at the end of the redirects.`,
  );
}

function opened(answer: Dispatcher.ResponseData, url: URL, maxBytes: number): Result<PublicFile, PublicFetchFailure> {
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
    body: capped(answer.body, maxBytes),
  });
}

async function* capped(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the file is larger than ${maxBytes} bytes`);
    yield chunk;
  }
}

function header(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function discard(answer: Dispatcher.ResponseData): void {
  answer.body.on("error", () => {}).destroy(); // Nobody reads it; its end is of no interest.
}

const refuse = (message: string) => fail({ code: "refused" as const, message });
