import {
  credentialFor,
  platformErrors,
  type Refusal,
  type SimRequest,
  type SimResponse,
  type TokenProblem,
} from "@postd/connector-kit/simulator";
import { errorAnswer, type GraphError, invalidParameter, tokenError } from "@postd/connector-kit/simulator/graph";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { missingPermission } from "./graph-error.ts";
import { nodeOn, ownerOf } from "./node.ts";
import { accountsOfToken } from "./tokens.ts";
import { limitCode, usageHeaders, useCaseOf } from "./usage.ts";
import { splitVersion } from "./versions.ts";
import type { World } from "./world.ts";

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

const subcodes = { tokenInvalid: 467, tokenExpired: 463, tokenRevoked: 458 } as const;

export const refusedToken = (problem: TokenProblem): GraphError => tokenError(subcodes[problem]);

/** What the kit refuses, in the words of §12. */
function refuse(refusal: Refusal, request: SimRequest, _now: Date, world: World): SimResponse {
  switch (refusal.kind) {
    case "noRoute":
      return request.host.startsWith("www.")
        ? { status: 404, text: "This page isn't available" }
        : invalidParameter(`Unsupported ${request.method.toLowerCase()} request`).response;
    case "badBody":
      return invalidParameter(refusal.reason).response;
    case "badInput":
      return invalidParameter(`Param ${refusal.issues[0]?.path.join(".")} is wrong`).response;
    case "tokenMissing":
      return errorAnswer({
        code: 190,
        subcode: 467,
        message: "An access token is required to request this resource.",
      });
    case "tokenInvalid":
    case "tokenExpired":
    case "tokenRevoked":
      return refusedToken(refusal.kind).response;
    case "scopeMissing":
      return missingPermission(refusal.scopes, 10).response;
    case "rateLimited": {
      const useCase = useCaseOf(world, ownerAt(world, request));
      const { minutes = 5, code = limitCode(useCase), subcode } = Limited.parse(refusal.params);
      return errorAnswer({
        code,
        ...(subcode === undefined ? {} : { subcode }),
        message: "Application request limit reached",
        headers: usageHeaders(world, useCase, minutes, 100),
      });
    }
    case "serverError": {
      // Codes 1 and 2 with HTTP 5xx: on a change the outcome is unknown (§12).
      const isTransient = refusal.params.code === 2;
      const message = "An unexpected error has occurred. Please retry your request later.";
      return errorAnswer({ code: isTransient ? 2 : 1, status: 500, isTransient, message });
    }
    default:
      return refusal satisfies never;
  }
}

/** The Page or Instagram account a call is about, out of its path alone. */
function ownerAt(world: World, request: SimRequest): string | undefined {
  const { segments } = splitVersion(request.path);
  const id = (request.host === "rupload.facebook.com" ? segments.at(-1) : segments[0]) ?? "";
  if (id === "me") return accountsOfToken(world, credentialFor({}, request) ?? "")[0];
  const node = nodeOn(world, request.host, id);
  return node && ownerOf(world, node);
}

/** `rateLimited {minutes?, code?, subcode?}`. */
const Limited = z.looseObject({
  minutes: z.number().optional(),
  code: z.number().optional(),
  subcode: z.number().optional(),
});

/** `graphError`: `{code, subcode?, ...}`, or `{upload: "OffsetInvalidError"}` and `{flat: "OAuthException"}` on the hosts that differ. */
const faults = platformErrors({
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

export const metaErrors = { ...faults, refuse };
