export * from "./bare-provider.ts";
export * from "./connect.ts";
export { describeConnector } from "./describe-connector.ts";
export * from "./play-format.ts";
export * from "./run-format.ts";
export * from "./sample-media.ts";
export type { ConformanceSetup, SamplePost } from "./suite.ts";
export * from "./tables.ts";
export * from "./world.ts";
