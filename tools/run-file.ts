import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";

const Line = z.object({
  state: z.enum(["passed", "failed", "skipped", "note"]),
  name: z.string(),
  type: z.string().optional(),
  why: z.string().optional(),
});

export type Failure = { readonly name: string; readonly why: string };
export type FileResult = {
  readonly file: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skipped: readonly Failure[];
  /** What tests say by `t.diagnostic`. */
  readonly notes: readonly string[];
  readonly durationMs: number;
};

const reporter = new URL("./lane-reporter.ts", import.meta.url).href;
const running = new Set<number>();

/**
 * Runs one test file in a process of its own. It fails, too, when the process does not end within `timeoutMs` (a test that
 * hangs or leaves a handle open), ends badly, or holds no test.
 */
export async function runFile(
  file: string,
  options: { root: string; timeoutMs: number; env: Record<string, string | undefined> },
): Promise<FileResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "postd-test-"));
  try {
    return await runIn(folder, file, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends every test process now running, with whatever they started. */
export function endRunningFiles(): void {
  for (const pid of running) endGroup(pid);
}

async function runIn(
  folder: string,
  file: string,
  { root, timeoutMs, env }: { root: string; timeoutMs: number; env: Record<string, string | undefined> },
): Promise<FileResult> {
  const results = path.join(folder, "results");
  const output = openSync(path.join(folder, "output"), "w");
  const begun = performance.now();
  const args = [`--test-reporter=${reporter}`, `--test-reporter-destination=${results}`, file];
  const child = spawn(process.execPath, args, {
    cwd: root,
    // node --test marks its children with it, and they then report to it alone.
    env: { ...env, NODE_TEST_CONTEXT: undefined },
    detached: process.platform !== "win32",
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  if (child.pid !== undefined) running.add(child.pid);
  const end = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) endGroup(child.pid);
      resolve(`did not end within ${timeoutMs / 1000} s: a test hangs, or left a handle, job or timer open`);
    }, timeoutMs);
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  if (child.pid !== undefined) running.delete(child.pid);
  const said = readFileSync(path.join(folder, "output"), "utf8").trim();
  return { file, ...summary(readLines(results), end, said), durationMs: performance.now() - begun };
}

function summary(lines: z.infer<typeof Line>[], end: string | undefined, said: string) {
  const tests = lines.filter((line) => line.type !== "suite" && line.state !== "note");
  const pick = (state: string) =>
    tests.filter((test) => test.state === state).map(({ name, why = "" }) => ({ name, why }));
  const failures = pick("failed");
  const tail = said === "" ? "" : `\n${said.split("\n").slice(-25).join("\n")}`;
  if (end !== undefined && failures.length === 0) failures.push({ name: "(the file)", why: `${end}${tail}` });
  else if (end?.startsWith("did not end")) failures.push({ name: "(the file)", why: end });
  if (end === undefined && tests.length === 0) failures.push({ name: "(the file)", why: "holds no test" });
  const notes = lines.filter((line) => line.state === "note").map(({ name }) => name);
  return { passed: pick("passed").length, failures, skipped: pick("skipped"), notes };
}

function readLines(file: string): z.infer<typeof Line>[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => line.endsWith("}")).map((line) => Line.parse(JSON.parse(line)));
  } catch {
    return []; // it ended before its first test
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // already gone
  }
}
