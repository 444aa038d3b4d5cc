// Made by `npm run gen` from the simulator.ts of every connector folder. Do not edit.
import type { SimulatorDefinition } from "@postd/connector-kit/simulator";
import { simulators as bluesky } from "./bluesky/simulator.ts";
import { simulators as google } from "./google/simulator.ts";
import { simulators as linkedin } from "./linkedin/simulator.ts";
import { simulators as mailchimp } from "./mailchimp/simulator.ts";
import { simulators as meta } from "./meta/simulator.ts";
import { simulators as threads } from "./threads/simulator.ts";
import { simulators as tiktok } from "./tiktok/simulator.ts";
import { simulators as x } from "./x/simulator.ts";

export const simulatorDefinitions: readonly SimulatorDefinition[] = [...bluesky, ...google, ...linkedin, ...mailchimp, ...meta, ...threads, ...tiktok, ...x];
