/** All connectors of an instance; made from the generated list, passed in, never imported by core. */
export type { Registry as ConnectorRegistry } from "@postd/connector-kit";
