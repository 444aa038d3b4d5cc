import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { AnyJson, type Fault, faultCommon, type TransportFault } from "./fault-common.ts";
import { errorFault, type PlatformErrorInput } from "./platform-error.ts";
import { type PlatformErrors, type SimAnswer, type SimFaultName, type SimRequest, simFaults } from "./types.ts";

/**
 * What can be armed. Named platform faults reach the simulator through `env.fault`, with `params` as they were given.
 * `hold`, `drop` and `replace` are the network's own and work for every simulator alike. `before`: nothing is applied.
 * `body`: the request body is read only in part, nothing is applied. `after`: applied, the answer is withheld, cut or
 * replaced by `status`. A held request that is released meets the next other fault armed for it, so that an answer can be
 * waited for and then be lost. `platformError` is any answer in place of the simulator's own; see `ErrorFault`.
 */
const OtherFault = z.discriminatedUnion("fault", [
  z.strictObject({ ...faultCommon, fault: z.enum(simFaults), params: z.record(z.string(), AnyJson).optional() }),
  z.strictObject({
    ...faultCommon,
    fault: z.enum(["hold", "drop", "replace"]),
    at: z.enum(["before", "body", "after"]).optional(),
    status: z.int().min(400).max(599).optional(),
  }),
]);
export type FaultInput = z.input<typeof OtherFault> | PlatformErrorInput;

interface Armed extends Fault {
  skip: number;
  left: number;
  used: number;
}

/** `accounts`: whom the request acts for, as far as its token tells. */
type RequestHead = Pick<SimRequest, "method" | "host" | "path" | "query"> & { readonly accounts: readonly string[] };

/** The armed faults of one simulator; first armed, first used. */
export function createFaultBox(errors?: PlatformErrors) {
  let armed: Armed[] = [];

  /** Uses up the first that fits. */
  function take(request: RequestHead, fits: (entry: Armed) => boolean): Armed | undefined {
    for (const entry of armed) {
      if (entry.left === 0 || !fits(entry) || !matches(entry.input.match, request)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      entry.used += 1;
      return entry;
    }
    return undefined;
  }

  return {
    /** Throws a ZodError that names the field on a bad input. */
    arm(given: unknown): void {
      const fault = errorFault(given, errors) ?? otherFault(given);
      const { times = 1, skip = 0 } = fault.input;
      armed.push({ ...fault, skip, left: times === "always" ? Number.POSITIVE_INFINITY : times, used: 0 });
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
      const hit = take(request, ({ input }) => input.fault === name);
      return hit && (hit.params ?? {});
    },
    takeTransport: (request: RequestHead): TransportFault | undefined =>
      take(request, ({ transport }) => transport !== undefined)?.transport?.(request),
    /** What a held request meets when it goes on: the next fault armed for it that is no hold. */
    takeReleased: (request: RequestHead): TransportFault | undefined =>
      take(request, ({ transport, input }) => transport !== undefined && input.fault !== "hold")?.transport?.(request),
  };
}
export type FaultBox = ReturnType<typeof createFaultBox>;

function otherFault(given: unknown): Fault {
  const input = OtherFault.parse(given);
  switch (input.fault) {
    case "hold":
    case "drop":
    case "replace": {
      const { fault, at = "before", status = 502 } = input;
      return { input, transport: () => ({ at, answer: fault === "replace" ? proxyAnswer(status) : fault }) };
    }
    default:
      return { input, ...(input.params && { params: input.params }) };
  }
}

/** The body a proxy in front of a platform gives: no JSON, so that nobody can read a platform code out of it. */
const proxyAnswer = (status: number): SimAnswer => ({
  status,
  headers: { "content-type": "text/html" },
  text: `<html><body><h1>${status}</h1></body></html>`,
});

function matches(match: Armed["input"]["match"], request: RequestHead): boolean {
  if (match === undefined) return true;
  if (match.host !== undefined && match.host !== request.host) return false;
  if (match.method !== undefined && match.method !== request.method.toUpperCase()) return false;
  if (match.account !== undefined && !request.accounts.includes(match.account)) return false;
  if (match.path !== undefined && !new RegExp(match.path).test(request.path)) return false;
  return Object.entries(match.query ?? {}).every(([name, value]) => request.query.get(name) === value);
}
