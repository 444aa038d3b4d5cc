import type { IncomingMessage, Server } from "node:http";
import { isIPv6, type Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problemOf } from "./problem.ts";

export interface SocketLimits {
  /** Open connections of one client address and of all together. */
  readonly perAddress: number;
  readonly inAll: number;
  /** Headers must be there after this long. */
  readonly headersMs: number;
  /** A body that brings nothing for this long is given up. */
  readonly idleMs: number;
  /** A body kept in memory must be there after this long. */
  readonly bodyMs: number;
  /** The least a file may bring in each `idleMs`. */
  readonly uploadMinBytes: number;
}

export const defaultSocketLimits: SocketLimits = {
  perAddress: 512,
  inAll: 2_048,
  headersMs: 15_000,
  idleMs: 10_000,
  bodyMs: 30_000,
  uploadMinBytes: 40_000,
};

/** How often unfinished bodies are looked at. */
const lookEveryMs = 1_000;
/** A client that was refused before it had sent everything gets this long to read why. */
const lingerMs = 2_000;

interface Arriving {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly isUpload: boolean;
  readonly beganMs: number;
  /** Bytes the connection had brought when the present span began. */
  seenBytes: number;
  spanBeganMs: number;
}

/**
 * Keeps slow and many connections from holding the server: caps on open ones, time limits on bodies by what arrives,
 * and no reading on behalf of a request that was answered already. Uploads may take as long as they like while they bring
 * something. `isUpload` says which requests are.
 */
export function limitSockets(
  app: FastifyInstance,
  limits: SocketLimits,
  isUpload: (request: FastifyRequest) => boolean,
): void {
  capConnections(app.server, limits);
  const arriving = new Map<IncomingMessage, Arriving>();

  app.addHook("onRequest", async (request, reply) => {
    if (!hasBody(request)) return;
    const nowMs = performance.now();
    arriving.set(request.raw, {
      request,
      reply,
      isUpload: isUpload(request),
      beganMs: nowMs,
      seenBytes: request.socket.bytesRead,
      spanBeganMs: nowMs,
    });
  });
  app.addHook("onSend", async (request, reply, payload) => {
    if (hasBody(request) && request.raw.complete === false) reply.header("connection", "close");
    return payload;
  });
  app.addHook("onResponse", async (request) => {
    arriving.delete(request.raw);
    const { raw } = request;
    if (hasBody(request) && raw.complete === false) setTimeout(() => raw.destroy(), lingerMs).unref();
  });

  const look = setInterval(() => {
    const nowMs = performance.now();
    for (const [raw, body] of arriving) {
      if (raw.complete || raw.destroyed) arriving.delete(raw);
      else if (isTooSlow(body, limits, nowMs)) {
        arriving.delete(raw);
        giveUp(body);
      }
    }
  }, lookEveryMs).unref();
  app.addHook("onClose", async () => clearInterval(look));
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

function isTooSlow(body: Arriving, limits: SocketLimits, nowMs: number): boolean {
  if (!body.isUpload && nowMs - body.beganMs > limits.bodyMs) return true;
  if (nowMs - body.spanBeganMs < limits.idleMs) return false;
  const came = body.request.socket.bytesRead - body.seenBytes;
  if (came < (body.isUpload ? limits.uploadMinBytes : 1)) return true;
  body.seenBytes += came;
  body.spanBeganMs = nowMs;
  return false;
}

/** Answers on the bare connection, as the request is still being parsed, and ends it. */
function giveUp({ request, reply }: Arriving): void {
  const { socket } = request;
  if (!reply.raw.headersSent && socket.writable) {
    const problem = problemOf(
      {
        code: "too_slow",
        detail: "The body of this request did not arrive in time, so nothing was changed.",
        next: "Send it again over a faster connection.",
      },
      request.id,
    );
    const text = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/problem+json\r\nx-request-id: ${request.id}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }
  socket.destroySoon();
}

/** Refuses connections beyond the caps at once, before anything is read from them. */
function capConnections(server: Server, { perAddress, inAll }: SocketLimits): void {
  const open = new Map<string, number>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    const client = clientOf(socket.remoteAddress ?? "");
    const own = open.get(client) ?? 0;
    if (count >= inAll || own >= perAddress) {
      socket.destroy();
      return;
    }
    count += 1;
    open.set(client, own + 1);
    socket.once("close", () => {
      count -= 1;
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
    });
  });
}

/** One client of an IPv6 network usually has a whole /64 of addresses. */
function clientOf(address: string): string {
  const plain = address.replace(/^::ffff:/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail = ""] = plain.split("::");
  const front = head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const whole = plain.includes("::") ? [...front, ...Array(8 - front.length - back.length).fill("0"), ...back] : front;
  return whole.slice(0, 4).join(":");
}
