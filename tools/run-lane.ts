import { type FileResult, runFile } from "./run-file.ts";

export type LaneRun = {
  readonly name: string;
  readonly files: readonly FileResult[];
  readonly passed: number;
  readonly failed: number;
  readonly durationMs: number;
};

/** Runs a lane's files, some at a time, and prints each failure as it comes. In CI a skipped test is a failure. */
export async function runLane(
  lane: { name: string; files: readonly string[]; concurrency: number; timeoutMs: number },
  options: { root: string; env: Record<string, string | undefined>; isCi: boolean },
): Promise<LaneRun> {
  const begun = performance.now();
  const waiting = [...lane.files];
  const done: FileResult[] = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = failSkipsInCi(await runFile(file, { ...options, timeoutMs: lane.timeoutMs }), options.isCi);
      done.push(result);
      show(result);
    }
  };
  await Promise.all(Array.from({ length: lane.concurrency }, worker));
  const sum = (count: (file: FileResult) => number) => done.reduce((total, file) => total + count(file), 0);
  return {
    name: lane.name,
    files: done,
    passed: sum((file) => file.passed),
    failed: sum((file) => file.failures.length),
    durationMs: performance.now() - begun,
  };
}

function failSkipsInCi(result: FileResult, isCi: boolean): FileResult {
  if (!isCi) return result;
  const failures = result.skipped.map(({ name, why }) => ({ name, why: `skipped in CI: ${why}` }));
  return { ...result, failures: [...result.failures, ...failures], skipped: [] };
}

function show({ file, failures, skipped, notes }: FileResult): void {
  for (const note of notes) console.log(`  ${note.replaceAll("\n", "\n    ")}`);
  for (const { name, why } of failures)
    console.log(`\n  x ${name}\n    ${file}\n    ${why.replaceAll("\n", "\n    ")}\n`);
  for (const { name, why } of skipped) console.log(`  - ${name}: skipped, ${why}`);
}
