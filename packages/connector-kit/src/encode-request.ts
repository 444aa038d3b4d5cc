import { Buffer } from "node:buffer";
import type { Effect, HttpBody, HttpRequest, HttpResponse } from "./http.ts";
import { multipartBody } from "./multipart.ts";
import { isSecret, type Secret } from "./secret.ts";

/** A request as it goes on the wire: secrets are revealed in it, so it is never logged or kept. */
export interface EncodedRequest {
  readonly method: HttpRequest["method"];
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
}

type Value = string | number | boolean | Secret;
const plain = (value: Value): string => (isSecret(value) ? value.reveal() : String(value));

const pairs = (fields: Readonly<Record<string, Value | readonly string[] | undefined>>): [string, string][] =>
  Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    if (isList(value)) return value.map((one) => [name, one]);
    return [[name, plain(value)]];
  });

const isList = (value: Value | readonly string[]): value is readonly string[] => Array.isArray(value);

function jsonText(value: unknown): string {
  // JSON.stringify asks toJSON before the replacer, and a secret answers "[secret]": look at the holder instead.
  return JSON.stringify(value, function (this: Record<string, unknown>, key, shown) {
    const original = this[key];
    return isSecret(original) ? original.reveal() : shown;
  });
}

/** Bytes already in memory as a body. */
export function bodyOf(bytes: string | Uint8Array, contentType: string): HttpBody {
  const buffer = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  return {
    contentType,
    sizeBytes: buffer.length,
    async *open() {
      if (buffer.length > 0) yield buffer;
    },
  };
}

function bodyFor(request: HttpRequest): HttpBody | undefined {
  if (request.json !== undefined) return bodyOf(jsonText(request.json), "application/json");
  if (request.form)
    return bodyOf(new URLSearchParams(pairs(request.form)).toString(), "application/x-www-form-urlencoded");
  if (request.multipart) return multipartBody(request.multipart);
  return request.body;
}

/** Builds what is sent; this is the one place where secrets in query, headers, form, JSON and multipart are revealed. */
export function encodeRequest(request: HttpRequest): EncodedRequest {
  const url = new URL(request.url);
  for (const [name, value] of pairs(request.query ?? {})) url.searchParams.append(name, value);
  const body = bodyFor(request);
  const headers: Record<string, string> = { accept: "application/json, */*;q=0.5", "accept-encoding": "identity" };
  if (body) headers["content-type"] = body.contentType;
  if (body || !["GET", "HEAD", "DELETE"].includes(request.method))
    headers["content-length"] = String(body?.sizeBytes ?? 0);
  for (const [name, value] of pairs(request.headers ?? {})) headers[name.toLowerCase()] = value;
  if (request.bearer) headers.authorization = `Bearer ${request.bearer.reveal()}`;
  return { method: request.method, url, headers, ...(body && { body }) };
}

const strength: Readonly<Record<Effect, number>> = { none: 0, invisible: 1, visible: 2 };

/** The weaker of what the step declares and what the call says of itself: a call cannot be stronger than its step. */
export const callEffect = (step: Effect, call: Effect | undefined): Effect =>
  call !== undefined && strength[call] < strength[step] ? call : step;

/** An answer as connectors see it; `json` is undefined where the text is not JSON. */
export function decodeAnswer(answer: {
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  readonly bytes: Uint8Array;
  readonly effect: Effect;
}): HttpResponse {
  const text = new TextDecoder().decode(answer.bytes);
  let json: unknown;
  try {
    json = text === "" ? undefined : JSON.parse(text);
  } catch {
    json = undefined; // Not JSON is an answer too: connectors see `undefined` and the text.
  }
  return { status: answer.status, headers: answer.headers, text, json, effect: answer.effect };
}
