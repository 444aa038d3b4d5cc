import type { JsonObject } from "@postd/contracts";
import type { Platform, PublishingPlatform } from "../platform.ts";
import type { Provider } from "../provider.ts";
import type { OutgoingPost } from "../publish.ts";
import type { Secret } from "../secret.ts";
import type { SignInMethod } from "../sign-in.ts";
import type { InboundRequest } from "../webhooks.ts";
import type { SampleMedia } from "./sample-media.ts";
import type { Connected, World } from "./world.ts";

/** A post to try a format with. */
export interface SamplePost {
  readonly text: string;
  readonly media?: readonly SampleMedia[];
  readonly options?: JsonObject;
  /** Further words of the post: parts, link, mentions, hashtags, product tags, first comment, destination. */
  readonly words?: Omit<OutgoingPost, "format" | "text" | "media" | "options">;
  /** Live posts it makes at the platform; a thread makes several. Default 1. */
  readonly livePosts?: number;
  /** Where this format shows no text, or the platform does not refuse a long one: why. */
  readonly acceptsLongText?: string;
  /** Where the platform gives no numbers for this format, or its simulator knows none: why. */
  readonly noNumbers?: string;
  /** Where nobody gets this format without naming it, and no other takes the post: why. */
  readonly onlyByName?: string;
}

/**
 * Why a person is asked where an answer to this step is lost: what the platform does not tell. Each reason must be true of
 * at least one lost answer; a step without one has to find out by itself.
 */
export interface AskReason {
  readonly step: string;
  /** Formats it holds for; absent: all that have the step. */
  readonly formats?: readonly string[];
  /** A sentence or two. */
  readonly why: string;
  /** Where that is written: an address, or a section of the connector's notes. */
  readonly source: string;
}

export interface ConformanceSetup {
  /** Makes an account at the simulator and connects it by this sign-in; every one the platform has is tried. */
  readonly connect: (world: World, signIn: string) => Promise<Connected>;
  /** At least one post for every format; none where the platform has no publishing. */
  readonly posts: Readonly<Record<string, SamplePost | readonly SamplePost[]>>;
  /** App credentials by set and field; default: the simulator's own. */
  readonly appCredentials?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A text of exactly `count` by the platform's counting; default: that many letters. */
  readonly textOf?: (count: number) => string;
  /** Where the platform itself does not refuse a text that is too long: why. */
  readonly acceptsLongText?: string;
  /**
   * A signed request and the types of the events it holds; needed where the connector has webhooks. `keys`: what it is
   * signed with, where that is a subscription's secret and not the app's.
   */
  readonly webhook?: (
    world: World,
    connected: Connected,
  ) => Promise<{
    readonly request: InboundRequest;
    readonly events: readonly string[];
    /** Where the platform proves who sends and signs no body: why. */
    readonly unsignedBody?: string;
    readonly keys?: readonly Secret[];
  }>;
  /** The id samples mean by `anyPlace`; needed where a post has to name a place that is made with the account. */
  readonly destination?: (world: World, connected: Connected) => Promise<string> | string;
  /** Needed where the connector schedules natively: how far ahead to plan. */
  readonly scheduleAheadMs?: number;
  /** Text of an edit; default: the sample's with a word more. */
  readonly editedText?: string;
  /** Lets somebody see a live post, where the platform has numbers of no others. */
  readonly engage?: (world: World, externalId: string) => Promise<void> | void;
  /**
   * Somebody writes to the account: below this post, or wherever the platform lets people write. Answers the words. Needed
   * where the connector has an inbox; called several times, and each time it is another entry that may be answered, hidden and
   * liked.
   */
  readonly comment?: ((world: World, connected: Connected, postId: string) => Promise<string> | string) | undefined;
  /** Handle of somebody the simulator knows; needed where the platform has mentions. */
  readonly mention?: (connected: Connected) => string;
  /** A product the account may tag; needed where the platform has product tags. */
  readonly productId?: (world: World, connected: Connected) => Promise<string> | string;
  /** What an account connected by one of the sign-ins does not have, and why. */
  readonly without?: readonly {
    readonly signIn: string;
    readonly what: "renewing" | "numbers" | "listing" | "inbox";
    readonly why: string;
  }[];
  /** Where a lost answer may end in asking a person. */
  readonly asksPerson?: readonly AskReason[];
}

/** A sample of the setup, ready to send. */
export interface Sample extends Pick<SamplePost, "acceptsLongText" | "noNumbers" | "onlyByName"> {
  readonly title: string;
  readonly post: OutgoingPost;
  readonly livePosts: number;
}

/** What a case works with: a fresh world each, connected. */
export interface Suite {
  readonly provider: Provider;
  readonly platform: Platform;
  /** The one the account is connected by. */
  readonly signIn: SignInMethod;
  readonly setup: ConformanceSetup;
  /** Every sample, ready to send. */
  readonly samples: readonly Sample[];
  /** Runs a case in a world of its own, then looks for secrets in everything it left behind. */
  readonly inWorld: (title: string, run: (world: World, connected: Connected) => Promise<void>) => void;
  /** A case that needs no platform. */
  readonly test: (title: string, run: () => void) => void;
}

/** One promise of a connector, to be kept; throws where it is broken. */
export interface ConformanceCase {
  readonly title: string;
  readonly run: () => void | Promise<void>;
}

/** A suite of a platform that can be posted to. */
export type PublishingSuite = Suite & { readonly platform: PublishingPlatform };
