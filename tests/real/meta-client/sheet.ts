import { z } from "zod";
import type { Made, WireCall } from "./client.ts";

/** A call as the fact sheet has it. */
export interface SheetCall {
  /** `POST graph.facebook.com/{page}/feed`, without its version. */
  readonly call: string;
  /** Parameters the sheet names for what this step wants, wherever they stand; `?` after one that may be missing. */
  readonly params: readonly string[];
  /** The answer's body, strict: what the sheet does not name is a difference. */
  readonly answer: z.ZodType;
  readonly status?: number;
}

/** What everybody names instead of an id. */
export interface Names {
  readonly pageId: string;
  readonly igId: string;
}

const askedVersion = "v25.0";

/** Everything in which a step differs from the sheet, in words; `made` is what the client handed to its caller. */
export function differencesOf(
  { calls: expected, made: shape }: { readonly calls: readonly SheetCall[]; readonly made: z.ZodType },
  { calls, ...made }: Made & { readonly calls: readonly WireCall[] },
  names: Names,
): readonly string[] {
  const found = new Set<string>();
  const tell = calls.map((call) => plainCall(call, names));
  const wanted = expected.map(({ call }) => call);
  if (JSON.stringify(tell.map(({ call }) => call)) !== JSON.stringify(wanted))
    found.add(`calls ${JSON.stringify(tell.map(({ call }) => call))} instead of ${JSON.stringify(wanted)}`);
  for (const [index, told] of tell.entries()) {
    const sheet = expected[index];
    if (told.version !== askedVersion) found.add(`asks for ${told.version || "no version"}`);
    if (sheet?.call !== told.call) continue;
    const allowed = sheet.params.map((name) => name.replace(/\?$/, ""));
    for (const name of told.params) if (!allowed.includes(name)) found.add(`sends ${name} besides`);
    for (const name of sheet.params)
      if (!name.endsWith("?") && !told.params.includes(name)) found.add(`does not send ${name}`);
    if (told.status !== (sheet.status ?? 200)) found.add(`is answered ${told.status}: ${JSON.stringify(told.body)}`);
    else for (const line of issuesOf(sheet.answer, told.body)) found.add(`the answer: ${line}`);
  }
  for (const line of issuesOf(shape, made.error ? { error: made.error } : made.value))
    found.add(`the client's result: ${line}`);
  return [...found];
}

function issuesOf(schema: z.ZodType, value: unknown): readonly string[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => {
    const place = path.map((part) => (typeof part === "number" ? "[]" : `.${String(part)}`)).join("");
    return `${place.replace(/^\./, "") || "itself"}: ${message}`;
  });
}

/** A call without what differs from run to run: ids have names, tokens are left out. */
export function plainCall({ request, answer }: WireCall, { pageId, igId }: Names) {
  const [, version = "", rest = ""] = /^\/(v\d+\.\d+)?\/?(.*)$/.exec(request.path) ?? [];
  const path = rest
    .replaceAll(pageId, "{page}")
    .replaceAll(igId, "{ig}")
    .replaceAll(/\d{6,}(_\d+)?|\{page\}_\d+/g, "{id}");
  const params = [...request.query.keys(), ...bodyNames(request.rawBody, request.headers["content-type"] ?? "")];
  return {
    call: `${request.method} ${request.host}/${path}`,
    version: path.startsWith("video-upload") ? askedVersion : version,
    params: params.filter((name) => name !== "access_token"),
    status: typeof answer === "string" ? answer : answer.status,
    body: typeof answer === "string" ? undefined : JSON.parse(JSON.stringify(answer.json ?? null)),
  };
}

const Fields = z.record(z.string(), z.unknown());

function bodyNames(raw: Uint8Array, type: string): readonly string[] {
  const text = Buffer.from(raw).toString("latin1");
  if (text === "" || type.startsWith("application/octet-stream")) return [];
  if (type.startsWith("application/json")) return Object.keys(Fields.parse(JSON.parse(text)));
  if (type.startsWith("multipart/")) return [...text.matchAll(/ name="([^"]+)"/g)].flatMap(([, name]) => name ?? []);
  return [...new URLSearchParams(text).keys()];
}
