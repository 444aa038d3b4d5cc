import { simulatorDefinitions } from "@postd/connectors/simulators";
import { readSettings } from "./settings.ts";
import { startSimulatorHost } from "./start.ts";

// `npm run simulators`: the simulators alone, so that their memory outlives a killed server.
try {
  const settings = readSettings(process.argv.slice(2), process.env);
  const host = await startSimulatorHost(settings);
  const moved = host.port === settings.port || settings.port === 0 ? "" : ` (port ${settings.port} was taken)`;
  console.log(
    `Simulated platforms on ${host.url}${moved}: ${simulatorDefinitions.flatMap(({ platforms }) => platforms).join(", ")}`,
  );
  console.log(`What was posted: ${host.url}/__sim/`);
  console.log(`Use them from a server: POSTD_SIMULATORS=${host.url} npm start`);
  let closing = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal while connections close means: now.
      if (closing) process.exit(1);
      closing = true;
      void host.close();
    });
  }
} catch (error) {
  console.error(`The simulators did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
