/**
 * `npm run check`, the fast gate: format and lint, types, boundaries, generated files, unit tests. Runs all, then says
 * which failed. `--without-tests` where all tests are run anyway.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const node = (script: string, ...args: string[]) => [process.execPath, path.join(root, script), ...args];
const biome = node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "--max-diagnostics=50");
const tsc = (project: string) => node("node_modules/typescript/bin/tsc", "--noEmit", "-p", project);

const steps: [name: string, command: string[]][] = [
  ["format and lint", biome],
  ["types", tsc("tsconfig.json")],
  ...(existsSync(path.join(root, "apps/web/tsconfig.json"))
    ? [["types of the web", tsc("apps/web/tsconfig.json")] as [string, string[]]]
    : []),
  ["boundaries", node("tools/boundaries.ts")],
  ["generated files", node("tools/gen.ts", "--check")],
  ...(process.argv.includes("--without-tests")
    ? []
    : [["unit tests", node("tools/test-lanes.ts", "unit")] as [string, string[]]]),
];

let current: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    current?.once("exit", () => process.exit(130));
    current?.kill(signal);
  });
}

function isPassing([program = "", ...args]: string[]): Promise<boolean> {
  const child = spawn(program, args, { cwd: root, stdio: "inherit" });
  current = child;
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}

const failed: string[] = [];
for (const [name, command] of steps) {
  const begun = performance.now();
  console.log(`\n== ${name}`);
  const isOk = await isPassing(command);
  if (!isOk) failed.push(name);
  console.log(`== ${name}: ${isOk ? "ok" : "FAILED"} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
console.log(
  failed.length === 0
    ? `\ncheck: all ${steps.length} ok`
    : `\ncheck: ${failed.length} of ${steps.length} failed: ${failed.join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
