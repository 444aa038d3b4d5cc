import type { DocumentedError, WhoActs } from "@postd/connector-kit/conformance";
import type { Json } from "@postd/contracts";

// Fact sheet google-business-profile, "Errors", "OAuth (Google)" and "Reviews & replies".

type Who = DocumentedError["who"];
type More = Partial<DocumentedError> & {
  readonly details?: readonly Json[];
  /** The older list beside the message. */
  readonly errors?: readonly Json[];
};

const statuses: Readonly<Record<string, number>> = {
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
};

const google = (status: string, who: Who, message: string, more: More = {}): DocumentedError => {
  const { details, errors, ...rest } = more;
  const code = statuses[status] ?? 0;
  const error = {
    code,
    message,
    status,
    ...(errors && { errors: [...errors] }),
    ...(details && { details: [...details] }),
  };
  return { name: status, status: code, who, body: { error }, ...rest };
};

const generic = "Request contains an invalid argument.";

/** Number and field, as v4 tells them. */
const v4 = (name: string, who: Who, code: number, field: string, message: string): DocumentedError => {
  const type = "type.googleapis.com/google.mybusiness.v4.ValidationError";
  const details = [{ "@type": type, errorDetails: [{ code, field, message }] }];
  return google("INVALID_ARGUMENT", who, generic, { name, details });
};

const reasoned = (
  reason: string,
  status: string,
  who: Who,
  message = generic,
  metadata: Readonly<Record<string, string>> = {},
): DocumentedError => {
  const type = "type.googleapis.com/google.rpc.ErrorInfo";
  const details = [{ "@type": type, reason, domain: "googleapis.com", metadata: { ...metadata } }];
  return google(status, who, message, { name: reason, details });
};

const older = (reason: string, message: string, domain = "global") => ({ errors: [{ message, domain, reason }] });
const disabled = "Google My Business API has not been used in project 710000000001 before or it is disabled.";
const gone = "Requested entity was not found.";
const unknownField = 'Invalid JSON payload received. Unknown name "fly": Cannot find field.';
const host: readonly WhoActs[] = ["operator", "content", "wait"];

/** The table and the texts around it, row by row. */
const apiErrors: readonly DocumentedError[] = [
  v4("code 3: summary is too long", "content", 3, "summary", "Must be at most 1500 characters"),
  google("INVALID_ARGUMENT", ["content", "ours"], "Must be at most 1500 characters"),
  // One that only we can have left out.
  v4(
    "code 2: topic type is missing",
    ["ours", "content"],
    2,
    "topic_type",
    "Topic type is required for post creation.",
  ),
  v4("a number of the common range nobody listed", ["content", "ours"], 42, "event.title", "Invalid value."),
  google("INVALID_ARGUMENT", ["ours", "content"], unknownField, {
    name: "an unknown field",
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "", description: unknownField }],
      },
    ],
  }),
  google("INVALID_ARGUMENT", ["ours", "content"], generic, {
    name: "badRequest, the older form",
    ...older("badRequest", generic),
  }),
  // A profile that may never be posted to, or not now: nobody can sign that away.
  reasoned("LOCATION_DISABLED_FOR_LOCAL_POST_API", "INVALID_ARGUMENT", ["account", "permission"]),
  v4("code 1301: the account's condition", "account", 1301, "location", "The operation is not supported."),
  // What it means is not documented; once more after a look at the list.
  reasoned("OPERATION_EXECUTION_ERROR", "INVALID_ARGUMENT", ["transient", "wait", "ours", "content"]),
  // The media host's trouble first, the file's if the address answers.
  v4("code 1000: Fetching image failed", host, 1000, "media.source_url", "Fetching image failed."),
  v4("another number of the photo range", host, 1003, "media", "The photo is too small."),
  reasoned("PHOTO_FETCH_FAILED", "INVALID_ARGUMENT", host),
  reasoned("PHOTO_UPLOAD_FAILED", "INVALID_ARGUMENT", host),
  google("UNAUTHENTICATED", "sign_in", "Request had invalid authentication credentials."),
  // No dead token: signing in again helps nobody.
  google("PERMISSION_DENIED", ["permission", "account"], "The caller does not have permission"),
  reasoned(
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "PERMISSION_DENIED",
    ["permission", "sign_in"],
    "Request had insufficient authentication scopes.",
  ),
  reasoned("SERVICE_DISABLED", "PERMISSION_DENIED", "operator", disabled, { service: "mybusiness.googleapis.com" }),
  google("PERMISSION_DENIED", "operator", disabled, {
    name: "accessNotConfigured, the older form of it",
    ...older("accessNotConfigured", disabled, "usageLimits"),
  }),
  // Gone, or another account's path: which cannot be told.
  google("NOT_FOUND", ["content", "permission", "account", "ours"], gone),
  google("NOT_FOUND", ["content", "permission", "account", "ours"], gone, {
    name: "notFound, the older form of it",
    ...older("notFound", gone),
  }),
  // Whatever it says to a visible call, a page proves nothing on its own.
  {
    name: "a malformed path, answered by a page",
    status: 404,
    headers: { "content-type": "text/html; charset=UTF-8" },
    body: "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>",
    who: ["ours", "transient", "content", "permission", "account"],
  },
  google("ABORTED", ["transient", "wait"], "The operation was aborted."),
  google("ALREADY_EXISTS", ["transient", "wait", "content", "ours"], "Requested entity already exists"),
  // Where it always comes, access is not approved; nothing tells the two apart for sure.
  google("RESOURCE_EXHAUSTED", ["wait", "operator"], "Quota exceeded for quota metric 'Requests'."),
  google("INTERNAL", "transient", "Internal error encountered."),
  google("UNAVAILABLE", "transient", "The service is currently unavailable."),
  { name: "503 without a body of the API", status: 503, body: "<html>", who: "transient" },
  // What an API that was closed answers.
  google("UNIMPLEMENTED", ["transient", "ours", "operator"], "Operation is not implemented.", { at: "read" }),
];

