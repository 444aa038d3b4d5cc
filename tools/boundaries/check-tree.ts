import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { importsOf } from "./imports.ts";
import { violations } from "./rules.ts";
import { readWorkspaces, rootDependencies } from "./workspaces.ts";

/** Every broken boundary of a checkout, as `file: what and the way out`, and how many files were read. */
export function checkTree(root: string): { fileCount: number; problems: string[] } {
  const scene = { workspaces: readWorkspaces(root), rootDependencies: rootDependencies(root) };
  const files = globSync("{apps,packages}/*/src/**/*.{ts,tsx}", {
    cwd: root,
    exclude: (entry) => entry.endsWith("node_modules"),
  });
  const problems = files.sort().flatMap((name) => {
    const file = name.split(path.sep).join("/");
    const source = readFileSync(path.join(root, name), "utf8");
    return violations({ file, source, imports: importsOf(file, source) }, scene).map(
      (problem) => `${file}: ${problem}`,
    );
  });
  return { fileCount: files.length, problems };
}
