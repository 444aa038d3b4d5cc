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

// Fact sheet, "Errors": application/problem+json.

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

const type = "https://mailchimp.com/developer/marketing/docs/errors/";
const instance = "1f0bb4c2-6a6f-7d6c-5c8f-3f6ef1e4f0a9";

const problem = (status: number, title: string, detail: string, errors?: readonly FieldError[]): SimResponse => ({
  status,
  headers: { "content-type": "application/problem+json; charset=utf-8" },
  json: { type, title, status, detail, instance, ...(errors && { errors }) },
});

/** A documented error, to throw. */
export const refuse = (status: number, title: string, detail: string, errors?: readonly FieldError[]): SimRefusal =>
  new SimRefusal(problem(status, title, detail, errors));

const invalid = (errors: readonly FieldError[]) =>
  problem(
    400,
    "Invalid Resource",
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array.",
    errors,
  );

export const badField = (field: string, message: string): SimRefusal => new SimRefusal(invalid([{ field, message }]));
export const notFound = () => refuse(404, "Resource Not Found", "The requested resource could not be found.");
export const badAction = () => refuse(400, "Invalid Action", "The action requested was not valid for this resource.");
export const forbidden = () => refuse(403, "Forbidden", "You are not permitted to access this resource.");
/** The reason a campaign cannot go out; the platform says little of it. */
export const notReady = (hint = "") =>
  refuse(400, "Bad Request", `Your Campaign is not ready to send.${hint === "" ? "" : ` ${hint}`}`);
/** Whatever is wrong, the reason after the colon stays empty. */
export const notScheduled = () => refuse(400, "Bad Request", "This campaign cannot be scheduled: .");
export const keyMissing = () => refuse(401, "API Key Missing", "Your request did not include an API key.");
export const keyInvalid = () =>
  refuse(401, "API Key Invalid", "Your API key may be invalid, or you've attempted to access the wrong datacenter.");
export const tooMany = () =>
  refuse(429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections.");

/** What a throttle in front of the API says: no problem document (fact sheet, "Errors"). */
const throttled = (status: number): SimResponse => ({
  status,
  headers: { "content-type": "text/html" },
  text: "<html><head><title>Forbidden</title></head><body></body></html>",
});

/** The sign-in host words its errors as OAuth does. */
const signInProblem = (refusal: Refusal): SimResponse => {
  if (refusal.kind === "noRoute") return { status: refusal.isMethod ? 405 : 404, text: "" };
  if (refusal.kind === "serverError") return { status: 500, text: "" };
  if (refusal.kind === "rateLimited") return { status: 429, text: "" };
  return { status: 401, json: { error: "invalid_token", error_description: "The access token is not valid" } };
};

const refusal = (kit: Refusal, request: SimRequest): SimResponse => {
  if (request.host === "login.mailchimp.com") return signInProblem(kit);
  switch (kit.kind) {
    case "noRoute":
      return kit.isMethod
        ? problem(405, "Method Not Allowed", "The requested method and resource are not compatible.")
        : notFound().response;
    case "badBody":
      return problem(400, "JSON Parse Error", `We encountered an unspecified JSON parsing error: ${kit.reason}`);
    case "badInput":
      return invalid(kit.issues.flatMap(fieldErrors));
    case "tokenMissing":
      return keyMissing().response;
    case "tokenInvalid":
    case "tokenExpired":
    case "tokenRevoked":
      return keyInvalid().response;
    case "scopeMissing":
      return forbidden().response;
    case "rateLimited": {
      const { withoutBody } = kit.params;
      if (withoutBody === 403 || withoutBody === 429) return throttled(withoutBody);
      // Never a Retry-After, unless the test asks for one (fact sheet, "Rate limits").
      const { response } = tooMany();
      const asked = typeof kit.params.retryAfterSeconds === "number";
      return asked
        ? { ...response, headers: { ...response.headers, "retry-after": String(kit.retryAfterSeconds) } }
        : response;
    }
    case "serverError":
      return problem(500, "Internal Server Error", "An unexpected internal error has occurred.");
    default:
      return kit satisfies never;
  }
};

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const at = pathText(issue.path);
  if (issue.code !== "unrecognized_keys") return [{ field: at, message: issue.message }];
  return issue.keys.map((key) => ({ field: at === "" ? key : `${at}.${key}`, message: "This field is not known" }));
}

export const mailchimpErrors = {
  ...platformErrors({
    fields: z.strictObject({
      title: z.string().default("Bad Request"),
      detail: z.string().default("An error the test asked for"),
      status: z.int().default(400),
      errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
    }),
    answer: ({ status, title, detail, errors }) => problem(status, title, detail, errors),
  }),
  refuse: refusal satisfies Refuse,
};
