import type { Json } from "@postd/contracts";
import { z } from "zod";

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
