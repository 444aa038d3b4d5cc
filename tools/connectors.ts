/**
 * `npm run connectors -- validate`: tries every connector whole (connect, accounts, publish, numbers, delete, health, errors)
 * through the server's API in this process, against simulated platforms. `--platform x` (any number of times) tries these
 * alone. `--live` tries real platforms instead, by the accounts that are connected at a running server, and asks before
 * anything is published or deleted: `POSTD_TEST_API_KEY=postd_... npm run connectors -- validate --live --server http://...`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { liveStage } from "./connectors/live-stage.ts";
import { exitCodeOf, reportOf, tableOf } from "./connectors/report.ts";
import { withSimulatedStage } from "./connectors/simulated-stage.ts";
import { validateAll } from "./connectors/validate-all.ts";

const root = path.resolve(import.meta.dirname, "..");
const resultFile = "logs/connector_test_results.json";
const usage = "npm run connectors -- validate [--platform x] [--live [--server http://127.0.0.1:3000]]";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      platform: { type: "string", multiple: true, default: [] },
      live: { type: "boolean", default: false },
      server: { type: "string", default: "http://127.0.0.1:3000" },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== "validate") throw new Error(`Usage: ${usage}`);
  const only = values.platform;
  const onRow = (line: string) => process.stdout.write(`  ${line}\n`);
  const tried = values.live
    ? await validateAll(await liveStage({ server: values.server, key: process.env.POSTD_TEST_API_KEY }), {
        only,
        onRow,
      })
    : await withSimulatedStage((stage) => validateAll(stage, { only, onRow }));
  const report = reportOf(tried, { mode: values.live ? "live" : "simulated", ranAt: new Date() });
  mkdirSync(path.join(root, path.dirname(resultFile)), { recursive: true });
  writeFileSync(path.join(root, resultFile), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`\n${tableOf(report)}\n\nWritten: ${resultFile}\n`);
  process.exitCode = exitCodeOf(report);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
