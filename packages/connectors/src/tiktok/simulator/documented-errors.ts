import type { DocumentedError } from "@postd/connector-kit/conformance";

// Fact sheet, sections 3, 5 and 11.

const logId = "202611261200000102030405060708090A";

const api = (
  name: string,
  status: number,
  who: DocumentedError["who"],
  message: string,
  more: Partial<DocumentedError> & { readonly code?: string } = {},
): DocumentedError => {
  const { code = name, ...rest } = more;
  return { name, status, who, body: { data: {}, error: { code, message, log_id: logId } }, ...rest };
};

/** Section 11, row by row. */
export const apiErrors: readonly DocumentedError[] = [
  api("access_token_invalid", 401, "sign_in", "The access token is invalid or not found in the request."),
  api("access_token_expired", 401, "sign_in", "The access token has expired."),
  // 401 as well: the token goes on, only this right is missing.
  api("scope_not_authorized", 401, "permission", "The user did not authorize the scope required for this request."),
  api("scope_permission_missed", 400, "permission", "Additional permissions are required for this request."),
  api("rate_limit_exceeded", 429, "wait", "The API rate limit was exceeded."),
  api("internal_error", 500, "transient", "Something went wrong. Please try again later."),
  { name: "a 503 without a body of the API", status: 503, body: "<html>", who: "transient" },
  // The content's where the message names a text or a medium, else what we send.
  api("invalid_param", 400, ["content", "ours"], "The request parameters are invalid: post_info.title is too long"),
  api("invalid_params", 400, ["content", "ours"], "The request parameters are invalid: post_info.title is too long"),
  api("invalid_params: pieces", 400, "ours", "The chunk size is invalid", { code: "invalid_params" }),
  api("invalid_params: count", 400, "ours", "The total chunk count is invalid", { code: "invalid_params" }),
  api("invalid_file_upload", 400, ["content", "ours"], "The file does not meet the requirements."),
  api("invalid_publish_id", 400, "ours", "The publish_id does not exist."),
  // Nobody acts: it is looked at again.
  api("publish_not_cancellable", 400, ["wait", "ours"], "The publish is not cancellable any more."),
  api(
    "token_not_authorized_for_specified_publish_id",
    400,
    "permission",
    "The access_token has no authorization for the specified publish_id.",
  ),
  api("privacy_level_option_mismatch", 403, "content", "Privacy level is not among the privacy_level_options."),
  api(
    "unaudited_client_can_only_post_to_private_accounts",
    403,
    ["operator", "account"],
    "Unaudited clients can only post to a private account.",
  ),
  api("url_ownership_unverified", 403, "operator", "Please review our URL ownership verification rules."),
  api("spam_risk_too_many_posts", 403, "wait", "The daily post cap is reached for the current user."),
  api("spam_risk_too_many_pending_share", 403, "wait", "There are at most 5 pending shares within 24 hours."),
  api("spam_risk_user_banned_from_posting", 403, ["account", "permission"], "The user is banned from posting."),
  api("reached_active_user_cap", 403, ["operator", "wait"], "The daily quota of active publishing users is reached."),
  api("app_version_check_failed", 403, ["permission", "account"], "The user's app is too old to post."),
  // Success is only what says "ok", whatever the status.
  api("a refusal that comes with 200", 200, "wait", "The daily post cap is reached for the current user.", {
    code: "spam_risk_too_many_posts",
  }),
];

const failed = (reason: string, who: DocumentedError["who"]): DocumentedError => ({
  name: `fail_reason ${reason}`,
  status: 200,
  body: {
    data: { status: "FAILED", fail_reason: reason, publicaly_available_post_id: [], uploaded_bytes: 10_000 },
    error: { code: "ok", message: "", log_id: logId },
  },
  who,
  at: "read",
});

/** Section 5: what the status of a publish says, in an answer that is itself a success. */
export const failReasons: readonly DocumentedError[] = [
  failed("file_format_check_failed", "content"),
  failed("duration_check_failed", "content"),
  failed("frame_rate_check_failed", "content"),
  failed("picture_size_check_failed", "content"),
  // Our media host; tried again once the address answers.
  failed("video_pull_failed", ["operator", "transient", "wait"]),
  failed("photo_pull_failed", ["operator", "transient", "wait"]),
  failed("internal", ["transient", "wait"]),
  failed("publish_cancelled", ["content", "ours", "wait"]),
  failed("auth_removed", "sign_in"),
  failed("spam_risk_too_many_posts", "wait"),
  failed("spam_risk_user_banned_from_posting", "account"),
  failed("spam_risk", "content"),
  failed("spam_risk_text", "content"),
];

const flat = (error: string, who: DocumentedError["who"], words: string): DocumentedError => ({
  name: `sign-in ${error}`,
  status: 200,
  body: { error, error_description: words, log_id: logId },
  who,
  at: "read",
});

/** Section 3: flat, and with 200. */
export const signInErrors: readonly DocumentedError[] = [
  flat("access_denied", ["sign_in", "permission"], "The person said no."),
  flat("invalid_client", "operator", "Client key or secret is incorrect."),
  flat("invalid_grant", "sign_in", "Refresh token is invalid or expired."),
  flat("invalid_request", ["ours", "operator"], "The request parameters are malformed."),
  flat("invalid_scope", ["operator", "permission", "ours"], "The scope is invalid."),
  flat("unauthorized_client", "operator", "The client is not authorized for this grant type."),
  flat("unsupported_grant_type", ["ours", "operator"], "The grant type is not supported."),
  flat("server_error", ["transient", "wait"], "Something went wrong. Please try again later."),
];

export const documentedErrors: readonly DocumentedError[] = [...apiErrors, ...failReasons, ...signInErrors];
