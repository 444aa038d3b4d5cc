import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { laneOf } from "./lanes.ts";
import { type FileResult, runFile } from "./run-file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "postd-run-file-"));
after(() => rmSync(folder, { recursive: true }));

async function resultOf(source: string, timeoutMs = 20_000): Promise<FileResult> {
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.test.mjs`);
  writeFileSync(file, `import { test } from "node:test"; import assert from "node:assert";\n${source}`);
  return runFile(file, { root: folder, timeoutMs, env: process.env });
}

test("passes, failures and skips are counted, suites are not", async () => {
  const result = await resultOf(
    'import { describe } from "node:test"; describe("s", () => { test("a", () => {}); test("b", () => assert.equal(1, 2)); test("c", { skip: "no need" }, () => {}); });',
  );
  assert.equal(result.passed, 1);
  assert.deepEqual(
    result.failures.map(({ name }) => name),
    ["b"],
  );
  assert.deepEqual(result.skipped, [{ name: "c", why: "no need" }]);
});

test("a file that leaves a handle open fails, although its tests passed", async () => {
  const result = await resultOf('test("a", () => {}); setInterval(() => {}, 1000);', 2_000);
  assert.equal(result.passed, 1);
  assert.match(result.failures[0]?.why ?? "", /did not end within 2 s/);
});

test("a file that throws before its first test fails with what it said", async () => {
  const result = await resultOf('throw new Error("boom");');
  assert.match(result.failures[0]?.why ?? "", /boom/);
});

test("a file without a test fails", async () => {
  assert.equal((await resultOf("")).failures[0]?.why, "holds no test");
});

test("files go to the lane their name says", () => {
  assert.equal(laneOf("packages/core/src/a.test.ts"), "unit");
  assert.equal(laneOf("apps/server/src/a.int.test.ts"), "integration");
  assert.equal(laneOf("tests/real/bluesky.test.ts"), "real");
  assert.equal(laneOf("packages/testkit/src/a.spec.test.ts"), "spec");
});
