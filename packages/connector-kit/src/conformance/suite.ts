import type { JsonObject } from "@postd/contracts";
import type { Platform, PublishingPlatform } from "../platform.ts";
import type { Provider } from "../provider.ts";
import type { OutgoingPost } from "../publish.ts";
import type { InboundRequest } from "../webhooks.ts";
import type { SampleMedia } from "./sample-media.ts";
import type { Connected, World } from "./world.ts";

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
  /** At least one post for every format; none where the platform has no publishing. */
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
  readonly provider: Provider;
  readonly platform: Platform;
  readonly setup: ConformanceSetup;
  /** Every sample, ready to send. */
  readonly samples: readonly Sample[];
  /** Runs a case in a world of its own, then looks for secrets in everything it left behind. */
  readonly inWorld: (title: string, run: (world: World, connected: Connected) => Promise<void>) => void;
}

/** A suite of a platform that can be posted to. */
export type PublishingSuite = Suite & { readonly platform: PublishingPlatform };
