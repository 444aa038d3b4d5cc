/**
 * `npm run gen`: writes what is derived from the connector folders and the settings. `--check` writes nothing, names what
 * differs and ends with 1.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { driftOf } from "./gen/drift.ts";
import { generate } from "./gen/generate.ts";

const root = path.resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

try {
  const differing = driftOf(root, await generate(root));
  if (!values.check) for (const { file, content } of differing) writeFileSync(path.join(root, file), content);
  const names = differing.map(({ file }) => `  ${file}`).join("\n");
  if (differing.length === 0) console.log("Generated files are up to date.");
  else if (values.check)
    fail(`These generated files differ from their sources:\n${names}\nRun npm run gen and commit them.`);
  else console.log(`Written:\n${names}`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
