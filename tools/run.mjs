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
  people: "apps/server/src/commands/people.ts",
  demo: "tools/demo.ts",
  connectors: "tools/connectors.ts",
  test: "tools/test-lanes.ts",
  check: "tools/check.ts",
  boundaries: "tools/boundaries.ts",
  gen: "tools/gen.ts",
  bench: "tests/bench/bench.ts",
  "new:connector": "tools/new-connector.ts",
};

/**
 * V8 lets the room for new objects grow to tens of megabytes and hands none back to a server with nothing to do. With
 * 8 MB an idle server holds 80 MB less and uses no more processor time (npm run bench).
 */
const heap = { start: ["--max-semi-space-size=8", "--heap-growing-percent=30"] };

const [name = "", ...args] = process.argv.slice(2);
const script = Object.entries(commands).find(([known]) => known === name)?.[1];
if (!script) fail(`There is no command "${name}". Known: ${Object.keys(commands).join(", ")}.`);
if (!existsSync(path.join(root, script))) fail(`This checkout has no ${script}, which "${name}" runs.`);

try {
  const node = await findNode(root);
  await installPackages(root, node);
  const followParent = new URL("./setup/follow-parent.mjs", import.meta.url).href;
  await runCommand(node, [...(heap[name] ?? []), "--import", followParent, path.join(root, script), ...args]);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

/**
 * The command leads a process group of its own and gets each signal from here, once, whoever sent it to whom: a terminal
 * signals everybody, `kill` one process, and npm's shell dies without telling its child.
 */
function runCommand(node, command) {
  const searchPath = [path.dirname(node), process.env.PATH].filter(Boolean).join(path.delimiter);
  const child = spawn(node, command, {
    cwd: root,
    stdio: "inherit",
    detached: process.platform !== "win32",
    env: { ...process.env, PATH: searchPath },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) whenParentEnds(() => child.kill("SIGTERM"));
  return new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function whenParentEnds(act) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    act();
  }, 250);
}

function fail(message) {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}
