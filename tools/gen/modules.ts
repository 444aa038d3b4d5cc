import type { ConnectorFolder } from "./scan-connectors.ts";

/** packages/connectors/src/registry.gen.ts. Pure. */
export function registryModule(folders: readonly ConnectorFolder[]): string {
  const icons = folders
    .flatMap((folder) => Object.entries(folder.icons))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, svg]) => `  ${id}: ${JSON.stringify(svg)},`);
  return [
    "// Made by `npm run gen` from the provider.ts and icons of every connector folder. Do not edit.",
    'import type { Provider } from "@postd/connector-kit";',
    ...folders.map(({ folder }) => `import { provider as ${folder} } from "./${folder}/provider.ts";`),
    "",
    "const icons: Readonly<Record<string, string>> = {",
    ...icons,
    "};",
    "",
    "/** Every provider in this checkout; the `icon` of a platform is the SVG itself. */",
    `export const allProviders: readonly Provider[] = [${folders.map(({ folder }) => folder).join(", ")}].map((provider) => ({`,
    "  ...provider,",
    "  platforms: provider.platforms.map((platform) => ({ ...platform, icon: icons[platform.id] ?? platform.icon })),",
    "}));",
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

/** packages/connectors/src/try-outs.gen.ts. Pure. */
export function tryOutsModule(folders: readonly ConnectorFolder[]): string {
  const told = folders.filter(({ tryOuts }) => Object.keys(tryOuts).length > 0).map(({ folder }) => folder);
  return [
    "// Made by `npm run gen` from the try-out.ts of the connector folders that have one. Do not edit.",
    'import type { TryOut } from "@postd/connector-kit";',
    ...told.map((folder) => `import { tryOuts as ${folder} } from "./${folder}/try-out.ts";`),
    "",
    "/** By platform; one that is not here needs nothing said. */",
    `export const tryOuts: Readonly<Record<string, TryOut>> = { ${told.map((folder) => `...${folder}`).join(", ")} };`,
    "",
  ].join("\n");
}
