import { platformErrors, type SimResponse } from "@postd/connector-kit/simulator";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { errorAnswer } from "./graph-error.ts";

const status = z.int().min(200).max(599).exactOptional();

/** Any code may come on any call (meta.md §12). */
const Graph = z.strictObject({
  code: z.int(),
  subcode: z.int().exactOptional(),
  message: z.string().exactOptional(),
  type: z.string().exactOptional(),
  isTransient: z.boolean().exactOptional(),
  userTitle: z.string().exactOptional(),
  userMessage: z.string().exactOptional(),
  /** More members of `error`: `error_data` of a chunked upload (§5), `original_response` of a write that was read back (§1b). */
  more: z.record(z.string(), z.json()).optional(),
  status,
});
/** The upload host's own form (§12, "rupload host"). */
const Upload = z.strictObject({
  upload: z.string(),
  message: z.string().optional(),
  retriable: z.boolean().default(false),
  status,
});
/** The flat form api.instagram.com may answer with (§3b.2). */
const Flat = z.strictObject({ flat: z.string(), code: z.int().default(400), message: z.string().optional(), status });

const Fields = z.union([Graph, Upload, Flat]);

/** 400 mostly; 403 with code 4 and 200; 500 with 1 and 2 (§12). */
const statusOf = (code: number): number => (code === 4 || code === 200 ? 403 : code === 1 || code === 2 ? 500 : 400);

function graphAnswer({ message, more, ...fields }: z.output<typeof Graph>, host: string): SimResponse {
  const { code, subcode } = fields;
  const made = errorAnswer({
    type:
      host === "graph.instagram.com"
        ? "IGApiException"
        : code === 100 && subcode === 33
          ? "GraphMethodException"
          : "OAuthException",
    isTransient: code === 2 || code === 4,
    status: statusOf(code),
    ...fields,
    message: message ?? `(#${code}) An error the test asked for`,
  });
  const { error } = z.object({ error: z.record(z.string(), z.json()) }).parse(made.json);
  return { ...made, json: { error: { ...error, ...more } satisfies JsonObject } };
}

/** `graphError`: `{code, subcode?, ...}`, or `{upload: "OffsetInvalidError"}` and `{flat: "OAuthException"}` on the hosts that differ. */
export const metaErrors = platformErrors({
  fault: "graphError",
  fields: Fields,
  answer: (fields, { host }) => {
    if ("upload" in fields) {
      const { retriable, upload: type, message = "An error the test asked for" } = fields;
      return {
        status: fields.status ?? (type === "OffsetInvalidError" ? 412 : 400),
        json: { debug_info: { retriable, type, message } },
      };
    }
    if ("flat" in fields) {
      const { flat, code, message = "An error the test asked for" } = fields;
      return { status: fields.status ?? 400, json: { error_type: flat, code, error_message: message } };
    }
    return graphAnswer(fields, host);
  },
});
