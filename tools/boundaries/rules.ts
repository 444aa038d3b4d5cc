import path from "node:path";
import { codeOnly, type Import } from "./imports.ts";
import { unitOf, type Workspace } from "./workspaces.ts";

/** Who may import whom (STYLE.md section 2). A unit that is not named may import no other. */
const arrows: Record<string, readonly string[]> = {
  web: ["sdk", "contracts"],
  sdk: ["contracts"],
  connectors: ["connector-kit", "contracts"],
  "connector-kit": ["contracts"],
  core: ["connector-kit", "contracts"],
  server: ["core", "connectors", "contracts", "connector-kit"],
  simulators: ["connectors", "connector-kit"],
  contracts: [],
};
const mayImportAll = ["testkit"];
/** What only a server with simulation on loads. */
const simulatorDoors = ["@postd/simulators", "@postd/connectors/simulators"];
/** What conformance tests is what the pipeline runs, and nothing else decides by it. */
const rulesDoor = "@postd/connector-kit/rules";
const everywhere = "node:";

export type SourceFile = {
  /** Relative to the root, with forward slashes. */
  readonly file: string;
  readonly source: string;
  readonly imports: readonly Import[];
};
export type Scene = { readonly workspaces: readonly Workspace[]; readonly rootDependencies: ReadonlySet<string> };

/** What a file does that its place does not allow, each in words that say the way out. Pure. */
export function violations(file: SourceFile, scene: Scene): string[] {
  const home = scene.workspaces.find((workspace) => file.file.startsWith(`${workspace.folder}/`));
  if (!home) return [];
  const targets = file.imports.map((one) => ({ ...one, ...resolve(file.file, one.name, scene.workspaces) }));
  return [
    ...targets.flatMap((target) => arrow(home, file.file, target)),
    ...targets.flatMap((target) => undeclared(home, file.file, target, scene)),
    ...(home.unit === "connectors" ? targets.flatMap((target) => connectorRules(file.file, target)) : []),
    ...forbiddenNames(home, file),
  ];
}

type Target = Import & {
  /** Workspace it leads to; undefined for packages from elsewhere and for Node itself. */
  readonly unit?: string | undefined;
  /** Path it leads to when the import is relative. */
  readonly path?: string | undefined;
};

function resolve(from: string, name: string, workspaces: readonly Workspace[]): Omit<Target, keyof Import> {
  if (name.startsWith("@postd/")) return { unit: unitOf(packageOf(name)) };
  if (!name.startsWith(".")) return {};
  const target = path.posix.join(path.posix.dirname(from), name);
  return { path: target, unit: workspaces.find(({ folder }) => target.startsWith(`${folder}/`))?.unit };
}

function arrow(home: Workspace, file: string, { name, isDynamic, unit, path: target }: Target): string[] {
  if (target !== undefined && unit === undefined) return [`imports ${name}, which is outside every workspace`];
  if (unit === undefined || mayImportAll.includes(home.unit)) return [];
  if (target !== undefined && unit !== home.unit) return [`imports ${name} by path; use the package @postd/${unit}`];
  if (unit === home.unit || isTest(file)) return [];
  if (unit === "testkit") return [`imports ${name}; only tests may import the testkit`];
  if (home.unit === "simulators" && unit === "connectors" && name !== "@postd/connectors/simulators") {
    return [`imports ${name}; the simulator host may only import @postd/connectors/simulators`];
  }
  if (home.unit === "server" && simulatorDoors.includes(name)) {
    return isDynamic
      ? []
      : [`imports ${name} at start; the server reaches simulators by await import() only, when they are on`];
  }
  if (name === rulesDoor && home.unit !== "core")
    return [`imports ${name}; only core runs steps, and conformance, which tests that`];
  if (arrows[home.unit]?.includes(unit)) return [];
  return [`imports ${name}; ${home.unit} may import ${arrows[home.unit]?.join(", ") || "no other workspace"}`];
}

function undeclared(home: Workspace, file: string, { name }: Target, scene: Scene): string[] {
  if (name.startsWith(".") || name.startsWith(everywhere)) return [];
  const wanted = packageOf(name);
  if (wanted === `@postd/${home.unit}` || home.dependencies.has(wanted)) return [];
  if ((isTest(file) || home.unit === "testkit") && scene.rootDependencies.has(wanted)) return [];
  return [`imports ${name}, which ${home.folder}/package.json does not declare`];
}

