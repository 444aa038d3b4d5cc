import {
  credentialFor,
  platformErrors,
  type Refusal,
  type SimRequest,
  type SimResponse,
} from "@postd/connector-kit/simulator";
import { errorAnswer, GraphError, type GraphErrorInput, tokenError } from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { usageHeader } from "./limits.ts";
import type { World } from "./world.ts";

// Fact sheet, section 11.

const type = "THApiException";

/** An error of Threads itself, to throw. */
export const refuse = (code: number, message: string, more: Partial<GraphErrorInput> = {}): GraphError =>
  new GraphError({ type, code, message, ...more });

/** 24/4279009: not spread yet, or lost. "is_transient:false" although it passes. */
export const mediaNotFound = (): GraphError =>
  refuse(24, "The requested resource does not exist", {
    subcode: 4279009,
    isTransient: false,
    userTitle: "Media Not Found",
    userMessage: "The media with the given ID cannot be found.",
  });

export const missingPermission = (scopes: readonly string[]): GraphError =>
  new GraphError({
    code: 10,
    message: `(#10) Application does not have permission for this action: ${scopes.join(", ")}`,
  });

/** Names that stand in the message (section 11). */
export const named = (name: string, words: string): GraphError => refuse(100, `${name}: ${words}`);

/** The quota text beside 9/2207042. */
export const quotaReached = (what: string): GraphError =>
  refuse(9, "Application request limit reached", {
    subcode: 2207042,
    userTitle: "You reached a limit",
    userMessage: `The user has reached the maximum number of ${what} within 24 hours.`,
  });

const Limited = z.looseObject({
  minutes: z.number().optional(),
  code: z.int().default(4),
  subcode: z.int().exactOptional(),
});

/** What the kit refuses, in the words of Threads. */
export function refusal(given: Refusal, request: SimRequest, _now: Date, world: World): SimResponse {
  switch (given.kind) {
    case "noRoute":
      return request.host.startsWith("graph.")
        ? refuse(2500, `Unknown path components: ${request.path}`).response
        : { status: 404, text: "Page not found" };
    case "badBody":
      return refuse(100, `(#100) ${given.reason}`).response;
    case "badInput":
      return refuse(100, `(#100) Param ${given.issues[0]?.path.join(".")} is wrong`).response;
    case "tokenMissing":
      return tokenError(467).response;
    case "tokenInvalid":
      return errorAnswer({ code: 190, message: "Invalid OAuth access token - Cannot parse access token" });
    case "tokenExpired":
      return tokenError(463).response;
    case "tokenRevoked": {
      const isOpen = /\/(me|refresh_access_token)$/.test(request.path);
      return world.settings.revokedCode === 100 && isOpen
        ? refuse(100, "Unsupported get request. Please read the Graph API documentation").response
        : tokenError(458).response;
    }
    case "scopeMissing":
      return missingPermission(given.scopes.flat()).response;
    case "rateLimited": {
      const { minutes, code, subcode } = Limited.parse(given.params);
      const [owner] = world.tokens.accountsOf(credentialFor({}, request) ?? "");
      const headers = owner === undefined || minutes === undefined ? {} : usageHeader(owner, 100, minutes);
      return errorAnswer({
        code,
        ...(subcode === undefined ? {} : { subcode }),
        message: "Application request limit reached",
        status: code === 4 ? 403 : 400,
        isTransient: true,
        headers,
      });
    }
    case "serverError": {
      const code = given.params.code === 2 ? 2 : 1;
      return errorAnswer({
        code,
        status: 500,
        isTransient: code === 2,
        message: "An unexpected error has occurred. Please retry your request later.",
      });
    }
    default:
      return given satisfies never;
  }
}

const status = z.int().min(200).max(599).exactOptional();
const Graph = z.strictObject({
  code: z.int(),
  subcode: z.int().exactOptional(),
  message: z.string().exactOptional(),
  type: z.string().exactOptional(),
  isTransient: z.boolean().exactOptional(),
  userTitle: z.string().exactOptional(),
  userMessage: z.string().exactOptional(),
  status,
});
/** `THREADS_API__...` as a text code (section 11: "in `message` or as a text `code`"). */
const Named = z.strictObject({ named: z.string(), message: z.string().exactOptional(), status });
/** The legacy flat shape of the sign-in's steps. */
const Flat = z.strictObject({ flat: z.int(), message: z.string().exactOptional(), status });

const said = "An error the test asked for";

/** `threadsError`: `{code, subcode?, ...}`, `{named: "THREADS_API__..."}` or `{flat: 1}`. */
const faults = platformErrors({
  fault: "threadsError",
  fields: z.union([Graph, Named, Flat]),
  answer(fields) {
    if ("flat" in fields) {
      const { flat, message = said } = fields;
      return { status: fields.status ?? 400, json: { error_code: flat, error_message: message } };
    }
    if ("named" in fields) {
      const { named: code, message = said } = fields;
      return { status: fields.status ?? 400, json: { error: { message, type, code, is_transient: false } } };
    }
    const usual = fields.code === 1 || fields.code === 2 ? 500 : fields.code === 4 ? 403 : 400;
    return errorAnswer({ type, status: usual, ...fields, message: fields.message ?? said });
  },
});

export const threadsErrors = { ...faults, refuse: refusal };
