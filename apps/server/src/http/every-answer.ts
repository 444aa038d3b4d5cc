import { randomUUID } from "node:crypto";
import { IncomingMessage, ServerResponse, STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { ServiceError } from "@postd/contracts";
import helmet from "helmet";
import type { HttpConfig } from "./deps.ts";
import { problemOf } from "./problem.ts";
import { securityHeaders } from "./security-headers.ts";

/** What a request says about where we are. Only `publicUrl` knows that, so nothing behind the door gets to read these. */
const claimsAboutUs = [
  "host",
  "forwarded",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-server",
  "x-original-host",
  "x-original-url",
  "x-rewrite-url",
] as const;

export interface EveryAnswer {
  /** The same id for one request, whoever asks. */
  requestId(request: IncomingMessage): string;
  /**
   * Puts on the answer what every answer carries; a route may set a header again. Takes off the request what would let
   * its sender say where this server is. Safe to repeat.
   */
  cover(request: IncomingMessage, response: ServerResponse): void;
  /** Why a request is refused whatever it asks for. */
  refusal(request: IncomingMessage): ServiceError | undefined;
  /** Answers bytes that are no request, on the socket itself, and closes it; answers its request id. */
  malformed(error: Error & { readonly code?: string }, socket: Socket): string;
}

/**
 * The one door all answers leave by: request id, `no-store`, security headers. It hangs on the server and not on routes,
 * so an answer of the framework, of a plugin or of a route written tomorrow has them too.
 */
export function everyAnswer(config: HttpConfig): EveryAnswer {
  const fixed = fixedHeaders(config);
  const ids = new WeakMap<IncomingMessage, string>();
  const covered = new WeakSet<ServerResponse>();
  const badHost = new WeakSet<IncomingMessage>();
  /** Answers not yet ended, with their requests, by connection. */
  const open = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();

  function requestId(request: IncomingMessage): string {
    const id = ids.get(request) ?? newRequestId();
    ids.set(request, id);
    return id;
  }

  return {
    requestId,
    cover(request, response) {
      if (covered.has(response)) return;
      covered.add(response);
      for (const [name, value] of fixed) response.setHeader(name, value);
      response.setHeader("x-request-id", requestId(request));
      if (!namesOneHost(request)) badHost.add(request);
      for (const name of claimsAboutUs) delete request.headers[name];
      const answers = open.get(request.socket) ?? new Map<ServerResponse, IncomingMessage>();
      open.set(request.socket, answers.set(response, request));
      response.once("close", () => answers.delete(response));
    },
    refusal: (request) =>
      badHost.has(request)
        ? { code: "invalid_input", detail: "The request names no host, or more than one.", field: "Host" }
        : undefined,
    malformed(error, socket) {
      const id = newRequestId();
      const answers = [...(open.get(socket) ?? [])];
      // A whole request that is still being answered owns the next bytes; a refusal there would be taken for its answer.
      const taken = answers.some(([response, request]) => response.headersSent || request.complete);
      if (socket.writable && !taken && error.code !== "ECONNRESET") socket.write(rawRefusal(error.code, fixed, id));
      socket.destroySoon();
      return id;
    },
  };
}

const newRequestId = (): string => `req_${randomUUID().replaceAll("-", "")}`;

function fixedHeaders(config: HttpConfig): readonly (readonly [string, string])[] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  helmet(securityHeaders(config))(response.req, response, (problem?: unknown) => {
    if (problem) throw problem;
  });
  response.setHeader("cache-control", "no-store");
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)] as const);
}

/** RFC 9112 section 3.2: exactly one, except in HTTP/1.0. */
function namesOneHost({ rawHeaders, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  const count = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  return count === 1 || (count === 0 && httpVersionMajor === 1 && httpVersionMinor === 0);
}

const refusals: Readonly<Record<string, { readonly status: number; readonly error: ServiceError }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    error: { code: "payload_too_large", detail: "The address or the headers are longer than this server takes." },
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: { code: "invalid_input", detail: "The request did not arrive in time.", next: "Send it again, in one go." },
  },
};
const noRequest = {
  status: 400,
  error: { code: "invalid_input", detail: "What was sent is not a request of HTTP/1.1." },
} as const;

function rawRefusal(code: string | undefined, fixed: readonly (readonly [string, string])[], id: string): string {
  const { status, error } = refusals[code ?? ""] ?? noRequest;
  const body = JSON.stringify({ ...problemOf(error, id), status });
  const headers = [
    ...fixed,
    ["x-request-id", id],
    ["content-type", "application/problem+json"],
    ["content-length", String(Buffer.byteLength(body))],
    ["connection", "close"],
  ];
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
