export { type StartOptions, startSimulatorHost } from "./start.ts";
