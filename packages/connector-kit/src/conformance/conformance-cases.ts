import assert from "node:assert/strict";
import { canPublish } from "../platform.ts";
import { type Provider, signInsOf } from "../provider.ts";
import type { SimulatorDefinition } from "../simulator/index.ts";
import { capabilityCases } from "./capability-cases.ts";
import { failureCases } from "./failure-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { lossCases } from "./loss-cases.ts";
import type { ConformanceCase, ConformanceSetup, SamplePost, Suite } from "./suite.ts";
import { wordCases } from "./word-cases.ts";
import { createWorld, type World } from "./world.ts";

/** What is tried: one platform of a provider, at its simulator, connected by one sign-in. */
export interface Trial {
  readonly provider: Provider;
  readonly platformId: string;
  /** Default: the platform's first. */
  readonly signInId?: string;
  readonly simulator: SimulatorDefinition;
  readonly setup: ConformanceSetup;
}

/** Every promise a connector makes, as cases in an order they may be run in, each in a world of its own. */
export function conformanceCases(trial: Trial): readonly ConformanceCase[] {
  const { provider, platformId, simulator, setup } = trial;
  const platform = provider.platforms.find(({ id }) => id === platformId);
  assert.ok(platform, `${provider.id} has no platform ${platformId}`);
  const signIns = signInsOf(provider, platformId);
  const signIn = trial.signInId ? signIns.find(({ id }) => id === trial.signInId) : signIns[0];
  assert.ok(signIn, `${platformId} has no sign-in ${trial.signInId ?? ""}`);
  const cases: ConformanceCase[] = [];
  const media = Object.values(setup.posts)
    .flat()
    .flatMap((sample) => sample.media ?? []);
  const suite: Suite = {
    ...{ provider, platform, signIn, setup },
    samples: samplesOf(setup),
    test: (title, run) => void cases.push({ title, run }),
    inWorld: (title, run) =>
      void cases.push({
        title,
        async run() {
          const world = createWorld({ provider, platform }, simulator, setup.appCredentials);
          for (const sample of media) world.add(sample);
          const connected = await setup.connect(world, signIn.id);
          assert.equal(connected.account.authKind, signIn.id, "connected by another sign-in than was asked for");
          world.place = await setup.destination?.(world, connected);
          await run(world, connected);
          assert.deepEqual(world.sim.crashes(), [], "the simulator crashed");
          assertNoSecrets(world);
        },
      }),
  };
  suite.test("every format has a sample", () => {
    const missing = Object.keys(platform.publishing?.formats ?? {}).filter((format) => !(format in setup.posts));
    assert.deepEqual(missing, []);
  });
  if (canPublish(platform)) {
    limitCases({ ...suite, platform });
    wordCases({ ...suite, platform });
  }
  failureCases(suite);
  lossCases(suite);
  capabilityCases(suite);
  return cases;
}

function samplesOf(setup: ConformanceSetup): Suite["samples"] {
  return Object.entries(setup.posts).flatMap(([format, given]) => {
    const all = Array.isArray(given) ? (given as readonly SamplePost[]) : [given as SamplePost];
    return all.map(({ text, media = [], options = {}, words = {}, livePosts = 1, ...reasons }, index) => ({
      ...reasons,
      title: index === 0 ? format : `${format} ${index + 1}`,
      livePosts,
      post: { ...words, format, text, options, media: media.map(({ info }) => info) },
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
