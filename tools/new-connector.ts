/**
 * `npm run new:connector <id> [--name "Display name"] [--into <folder>]`: a connector folder that compiles and passes its
 * conformance test, to be changed into the real one.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { writeConnector } from "./new-connector/write-connector.ts";

const root = path.resolve(import.meta.dirname, "..");
const connectors = "packages/connectors/src";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: { type: "string" }, into: { type: "string", default: path.join(root, connectors) } },
  });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0)
    throw new Error('Give one id: npm run new:connector mastodon -- --name "Mastodon"');
  const folder = writeConnector({ id, into: values.into, ...(values.name !== undefined && { name: values.name }) });
  console.log(nextSteps(path.relative(process.cwd(), folder)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function nextSteps(folder: string): string {
  return `Made ${folder}. It compiles and its tests pass; it publishes text to a platform that does not exist.

Next:
  1. Read the platform's documentation and write what you find, with dates, into NOTES.md.
  2. Make simulator.ts as strict as the platform, and documented-errors.ts as complete, from the documentation and not from the connector.
  3. Change provider.ts (hosts, apps), sign-in.ts, platform.ts (limits), publish.ts (steps, probe) and failures.ts (codes).
  4. Replace icon.svg.
  5. npm test -- --file ${folder}/platform.test.ts
  6. npm run gen, then npm run check.

docs/guides/add-a-connector.md explains each part.`;
}
