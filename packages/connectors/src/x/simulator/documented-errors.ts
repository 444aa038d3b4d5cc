import type { DocumentedError } from "@postd/connector-kit/conformance";
import type { JsonObject } from "@postd/contracts";

// Fact sheet, sections 1, 3, 5, 10 and 11.

const problems = "https://api.x.com/2/problems/";
type Who = DocumentedError["who"];
type More = Partial<DocumentedError> & { readonly title?: string; readonly errors?: JsonObject[] };

function problem(
  name: string,
  status: number,
  who: Who,
  type: string,
  detail: string,
  more: More = {},
): DocumentedError {
  const { title = "Error", errors, ...rest } = more;
  const url = type === "about:blank" ? type : problems + type;
  return { name, status, who, body: { title, detail, type: url, status, ...(errors && { errors }) }, ...rest };
}
const blank = (name: string, status: number, who: Who, detail: string, more: More = {}): DocumentedError =>
  problem(name, status, who, "about:blank", detail, { title: status === 401 ? "Unauthorized" : "Forbidden", ...more });
const coded = (code: number, status: number, who: Who, message: string, more: More = {}): DocumentedError => ({
  name: `code ${code}`,
  status,
  who,
  body: { errors: [{ code, message }] },
  ...more,
});
const invalid = (name: string, who: Who, message: string, more: More = {}): DocumentedError =>
  problem(name, 400, who, "invalid-request", "One or more parameters to your request was invalid.", {
    title: "Invalid Request",
    errors: [{ parameters: {}, message }],
    ...more,
  });

const reset = { "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795694400" };
const dayReset = {
  "x-rate-limit-remaining": "40",
  "x-rate-limit-reset": "1795694400",
  "x-user-limit-24hour-remaining": "0",
  "x-user-limit-24hour-reset": "1795780800",
};

/** A segment that is too large has an empty body; as an upload shows nothing to anybody, it is tried as a read. */
const segment = (status: number): DocumentedError => ({
  name: `${status} on append`,
  status,
  body: "",
  who: "operator",
  at: "read",
});
const webhook = (name: string): DocumentedError => invalid(name, ["operator", "ours", "content"], `${name}: refused`);
/** Described, with nothing said of who acts. */
const described = (type: string, status: number): DocumentedError =>
  problem(type, status, ["permission", "content", "account", "operator", "ours"], type, "See the type.");
/** Section 3: flat. */
const flat = (error: string, error_description: string, who: Who): DocumentedError => ({
  name: `sign-in ${error}`,
  status: 400,
  body: { error, error_description },
  who,
  at: "read",
});

