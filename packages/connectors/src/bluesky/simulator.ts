import type { SimulatorDefinition } from "@postd/connector-kit/simulator";
import { createBluesky } from "./simulator/bluesky.ts";
import { blueskyErrors } from "./simulator/error-fault.ts";

/**
 * A fake Bluesky: login host, account servers (PDS), identity directory, public reads, video service, post pages.
 * Written from the fact sheet of 2026-11-20, the lexicons of commit d6296a1 and answers of a real PDS 0.4.217; comments
 * name which. Where it refuses more than the platform would, the message begins with "Simulator:".
 */
export const simulators: readonly SimulatorDefinition[] = [
  {
    id: "bluesky",
    platforms: ["bluesky"],
    hosts: [
      "bsky.social",
      "*.bsky.social",
      "*.host.bsky.network",
      "plc.directory",
      "public.api.bsky.app",
      "video.bsky.app",
      "bsky.app",
    ],
    // App passwords need no registered app.
    appCredentials: {},
    errors: blueskyErrors,
    create: createBluesky,
  },
];
