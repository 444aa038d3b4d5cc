import type { MountedSimulator } from "./mount.ts";

/** A request waiting in the host for `release`. */
export interface HeldRequest {
  readonly id: string;
  readonly simulator: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly at: "before" | "body" | "after" | "simulator";
  readonly since: string;
  /** Accounts the presented token acts for; absent: not known. */
  readonly accounts?: readonly string[];
}

export interface ControlPanel {
  readonly mounts: readonly MountedSimulator[];
  /** Local path of a simulated URL, "/bsky.app/..."; undefined when no simulator serves its host. */
  localPath(url: string): string | undefined;
  now(): Date;
  /** Moves the simulators' clock; false when the clock belongs to whoever started the host. */
  moveClock(offsetMs: number): boolean;
  holds(simulatorId: string): readonly HeldRequest[];
  /** Lets held requests go on; answers how many. */
  release(simulatorId: string): number;
}
