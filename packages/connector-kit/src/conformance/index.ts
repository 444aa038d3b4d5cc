export * from "./connect.ts";
export { type ConformanceSetup, describeConnector, type SamplePost } from "./describe-connector.ts";
export * from "./run-format.ts";
export * from "./sample-media.ts";
export * from "./tables.ts";
export * from "./world.ts";
