import type { Clock } from "@postd/connector-kit";
import { createSimulatorHost, type SimulatorDefinition, type SimulatorHost } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";

export interface StartOptions {
  /** First port to try; 0 takes any free one. */
  readonly port: number;
  /** True: a taken port rejects with EADDRINUSE. False: the next free one of 100 is taken; read it from the result. */
  readonly strict?: boolean;
  readonly address?: string;
  readonly latencyMs?: readonly [number, number];
  readonly clock?: Clock;
  /** Default: every simulator of @postd/connectors. */
  readonly definitions?: readonly SimulatorDefinition[];
}

const portsTried = 100;

/** Starts the simulators on a port. The server calls it to run them beside itself; `close()` is the caller's. */
export async function startSimulatorHost({
  strict = false,
  port,
  definitions = simulatorDefinitions,
  ...rest
}: StartOptions): Promise<SimulatorHost> {
  const last = strict || port === 0 ? port : Math.min(port + portsTried - 1, 65_535);
  for (let candidate = port; ; candidate += 1) {
    try {
      return await createSimulatorHost({ ...rest, definitions, port: candidate });
    } catch (error) {
      if (!isPortTaken(error) || candidate >= last) throw error;
    }
  }
}

const isPortTaken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";
