import { type HostMapEntry, simulatorHostMap } from "../adapters/egress/host-map.ts";
import type { SimulatedPlatforms } from "../config/connector-settings.ts";
import type { Config } from "../config.ts";

export interface OpenSimulation extends SimulatedPlatforms {
  readonly hostMap: readonly HostMapEntry[];
  /** Where posts can be looked at; undefined: nothing is simulated. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

const nothing: OpenSimulation = {
  platforms: new Set(),
  appCredentials: {},
  hostMap: [],
  url: undefined,
  close: async () => {},
};

/**
 * Starts the simulators beside the server, or uses ones that run elsewhere. They are loaded only when simulation is on.
 * With several processes on one machine only the first owns them; the others are told their address.
 */
export async function openSimulation(config: Pick<Config, "simulators" | "simulatorPort">): Promise<OpenSimulation> {
  if (config.simulators.mode === "off") return nothing;
  const { simulatorDefinitions } = await import("@postd/connectors/simulators");
  const started = config.simulators.mode === "own" ? await startOwn(config.simulatorPort) : undefined;
  const url = started?.url ?? config.simulators.url ?? "";
  return {
    platforms: new Set(simulatorDefinitions.flatMap(({ platforms }) => platforms)),
    appCredentials: Object.assign({}, ...simulatorDefinitions.map(({ appCredentials }) => appCredentials)),
    hostMap: simulatorHostMap(
      simulatorDefinitions.flatMap(({ hosts }) => hosts),
      url,
    ),
    url,
    close: async () => {
      await started?.close();
    },
  };
}

async function startOwn(port: number) {
  const { startSimulatorHost } = await import("@postd/simulators");
  return startSimulatorHost({ port });
}
