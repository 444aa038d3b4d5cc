import {
  pathText,
  platformErrors,
  type Refusal,
  type Refuse,
  randomWord,
  SimRefusal,
  type SimRequest,
  type SimResponse,
} from "@postd/connector-kit/simulator";
import { z } from "zod";

// Fact sheet, sections 3 and 11.

const statuses = {
  access_token_invalid: 401,
  access_token_expired: 401,
  scope_not_authorized: 401,
  scope_permission_missed: 400,
  rate_limit_exceeded: 429,
  internal_error: 500,
  invalid_param: 400,
  invalid_params: 400,
  invalid_file_upload: 400,
  invalid_publish_id: 400,
  publish_not_cancellable: 400,
  token_not_authorized_for_specified_publish_id: 400,
  privacy_level_option_mismatch: 403,
  unaudited_client_can_only_post_to_private_accounts: 403,
  url_ownership_unverified: 403,
  spam_risk_too_many_posts: 403,
  spam_risk_too_many_pending_share: 403,
  spam_risk_user_banned_from_posting: 403,
  reached_active_user_cap: 403,
  app_version_check_failed: 403,
} as const;
export type ErrorCode = keyof typeof statuses;
export const errorCodes = Object.keys(statuses);

const error = (code: string, message: string) => ({ code, message, log_id: randomWord(32).toUpperCase() });

export const ok = (data: Readonly<Record<string, unknown>> = {}): SimResponse => ({
  status: 200,
  json: { data, error: error("ok", "") },
});

const refused = (code: ErrorCode, message: string, status: number = statuses[code]): SimResponse => ({
  status,
  json: { data: {}, error: error(code, message) },
});

/** A documented code with its documented status, to throw. */
export const refuse = (code: ErrorCode, message: string, status?: number): SimRefusal =>
  new SimRefusal(refused(code, message, status));

/** Errors of sign-in are flat and come with 200 (fact sheet, section 3). */
export const flatError = (code: string, words: string, status = 200): SimResponse => ({
  status,
  headers: { "cache-control": "no-store" },
  json: { error: code, error_description: words, log_id: randomWord(32).toUpperCase() },
});

const isUploadHost = (request: Pick<SimRequest, "host">) =>
  request.host !== "open.tiktokapis.com" && request.host !== "www.tiktok.com";

const refusal = (kit: Refusal, request: SimRequest): SimResponse => {
  switch (kit.kind) {
    case "noRoute":
      return kit.isMethod
        ? { status: 405, text: "" }
        : { status: 404, json: { data: {}, error: error("invalid_params", `There is no ${request.path}`) } };
    case "badBody":
      return refused("invalid_params", `The request body is not readable: ${kit.reason}`);
    case "badInput": {
      const [issue] = kit.issues;
      const keys = issue?.code === "unrecognized_keys" ? ` (${issue.keys.join(", ")})` : "";
      return refused(
        "invalid_params",
        `The request parameters are invalid: ${pathText(issue?.path ?? [])}${keys} ${issue?.message}`,
      );
    }
    case "scopeMissing":
      return refused(
        "scope_not_authorized",
        `The user did not authorize the scope required for completing this request: ${kit.scopes.join(" or ")}`,
      );
    case "rateLimited":
      // No headers tell for how long (fact sheet, section 12).
      return refused("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.");
    case "serverError":
      return isUploadHost(request)
        ? { status: 500, text: "" }
        : refused("internal_error", "Something went wrong. Please try again later.");
    case "tokenMissing":
    case "tokenInvalid":
    case "tokenExpired":
    case "tokenRevoked":
      return refused("access_token_invalid", "The access token is invalid or not found in the request.");
    default:
      return kit satisfies never;
  }
};

const known = (code: string): code is ErrorCode => Object.hasOwn(statuses, code);

export const tiktokErrors = {
  ...platformErrors({
    fields: z.strictObject({
      code: z.string(),
      message: z.string().optional(),
      status: z.int().optional(),
      /** As the sign-in host words it. */
      flat: z.boolean().optional(),
    }),
    answer({ code, message = "An error the test asked for", status, flat }) {
      if (flat) return flatError(code, message, status);
      const usual = known(code) ? statuses[code] : 400;
      return { status: status ?? usual, json: { data: {}, error: error(code, message) } };
    },
  }),
  refuse: refusal satisfies Refuse,
};
