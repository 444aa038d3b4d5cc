import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Connector } from "@postd/connector-kit";
import type { SimulatorDefinition } from "@postd/connector-kit/simulator";

/** One folder of packages/connectors/src and what it exports. */
export interface ConnectorFolder {
  readonly folder: string;
  readonly connectors: readonly Connector[];
  /** Empty where the folder has no simulator. */
  readonly simulators: readonly SimulatorDefinition[];
  /** SVG text by platform id. */
  readonly icons: Readonly<Record<string, string>>;
}

/** Reads every connector folder, in the order of their names. Throws, naming the folder, where one breaks the rules. */
export async function scanConnectors(sourceDir: string): Promise<readonly ConnectorFolder[]> {
  const folders = readdirSync(sourceDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(sourceDir, entry.name, "connector.ts")))
    .map(({ name }) => name)
    .sort();
  const found: ConnectorFolder[] = [];
  for (const folder of folders) found.push(await scanFolder(path.join(sourceDir, folder), folder));
  refuseDuplicates(found);
  return found;
}

async function scanFolder(dir: string, folder: string): Promise<ConnectorFolder> {
  if (!/^[a-z][a-z0-9_]*$/.test(folder))
    throw new Error(`The folder ${folder} must be named in lower-case letters, digits and _.`);
  const connectors = await exported<Connector>(path.join(dir, "connector.ts"), "connectors");
  const simulatorFile = path.join(dir, "simulator.ts");
  return {
    folder,
    connectors,
    simulators: existsSync(simulatorFile) ? await exported<SimulatorDefinition>(simulatorFile, "simulators") : [],
    icons: Object.fromEntries(connectors.map(({ id, icon }) => [id, readIcon(path.join(dir, icon))])),
  };
}

/** The list a module of ours exports under `name`; its items are typed where they are written. */
async function exported<T extends { readonly id: string }>(file: string, name: string): Promise<readonly T[]> {
  const where = file.split(path.sep).slice(-2).join("/");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new Error(`${where} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const list = module[name];
  if (!Array.isArray(list) || list.length === 0) throw new Error(`${where} must export a list named "${name}".`);
  return list;
}

/** The web puts icons into its pages, so nothing that runs may be in them. */
function readIcon(file: string): string {
  const where = file.split(path.sep).slice(-2).join("/");
  if (!existsSync(file)) throw new Error(`${where} is missing; the connector names it as its icon.`);
  const svg = readFileSync(file, "utf8").trim();
  if (!svg.startsWith("<svg") || /<script|<foreignObject|\son[a-z]+\s*=|href\s*=/i.test(svg))
    throw new Error(`${where} must be one <svg> element without scripts, handlers and links.`);
  return svg;
}

function refuseDuplicates(folders: readonly ConnectorFolder[]): void {
  for (const kind of ["connectors", "simulators"] as const) {
    const owners = new Map<string, string>();
    for (const { folder, [kind]: list } of folders)
      for (const { id } of list) {
        const other = owners.get(id);
        if (other) throw new Error(`${other} and ${folder} both export ${kind} with the id "${id}". Rename one.`);
        owners.set(id, folder);
      }
  }
}
