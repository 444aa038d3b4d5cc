import type { IncomingMessage, ServerResponse } from "node:http";
import type { SimResponse } from "./types.ts";

/**
 * Takes the beginning of a body until `isEnough`, `maxBytes` or its end; hand what came on to `readBody`. A client that
 * breaks off ends it too.
 */
export async function readBeginning(
  req: IncomingMessage,
  isEnough: (begun: Buffer) => boolean,
  maxBytes: number,
): Promise<Buffer> {
  let begun: Buffer = Buffer.alloc(0);
  while (!isEnough(begun) && begun.byteLength < maxBytes) {
    const chunk: Buffer | null = req.read();
    if (chunk !== null) begun = Buffer.concat([begun, chunk]);
    else if (req.readableEnded || req.destroyed) break;
    else await nextEvent(req);
  }
  return begun;
}

/** The whole body, or undefined when it is larger than `maxBytes`. Throws when the client breaks off. */
export async function readBody(
  req: IncomingMessage,
  maxBytes: number,
  begun: Buffer = Buffer.alloc(0),
): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [begun];
  let sizeBytes = begun.byteLength;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Waits for the first bytes of a body without consuming the rest; at once when there is none. */
export async function readFirstBytes(req: IncomingMessage): Promise<void> {
  if (req.complete || req.readableLength > 0) return;
  await nextEvent(req);
}

/** Something came, the body ended, or the client went away. */
function nextEvent(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      req.off("readable", done);
      req.off("end", done);
      req.off("close", done);
      resolve();
    };
    req.on("readable", done);
    req.on("end", done);
    req.on("close", done);
  });
}

/** Closes the connection without an answer. */
export const cutConnection = (req: IncomingMessage): void => {
  req.socket.destroy();
};

/** `closes`: the request was not read to its end, so the connection cannot be used again. */
export function sendAnswer(res: ServerResponse, answer: SimResponse, { closes = false } = {}): void {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value;
  if (closes) headers.connection = "close";
  let body: Uint8Array | string = "";
  if (answer.bytes !== undefined) body = answer.bytes;
  else if (answer.text !== undefined) body = answer.text;
  else if (answer.json !== undefined) {
    headers["content-type"] ??= "application/json; charset=utf-8";
    body = JSON.stringify(answer.json);
  }
  const { cutAfterBytes } = answer;
  if (cutAfterBytes === undefined) {
    res.writeHead(answer.status, headers);
    res.end(body);
    return;
  }
  const whole = Buffer.from(body);
  res.writeHead(answer.status, { ...headers, "content-length": String(Math.max(whole.byteLength, cutAfterBytes + 1)) });
  res.write(whole.subarray(0, cutAfterBytes), () => res.socket?.destroy());
}

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const localName = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/**
 * Whether a control request comes from this machine and not from a page elsewhere: the peer is loopback, and the Host
 * and Origin headers (where sent) name this machine, so that neither DNS rebinding nor a form on another site gets in.
 */
export function isLocalControl(req: IncomingMessage): boolean {
  const { origin, host } = req.headers;
  if (!loopback.test(req.socket.remoteAddress ?? "") || !localName.test(host ?? "")) return false;
  return origin === undefined || (URL.canParse(origin) && localName.test(new URL(origin).host));
}
