import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canPublish } from "../platform.ts";
import type { Provider } from "../provider.ts";
import type { SimulatorDefinition } from "../simulator/index.ts";
import { capabilityCases } from "./capability-cases.ts";
import { failureCases } from "./failure-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { lossCases } from "./loss-cases.ts";
import type { ConformanceSetup, SamplePost, Suite } from "./suite.ts";
import { createWorld, type World } from "./world.ts";

/**
 * The same cases for every connector, against its simulator: limits, failures, lost answers, capabilities, secrets. One
 * platform of a provider at a time. Call it at the top of a test file.
 */
export function describeConnector(
  provider: Provider,
  platformId: string,
  simulator: SimulatorDefinition,
  setup: ConformanceSetup,
): void {
  const platform = provider.platforms.find(({ id }) => id === platformId);
  assert.ok(platform, `${provider.id} has no platform ${platformId}`);
  const allSamples = samplesOf(setup);
  const media = Object.values(setup.posts)
    .flat()
    .flatMap((sample) => sample.media ?? []);
  const inWorld: Suite["inWorld"] = (title, run) =>
    test(title, async () => {
      const world = createWorld({ provider, platform }, simulator, setup.appCredentials);
      for (const sample of media) world.add(sample);
      const connected = await setup.connect(world);
      await run(world, connected);
      assert.deepEqual(world.sim.crashes(), [], "the simulator crashed");
      assertNoSecrets(world);
    });
  const suite: Suite = { provider, platform, setup, samples: allSamples, inWorld };

  describe(`${platform.id} keeps the promises of a connector`, { concurrency: false }, () => {
    test("every format has a sample", () => {
      const missing = Object.keys(platform.publishing?.formats ?? {}).filter((format) => !(format in setup.posts));
      assert.deepEqual(missing, []);
    });
    if (canPublish(platform)) limitCases({ ...suite, platform });
    failureCases(suite);
    lossCases(suite);
    capabilityCases(suite);
  });
}

function samplesOf(setup: ConformanceSetup): Suite["samples"] {
  return Object.entries(setup.posts).flatMap(([format, given]) => {
    const all = Array.isArray(given) ? (given as readonly SamplePost[]) : [given as SamplePost];
    return all.map(({ text, media = [], options = {}, livePosts = 1, ...reasons }, index) => ({
      ...reasons,
      title: index === 0 ? format : `${format} ${index + 1}`,
      livePosts,
      post: { format, text, options, media: media.map(({ info }) => info) },
    }));
  });
}

/** No token, key, password or signed address in logs, failures, answers, states or intents. */
function assertNoSecrets(world: World): void {
  for (const [index, value] of [...world.secrets].entries())
    for (const line of world.seen)
      assert.ok(
        !line.includes(value),
        `secret number ${index} shows up in: ${line.replaceAll(value, "[HERE]").slice(0, 300)}`,
      );
}
