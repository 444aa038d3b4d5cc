import type { ConnectorFolder } from "./scan-connectors.ts";

/** packages/connectors/src/registry.gen.ts. Pure. */
export function registryModule(folders: readonly ConnectorFolder[]): string {
  const icons = folders
    .flatMap((folder) => Object.entries(folder.icons))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, svg]) => `  ${id}: ${JSON.stringify(svg)},`);
  return [
    "// Made by `npm run gen` from the connector.ts and icon of every connector folder. Do not edit.",
    'import type { Connector } from "@postd/connector-kit";',
    ...folders.map(({ folder }) => `import { connectors as ${folder} } from "./${folder}/connector.ts";`),
    "",
    "const icons: Readonly<Record<string, string>> = {",
    ...icons,
    "};",
    "",
    "/** Every connector in this checkout, sorted by id; `icon` is the SVG itself. */",
    `export const allConnectors: readonly Connector[] = [${folders.map(({ folder }) => `...${folder}`).join(", ")}]`,
    "  .map((connector) => ({ ...connector, icon: icons[connector.id] ?? connector.icon }))",
    "  .sort((a, b) => (a.id < b.id ? -1 : 1));",
    "",
  ].join("\n");
}

/** packages/connectors/src/simulators.gen.ts. Pure. */
export function simulatorsModule(folders: readonly ConnectorFolder[]): string {
  const simulated = folders.filter(({ simulators }) => simulators.length > 0).map(({ folder }) => folder);
  return [
    "// Made by `npm run gen` from the simulator.ts of every connector folder. Do not edit.",
    'import type { SimulatorDefinition } from "@postd/connector-kit/simulator";',
    ...simulated.map((folder) => `import { simulators as ${folder} } from "./${folder}/simulator.ts";`),
    "",
    `export const simulatorDefinitions: readonly SimulatorDefinition[] = [${simulated.map((folder) => `...${folder}`).join(", ")}];`,
    "",
  ].join("\n");
}
