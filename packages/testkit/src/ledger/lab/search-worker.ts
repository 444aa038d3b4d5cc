import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { createMemoryLedger } from "../memory-ledger.ts";
import { mutations } from "./mutations.ts";
import { search } from "./property.ts";

const Searches = z.array(
  z.object({
    sequences: z.number(),
    seed: z.number(),
    longest: z.number(),
    isShrunk: z.boolean(),
    mutation: z.string().optional(),
    lateAfterMs: z.number(),
  }),
);

for (const { mutation: name, lateAfterMs, ...input } of Searches.parse(workerData)) {
  const mutation = mutations.find((one) => one.name === name);
  const world = createMemoryLedger({ lateAfterMs, withCircuits: true }, mutation?.memory);
  const began = performance.now();
  const found = await search(world, { ...input, ...(mutation ? { mutation } : {}) });
  parentPort?.postMessage({ ...found, ms: performance.now() - began });
}
