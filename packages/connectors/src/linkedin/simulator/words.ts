import { pathText, platformErrors, type Refuse, SimRefusal, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";

// Fact sheet, "Errors": `{status, message, serviceErrorCode[, code, errorDetails]}`.

const answer = (status: number, message: string, more: Readonly<Record<string, unknown>> = {}): SimResponse => ({
  status,
  json: { status, message, serviceErrorCode: 100, ...more },
});

export const refuse = (status: number, message: string, more: Readonly<Record<string, unknown>> = {}): SimRefusal =>
  new SimRefusal(answer(status, message, more));

/** A field LinkedIn names, by its code: MISSING_FIELD, INVALID_VALUE_FOR_FIELD, FIELD_LENGTH_TOO_LONG, ... */
export const badField = (path: string, code: string, description = `${path} :: ${code}`): SimRefusal =>
  refuse(400, description, {
    code,
    errorDetails: { inputErrors: [{ description, code, inputPath: { fieldPath: path } }] },
  });

/** A scope or a role is missing. Where the app lacks the product, LinkedIn names a `partnerApi...` resource. */
export const denied = (resource: string): SimRefusal =>
  refuse(403, `Not enough permissions to access: ${resource}`, { code: "ACCESS_DENIED" });

export const notFound = (what: string): SimRefusal => refuse(404, `Could not find ${what}`, { code: "NOT_FOUND" });

const tokenWords = {
  tokenMissing: [65600, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token"],
  tokenInvalid: [65600, "INVALID_ACCESS_TOKEN", "Invalid access token"],
  tokenExpired: [65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"],
  tokenRevoked: [65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"],
} as const;
const fieldCodes: Partial<Record<string, string>> = {
  unrecognized_keys: "UNRECOGNIZED_FIELD",
  too_big: "FIELD_LENGTH_TOO_LONG",
};

const refused: Refuse = (refusal, request) => {
  switch (refusal.kind) {
    case "noRoute":
      return answer(404, `No virtual resource found for ${request.path}`, { code: "RESOURCE_NOT_FOUND" });
    case "badBody":
      return answer(400, `The body is not readable: ${refusal.reason}`, { code: "MALFORMED_BODY" });
    case "badInput": {
      const [{ code = "", path = [], message = "" } = {}] = refusal.issues;
      const field = `/${pathText(path).replaceAll(".", "/")}`;
      return badField(field, fieldCodes[code] ?? "INVALID_VALUE_FOR_FIELD", `${field} :: ${message}`).response;
    }
    case "scopeMissing":
      return denied(`${request.path.split("/")[2]}.${request.method}`).response;
    case "rateLimited":
      // No rate headers and no Retry-After, ever (fact sheet, "Rate limits").
      return answer(429, "Resource level throttle limit for calls to this resource is reached.", {
        code: "TOO_MANY_REQUESTS",
      });
    case "serverError":
      return answer(500, "Internal Server Error", { code: "INTERNAL_SERVER_ERROR" });
    default: {
      const [serviceErrorCode, code, message] = tokenWords[refusal.kind];
      return answer(401, message, { serviceErrorCode, code });
    }
  }
};

export const linkedinErrors = {
  ...platformErrors({
    fields: z
      .strictObject({ status: z.int(), message: z.string(), code: z.string(), serviceErrorCode: z.int() })
      .partial(),
    answer: ({ status = 400, message = "An error the test asked for", ...more }) => answer(status, message, more),
  }),
  refuse: refused,
};