const flat = (error: string, status: number, who: DocumentedError["who"], words: string): DocumentedError => ({
  name: `sign-in ${error}`,
  status,
  body: { error, error_description: words },
  who,
  at: "read",
});

/** Of the token and revocation endpoints. */
const signInErrors: readonly DocumentedError[] = [
  flat("invalid_grant", 400, "sign_in", "Token has been expired or revoked."),
  flat("invalid_client", 401, "operator", "The OAuth client was not found."),
  flat("redirect_uri_mismatch", 400, ["operator", "ours"], "Bad Request"),
];

export const documentedErrors: readonly DocumentedError[] = [...apiErrors, ...signInErrors];

/**
 * Why a reply is refused, and who acts: told beside the reply in an answer that is itself a success. The list may grow,
 * so a word nobody knows is the content's.
 */
export const policyViolations: Readonly<Record<string, WhoActs>> = {
  ADVERTISING_AND_SOLICITATION: "content",
  PERSONAL_INFO: "content",
  OFF_TOPIC: "content",
  OFFENSIVE: "content",
  HARASSMENT: "content",
  HATE_SPEECH: "content",
  OBSCENITY_AND_PROFANITY: "content",
  GIBBERISH_AND_REPETITIVE: "content",
  REPETITIVE: "content",
  UNCLEAR: "content",
  FAKE_ENGAGEMENT: "content",
  REGULATED_GOODS_AND_SERVICES: "content",
  MISINFORMATION: "content",
  IMPERSONATION: "content",
  PRIVACY: "content",
  GENERIC_SOMETHING_NEW: "content",
  ACCOUNT_RESTRICTED_AND_SUSPENDED: "account",
  ACCOUNT_RESTRICTED_AND_EDIT_REJECTED: "account",
  ASSOCIATED_ACCOUNT_SUSPENDED: "account",
  OWNERSHIP_REVOKED: "account",
  LOCATION_SUSPENDED: "account",
  LOCATION_DISABLED: "account",
  LOCATION_VERIFICATION_REQUIRED: "account",
  EDITING_RESTRICTION: "account",
  BUSINESS_INELIGIBLE: "account",
  GOOGLE_PAY_SUSPENSION: "account",
  MODERATION_ERROR: "transient",
};
