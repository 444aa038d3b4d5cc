import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const Names = z.record(z.string(), z.string()).default({});
const Manifest = z.object({
  name: z.string(),
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
});

export type Workspace = {
  /** `server`, `core`, ...: the package name without its scope. */
  readonly unit: string;
  /** Relative to the root, with forward slashes. */
  readonly folder: string;
  readonly dependencies: ReadonlySet<string>;
};

export function readWorkspaces(root: string): Workspace[] {
  const folders = globSync("{apps,packages}/*", { cwd: root }).filter((it) =>
    existsSync(path.join(root, it, "package.json")),
  );
  return folders.map((folder) => {
    const manifest = readManifest(path.join(root, folder));
    const dependencies = new Set(
      Object.values(manifest).flatMap((part) => (typeof part === "string" ? [] : Object.keys(part))),
    );
    return { unit: unitOf(manifest.name), folder: folder.split(path.sep).join("/"), dependencies };
  });
}

/** What tests and tools may use beside their workspace's own: the packages declared at the root. */
export function rootDependencies(root: string): ReadonlySet<string> {
  return new Set(Object.keys(readManifest(root).devDependencies));
}

export function unitOf(packageName: string): string {
  return packageName.replace(/^@postd\//, "");
}

function readManifest(folder: string): z.infer<typeof Manifest> {
  return Manifest.parse(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")));
}
