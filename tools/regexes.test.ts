import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { parse } from "acorn";
import { check } from "recheck";

const root = path.resolve(import.meta.dirname, "..");
/** Programs that read what strangers send. Connectors read posts and answers; their folder has rules of its own. */
const folders = ["apps/server/src", "packages/core/src", "packages/contracts/src", "packages/connector-kit/src"];

interface Found {
  readonly source: string;
  readonly flags: string;
  readonly file: string;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/\/(simulator|conformance|testing|commands|supervisor|backup)\//.test(file));
}

/** Every expression written as a literal, by the syntax tree; none is missed and no division is taken for one. */
function regexesIn(file: string): Found[] {
  const code = stripTypeScriptTypes(readFileSync(file, "utf8"), { mode: "strip" });
  const found: Found[] = [];
  const tree: unknown = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) walk(item);
    else if (typeof node !== "object" || node === null) return;
    else if ("regex" in node && typeof node.regex === "object" && node.regex !== null) {
      const { pattern, flags } = node.regex as { readonly pattern: string; readonly flags: string };
      found.push({ source: pattern, flags, file: path.relative(root, file) });
    } else for (const item of Object.values(node)) walk(item);
  };
  walk(tree);
  return found;
}

const all = folders.flatMap(sources).flatMap(regexesIn);

test("no regular expression takes longer than the text is long, whatever a stranger writes", async (t) => {
  const different = new Map(all.map((found) => [`/${found.source}/${found.flags}`, found]));
  t.diagnostic(`${different.size} expressions`);
  const slow: string[] = [];
  const waiting = [...different];
  const checker = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [text, { source, flags, file }] = next;
      const found = await check(source, flags, { timeout: 20_000 });
      const why = found.status === "vulnerable" ? found.complexity.summary : found.status;
      if (found.status !== "safe") slow.push(`${file}: ${text} is ${why}`);
    }
  };
  await Promise.all([checker(), checker()]);
  assert.deepEqual(slow, [], "Write it so that it cannot backtrack, or cut the text before matching.");
});
