import { jsonBody, type SimEnv, type SimRequest, type SimResponse } from "@postd/connector-kit/simulator";
import type { z } from "zod";
import { invalidRequest } from "./answer.ts";
import type { Limiter } from "./limits.ts";
import type { Sessions } from "./sessions.ts";
import type { World } from "./world.ts";

/** What every call handler works with. */
export interface Bluesky {
  readonly env: SimEnv;
  readonly world: World;
  readonly sessions: Sessions;
  readonly limiter: Limiter;
}

export type Call = (request: SimRequest, bluesky: Bluesky) => SimResponse | Promise<SimResponse>;

/** A query or procedure of one XRPC method. GET is a query, POST a procedure (fact sheet, "Versioning & base URLs"). */
export interface Method {
  readonly verb: "GET" | "POST";
  /** A write a reader would see; `dropAfterAccept` cuts the answers of these. */
  readonly publishes?: boolean;
  readonly call: Call;
}

/** The JSON input of a procedure. Message of a lexicon server for a body of another type. */
export function input<T>(request: SimRequest, schema: z.ZodType<T>): T {
  const body = jsonBody(request);
  if (!body.ok) throw invalidRequest(`Wrong request encoding: ${body.reason}`);
  return check(schema, body.value, "Input");
}

/** Query parameters; one given several times becomes an array. */
export function params<T>(request: SimRequest, schema: z.ZodType<T>): T {
  const names = new Set(request.query.keys());
  const values = Object.fromEntries(
    [...names].map((name) => {
      const all = request.query.getAll(name);
      return [name, all.length === 1 ? all[0] : all];
    }),
  );
  return check(schema, values, "Params");
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys")
    throw invalidRequest(`Simulator: ${what} has no "${issue.keys.join('", "')}"`);
  throw invalidRequest(`Error: ${what} ${issue?.path.join("/") ?? ""}: ${issue?.message ?? "not valid"}`);
}

export const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): SimResponse => ({
  status: 200,
  headers,
  json: body,
});
