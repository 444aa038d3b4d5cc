import { readFileSync } from "node:fs";
import { createRegistry } from "@postd/connector-kit";
import { allProviders, plannedPlatforms } from "@postd/connectors";
import { MasterKeyMissing } from "@postd/core";
import { createLogger } from "./compose/logger.ts";
import { DatabaseUnusable } from "./compose/open-database.ts";
import { PortTaken, type RunningServer, startServer } from "./compose/start-server.ts";
import { ConfigError } from "./config/config-error.ts";
import { type Config, readConfig } from "./config.ts";

const version: string = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version;
/** A second signal, or this long after the first, ends the process whatever still runs. */
const patienceMs = 40_000;

const registry = createRegistry(allProviders, plannedPlatforms);
const config = readConfigOrExit();
const isTerminal = process.stdout.isTTY === true;
// On a terminal the banner speaks; details of a running server are for files and collectors.
const log = createLogger(
  isTerminal && process.env.POSTD_LOG_LEVEL === undefined ? { ...config, logLevel: "warn" } : config,
);
let running: RunningServer | undefined;
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
process.on("unhandledRejection", (error) => log.error({ error }, "an error nobody waited for"));

const startedAt = performance.now();
try {
  running = await startServer({ config, registry, log, version });
  if (stopping) await running.stop();
  else say(banner(config, running));
  warnAboutOperators(config, running);
  log.info({ url: running.url, tookMs: Math.round(performance.now() - startedAt) }, "POSTD is running");
} catch (error) {
  const plain = error instanceof PortTaken || error instanceof MasterKeyMissing || error instanceof DatabaseUnusable;
  if (plain) process.stderr.write(`\nPOSTD did not start. ${error.message}\n`);
  else {
    log.fatal({ err: error }, "POSTD did not start");
    process.stderr.write(`\nPOSTD did not start: ${error instanceof Error ? error.message : "unknown error"}\n`);
  }
  process.exit(1);
}

async function stop(signal: string): Promise<void> {
  if (stopping) process.exit(1);
  stopping = true;
  say("Stopping: no new work is taken, what runs is finished.");
  log.info({ signal }, "stopping");
  setTimeout(() => process.exit(1), patienceMs).unref();
  await running?.stop();
  if (running) process.exit(0);
}

function readConfigOrExit(): Config {
  try {
    return readConfig(registry.providers());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(
      `\nPOSTD did not start. These settings are wrong:\n${error.problems.map(({ variable, message }) => `  ${variable} ${message}`).join("\n")}\n`,
    );
    process.exit(1);
  }
}

/** Nobody is locked out without a word: a server nobody can pause says so at every start. */
function warnAboutOperators({ operatorEmails, smtpUrl }: Config, { people }: RunningServer): void {
  if (!people || people.operators > 0 || people.operatorLink) return;
  const next = "Make a link for one with: npm run people -- link";
  const why =
    operatorEmails.length === 0
      ? ""
      : smtpUrl
        ? " Nobody has confirmed an address of POSTD_OPERATOR_EMAILS."
        : " POSTD_OPERATOR_EMAILS counts only for confirmed addresses, which takes POSTD_SMTP_URL.";
  log.warn({}, `this instance has no operator.${why} ${next}`);
  if (isTerminal) say(`  This instance has no operator.${why}\n  ${next}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function banner(config: Config, server: RunningServer): string {
  const lines = ["", `  POSTD ${version} is running (${config.role})`, ""];
  if (server.url)
    lines.push(
      `  API       ${server.url}/api`,
      `  Docs      ${server.url}/docs`,
      `  Health    ${server.url}/api/health`,
    );
  lines.push(
    `  Database  ${server.bundledDatabase ? `PostgreSQL in ${config.dataDir}` : "PostgreSQL by DATABASE_URL"}`,
  );
  if (server.simulatorUrl) {
    const real = config.simulators.except.length > 0 ? `, real: ${config.simulators.except.join(", ")}` : "";
    lines.push(
      "",
      `  Simulated platforms: ${server.simulated.join(", ")}${real}`,
      `  What was posted: ${server.simulatorUrl}/__sim/`,
      "  Nothing reaches a real platform until you give its credentials (docs/configuration.md).",
    );
  }
  if (server.people?.operatorLink)
    lines.push(
      "",
      "  Nobody has signed up yet. Whoever opens this link within a day runs this instance:",
      `  ${server.people.operatorLink}`,
    );
  for (const name of config.unknownVariables)
    lines.push("", `  ${name} is set but nothing reads it. A typing mistake?`);
  lines.push("", "  Ctrl-C stops everything.", "");
  return lines.join("\n");
}
