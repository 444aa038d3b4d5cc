import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import type { BodyPool } from "./body-pool.ts";
import { Refusal } from "./problem.ts";

/** Deeper nesting means nothing here and could exhaust the stack of whoever walks it. */
const maxDepth = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * JSON as outside data: strict UTF-8, bounded depth, no `__proto__`, no text PostgreSQL cannot keep (null characters,
 * lone surrogates). An empty body is undefined. Throws a `Refusal` that names the way out.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw malformed("The body is not valid UTF-8.");
  }
  if (depthOf(text) > maxDepth) throw malformed(`The body is nested more than ${maxDepth} levels deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("The body is not valid JSON.");
  }
  const problem = unstorable(value, "");
  if (problem) throw new Refusal({ code: "invalid_input", ...problem });
  return value;
}

/** The parser of JSON bodies of at most `maxBytes`, whose memory comes from the pool of all bodies. */
export const jsonParser =
  (bodies: BodyPool, maxBytes: number) =>
  async (request: FastifyRequest, payload: IncomingMessage): Promise<unknown> =>
    parseJsonBody(await bodies.collect(request, payload, maxBytes));

/** The first text in a parsed value that cannot be stored, or a key that must not be used. */
export function unstorable(
  value: unknown,
  path: string,
): { readonly field: string; readonly detail: string } | undefined {
  const field = path || "body";
  if (typeof value === "string") return isStorable(value) ? undefined : { field, detail: `${field}: ${cannotStore}` };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const problem = unstorable(item, path === "" ? String(index) : `${path}.${index}`);
      if (problem) return problem;
    }
    return undefined;
  }
  // JSON can write what no number here holds; it would silently become another value.
  if (typeof value === "number" && !Number.isFinite(value))
    return { field, detail: `${field}: this number is too large to be kept.` };
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const inner = isStorable(key) ? (path === "" ? key : `${path}.${key}`) : field;
    if (!isStorable(key)) return { field, detail: `${field}: a name in it ${cannotStore}` };
    if (key === "__proto__") return { field: inner, detail: `${inner}: this name is not allowed.` };
    const problem = unstorable(item, inner);
    if (problem) return problem;
  }
  return undefined;
}

const cannotStore = "holds a null character or broken Unicode, which cannot be stored.";
export const isStorable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

/** Nesting of brackets outside strings, read without recursion. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return deepest;
}

const malformed = (detail: string) =>
  new Refusal({ code: "invalid_input", field: "body", detail, next: "Send one JSON object, encoded as UTF-8." });