const connectors = "packages/connectors/src/";

function connectorRules(file: string, { name, path: target }: Target): string[] {
  const found: string[] = [];
  const here = connectorOf(file);
  if (name.startsWith(everywhere) && !isTest(file))
    found.push(`imports ${name}; a connector gets what it uses from its context`);
  if (here === undefined || target === undefined) return found;
  const there = connectorOf(target);
  if (there === undefined) found.push(`imports ${name}; a connector imports nothing above its folder`);
  else if (there !== here) found.push(`imports connector ${there}; share through connector-kit`);
  else if (isSimulator(file) && !isSimulator(target)) {
    found.push(
      `imports ${name}; a simulator is written from the platform's papers and imports nothing of the connector`,
    );
  } else if (!isSimulator(file) && isSimulator(target) && !isTest(file))
    found.push(`imports ${name}; a connector never knows its simulator`);
  return found;
}

function connectorOf(file: string): string | undefined {
  const rest = file.startsWith(connectors) ? file.slice(connectors.length).split("/") : [];
  return rest.length > 1 ? rest[0] : undefined;
}

function isSimulator(file: string): boolean {
  return /\/simulator(\.test)?(\.ts$|\/|[-.])/.test(file);
}

export function isTest(file: string): boolean {
  return /(\.test|-harness)\.tsx?$/.test(file) || /\/(testing|fixtures)\//.test(file);
}

type Ban = { readonly pattern: RegExp; readonly say: string };
const clockBans: readonly Ban[] = [
  { pattern: /\bDate\.now\b/, say: "uses Date.now; take the clock that is passed in" },
  { pattern: /\bnew Date\(\s*\)/, say: "uses new Date() without an argument; take the clock that is passed in" },
];
const connectorBans: readonly Ban[] = [
  { pattern: /(?<![.\w$])process\s*\./, say: "uses process; a connector gets what it uses from its context" },
  {
    pattern: /(?<![.\w$]|function )fetch\s*\((?![^()\n]*\)\s*[:{])/,
    say: "uses the global fetch; use http of the context",
  },
  {
    pattern: /(?<![.\w$])set(?:Timeout|Interval|Immediate)\s*\(/,
    say: "sets a timer; return `processing` with a delay",
  },
];
/** INIT_CWD is no setting: npm tells in it which folder a command was typed in. */
const environmentBan: Ban = {
  pattern: /\bprocess\.env\b(?!\.INIT_CWD\b)/,
  say: "reads process.env; only apps/server/src/config.ts does",
};
const environmentReaders =
  /^(apps\/server\/src\/(config|main)\.ts|apps\/simulators\/src\/(main|config|settings)\.ts|packages\/testkit\/)/;

/** SQL goes through one function, which knows a tenant's scope; these have a session of their own, or are that function. */
const sessions =
  /\/(commands\/check-database|queue\/pg-boss(-schema)?|postgres\/(run-sql|batch|pools|tenant-tx|listen|migrate|end-older-sessions|dashboard-views|retry-inbound|backup\/.*|supervisor\/.*))\.ts$/;
const sqlBan: Ban = {
  pattern: /\.query\s*(?:<[^()]*>)?\(|\b(?:tx|db|app|system)\.execute\b/,
  say: "runs SQL by itself; use runSql of adapters/postgres/run-sql.ts",
};

function forbiddenNames(home: Workspace, { file, source }: SourceFile): string[] {
  if (isTest(file)) return [];
  const bans = [
    ...(home.unit === "server" && !sessions.test(file) ? [sqlBan] : []),
    ...(["core", "connectors"].includes(home.unit) ? clockBans : []),
    ...(home.unit === "connectors" ? connectorBans : []),
    ...(environmentReaders.test(file) ? [] : [environmentBan]),
  ];
  const lines = codeOnly(source).split("\n");
  return bans.flatMap(({ pattern, say }) => {
    const line = lines.findIndex((text) => pattern.test(text));
    return line < 0 ? [] : [`${say} (line ${line + 1})`];
  });
}

function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}
