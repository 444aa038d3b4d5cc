import type { DocumentedError, WhoActs } from "@postd/connector-kit/conformance";

// Fact sheet google-business-profile, "Errors", "OAuth (Google)" and "Reviews & replies".

const google = (
  name: string,
  status: number,
  who: DocumentedError["who"],
  error: { readonly status: string; readonly message: string; readonly details?: readonly Record<string, unknown>[] },
  more: Partial<DocumentedError> = {},
): DocumentedError => ({
  name,
  status,
  who,
  body: JSON.parse(JSON.stringify({ error: { code: status, ...error } })),
  ...more,
});

const invalid = "Request contains an invalid argument.";

const v4 = (name: string, who: DocumentedError["who"], code: number, field: string, message: string) =>
  google(name, 400, who, {
    status: "INVALID_ARGUMENT",
    message: invalid,
    details: [
      {
        "@type": "type.googleapis.com/google.mybusiness.v4.ValidationError",
        errorDetails: [{ code, field, message }],
      },
    ],
  });

const reasoned = (
  reason: string,
  status: number,
  who: DocumentedError["who"],
  words: { readonly status: string; readonly message: string },
  metadata: Readonly<Record<string, string>> = {},
): DocumentedError =>
  google(reason, status, who, {
    ...words,
    details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com", metadata }],
  });

const service = "mybusiness.googleapis.com";
const disabled = "Google My Business API has not been used in project 710000000001 before or it is disabled.";

/** The table and the texts around it, row by row. */
const apiErrors: readonly DocumentedError[] = [
  // One field of the words, and one that only we can have left out.
  v4("code 3: summary is too long", "content", 3, "summary", "Must be at most 1500 characters"),
  google("a text that is too long, without details", 400, ["content", "ours"], {
    status: "INVALID_ARGUMENT",
    message: "Must be at most 1500 characters",
  }),
  v4(
    "code 2: topic type is missing",
    ["ours", "content"],
    2,
    "topic_type",
    "Topic type is required for post creation.",
  ),
  v4("a number of the common range nobody listed", ["content", "ours"], 42, "event.title", "Invalid value."),
  google("an unknown field", 400, ["ours", "content"], {
    status: "INVALID_ARGUMENT",
    message: 'Invalid JSON payload received. Unknown name "fly": Cannot find field.',
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "", description: 'Unknown name "fly": Cannot find field.' }],
      },
    ],
  }),
  // A profile that may never be posted to: nobody can sign that away.
  reasoned("LOCATION_DISABLED_FOR_LOCAL_POST_API", 400, ["account", "permission"], {
    status: "INVALID_ARGUMENT",
    message: "LOCATION_DISABLED_FOR_LOCAL_POST_API: the location belongs to a chain.",
  }),
  v4("code 1301: the account's condition", "account", 1301, "location", "The operation is not supported."),
  // What it means is not documented; once more after a look at the list.
  reasoned("OPERATION_EXECUTION_ERROR", 400, ["transient", "wait", "ours", "content"], {
    status: "INVALID_ARGUMENT",
    message: "OPERATION_EXECUTION_ERROR: the operation failed.",
  }),
  // The media host's trouble first, the file's if the address answers.
  v4(
    "code 1000: Fetching image failed",
    ["operator", "content", "wait"],
    1000,
    "media.source_url",
    "Fetching image failed.",
  ),
  v4("another number of the photo range", ["content", "operator", "wait"], 1003, "media", "The photo is too small."),
  reasoned("PHOTO_FETCH_FAILED", 400, ["operator", "content", "wait"], {
    status: "INVALID_ARGUMENT",
    message: "PHOTO_FETCH_FAILED",
  }),
  reasoned("PHOTO_UPLOAD_FAILED", 400, ["operator", "content", "wait"], {
    status: "INVALID_ARGUMENT",
    message: "PHOTO_UPLOAD_FAILED",
  }),
  {
    name: "the older form of a wrong request",
    status: 400,
    body: {
      error: {
        code: 400,
        message: invalid,
        errors: [{ message: invalid, domain: "global", reason: "badRequest" }],
        status: "INVALID_ARGUMENT",
      },
    },
    who: ["ours", "content"],
  },
  google("UNAUTHENTICATED", 401, "sign_in", {
    status: "UNAUTHENTICATED",
    message: "Request had invalid authentication credentials.",
  }),
  // No dead token: signing in again helps nobody.
  google("PERMISSION_DENIED", 403, ["permission", "account"], {
    status: "PERMISSION_DENIED",
    message: "The caller does not have permission",
  }),
  reasoned("ACCESS_TOKEN_SCOPE_INSUFFICIENT", 403, ["permission", "sign_in"], {
    status: "PERMISSION_DENIED",
    message: "Request had insufficient authentication scopes.",
  }),
  reasoned("SERVICE_DISABLED", 403, "operator", { status: "PERMISSION_DENIED", message: disabled }, { service }),
  {
    name: "accessNotConfigured, the older form of it",
    status: 403,
    body: {
      error: {
        code: 403,
        message: disabled,
        errors: [{ message: disabled, domain: "usageLimits", reason: "accessNotConfigured" }],
        status: "PERMISSION_DENIED",
      },
    },
    who: "operator",
  },
  // Gone, or another account's path: which cannot be told.
  google("NOT_FOUND", 404, ["content", "permission", "account", "ours"], {
    status: "NOT_FOUND",
    message: "Requested entity was not found.",
  }),
  {
    name: "NOT_FOUND in the older form",
    status: 404,
    body: {
      error: {
        code: 404,
        message: "Requested entity was not found.",
        errors: [{ message: "Requested entity was not found.", domain: "global", reason: "notFound" }],
        status: "NOT_FOUND",
      },
    },
    who: ["content", "permission", "account", "ours"],
  },
  // Whatever it says to a visible call, a page proves nothing on its own.
  {
    name: "a malformed path, answered by a page",
    status: 404,
    headers: { "content-type": "text/html; charset=UTF-8" },
    body: "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>",
    who: ["ours", "transient", "content", "permission", "account"],
  },
  google("ABORTED", 409, ["transient", "wait"], { status: "ABORTED", message: "The operation was aborted." }),
  google("ALREADY_EXISTS", 409, ["transient", "wait", "content", "ours"], {
    status: "ALREADY_EXISTS",
    message: "Requested entity already exists",
  }),
  // Where it always comes, access is not approved: the operator's, and nothing tells the two apart for sure.
  reasoned("RESOURCE_EXHAUSTED", 429, ["wait", "operator"], {
    status: "RESOURCE_EXHAUSTED",
    message: "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
  }),
  google("INTERNAL", 500, "transient", { status: "INTERNAL", message: "Internal error encountered." }),
  google("UNAVAILABLE", 503, "transient", { status: "UNAVAILABLE", message: "The service is currently unavailable." }),
  { name: "503 without a body of the API", status: 503, body: "<html>", who: "transient" },
  google(
    "UNIMPLEMENTED, what an API that was closed answers",
    501,
    ["transient", "ours", "operator"],
    { status: "UNIMPLEMENTED", message: "Operation is not implemented, or supported, or enabled." },
    { at: "read" },
  ),
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
