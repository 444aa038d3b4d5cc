import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import type { SimAnswer, SimRequest } from "./types.ts";

const regex = z.string().refine(isRegex, "must be a regular expression");

function isRegex(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

export const AnyJson: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(AnyJson), z.record(z.string(), AnyJson)]),
);

/** Which requests a fault hits, and how often. */
export const faultCommon = {
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

export const FaultCommon = z.object({ ...faultCommon, fault: z.string() });

export interface TransportFault {
  readonly at: "before" | "body" | "after";
  /** What the client gets; `hold` stands for nothing until a release. */
  readonly answer: SimAnswer;
}

/** A fault as it was given, and what it does. */
export interface Fault {
  readonly input: z.output<typeof FaultCommon>;
  /** What stands in the answer's place; absent: the simulator itself plays it, with `params`. */
  readonly transport?: (request: Pick<SimRequest, "method" | "host" | "path">) => TransportFault;
  readonly params?: JsonObject;
}
