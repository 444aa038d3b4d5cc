import pino from "pino";
import type { Config } from "../config.ts";

export type Logger = pino.Logger;

/** Fields that could carry a secret are cut wherever they appear; what logs them is wrong all the same. */
const redacted = [
  // Cookies and keys travel in headers, and libraries hand whole sets of them to the log at the lowest level.
  "headers",
  "*.headers",
  "*.authorization",
  "*.cookie",
  "*.password",
  "*.token",
  "*.accessToken",
  "*.refreshToken",
  "authorization",
  "cookie",
  "password",
  "token",
  "accessToken",
  "refreshToken",
];

/** JSON lines on stdout, or to `destination`; errors carry message and stack but no bodies. */
export function createLogger(
  config: Pick<Config, "logLevel" | "role">,
  destination: pino.DestinationStream = pino.destination(1),
): Logger {
  const options: pino.LoggerOptions = {
    level: config.logLevel,
    base: { role: config.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: "[secret]" },
    serializers: {
      err: describeError,
      error: (value: unknown) => (value instanceof Error ? describeError(value) : value),
    },
  };
  return pino(options, destination);
}

/** A database error repeats values of the row in `detail`, and the failed query in the message of its wrapper. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause instanceof Error ? describeError(error.cause) : undefined;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const isQuery = error.message.startsWith("Failed query:");
  return {
    type: error.name,
    message: isQuery ? "a database statement failed" : error.message,
    ...(code ? { code } : {}),
    ...(isQuery ? {} : { stack: error.stack }),
    ...(cause ? { cause } : {}),
  };
}
