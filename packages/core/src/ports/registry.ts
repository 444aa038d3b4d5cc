import type { Connector } from "@postd/connector-kit";

/** All connectors by platform id; generated from the folders, passed in, never imported by core. */
export interface ConnectorRegistry {
  get(platform: string): Connector | undefined;
  all(): readonly Connector[];
}
