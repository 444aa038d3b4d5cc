import type { DocumentedError } from "@postd/connector-kit/conformance";

// Fact sheet, sections 3, 5, 9, 11 and 12; who acts on the Graph's general codes as in that of Meta, section 12.

const trace = "A1b2C3d4E5f6G7h8I9j0Kl";

const graph = (
  code: number | string,
  who: DocumentedError["who"],
  message: string,
  more: Partial<Omit<DocumentedError, "body">> & { readonly subcode?: number; readonly isTransient?: boolean } = {},
): DocumentedError => {
  const { subcode, isTransient = false, ...rest } = more;
  const type = [10, 190, 200].includes(Number(code)) ? "OAuthException" : "THApiException";
  const sub = subcode === undefined ? {} : { error_subcode: subcode };
  const error = { message, type, code, ...sub, is_transient: isTransient, fbtrace_id: trace };
  return { name: subcode === undefined ? `${code}` : `${code}/${subcode}`, status: 400, who, body: { error }, ...rest };
};

const sessions: readonly (readonly [number, string])[] = [
  [458, "The user has not authorized application."],
  [459, "The user must log in."],
  [460, "The session has been invalidated because the user changed their password."],
  [463, "Session has expired."],
  [464, "The user is not a confirmed user."],
  [467, "The access token is invalid."],
  [492, "The session is no longer valid."],
];

const limits: readonly (readonly [number, string])[] = [
  [17, "User request limit reached"],
  [613, "Calls to this api have exceeded the rate limit."],
];

/** Section 11, row by row. */
export const apiErrors: readonly DocumentedError[] = [
  graph(190, "sign_in", "Invalid OAuth access token - Cannot parse access token"),
  ...sessions.map(([subcode, words]) =>
    graph(190, "sign_in", `Error validating access token: ${words}`, { subcode, status: 401 }),
  ),
  // Without the call beside it, 100 alone does not tell a revoked token from a wrong parameter.
  graph(100, ["sign_in", "permission", "content", "ours"], "Unsupported get request.", {
    name: "100 of a revoked token",
    at: "read",
  }),
  graph(10, ["permission", "account"], "(#10) Application does not have permission for this action"),
  graph(200, ["permission", "account"], "(#200) Requires extended permission", { status: 403 }),
  graph(4, "wait", "(#4) Application request limit reached", { status: 403, isTransient: true }),
  ...limits.map(([code, words]) => graph(code, "wait", `(#${code}) ${words}`)),
  graph(9, "wait", "The user has reached the maximum number of posts within 24 hours.", { subcode: 2207042 }),
  graph(1, "transient", "An unknown error occurred", { status: 500 }),
  graph(1, "transient", "An unknown error occurred", { name: "1 with 400" }),
  graph(2, "transient", "An unexpected error has occurred. Please retry your request later.", {
    status: 500,
    isTransient: true,
  }),
  graph(99, "transient", "Please try again later.", { name: "is_transient", isTransient: true }),
  { name: "a 502 without a body of the API", status: 502, body: "<html>Bad Gateway</html>", who: "transient" },
  // Says that it is not transient, and is.
  graph(24, "wait", "The requested resource does not exist: Media Not Found", { subcode: 4279009 }),
  graph(24, "wait", "The requested resource does not exist: container expired", { subcode: 2207008 }),
  graph(10, ["permission", "account", "wait"], "The user is restricted from this action", { subcode: 4279013 }),
  graph(4, ["account", "permission", "wait"], "The action is blocked", { subcode: 2207051, status: 403 }),
  graph(100, "content", "THREADS_API__LINK_LIMIT_EXCEEDED: A post may have at most 5 links", {
    name: "THREADS_API__LINK_LIMIT_EXCEEDED in the message",
  }),
  graph("THREADS_API__LINK_LIMIT_EXCEEDED", "content", "A post may have at most 5 links"),
  graph(100, ["permission", "account", "content"], "THREADS_API__FEATURE_NOT_AVAILABLE: not available", {
    name: "THREADS_API__FEATURE_NOT_AVAILABLE in the message",
  }),
  graph("THREADS_API__FEATURE_NOT_AVAILABLE", ["permission", "account", "content"], "This is not available"),
  graph(100, "content", "THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES: invalid country codes", {
    name: "THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES in the message",
  }),
  graph("THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES", "content", "The country codes are invalid"),
  // Hours, and the owner hears of it.
  graph(368, ["wait", "account"], "The action attempted has been deemed abusive or is otherwise disallowed"),
  graph(100, "content", "The text can't be blank", { name: "text can't be blank" }),
  graph(100, "content", "(#100) Param text must be at most 500 characters long.", { name: "100 text too long" }),
  graph(100, ["content", "operator", "wait"], "The media could not be fetched from this URI.", {
    name: "100 media not fetched",
  }),
  // The subcode decides: not 1, which nobody would know what to do with.
  graph(1, ["content", "operator", "wait"], "The media could not be fetched from this URI.", { subcode: 2207052 }),
];

const ended = (error_message: string, who: DocumentedError["who"]): DocumentedError => ({
  name: `error_message ${error_message}`,
  status: 200,
  body: { id: "18012345678901234", status: "ERROR", error_message },
  who,
  at: "read",
});

/** Section 5: what the status of a container says, in an answer that is itself a success. */
export const containerErrors: readonly DocumentedError[] = [
  // The author's address of the file is ours.
  ended("FAILED_DOWNLOADING_VIDEO", ["operator", "wait", "transient", "content"]),
  ended("FAILED_PROCESSING_AUDIO", "content"),
  ended("FAILED_PROCESSING_VIDEO", "content"),
  ended("INVALID_ASPEC_RATIO", "content"),
  ended("INVALID_BIT_RATE", "content"),
  ended("INVALID_DURATION", "content"),
  ended("INVALID_FRAME_RATE", "content"),
  ended("INVALID_AUDIO_CHANNELS", "content"),
  ended("INVALID_AUDIO_CHANNEL_LAYOUT", "content"),
  // Says nothing: a new container once, then the file.
  ended("UNKNOWN", ["content", "wait", "transient"]),
];

const flat = (
  name: string,
  body: Readonly<Record<string, string | number>>,
  who: DocumentedError["who"],
): DocumentedError => ({ name: `sign-in: ${name}`, status: 400, body: { ...body }, who, at: "read" });

/** The legacy shape of the sign-in's steps. */
export const signInErrors: readonly DocumentedError[] = [
  flat(
    "error_code 1",
    { error_type: "OAuthException", error_code: 1, error_message: "An unknown error has occurred." },
    ["transient", "wait"],
  ),
  flat("code 1", { code: 1, error_message: "An unknown error has occurred." }, ["transient", "wait"]),
  flat(
    "code 190",
    { error_type: "OAuthException", code: 190, error_message: "Invalid OAuth access token." },
    "sign_in",
  ),
];

export const documentedErrors: readonly DocumentedError[] = [...apiErrors, ...containerErrors, ...signInErrors];
