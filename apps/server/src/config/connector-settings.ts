import type { AppCredentials } from "@postd/connector-kit";
import type { ConnectorRegistry, ConnectorSettings, Simulation } from "@postd/core";
import type { Config } from "../config.ts";
import { credentialsOf } from "./apps.ts";

/** What the simulators answer to; empty where simulation is off. */
export interface SimulatedPlatforms {
  readonly platforms: ReadonlySet<string>;
  /** App credentials of the simulators, by set and field. */
  readonly appCredentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Real credentials switch simulation off for a provider with all its platforms, `POSTD_SIMULATORS=on,-name` does for
 * those that need none. Simulated connections use the simulator's own app for as long as they live.
 */
export function connectorSettings(
  config: Pick<Config, "simulators" | "apps" | "apiVersions">,
  registry: ConnectorRegistry,
  simulated: SimulatedPlatforms,
): ConnectorSettings & Simulation {
  const simulatedApps = new Map<string, AppCredentials>(
    Object.entries(simulated.appCredentials).map(([set, values]) => [
      set,
      credentialsOf(new Map(Object.entries(values))),
    ]),
  );
  return {
    isSimulated: (id) => {
      const provider = registry.provider(id);
      if (!provider || config.simulators.mode === "off") return false;
      const names = [provider.id, ...provider.platforms.map((platform) => platform.id)];
      return (
        provider.platforms.every((platform) => simulated.platforms.has(platform.id)) &&
        !names.some((name) => config.simulators.except.includes(name)) &&
        !provider.apps.some((set) => config.apps.has(set.id))
      );
    },
    appCredentials: ({ setId, simulated: isSimulated }) => (isSimulated ? simulatedApps : config.apps).get(setId),
    apiVersion: (provider) => config.apiVersions.get(provider.id) ?? provider.apiVersion.current,
  };
}
