import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import { type SimFaultName, type SimRequest, simFaults } from "./types.ts";

const regex = z.string().refine(isRegex, "must be a regular expression");

function isRegex(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

const common = {
  /** How many matching requests it hits; default 1. */
  times: z.union([z.int().min(1), z.literal("always")]).optional(),
  /** Lets this many matching requests through first. */
  skip: z.int().min(0).optional(),
  match: z
    .strictObject({
      host: z.string().optional(),
      method: z.string().toUpperCase().optional(),
      /** Regular expression over the real path. */
      path: regex.optional(),
      /** Exact values. */
      query: z.record(z.string(), z.string()).optional(),
      /** Id of the account the presented token acts for. */
      account: z.string().optional(),
    })
    .optional(),
};

/**
 * What can be armed. Named platform faults reach the simulator through `env.fault`, with `params` as they were given.
 * `hold`, `drop` and `replace` are the network's own and work for every simulator alike. `before`: nothing is applied.
 * `body`: the request body is read only in part, nothing is applied. `after`: applied, the answer is withheld, cut or
 * replaced by `status`.
 */
export const FaultInput = z.discriminatedUnion("fault", [
  z.strictObject({ ...common, fault: z.enum(simFaults), params: z.record(z.string(), json).optional() }),
  z.strictObject({
    ...common,
    fault: z.enum(["hold", "drop", "replace"]),
    at: z.enum(["before", "body", "after"]).optional(),
    status: z.int().min(400).max(599).optional(),
  }),
]);
export type FaultInput = z.input<typeof FaultInput>;

export interface TransportFault {
  readonly fault: "hold" | "drop" | "replace";
  readonly at: "before" | "body" | "after";
  readonly status: number;
}

type Armed = { readonly input: z.output<typeof FaultInput>; skip: number; left: number; used: number };

/** `accounts`: whom the request acts for, as far as its token tells. */
type RequestHead = Pick<SimRequest, "method" | "host" | "path" | "query"> & { readonly accounts: readonly string[] };

/** The armed faults of one simulator; first armed, first used. Throws a ZodError on a bad input. */
export function createFaultBox() {
  let armed: Armed[] = [];

  function take<T extends Armed["input"]>(
    request: RequestHead,
    wanted: (input: Armed["input"]) => input is T,
  ): T | undefined {
    for (const entry of armed) {
      const { input } = entry;
      if (entry.left === 0 || !wanted(input) || !matches(input.match, request)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      entry.used += 1;
      return input;
    }
    return undefined;
  }

  return {
    arm(given: FaultInput): void {
      const input = FaultInput.parse(given);
      const left = input.times === "always" ? Number.POSITIVE_INFINITY : (input.times ?? 1);
      armed.push({ input, skip: input.skip ?? 0, left, used: 0 });
    },
    clear(): void {
      armed = [];
    },
    /** Whether some fault left is for one account, so that a request's token must be known before it is held or cut. */
    asksForAccount: (): boolean => armed.some(({ input, left }) => left > 0 && input.match?.account !== undefined),
    /** What is armed and how often each was used; `left` is null for "always". */
    list(): readonly JsonObject[] {
      return armed.map(({ input, left, used, skip }) => ({
        ...(JSON.parse(JSON.stringify(input)) as JsonObject),
        left: Number.isFinite(left) ? left : null,
        skip,
        used,
      }));
    },
    takeNamed(name: SimFaultName, request: RequestHead): JsonObject | undefined {
      const hit = take(
        request,
        (input): input is Extract<Armed["input"], { params?: unknown }> => input.fault === name,
      );
      return hit === undefined ? undefined : (hit.params ?? {});
    },
    takeTransport(request: RequestHead): TransportFault | undefined {
      const hit = take(
        request,
        (input): input is Extract<Armed["input"], { at?: unknown }> =>
          input.fault === "hold" || input.fault === "drop" || input.fault === "replace",
      );
      return hit === undefined ? undefined : { fault: hit.fault, at: hit.at ?? "before", status: hit.status ?? 502 };
    },
  };
}
export type FaultBox = ReturnType<typeof createFaultBox>;

function matches(match: Armed["input"]["match"], request: RequestHead): boolean {
  if (match === undefined) return true;
  if (match.host !== undefined && match.host !== request.host) return false;
  if (match.method !== undefined && match.method !== request.method.toUpperCase()) return false;
  if (match.account !== undefined && !request.accounts.includes(match.account)) return false;
  if (match.path !== undefined && !new RegExp(match.path).test(request.path)) return false;
  return Object.entries(match.query ?? {}).every(([name, value]) => request.query.get(name) === value);
}
