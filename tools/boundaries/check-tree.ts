import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Arrows, circlesIn } from "./circles.ts";
import { deadExports } from "./dead-exports.ts";
import { importsOf } from "./imports.ts";
import { isTest, type SourceFile, violations } from "./rules.ts";
import { readWorkspaces, rootDependencies, unitOf, type Workspace } from "./workspaces.ts";

/** Every broken boundary of a checkout, as `file: what and the way out`, and how many files were read. */
export function checkTree(root: string): { fileCount: number; problems: string[] } {
  const scene = { workspaces: readWorkspaces(root), rootDependencies: rootDependencies(root) };
  const names = globSync("{apps,packages}/*/src/**/*.{ts,tsx}", {
    cwd: root,
    exclude: (entry) => entry.endsWith("node_modules"),
  });
  const files = names.sort().map((name): SourceFile => {
    const file = name.split(path.sep).join("/");
    const source = readFileSync(path.join(root, name), "utf8");
    return { file, source, imports: importsOf(file, source) };
  });
  const problems = files.flatMap((file) => violations(file, scene).map((problem) => `${file.file}: ${problem}`));
  const arrows = fileArrows(files);
  const shippedArrows = [...arrows].filter(([file]) => !isTest(file)).flatMap(([, targets]) => [...targets]);
  return {
    fileCount: files.length,
    problems: [
      ...problems,
      ...circles([...circlesIn(arrows), ...circlesIn(packageArrows(files, scene.workspaces))]),
      ...deadExports(files, new Set(shippedArrows)),
    ],
  };
}

function circles(walks: readonly (readonly string[])[]): string[] {
  return walks.map((walk) => `${walk[0]}: is in a circle, ${walk.join(" -> ")}; move what both need into a third`);
}

function fileArrows(files: readonly SourceFile[]): Arrows {
  const known = new Set(files.map(({ file }) => file));
  return new Map(
    files.map(({ file, imports }) => {
      const targets = imports.map(({ name }) => path.posix.join(path.posix.dirname(file), name));
      return [
        file,
        new Set(targets.filter((target, index) => imports[index]?.name.startsWith(".") && known.has(target))),
      ];
    }),
  );
}

/** The workspace an import leads to, by its package's name or by path. */
function unitNamed(file: string, name: string, workspaces: readonly Workspace[]): string | undefined {
  if (name.startsWith("@postd/")) return unitOf(name.split("/").slice(0, 2).join("/"));
  if (!name.startsWith(".")) return undefined;
  const target = path.posix.join(path.posix.dirname(file), name);
  return workspaces.find(({ folder }) => target.startsWith(`${folder}/`))?.unit;
}

/** What is shipped only: a package's tests may use one that is made from it. */
function packageArrows(files: readonly SourceFile[], workspaces: readonly Workspace[]): Arrows {
  const arrows = new Map<string, Set<string>>();
  for (const { file, imports } of files) {
    const home = workspaces.find(({ folder }) => file.startsWith(`${folder}/`));
    if (!home || isTest(file)) continue;
    const others = imports
      .flatMap(({ name }) => unitNamed(file, name, workspaces) ?? [])
      .filter((unit) => unit !== home.unit);
    arrows.set(home.unit, new Set([...(arrows.get(home.unit) ?? []), ...others]));
  }
  return arrows;
}
