import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Provider, TryOut } from "@postd/connector-kit";
import type { SimulatorDefinition } from "@postd/connector-kit/simulator";

/** One folder of packages/connectors/src and what it exports. */
export interface ConnectorFolder {
  readonly folder: string;
  readonly provider: Provider;
  /** Empty where the folder has no simulator. */
  readonly simulators: readonly SimulatorDefinition[];
  /** How its platforms are tried, by their ids; empty where the folder has no try-out.ts. */
  readonly tryOuts: Readonly<Record<string, TryOut>>;
  /** SVG text by platform id. */
  readonly icons: Readonly<Record<string, string>>;
}

/** Reads every connector folder, in the order of their names. Throws, naming the folder, where one breaks the rules. */
export async function scanConnectors(sourceDir: string): Promise<readonly ConnectorFolder[]> {
  const folders = readdirSync(sourceDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(sourceDir, entry.name, "provider.ts")))
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
  const provider = await exported<Provider>(path.join(dir, "provider.ts"), "provider");
  const simulatorFile = path.join(dir, "simulator.ts");
  const tryOutFile = path.join(dir, "try-out.ts");
  const tryOuts = existsSync(tryOutFile) ? await exported<ConnectorFolder["tryOuts"]>(tryOutFile, "tryOuts") : {};
  for (const id of Object.keys(tryOuts))
    if (!provider.platforms.some((platform) => platform.id === id))
      throw new Error(`${folder}/try-out.ts names ${id}, which is no platform of this folder.`);
  return {
    folder,
    provider,
    simulators: existsSync(simulatorFile)
      ? await exported<readonly SimulatorDefinition[]>(simulatorFile, "simulators")
      : [],
    tryOuts,
    icons: Object.fromEntries(provider.platforms.map(({ id, icon }) => [id, readIcon(path.join(dir, icon))])),
  };
}

/** What a module of ours exports under `name`; it is typed where it is written. */
async function exported<T extends object>(file: string, name: string): Promise<T> {
  const where = file.split(path.sep).slice(-2).join("/");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new Error(`${where} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const found = module[name];
  if (typeof found !== "object" || found === null) throw new Error(`${where} must export "${name}".`);
  return found as T;
}

/** The web puts icons into its pages, so nothing that runs may be in them. */
function readIcon(file: string): string {
  const where = file.split(path.sep).slice(-2).join("/");
  if (!existsSync(file)) throw new Error(`${where} is missing; the platform names it as its icon.`);
  const svg = readFileSync(file, "utf8").trim();
  if (!svg.startsWith("<svg") || /<script|<foreignObject|\son[a-z]+\s*=|href\s*=/i.test(svg))
    throw new Error(`${where} must be one <svg> element without scripts, handlers and links.`);
  return svg;
}

function refuseDuplicates(folders: readonly ConnectorFolder[]): void {
  const idsOf = {
    providers: ({ provider }: ConnectorFolder) => [provider.id],
    platforms: ({ provider }: ConnectorFolder) => provider.platforms.map(({ id }) => id),
    simulators: ({ simulators }: ConnectorFolder) => simulators.map(({ id }) => id),
  };
  for (const [kind, ids] of Object.entries(idsOf)) {
    const owners = new Map<string, string>();
    for (const folder of folders)
      for (const id of ids(folder)) {
        const other = owners.get(id);
        if (other)
          throw new Error(`${other} and ${folder.folder} both export ${kind} with the id "${id}". Rename one.`);
        owners.set(id, folder.folder);
      }
  }
}
