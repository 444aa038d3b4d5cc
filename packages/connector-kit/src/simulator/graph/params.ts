import { z } from "zod";
import { bodyText, formBody, jsonBody, mediaType, multipartBody, type SimFile } from "../body.ts";
import type { SimRequest } from "../types.ts";
import { readDate } from "./date-text.ts";
import { invalidParameter } from "./error.ts";

/** Query and body parameters together, as Graph reads them; the body wins. JSON values other than strings are kept as JSON text. */
export interface Params {
  names(): readonly string[];
  has(name: string): boolean;
  text(name: string): string | undefined;
  file(name: string): SimFile | undefined;
}

const JsonBody = z.record(z.string(), z.unknown());

/** Reads a request's parameters. Throws a GraphError 100 on a body it cannot read. */
export async function readParams(request: SimRequest): Promise<Params> {
  const files = new Map<string, SimFile>();
  const body = await bodyFields(request, files);
  return paramsOf([...request.query, ...body], files);
}

/** Parameters from pairs, the later one winning, and files by their name. */
export function paramsOf(
  pairs: readonly (readonly [string, string])[],
  files: ReadonlyMap<string, SimFile> = new Map(),
): Params {
  const values = new Map(withLists(pairs));
  return {
    names: () => [...new Set([...values.keys(), ...files.keys()])],
    has: (name) => values.has(name) || files.has(name),
    text: (name) => values.get(name),
    file: (name) => files.get(name),
  };
}

/** `attached_media[0]=...&attached_media[1]=...`, as PHP and most clients write a list, is one JSON array. */
function withLists(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const lists = new Map<string, unknown[]>();
  return pairs.map(([written, value]) => {
    const [, name, index] = /^(\w+)\[(\d{0,3})\]$/.exec(written) ?? [];
    if (name === undefined) return [written, value];
    const list = lists.get(name) ?? [];
    lists.set(name, list);
    list[index === "" ? list.length : Number(index)] = parseJson(value) ?? value;
    return [name, JSON.stringify(list.filter((item) => item !== undefined))];
  });
}

async function bodyFields(request: SimRequest, files: Map<string, SimFile>): Promise<Iterable<[string, string]>> {
  if (request.rawBody.byteLength === 0 || request.method === "GET") return [];
  const type = mediaType(request);
  if (type === "application/json") {
    const parsed = jsonBody(request);
    const body = parsed.ok ? JsonBody.safeParse(parsed.value) : undefined;
    if (!body?.success) throw invalidParameter("The request body is not a JSON object");
    return Object.entries(body.data).map(([name, value]): [string, string] => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  }
  if (type === "multipart/form-data") {
    const parsed = await multipartBody(request);
    if (!parsed.ok) throw invalidParameter(parsed.reason);
    for (const file of parsed.value.files) files.set(file.name, file);
    return parsed.value.fields;
  }
  const parsed = type === "" ? bodyText(request) : undefined;
  if (parsed?.ok) return new URLSearchParams(parsed.value);
  const form = formBody(request);
  if (!form.ok) throw invalidParameter(form.reason);
  return form.value;
}

/** A required text parameter. */
export function requiredText(params: Params, name: string): string {
  const value = params.text(name);
  if (value === undefined || value === "") throw invalidParameter(`The parameter ${name} is required`);
  return value;
}

/** A bool as Graph takes it: true, false, 1, 0. */
export function bool(params: Params, name: string): boolean | undefined {
  const value = params.text(name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw invalidParameter(`Param ${name} must be a boolean`);
}

export function unsignedInt(params: Params, name: string): number | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw invalidParameter(`Param ${name} must be a non-negative integer`);
  return Number(value);
}

/** An instant in milliseconds, written as unix seconds, ISO 8601 or any text strtotime reads. */
export function instantMs(params: Params, name: string, nowMs: number): number | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  const ms = readDate(value, nowMs);
  if (ms === undefined) throw invalidParameter(`Param ${name} must be a unix timestamp or a date`);
  return ms;
}

/** An instant in milliseconds where only unix seconds are taken: a date text is no valid date there (restfb#1052). */
export function unixSecondsMs(params: Params, name: string): number | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw invalidParameter(`Param ${name} must be a valid date: a unix timestamp in seconds`);
  return Number(value) * 1000;
}

export function oneOf<const T extends string>(params: Params, name: string, allowed: readonly T[]): T | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalidParameter(`Param ${name} must be one of {${allowed.join(", ")}}`);
  return found;
}

/** A list: a JSON array or comma separated text. */
export function textList(params: Params, name: string): readonly string[] | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  if (!value.trimStart().startsWith("["))
    return value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  return jsonParam(params, name, z.array(z.coerce.string()), "a list");
}

/** A JSON parameter checked by a schema; `what` says what it must be. */
export function jsonParam<T>(params: Params, name: string, schema: z.ZodType<T>, what: string): T | undefined {
  const value = params.text(name);
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(value));
  if (!parsed.success) throw invalidParameter(`Param ${name} must be ${what}`);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema refuses undefined and the caller names the parameter.
    return undefined;
  }
}

/** Known on every call. The official client sends `id` with every change. */
const commonParams: readonly string[] = [
  "access_token",
  "appsecret_proof",
  "appsecret_time",
  "fields",
  "format",
  "id",
  "pretty",
];

/** Parameters Graph takes and passes over, so that a test can see that none was meant for something. */
export const passedOver = (params: Params, known: readonly string[]): readonly string[] =>
  params.names().filter((name) => !known.includes(name) && !commonParams.includes(name));
