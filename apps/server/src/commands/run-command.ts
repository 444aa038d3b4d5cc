import { allProviders } from "@postd/connectors";
import { ConfigError } from "../config/config-error.ts";
import { type Config, readConfig } from "../config.ts";

/** A wrong use of a command; the message is the whole explanation. */
export class UsageError extends Error {}

/**
 * Reads the config, runs one command, prints what it answers and sets the exit code: 0 done, 1 it failed or found
 * something wrong, 2 wrong use.
 */
export async function runCommand(
  usage: string,
  run: (config: Config, args: readonly string[], say: (line: string) => void) => Promise<boolean>,
): Promise<void> {
  const args = process.argv.slice(2);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (args.length === 0 || args.includes("--help")) return say(usage);
  try {
    process.exitCode = (await run(readConfig(allProviders), args, say)) ? 0 : 1;
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
    const message = error instanceof ConfigError ? `These settings are wrong:\n${error.message}` : messageOf(error);
    process.stderr.write(`${message}\n${isUsage ? `\n${usage}\n` : ""}`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** A database error's wrapper repeats the statement with its values; only the server's own sentence is shown. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "The command failed.";
  return error.message.startsWith("Failed query:") && error.cause instanceof Error
    ? error.cause.message
    : error.message;
}
