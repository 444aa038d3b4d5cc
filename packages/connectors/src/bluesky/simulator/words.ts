import {
  mediaType,
  platformErrors,
  type Refusal,
  type Refuse,
  SimRefusal,
  valueAt,
} from "@postd/connector-kit/simulator";
import { z } from "zod";

// Names, statuses and words: seen on a real PDS 0.5.35 (tests/real/bluesky-answers.real.test.ts), or fact sheet, "Errors".

/** An XRPC refusal: `{error, message}`. */
export const xrpcError = (
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): SimRefusal => new SimRefusal({ status, headers, json: { error, message } });

export const invalidRequest = (message: string): SimRefusal => xrpcError(400, "InvalidRequest", message);

/** Stricter than the platform, on purpose: what it would take in silence is a mistake of the client all the same. */
export const stricter = (message: string): SimRefusal => invalidRequest(`Simulator: ${message}`);

/** A name that is not here goes with 400. */
const statuses: Readonly<Record<string, number>> = {
  AuthMissing: 401,
  AuthenticationRequired: 401,
  AuthFactorTokenRequired: 401,
  AccountTakedown: 401,
  AccountDeactivated: 401,
  AccountSuspended: 401,
  AccountNotFound: 403,
  BadScope: 403,
  ScopeMissingError: 403,
  XRPCNotSupported: 404,
  BlobTooLarge: 413,
  PayloadTooLarge: 413,
  RateLimitExceeded: 429,
  InternalServerError: 500,
  MethodNotImplemented: 501,
  UpstreamFailure: 502,
  NotEnoughResources: 503,
  UpstreamTimeout: 504,
};

/** `platformError` with `{error, message?, status?}`, and the kit's refusals in Bluesky's words. */
export const blueskyErrors = (rateLimited: (now: Date, waitSeconds: number | undefined) => SimRefusal) => ({
  ...platformErrors({
    fields: z.strictObject({
      error: z.string(),
      message: z.string().optional(),
      status: z.int().min(200).max(599).optional(),
    }),
    answer: ({ error, message = "An error the test asked for", status }) =>
      xrpcError(status ?? statuses[error] ?? 400, error, message).response,
  }),
  refuse: ((refusal, request, now) => {
    if (refusal.kind === "rateLimited") return rateLimited(now, refusal.retryAfterSeconds).response;
    return refused(refusal, request).response;
  }) satisfies Refuse,
});

function refused(refusal: Exclude<Refusal, { kind: "rateLimited" }>, request: Parameters<Refuse>[1]): SimRefusal {
  switch (refusal.kind) {
    case "noRoute": {
      if (refusal.isMethod)
        return invalidRequest(`Incorrect HTTP method (${request.method}) expected ${refusal.allowed[0]}`);
      if (!request.path.startsWith("/xrpc/")) return new SimRefusal({ status: 404, text: "Not Found" });
      if (request.path === "/xrpc/") return invalidRequest("invalid xrpc path");
      // An account server passes what it does not know on to the AppView, which needs to know for whom.
      return request.host.endsWith(".host.bsky.network") && request.headers.authorization === undefined
        ? tokenProblem(request, "tokenMissing")
        : xrpcError(501, "MethodNotImplemented", "Method Not Implemented");
    }
    case "badInput": {
      const { issues, value, where } = refusal;
      const nsid = request.path.slice("/xrpc/".length);
      return where === "query"
        ? invalidRequest(`Invalid ${nsid} params: ${issueWords(issues, value, undefined)}`)
        : invalidRequest(issueWords(issues, value, "$"));
    }
    case "badBody":
      return badBody(request);
    case "serverError":
      return xrpcError(500, "InternalServerError", "Internal Server Error");
    case "scopeMissing":
      return xrpcError(403, "ScopeMissingError", `Missing required scope "${refusal.scopes.join(" ")}"`);
    default:
      return tokenProblem(request, refusal.kind);
  }
}

function badBody(request: Parameters<Refuse>[1]): SimRefusal {
  const type = mediaType(request);
  if (type === "") return invalidRequest("Request encoding (Content-Type) required but not provided");
  if (type !== "application/json") return invalidRequest(`Wrong request encoding (Content-Type): ${type}`);
  try {
    JSON.parse(Buffer.from(request.rawBody).toString("utf8"));
    return invalidRequest("Malformed body");
  } catch (error) {
    return xrpcError(400, "SyntaxError", error instanceof Error ? error.message : String(error));
  }
}

/** What is wrong with a token, or with the header it should have come in. */
export function tokenProblem(
  { headers }: Pick<Parameters<Refuse>[1], "headers">,
  kind: "tokenMissing" | "tokenInvalid" | "tokenExpired" | "tokenRevoked",
): SimRefusal {
  const given = headers.authorization;
  if (kind === "tokenMissing" && given === undefined) return xrpcError(401, "AuthMissing", "Authentication Required");
  if (kind === "tokenMissing")
    return xrpcError(
      400,
      "InvalidToken",
      /^Bearer\b/i.test(given ?? "") ? "Malformed authorization header" : "Unexpected authorization type",
    );
  // Revoked long enough ago, an access token is simply over (fact sheet, "App password revoked").
  if (kind === "tokenExpired" || kind === "tokenRevoked") return xrpcError(400, "ExpiredToken", "Token has expired");
  return xrpcError(400, "InvalidToken", "Token could not be verified");
}

const names: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object" };

/** The first complaint as a PDS words it; `root` undefined leaves out where. */
export function issueWords(issues: readonly z.core.$ZodIssue[], value: unknown, root: string | undefined): string {
  const [issue] = issues;
  if (issue === undefined) return "not valid";
  const at = (path: readonly PropertyKey[]) =>
    root === undefined
      ? ""
      : ` at ${root}${path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")}`;
  const given = valueAt(value, issue.path);
  const got = `(got ${short(given)})`;
  const isNumber = typeof given === "number";
  switch (issue.code) {
    case "invalid_type":
      if (given === undefined)
        return `Missing required key "${String(issue.path.at(-1))}"${at(issue.path.slice(0, -1))}`;
      return `Expected ${names[issue.expected] ?? issue.expected} value type ${got}${at(issue.path)}`;
    case "unrecognized_keys":
      return `Simulator: unknown key "${issue.keys.join('", "')}"${at(issue.path)}`;
    case "too_small":
      return `${isNumber ? "integer" : issue.origin} too small (minimum ${issue.minimum}, got ${sizeOf(given)})${at(issue.path)}`;
    case "too_big":
      return `${isNumber ? "integer" : issue.origin} too big (maximum ${issue.maximum}, got ${sizeOf(given)})${at(issue.path)}`;
    case "invalid_union":
      return `Expected one of ${listed(issue)} (got ${short(valueAt(value, issue.path))})${at(issue.path)}`;
    default:
      return `${issue.message}${issue.code === "custom" && issue.params?.got ? ` ${got}` : ""}${at(issue.path)}`;
  }
}

const listed = (issue: z.core.$ZodIssue): string =>
  "options" in issue && Array.isArray(issue.options)
    ? issue.options
        .map((option) => `"${String(option)}"`)
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")
    : "the known ones";
const sizeOf = (value: unknown): string =>
  String(typeof value === "string" || Array.isArray(value) ? value.length : value);
/** Values as a PDS shows them in a complaint: objects by their first name. */
const short = (value: unknown): string =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? `{${Object.keys(value)
        .map((name) => `"${name}": ...`)
        .join(", ")}}`
    : JSON.stringify(value);
