/**
 * Every npm script goes through here: `node tools/run.mjs <name> [arguments]`. Makes sure there is a Node new enough and
 * that the packages are installed, then runs the command, passes signals on and ends with its exit code.
 * Runs on Node 16 with nothing installed: built-ins only, no TypeScript.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findNode } from "./setup/node.mjs";
import { installPackages } from "./setup/packages.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

const commands = {
  start: "apps/server/src/main.ts",
  simulators: "apps/simulators/src/main.ts",
  db: "apps/server/src/commands/db.ts",
  keys: "apps/server/src/commands/keys.ts",
  demo: "tools/demo.ts",
  test: "tools/test-lanes.ts",
  check: "tools/check.ts",
  boundaries: "tools/boundaries.ts",
  gen: "tools/gen.ts",
  bench: "tools/bench.ts",
  "new:connector": "tools/new-connector.ts",
};

const [name = "", ...args] = process.argv.slice(2);
const script = Object.entries(commands).find(([known]) => known === name)?.[1];
if (!script) fail(`There is no command "${name}". Known: ${Object.keys(commands).join(", ")}.`);
if (!existsSync(path.join(root, script))) fail(`This checkout has no ${script}, which "${name}" runs.`);

try {
  const node = await findNode(root);
  await installPackages(root, node);
  await runCommand(node, [path.join(root, script), ...args]);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function runCommand(node, command) {
  const isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const searchPath = [path.dirname(node), process.env.PATH].filter(Boolean).join(path.delimiter);
  const child = spawn(node, command, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: searchPath } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends Ctrl-C to the whole group, so the command has it already; twice would mean "at once".
    process.on(signal, () => (signal === "SIGINT" && isTerminal ? undefined : child.kill(signal)));
  }
  return new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function fail(message) {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}
