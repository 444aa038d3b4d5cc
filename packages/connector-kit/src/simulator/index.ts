export * from "./body.ts";
export { answerControl, type ControlPanel, type HeldRequest } from "./control.ts";
export * from "./digest.ts";
export type { FaultInput, TransportFault } from "./fault.ts";
export { createSimulatorHost, type SimulatorHost, type SimulatorHostOptions } from "./host.ts";
export { escapeHtml, htmlPage, pageHeaders } from "./html.ts";
export {
  type MountedSimulator,
  type MountOptions,
  mountInProcess,
  type RecordedFetch,
  type RecordedRequest,
} from "./mount.ts";
export { type PlatformErrors, platformErrors } from "./platform-error.ts";
export * from "./types.ts";
