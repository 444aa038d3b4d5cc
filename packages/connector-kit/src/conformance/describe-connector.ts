import { describe, test } from "node:test";
import { type Provider, signInsOf } from "../provider.ts";
import type { SimulatorDefinition } from "../simulator/index.ts";
import { conformanceCases } from "./conformance-cases.ts";
import type { ConformanceSetup } from "./suite.ts";

/**
 * The same cases for every connector, against its simulator: limits, failures, lost answers, capabilities, secrets. One
 * platform of a provider at a time, through each of its sign-ins. Call it at the top of a test file.
 */
export function describeConnector(
  provider: Provider,
  platformId: string,
  simulator: SimulatorDefinition,
  setup: ConformanceSetup,
): void {
  for (const { id: signInId } of signInsOf(provider, platformId))
    describe(`${platformId} keeps the promises of a connector, through ${signInId}`, { concurrency: false }, () => {
      for (const { title, run } of conformanceCases({ provider, platformId, signInId, simulator, setup }))
        test(title, async () => run());
    });
}
