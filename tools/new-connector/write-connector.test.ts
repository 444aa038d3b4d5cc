import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { scanConnectors } from "../gen/scan-connectors.ts";
import { writeConnector } from "./write-connector.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** A folder outside the checkout that finds the packages of this one. */
async function elsewhere(run: (dir: string) => Promise<void> | void): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), "postd-new-connector-"));
  try {
    symlinkSync(path.join(root, "node_modules"), path.join(dir, "node_modules"), "junction");
    writeFileSync(path.join(dir, "package.json"), '{ "type": "module" }');
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function runNode(args: readonly string[], cwd: string) {
  // A test runner inside a test runner would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

test("a new connector compiles, passes the conformance test and is found by the generator", () =>
  elsewhere(async (dir) => {
    const made = runNode(
      [path.join(root, "tools/new-connector.ts"), "delete", "--name", "Dele Te", "--into", dir],
      dir,
    );
    assert.equal(made.status, 0, made.said);
    assert.match(made.said, /Next:/);

    writeFileSync(
      path.join(dir, "tsconfig.json"),
      JSON.stringify({
        extends: path.join(root, "tsconfig.json"),
        compilerOptions: { typeRoots: [path.join(root, "node_modules/@types")] },
        include: ["delete/**/*.ts"],
      }),
    );
    const compiled = runNode([path.join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", dir], dir);
    assert.equal(compiled.status, 0, compiled.said);

    const tested = runNode(["--test", "--test-reporter=tap", "delete/platform.test.ts"], dir);
    assert.equal(tested.status, 0, tested.said);
    assert.match(tested.said, /# pass [1-9]\d/);
    assert.match(tested.said, /# fail 0/);

    const [found] = await scanConnectors(dir);
    assert.deepEqual([found?.provider.id, found?.provider.platforms[0]?.name], ["delete", "Dele Te"]);
    assert.equal(found?.simulators[0]?.id, "delete");
    assert.deepEqual(Object.keys(found?.tryOuts ?? {}), ["delete"], "so that the connectors' command can try it");
  }));

test("nothing of the template's own name is left in a new folder", () =>
  elsewhere((dir) => {
    const folder = writeConnector({ id: "open_social", into: dir });
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.\w+$/.test(name),
    )) {
      const text = readFileSync(path.join(folder, file), "utf8");
      assert.doesNotMatch(text, /sample[ _-]?platform/i, file);
    }
    const text = readFileSync(path.join(folder, "platform.ts"), "utf8");
    assert.match(text, /export const openSocial: PublishingPlatform = /);
    assert.match(text, /name: "Open Social"/);
    assert.match(readFileSync(path.join(folder, "provider.ts"), "utf8"), /"api\.open-social\.example"/);
  }));

test("an existing folder is never written into, and a wrong id makes nothing", () =>
  elsewhere((dir) => {
    writeConnector({ id: "twice", into: dir });
    assert.throws(() => writeConnector({ id: "twice", into: dir }), /exists/);
    for (const id of ["Upper", "../out", "1st", "with-dash", ""]) {
      assert.throws(() => writeConnector({ id, into: dir }), /must be a platform id/);
      assert.ok(id === "" || !existsSync(path.join(dir, id)));
    }
  }));
