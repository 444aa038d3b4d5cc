import {
  pathText,
  platformErrors,
  type Refusal,
  type Refuse,
  SimRefusal,
  type SimRequest,
  type SimResponse,
} from "@postd/connector-kit/simulator";
import { z } from "zod";

// Fact sheet google-business-profile, "Errors": Google's standard error model, which its other APIs share.

const statuses = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
} as const;
export type Status = keyof typeof statuses;

type Detail = Readonly<Record<string, unknown>>;

export const googleError = (status: Status, message: string, details: readonly Detail[] = []): SimResponse => ({
  status: statuses[status],
  json: { error: { code: statuses[status], message, status, ...(details.length > 0 && { details }) } },
});

export const refuse = (status: Status, message: string, details: readonly Detail[] = []): SimRefusal =>
  new SimRefusal(googleError(status, message, details));

export const errorInfo = (reason: string, metadata: Readonly<Record<string, string>> = {}): Detail => ({
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason,
  domain: "googleapis.com",
  metadata,
});

/** A path no API has: a page for people, as a load balancer gives it. */
export const pageNotFound = (request: Pick<SimRequest, "path">): SimResponse => ({
  status: 404,
  headers: { "content-type": "text/html; charset=UTF-8" },
  text: `<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> <ins>That's an error.</ins>\n<p>The requested URL <code>${encodeURI(decodeURI(request.path))}</code> was not found on this server.`,
});

export const denied = (): SimRefusal => refuse("PERMISSION_DENIED", "The caller does not have permission");
export const notFound = (): SimRefusal => refuse("NOT_FOUND", "Requested entity was not found.");

/** A field the server cannot read at all: unknown, or of another type. */
export const badRequest = (field: string, description: string): SimRefusal =>
  refuse("INVALID_ARGUMENT", description, [
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field, description }] },
  ]);

export const snake = (path: string): string => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const credentials = "Expected OAuth 2 access token, login cookie or other valid authentication credential.";

const refusal = (kit: Refusal, request: SimRequest): SimResponse => {
  switch (kit.kind) {
    case "noRoute":
      return pageNotFound(request);
    case "badBody":
      return googleError("INVALID_ARGUMENT", `Invalid JSON payload received. ${kit.reason}`);
    case "badInput": {
      const [issue] = kit.issues;
      const field = snake(pathText(issue?.path ?? []));
      if (issue?.code !== "unrecognized_keys")
        return badRequest(field, `Invalid value at '${field}': ${issue?.message}`).response;
      const at = field === "" ? "" : ` at '${field}'`;
      const words = `Invalid JSON payload received. Unknown name "${issue.keys[0]}"${at}: Cannot find field.`;
      return badRequest(field, words).response;
    }
    case "scopeMissing":
      return googleError("PERMISSION_DENIED", "Request had insufficient authentication scopes.", [
        errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", { service: request.host }),
      ]);
    case "rateLimited":
      return quotaExceeded(request.host);
    case "serverError":
      return googleError("INTERNAL", "Internal error encountered.");
    case "tokenMissing":
      return googleError(
        "UNAUTHENTICATED",
        `Request is missing required authentication credential. ${credentials}`,
        [],
      );
    case "tokenInvalid":
    case "tokenExpired":
    case "tokenRevoked":
      return googleError("UNAUTHENTICATED", `Request had invalid authentication credentials. ${credentials}`);
    default:
      return kit satisfies never;
  }
};

/** No header tells for how long. */
export const quotaExceeded = (service: string): SimResponse =>
  googleError(
    "RESOURCE_EXHAUSTED",
    `Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service '${service}' for consumer 'project_number:710000000001'.`,
    [errorInfo("RATE_LIMIT_EXCEEDED", { service, quota_limit: "DefaultRequestsPerMinutePerProject" })],
  );

/** What `SERVICE_DISABLED` says: the API is named, and where it is enabled. */
export function serviceDisabled(service: string): SimResponse {
  const link = `https://console.developers.google.com/apis/api/${service}/overview?project=710000000001`;
  return googleError(
    "PERMISSION_DENIED",
    `The API ${service} has not been used in project 710000000001 before or it is disabled. Enable it by visiting ${link} then retry.`,
    [errorInfo("SERVICE_DISABLED", { service, consumer: "projects/710000000001" })],
  );
}

export const googleErrors = {
  ...platformErrors({
    fields: z.strictObject({
      status: z.int().optional(),
      name: z.enum(Object.keys(statuses) as [Status]).default("INVALID_ARGUMENT"),
      message: z.string().default("An error the test asked for"),
      details: z.array(z.record(z.string(), z.json())).default([]),
    }),
    answer({ status, name, message, details }) {
      const made = googleError(name, message, details);
      return status === undefined ? made : { ...made, status };
    },
  }),
  refuse: refusal satisfies Refuse,
};
