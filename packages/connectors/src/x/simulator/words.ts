import {
  pathText,
  platformErrors,
  type Refusal,
  type Refuse,
  SimRefusal,
  type SimRequest,
  type SimResponse,
  valueAt,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { World } from "./world.ts";

// Fact sheet, sections 1, 3 and 11.

const problems = "https://api.x.com/2/problems/";
type More = Readonly<Record<string, unknown>>;

export const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function problem(status: number, detail: string, type = "about:blank", more: More = {}): SimResponse {
  const json = {
    title: titles[status] ?? "Error",
    detail,
    type: type === "about:blank" ? type : problems + type,
    status,
    ...more,
  };
  return { status, headers: { "content-type": "application/problem+json" }, json };
}

/** To throw. */
export const refuse = (status: number, detail: string, type?: string, more?: More): SimRefusal =>
  new SimRefusal(problem(status, detail, type, more));

export const refuseCode = (status: number, code: number, message: string): SimRefusal =>
  new SimRefusal({ status, json: { errors: [{ code, message }] } });

const invalidRequest = (message: string, parameters: More = {}): SimResponse =>
  problem(400, "One or more parameters to your request was invalid.", "invalid-request", {
    title: "Invalid Request",
    errors: [{ parameters, message }],
  });
export const invalid = (message: string, parameters?: More): SimRefusal =>
  new SimRefusal(invalidRequest(message, parameters));

export const notPermitted = "You are not permitted to perform this action.";
export const forbidden = (detail = notPermitted): SimRefusal => refuse(403, detail);
export const notVisible = "You attempted to reply to a Tweet that is deleted or not visible to you.";
export const notInvited = "You can only reply to or quote posts where you are mentioned or are the author.";

/** An entry of `errors` beside data, and the body of a 404. */
export const notFound = (kind: string, id: string, parameter: string) => ({
  value: id,
  detail: `Could not find ${kind} with ${parameter}: [${id}].`,
  title: "Not Found Error",
  resource_type: kind,
  parameter,
  resource_id: id,
  type: `${problems}resource-not-found`,
});
export const refuseMissing = (kind: string, id: string, parameter = "id"): SimRefusal =>
  refuse(404, `Could not find ${kind} with ${parameter}: [${id}].`, "resource-not-found", notFoundMore(kind, id));
const notFoundMore = (kind: string, id: string) => ({
  title: "Not Found Error",
  resource_type: kind,
  resource_id: id,
  parameter: "id",
  value: id,
});

/** An entry of `errors`: a field that is not for this caller, or not any more. */
export const fieldError = (field: string, id: string) => ({
  resource_id: id,
  parameter: field,
  resource_type: "tweet",
  section: "data",
  title: "Field Authorization Error",
  value: field,
  detail: `Sorry, you are not authorized to access '${field}' on the Tweet with ids : [${id}].`,
  field,
  type: `${problems}not-authorized-for-field`,
});

export function noCredits({ settings }: Pick<World, "settings">): SimRefusal {
  const isNamed = settings.creditsWords === "CreditsDepleted";
  return isNamed
    ? refuse(402, "Your enrolled account does not have any credits", "credits", { title: "CreditsDepleted" })
    : refuse(402, "credits depleted", "credits-depleted", { title: "Payment Required" });
}

/** Errors of sign-in are flat. */
export const flatError = (error: string, error_description: string, status = 400): SimResponse => ({
  status,
  headers: { "cache-control": "no-store" },
  json: { error, error_description },
});

export const tooMany = (words: string, headers: Readonly<Record<string, string>>): SimResponse => {
  const plain = problem(429, "Too Many Requests");
  return words === "code88"
    ? { status: 429, headers, json: { errors: [{ code: 88, message: "Rate limit exceeded" }] } }
    : { ...plain, headers: { ...plain.headers, ...headers } };
};

const refusal = (kit: Refusal, _request: SimRequest, now: Date, world: World): SimResponse => {
  switch (kit.kind) {
    case "noRoute":
      return kit.isMethod ? problem(405, "Method Not Allowed") : problem(404, "Not Found");
    case "badBody":
      return kit.reason.includes("JSON")
        ? invalidRequest("Request body must be a JSON object.")
        : invalidRequest(`The request body is not readable: ${kit.reason}`);
    case "badInput": {
      const [issue] = kit.issues;
      const path = pathText(issue?.path ?? []);
      const name = kit.where === "body" ? `$.${path}`.replace(/\.$/, "") : path;
      if (issue?.code === "unrecognized_keys") {
        const [key = ""] = issue.keys;
        return invalidRequest(`${name}${kit.where === "body" ? "." : ""}${key}: is not defined`, { [key]: [key] });
      }
      const value = valueAt(kit.value, issue?.path ?? []);
      return invalidRequest(`${name}: ${issue?.message}`, { [path]: [String(value)] });
    }
    case "scopeMissing":
      return problem(403, notPermitted);
    case "rateLimited": {
      const seconds = kit.retryAfterSeconds;
      const reset = seconds === undefined ? {} : { "x-rate-limit-reset": String(unixOf(now) + seconds) };
      return tooMany(world.settings.limitWords, reset);
    }
    case "serverError":
      return problem(503, "Service Unavailable");
    case "tokenMissing":
    case "tokenInvalid":
    case "tokenExpired":
    case "tokenRevoked":
      return problem(401, "Unauthorized");
    default:
      return kit satisfies never;
  }
};

export const unixOf = (at: Date): number => Math.floor(at.getTime() / 1000);

export const xErrors = {
  ...platformErrors({
    fields: z.strictObject({
      status: z.int().optional(),
      /** A problem. */
      title: z.string().optional(),
      detail: z.string().optional(),
      /** Behind ".../problems/"; absent: about:blank. */
      type: z.string().optional(),
      /** As the old API words it. */
      code: z.int().optional(),
      message: z.string().optional(),
      /** As sign-in words it. */
      error: z.string().optional(),
      error_description: z.string().optional(),
    }),
    answer({ status = 400, title, detail = "An error the test asked for", type, code, message = detail, ...flat }) {
      if (flat.error !== undefined) return flatError(flat.error, flat.error_description ?? detail, status);
      if (code !== undefined) return { status, json: { errors: [{ code, message }] } };
      return problem(status, detail, type, title === undefined ? {} : { title });
    },
  }),
  refuse: refusal satisfies Refuse<World>,
};
