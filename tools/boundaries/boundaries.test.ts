import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { checkTree } from "./check-tree.ts";

const dependencies: Record<string, string[]> = {
  "apps/web": ["@postd/sdk"],
  "apps/server": ["@postd/core", "@postd/connectors", "@postd/testkit", "@postd/simulators", "pg"],
  "apps/simulators": ["@postd/connectors", "@postd/connector-kit"],
  "packages/contracts": ["zod"],
  "packages/connector-kit": ["@postd/contracts"],
  "packages/connectors": ["@postd/connector-kit", "@postd/contracts", "zod"],
  "packages/core": ["@postd/connector-kit", "@postd/contracts"],
  "packages/sdk": ["@postd/contracts"],
  "packages/testkit": ["@postd/server"],
};

/** The problems of a checkout holding only these files. */
function problemsOf(files: Record<string, string>): string[] {
  const root = mkdtempSync(path.join(tmpdir(), "postd-boundaries-"));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  try {
    write("package.json", JSON.stringify({ name: "postd", devDependencies: { typescript: "1" } }));
    for (const [folder, names] of Object.entries(dependencies)) {
      const name = `@postd/${path.basename(folder)}`;
      write(
        `${folder}/package.json`,
        JSON.stringify({ name, dependencies: Object.fromEntries(names.map((it) => [it, "1"])) }),
      );
    }
    for (const [file, source] of Object.entries(files)) write(file, source);
    return checkTree(root).problems;
  } finally {
    rmSync(root, { recursive: true });
  }
}

const allowed: [file: string, source: string][] = [
  ["apps/web/src/a.tsx", 'import { c } from "@postd/sdk"; export const A = () => <p title="from">{c}</p>;'],
  ["apps/server/src/a.ts", 'import pg from "pg"; import { x } from "@postd/core"; import "node:fs";'],
  ["apps/server/src/open.ts", 'export const open = () => import("@postd/simulators");'],
  ["apps/server/src/a.test.ts", 'import { t } from "@postd/testkit"; import ts from "typescript";'],
  ["apps/server/src/config.ts", "export const e = process.env;"],
  ["apps/server/src/adapters/postgres/migrate.ts", 'await client.query("set role postd_migrate");'],
  ["apps/simulators/src/a.ts", 'import { all } from "@postd/connectors/simulators";'],
  ["packages/core/src/a.ts", 'import { runSteps } from "@postd/connector-kit/rules";'],
  ["packages/testkit/src/a.ts", 'import { s } from "@postd/server"; const e = process.env;'],
  [
    "packages/core/src/a.ts",
    "// new Date() and Date.now() in words\nconst s = 'Date.now()'; const d = new Date(`text`);",
  ],
  ["packages/connectors/src/one/connector.ts", 'import "./publish.ts"; import { z } from "zod"; ctx.http.fetch(1);'],
  [
    "packages/connectors/src/one/simulator.ts",
    'import "./simulator/state.ts"; import "@postd/connector-kit/simulator";',
  ],
  ["packages/connectors/src/one/connector.test.ts", 'import "./simulator.ts"; import "node:test";'],
  ["packages/connectors/src/simulators.gen.ts", 'import "./one/simulator.ts"; import "./two/simulator/index.ts";'],
];