/** Every row of the tables and every text the sheet quotes. */
export const documentedErrors: readonly DocumentedError[] = [
  blank("401", 401, "sign_in", "Unauthorized"),
  coded(32, 401, "sign_in", "Could not authenticate you."),
  coded(89, 401, "sign_in", "Invalid or expired token."),
  problem(
    "unsupported-authentication",
    403,
    "sign_in",
    "unsupported-authentication",
    "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
    { title: "Unsupported Authentication" },
  ),
  // A right, or a text or reply the account may not make: the words are the same for all.
  blank(
    "not permitted to perform this action",
    403,
    ["permission", "content"],
    "You are not permitted to perform this action.",
  ),
  blank("duplicate content", 403, "content", "You are not allowed to create a Tweet with duplicate content.", {
    at: "change",
  }),
  coded(187, 403, "content", "Status is a duplicate.", { at: "change" }),
  blank(
    "reply or quote without an invitation",
    403,
    "content",
    "You can only reply to or quote posts where you are mentioned or are the author.",
    { at: "change" },
  ),
  blank(
    "reply without an invitation, older words",
    403,
    "content",
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
    { at: "change" },
  ),
  // Right after the post above was made it is only not everywhere yet.
  blank(
    "parent not visible",
    403,
    ["wait", "content"],
    "You attempted to reply to a Tweet that is deleted or not visible to you.",
    {
      at: "change",
    },
  ),
  coded(385, 403, ["wait", "content"], "You attempted to reply to a Tweet that is deleted or not visible to you.", {
    at: "change",
  }),
  invalid(
    "$.reply.in_reply_to_tweet_id",
    ["ours", "content"],
    "$.reply.in_reply_to_tweet_id: does not match the regex pattern",
  ),
  // Media that are not ready, foreign or expired are sent anew.
  invalid("media IDs are invalid", ["wait", "ours", "content"], "Your media IDs are invalid.", { at: "change" }),
  blank(
    "a video longer than the account may post",
    403,
    "content",
    "This user is not allowed to post a video longer than 20 minutes.",
    {
      at: "change",
    },
  ),
  coded(64, 403, ["account", "permission"], "Your account is suspended and is not permitted to access this feature."),
  coded(326, 403, ["account", "permission"], "To protect our users from spam, this account is temporarily locked."),
  coded(261, 403, "operator", "Application cannot perform write actions."),
  problem(
    "client-forbidden",
    403,
    ["operator", "permission"],
    "client-forbidden",
    "This client may not use this endpoint.",
    {
      title: "Client Forbidden",
    },
  ),
  problem("CreditsDepleted", 402, "operator", "credits", "Your enrolled account does not have any credits", {
    title: "CreditsDepleted",
  }),
  problem("credits depleted", 402, "operator", "credits-depleted", "credits depleted", { title: "Payment Required" }),
  problem("usage-capped with 403", 403, "operator", "usage-capped", "Usage cap exceeded: Monthly product cap", {
    title: "UsageCapExceeded",
  }),
  problem("usage-capped with 429", 429, "operator", "usage-capped", "Usage cap exceeded: Monthly product cap", {
    title: "UsageCapExceeded",
  }),
  blank("one cashtag", 403, "content", "Posts are limited to a maximum of one cashtag.", { at: "change" }),
  invalid("invalid-request", ["ours", "content"], "$.poll.duration_minutes: must be less than or equal to 10080"),
  problem("resource-not-found", 404, ["content", "ours"], "resource-not-found", "Could not find tweet with id: [1].", {
    title: "Not Found Error",
  }),
  blank("404", 404, ["content", "ours"], "Not Found", { title: "Not Found" }),
  blank("429 until the reset", 429, "wait", "Too Many Requests", { title: "Too Many Requests", headers: reset }),
  blank("429 until the reset of 24 hours", 429, "wait", "Too Many Requests", {
    title: "Too Many Requests",
    headers: dayReset,
  }),
  blank("429 without headers", 429, "wait", "Too Many Requests", { title: "Too Many Requests" }),
  problem("rate-limit-exceeded", 429, "wait", "rate-limit-exceeded", "Rate limit exceeded", {
    title: "Too Many Requests",
  }),
  coded(88, 429, "wait", "Rate limit exceeded"),
  { name: "500 without a body of the API", status: 500, body: "<html>", who: "transient" },
  blank("503", 503, "transient", "Service Unavailable", { title: "Service Unavailable" }),
  problem("internal-error", 500, "transient", "internal-error", "Something is broken.", { title: "Internal Error" }),
  segment(413),
  segment(431),
  // One name of the table has no words of its own.
  blank("bad URL", 403, ["content", "permission"], "The URL in the post is not valid.", { at: "change" }),
  described("not-authorized-for-resource", 403),
  described("not-authorized-for-field", 403),
  described("field-unauthorized", 403),
  described("disallowed-resource", 403),
  described("resource-unavailable", 403),
  webhook("CrcValidationFailed"),
  webhook("UrlValidationFailed"),
  webhook("DuplicateUrlFailed"),
  webhook("WebhookLimitExceeded"),
  webhook("WebhookIdInvalid"),
  flat("invalid_request", "Value passed for the token was invalid.", "sign_in"),
  flat("invalid_grant", "The refresh token was used before.", "sign_in"),
];
