// Made by `npm run gen` from the simulator.ts of every connector folder. Do not edit.
import type { SimulatorDefinition } from "@postd/connector-kit/simulator";
import { simulators as bluesky } from "./bluesky/simulator.ts";

export const simulatorDefinitions: readonly SimulatorDefinition[] = [...bluesky];