const refused: [file: string, source: string, says: RegExp][] = [
  [
    "apps/web/src/a.tsx",
    'import { c } from "@postd/core"; export const A = () => <p>{c}</p>;',
    /web may import sdk, contracts/,
  ],
  ["apps/server/src/a.ts", 'import type { T } from "@postd/testkit";', /only tests may import the testkit/],
  ["apps/server/src/a.ts", 'import { s } from "@postd/simulators";', /await import\(\) only/],
  ["apps/server/src/a.ts", 'import { x } from "../../../packages/core/src/x.ts";', /use the package @postd\/core/],
  ["apps/server/src/a.ts", 'import x from "left-pad/sub";', /does not declare/],
  ["apps/server/src/a.ts", 'await pool.query<Row>("select 1");', /use runSql/],
  ["apps/server/src/a.ts", "await tx.execute(sql`select 1`);", /use runSql/],
  ["apps/server/src/a.ts", "const port = process.env.PORT;", /only apps\/server\/src\/config\.ts does/],
  [
    "apps/simulators/src/a.ts",
    'import { all } from "@postd/connectors";',
    /only import @postd\/connectors\/simulators/,
  ],
  ["packages/contracts/src/a.ts", 'import type { A } from "@postd/connector-kit";', /may import no other workspace/],
  ["packages/core/src/a.ts", 'export type { A } from "@postd/connectors";', /core may import/],
  ["packages/connectors/src/one/publish.ts", 'import { decide } from "@postd/connector-kit/rules";', /only core runs/],
  ["apps/server/src/a.ts", 'import { runSteps } from "@postd/connector-kit/rules";', /only core runs steps/],
  ["packages/core/src/a.ts", 'type A = import("@postd/server").A;', /core may import/],
  ["packages/core/src/a.ts", "const now = Date.now();", /Date\.now/],
  ["packages/core/src/a.ts", "const now = new Date();", /new Date\(\)/],
  ["packages/connectors/src/one/connector.ts", 'import "../two/publish.ts";', /imports connector two/],
  ["packages/connectors/src/one/connector.ts", 'import "./simulator.ts";', /never knows its simulator/],
  ["packages/connectors/src/one/simulator/state.ts", 'import "../publish.ts";', /nothing of the connector/],
  ["packages/connectors/src/one/connector.ts", 'import { createHmac } from "node:crypto";', /from its context/],
  ["packages/connectors/src/one/connector.ts", "await fetch(url);", /global fetch/],
  ["packages/connectors/src/one/connector.ts", "setTimeout(next, 5);", /sets a timer/],
  ["packages/connectors/src/one/connector.ts", "process.exit(1);", /uses process/],
];

const planted: [what: string, files: Record<string, string>, says: RegExp][] = [
  [
    "two files that need each other's types",
    {
      "packages/core/src/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
      "packages/core/src/b.ts": 'import type { A } from "./a.ts"; export type B = A;',
    },
    /^packages\/core\/src\/a\.ts: is in a circle, packages\/core\/src\/a\.ts -> packages\/core\/src\/b\.ts -> packages\/core\/src\/a\.ts;/m,
  ],
  [
    "three files over a folder",
    {
      "packages/core/src/a.ts": 'export { b } from "./x/b.ts";',
      "packages/core/src/x/b.ts": 'export { c } from "./c.ts";',
      "packages/core/src/x/c.ts": 'export const c = () => import("../a.ts");',
    },
    /a\.ts -> packages\/core\/src\/x\/b\.ts -> packages\/core\/src\/x\/c\.ts -> packages\/core\/src\/a\.ts/,
  ],
  [
    "two packages",
    {
      "apps/simulators/src/a.ts": 'import { all } from "@postd/connectors/simulators";',
      "packages/connectors/src/a.ts": 'import { host } from "@postd/simulators";',
    },
    /connectors: is in a circle, connectors -> simulators -> connectors/,
  ],
];
for (const [what, files, says] of planted) {
  test(`a circle is refused: ${what}`, () => assert.match(problemsOf(files).join("\n"), says));
}
test("a test of a package may use one made from it", () => {
  const files = {
    "apps/server/src/a.test.ts": 'import { t } from "@postd/testkit";',
    "packages/testkit/src/a.ts": 'import { s } from "@postd/server";',
  };
  assert.deepEqual(problemsOf(files), []);
});

test("what a shipped file exports and only a test uses is refused; a helper of tests may", () => {
  const files = {
    "packages/core/src/a.ts": 'import { b } from "./b.ts"; export const a = () => b;',
    "packages/core/src/b.ts": "export const b = 1;\nexport const left = 2;\n",
    "packages/core/src/contract.ts": "export const suite = 1;\n",
    "packages/core/src/b.test.ts": 'import { left } from "./b.ts"; import { suite } from "./contract.ts"; left(suite);',
  };
  assert.deepEqual(problemsOf(files), [
    "packages/core/src/b.ts: exports left, which nothing shipped uses; remove it, or move it beside the tests",
  ]);
});

for (const [file, source] of allowed) {
  test(`allowed in ${file}: ${source}`, () => assert.deepEqual(problemsOf({ [file]: source }), []));
}
for (const [file, source, says] of refused) {
  test(`refused in ${file}: ${source}`, () => assert.match(problemsOf({ [file]: source }).join("\n"), says));
}
