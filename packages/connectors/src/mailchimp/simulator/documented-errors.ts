import type { DocumentedError } from "@postd/connector-kit/conformance";

// Fact sheet, "Errors", row by row, with the texts of "Publishing a campaign" and "OAuth and API key".

const problem = (
  name: string,
  status: number,
  title: string,
  detail: string,
  who: DocumentedError["who"],
  more: { readonly errors?: readonly { readonly field: string; readonly message: string }[] } & Pick<
    Partial<DocumentedError>,
    "at" | "headers"
  > = {},
): DocumentedError => {
  const { errors, headers, ...rest } = more;
  const type = "https://mailchimp.com/developer/marketing/docs/errors/";
  const instance = "995c5cb0-3280-4a6e-808b-3b096d0bb219";
  return {
    name,
    status,
    body: { type, title, status, detail, instance, ...(errors && { errors: errors.map((error) => ({ ...error })) }) },
    headers: { "content-type": "application/problem+json; charset=utf-8", ...headers },
    who,
    ...rest,
  };
};

const page = (name: string, status: number, who: DocumentedError["who"]): DocumentedError => ({
  name,
  status,
  body: "<html><body>Bad Gateway</body></html>",
  who,
});

const unready = "Your Campaign is not ready to send.";

export const documentedErrors: readonly DocumentedError[] = [
  problem(
    "Invalid Resource names its fields",
    400,
    "Invalid Resource",
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array.",
    ["content", "ours"],
    { errors: [{ field: "settings.subject_line", message: "This value should not be blank." }] },
  ),
  problem("JSON Parse Error", 400, "JSON Parse Error", "We encountered an unspecified JSON parsing error.", [
    "content",
    "ours",
  ]),
  problem("Invalid Action", 400, "Invalid Action", "The action requested was not valid for this resource.", [
    "content",
    "ours",
  ]),
  problem("recipients not ready", 400, "Bad Request", `${unready} recipients not ready`, "wait"),
  // Titles may come translated: the status and a piece of the detail tell.
  problem(
    "recipients not ready, title translated",
    400,
    "Ungültige Anfrage",
    `${unready} recipients not ready`,
    "wait",
  ),
  problem("not ready", 400, "Bad Request", unready, ["account", "content"]),
  problem("not ready: sender", 400, "Bad Request", `${unready} address(es) – x@y.example`, ["account", "content"]),
  problem("not scheduled, reason empty", 400, "Bad Request", "This campaign cannot be scheduled: .", [
    "content",
    "account",
  ]),
  problem(
    "Member Exists",
    400,
    "Member Exists",
    "x@y.example is already a list member. Use PUT to insert or update list members.",
    ["content", "ours"],
  ),
  problem(
    "Member In Compliance State",
    400,
    "Member In Compliance State",
    "x@y.example is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed.",
    ["content", "ours"],
  ),
  problem(
    "Forgotten Email Not Subscribed",
    400,
    "Forgotten Email Not Subscribed",
    "x@y.example was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list.",
    ["content", "ours"],
  ),
  problem(
    "API Key Invalid",
    401,
    "API Key Invalid",
    "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
    "sign_in",
  ),
  problem("API Key Missing", 401, "API Key Missing", "Your request did not include an API key.", "sign_in"),
  problem("a key that was switched off", 401, "API Key Invalid", "API key has been disabled", "sign_in"),
  problem("Forbidden by role or plan", 403, "Forbidden", "You are not permitted to access this resource.", [
    "permission",
    "account",
  ]),
  problem("User Disabled", 403, "User Disabled", "This account has been deactivated.", "account"),
  problem("API Access disabled", 403, "User Disabled", "API Access has been disabled for this account.", "account"),
  problem("WrongDatacenter", 403, "WrongDatacenter", "The API key provided is linked to a different data center.", [
    "operator",
    "ours",
    // The data centre is looked up again by whoever renews a sign-in.
    "sign_in",
  ]),
  // Taken for a throttle, and only from a harvest: what a change did may as well be left open.
  page("a 403 without a problem document", 403, ["wait", "transient"]),
  page("a 429 without a problem document", 429, ["wait", "transient"]),
  problem("Resource Not Found", 404, "Resource Not Found", "The requested resource could not be found.", [
    "content",
    "ours",
    "permission",
  ]),
  problem(
    "Method Not Allowed",
    405,
    "Method Not Allowed",
    "The requested method and resource are not compatible.",
    "ours",
  ),
  problem(
    "Resource Nesting Too Deep",
    414,
    "Resource Nesting Too Deep",
    "The sub-resource is nested too deeply.",
    "ours",
  ),
  problem("Invalid Method Override", 422, "Invalid Method Override", "The X-HTTP-Method-Override is invalid.", "ours"),
  problem("Requested Fields Invalid", 422, "Requested Fields Invalid", "The fields requested are invalid.", "ours"),
  problem("Upgrade Required", 426, "Upgrade Required", "Your request was made without the TLS it needs.", [
    "operator",
    "ours",
  ]),
  problem(
    "Too Many Requests",
    429,
    "Too Many Requests",
    "You have exceeded the limit of 10 simultaneous connections.",
    "wait",
  ),
  problem("ComplianceRelated", 503, "ComplianceRelated", "This method has been disabled.", "account"),
  problem(
    "Internal Server Error",
    500,
    "Internal Server Error",
    "An unexpected internal error has occurred.",
    "transient",
  ),
  page("a 502 of the edge", 502, "transient"),
  page("a 503 of the edge", 503, "transient"),
  page("a 504 of the edge", 504, "transient"),
];
