import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "@postd/contracts";
import type { Connector, InboundRequest } from "../connector.ts";
import type { OutgoingPost } from "../publish.ts";
import type { SimulatorDefinition } from "../simulator/index.ts";
import { capabilityCases } from "./capability-cases.ts";
import { failureCases } from "./failure-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { lossCases } from "./loss-cases.ts";
import type { SampleMedia } from "./sample-media.ts";
import { type Connected, createWorld, type World } from "./world.ts";

/** A post to try a format with. */
export interface SamplePost {
  readonly text: string;
  readonly media?: readonly SampleMedia[];
  readonly options?: JsonObject;
  /** Live posts it makes at the platform; a thread makes several. Default 1. */
  readonly livePosts?: number;
  /** Where this format shows no text, or the platform does not refuse a long one: why. */
  readonly acceptsLongText?: string;
  /** Where the platform gives no numbers for this format, or its simulator knows none: why. */
  readonly noNumbers?: string;
}

export interface ConformanceSetup {
  /** Makes an account at the simulator and connects it. */
  readonly connect: (world: World) => Promise<Connected>;
  /** At least one post for every format. */
  readonly posts: Readonly<Record<string, SamplePost | readonly SamplePost[]>>;
  /** App credentials by set and field; default: the simulator's own. */
  readonly appCredentials?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A text of exactly `count` by the platform's counting; default: that many letters. */
  readonly textOf?: (count: number) => string;
  /** Where the platform itself does not refuse a text that is too long: why. */
  readonly acceptsLongText?: string;
  /** A signed request and the types of the events it holds; needed where the connector has webhooks. */
  readonly webhook?: (
    world: World,
    connected: Connected,
  ) => Promise<{ readonly request: InboundRequest; readonly events: readonly string[] }>;
  /** Needed where the connector schedules natively: how far ahead to plan. */
  readonly scheduleAheadMs?: number;
  /** Text of an edit; default: the sample's with a word more. */
  readonly editedText?: string;
}

/** A sample of the setup, ready to send. */
export interface Sample extends Pick<SamplePost, "acceptsLongText" | "noNumbers"> {
  readonly title: string;
  readonly post: OutgoingPost;
  readonly livePosts: number;
}

/** What a case works with: a fresh world each, connected. */
export interface Suite {
  readonly connector: Connector;
  readonly setup: ConformanceSetup;
  /** Every sample, ready to send. */
  readonly samples: readonly Sample[];
  /** Runs a case in a world of its own, then looks for secrets in everything it left behind. */
  readonly inWorld: (title: string, run: (world: World, connected: Connected) => Promise<void>) => void;
}

/**
 * The same cases for every connector, against its simulator: limits, failures, lost answers, capabilities, secrets.
 * Call it at the top of a test file.
 */
export function describeConnector(connector: Connector, simulator: SimulatorDefinition, setup: ConformanceSetup): void {
  const allSamples = samplesOf(setup);
  const media = Object.values(setup.posts)
    .flat()
    .flatMap((sample) => sample.media ?? []);
  const inWorld: Suite["inWorld"] = (title, run) =>
    test(title, async () => {
      const world = createWorld(connector, simulator, setup.appCredentials);
      for (const sample of media) world.add(sample);
      const connected = await setup.connect(world);
      await run(world, connected);
      assert.deepEqual(world.sim.crashes(), [], "the simulator crashed");
      assertNoSecrets(world);
    });
  const suite: Suite = { connector, setup, samples: allSamples, inWorld };

  describe(`${connector.id} keeps the promises of a connector`, { concurrency: false }, () => {
    test("every format has a sample", () => {
      const missing = Object.keys(connector.publish).filter((format) => !(format in setup.posts));
      assert.deepEqual(missing, []);
    });
    limitCases(suite);
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
