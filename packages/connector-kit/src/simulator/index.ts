export * from "./body.ts";
export { answerControl } from "./control.ts";
export type { ControlPanel, HeldRequest } from "./control-panel.ts";
export * from "./digest.ts";
export type { FaultInput } from "./fault.ts";
export type { TransportFault } from "./fault-common.ts";
export { createSimulatorHost, type SimulatorHost, type SimulatorHostOptions } from "./host.ts";
export { escapeHtml, htmlPage, pageHeaders } from "./html.ts";
export {
  type MountedSimulator,
  type MountOptions,
  mountInProcess,
  type RecordedFetch,
  type RecordedRequest,
} from "./mount.ts";
export { platformErrors } from "./platform-error.ts";
export * from "./types.ts";
