import { readFileSync } from "node:fs";
import path from "node:path";
import { plannedPlatforms } from "../../packages/connectors/src/planned.ts";
import { configurationDoc } from "./configuration-doc.ts";
import { connectorsDoc, platformNames } from "./connectors-doc.ts";
import type { GeneratedFile } from "./drift.ts";
import { replaceSection } from "./markdown.ts";
import { registryModule, simulatorsModule, tryOutsModule } from "./modules.ts";
import { scanConnectors } from "./scan-connectors.ts";

const source = "packages/connectors/src";
const configuration = "docs/configuration.md";
const readme = "README.md";

/** Everything that is made from other files, as it should be. Writes nothing. */
export async function generate(root: string): Promise<readonly GeneratedFile[]> {
  const folders = await scanConnectors(path.join(root, source));
  const providers = folders.map(({ provider }) => provider);
  const written = readFileSync(path.join(root, configuration), "utf8");
  const introduction = readFileSync(path.join(root, readme), "utf8");
  return [
    { file: `${source}/registry.gen.ts`, content: registryModule(folders) },
    { file: `${source}/simulators.gen.ts`, content: simulatorsModule(folders) },
    { file: `${source}/try-outs.gen.ts`, content: tryOutsModule(folders) },
    { file: "docs/connectors.md", content: connectorsDoc(folders, plannedPlatforms) },
    { file: readme, content: replaceSection(introduction, "platforms", platformNames(folders, plannedPlatforms)) },
    { file: configuration, content: configurationDoc(written, providers) },
  ];
}
