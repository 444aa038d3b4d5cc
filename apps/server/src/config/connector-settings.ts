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
 * Real credentials switch simulation off for a platform, `POSTD_SIMULATORS=on,-platform` does for those that need
 * none. Simulated connections use the simulator's own app for as long as they live.
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
  const hasRealApp = (platform: string) =>
    registry.get(platform)?.appCredentials.some(({ id }) => config.apps.has(id)) ?? false;
  return {
    isSimulated: (platform) =>
      config.simulators.mode !== "off" &&
      simulated.platforms.has(platform) &&
      !config.simulators.except.includes(platform) &&
      !hasRealApp(platform),
    appCredentials: ({ setId, simulated: isSimulated }) => (isSimulated ? simulatedApps : config.apps).get(setId),
    apiVersion: (connector) => config.apiVersions.get(connector.id) ?? connector.apiVersion.current,
  };
}
