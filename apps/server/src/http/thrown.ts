import type { ServiceError } from "@postd/contracts";
import { causesOf, isPassing } from "../adapters/postgres/database-error.ts";
import { Refusal } from "./problem.ts";

/** Text that PostgreSQL cannot keep: a null character, a broken encoding. Refused earlier; this is the net below. */
const unstorableText = /^(22021|22P05|22P02)$/;
/** What is answered when something was thrown. Only a broken promise of our own is `internal`. */
export function refusalOf(error: unknown): ServiceError {
  if (error instanceof Refusal) return error.refusal;
  const causes = causesOf(error);
  const fastify = causes.map(fastifyRefusal).find((refusal) => refusal !== undefined);
  if (fastify) return fastify;
  const codes = causes.map(codeOf);
  if (isPassing(error))
    return {
      code: "unavailable",
      detail:
        "The database cannot be reached or is too busy, so nothing was changed by this request that it could not confirm.",
      next: "Try again shortly; with an Idempotency-Key a creating request is safe to repeat.",
      retryAfterMs: 5_000,
    };
  if (codes.some((code) => unstorableText.test(code)))
    return {
      code: "invalid_input",
      detail: "The request holds characters that cannot be stored.",
      next: "Remove null characters and broken Unicode from the text.",
    };
  return {
    code: "internal",
    detail: "Something broke on our side. The operator finds it in the log by the request id.",
    next: "Try again; if it stays, tell the operator the request id.",
  };
}

function fastifyRefusal(error: unknown): ServiceError | undefined {
  switch (codeOf(error)) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
    case "FST_REQ_FILE_TOO_LARGE":
      return { code: "payload_too_large", detail: "The request is larger than this server takes." };
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_INVALID_MULTIPART_CONTENT_TYPE":
      return {
        code: "unsupported_media",
        detail: "The Content-Type is not one this operation takes.",
        next: "Send application/json, or multipart/form-data where a file is uploaded.",
      };
    case "FST_PARTS_LIMIT":
    case "FST_FILES_LIMIT":
    case "FST_FIELDS_LIMIT":
      return { code: "invalid_input", detail: "The form has more parts than one file and its description." };
    case "FST_ERR_MAX_PARAM_LENGTH":
      return { code: "not_found", detail: "Nothing here has a name that long." };
    case "FST_ERR_BAD_URL":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return { code: "invalid_input", detail: "The request is malformed." };
    default: {
      // What the framework and its plugins blame on the request stays the request's fault.
      const status =
        typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
      return typeof status === "number" && status >= 400 && status < 500
        ? { code: "invalid_input", detail: "The request is malformed." }
        : undefined;
    }
  }
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "";

/** What of an error may be logged: kinds, codes, places. A failed query's message holds its values, so it is left out. */
export function loggable(error: unknown): readonly Record<string, string>[] {
  return causesOf(error).map((cause) => {
    if (!(cause instanceof Error)) return { thrown: typeof cause };
    const message = "params" in cause || "detail" in cause ? "" : cause.message;
    return {
      name: cause.name,
      ...(codeOf(cause) === "" ? {} : { code: codeOf(cause) }),
      ...(message === "" ? {} : { message }),
      at: (cause.stack ?? "")
        .split("\n")
        .filter((line) => line.startsWith("    at "))
        .slice(0, 8)
        .map((line) => line.trim())
        .join(" | "),
    };
  });
}
