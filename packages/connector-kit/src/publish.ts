import type { Json, JsonObject } from "@postd/contracts";
import type { AccountRef, ConnectorContext, MediaInfo, PlatformResult } from "./context.ts";
import type { PlatformFailure } from "./failure.ts";
import type { Effect } from "./http.ts";
import type { Secret } from "./secret.ts";

/** A link shown as a card of its own; what is absent the platform, or the page itself, says. */
export interface PostLink {
  readonly url: string;
  readonly title?: string;
  readonly description?: string;
  readonly thumbMediaId?: string;
}

/** A person or company named in the text, with its handle or URN by platform. */
export interface PostMention {
  readonly id?: string;
  readonly name: string;
  readonly handles: Readonly<Record<string, string>>;
}

/** A product shown in a picture; `position` in parts of its width and height, from the upper left corner. */
export interface ProductTag {
  readonly productId: string;
  readonly productName?: string;
  readonly price?: string;
  readonly link?: string;
  readonly position: { readonly x: number; readonly y: number };
}

/** One post as it leaves for one connection; frozen at the first claim. */
export interface OutgoingPost {
  readonly format: string;
  readonly text: string;
  /** Further parts of a thread, in order. */
  readonly parts?: readonly { readonly text: string }[];
  readonly media: readonly MediaInfo[];
  readonly link?: PostLink;
  readonly mentions?: readonly PostMention[];
  /** Without the `#`. */
  readonly hashtags?: readonly string[];
  readonly productTags?: readonly ProductTag[];
  readonly firstComment?: string;
  /** Id of a place below the account. */
  readonly destination?: string;
  /** Validated by the platform's options schema. */
  readonly options: JsonObject;
}

/** What a platform calls a live post. */
export interface PublishedRef {
  readonly externalId: string;
  readonly permalink?: string;
}

/**
 * The outcome of one run of a step. `state` replaces the stored state. `waitMs`: the platform still works on it, look
 * again then. `published` is set by the run (or a later one) that knows the live post; once set it must stay true.
 */
export interface Progress<S> {
  readonly state: S;
  /**
   * What later runs need and no state may hold: an upload address, a session's key. It takes the place of what was kept
   * before (`{}`: nothing is), is stored sealed together with the state and forgotten when the job ends.
   */
  readonly sealed?: Sealed;
  readonly waitMs?: number;
  readonly published?: PublishedRef;
  /**
   * The visible call of this run was refused in the platform's documented words (`refusedBy`), and the state says how to
   * begin differently: files to send anew, another container. Nothing came of it, so it is prepared anew.
   */
  readonly refused?: true;
  /**
   * The platform has just said, asked by the id it gave, that nobody sees what the visible calls so far have made, or that
   * it is gone. They are settled by that; a list that lacks the post is no such word.
   */
  readonly unseen?: true;
  /**
   * Told with `unseen` or `refused`: why it came to nothing. The job ends or waits by it as by any failure of a step, and
   * what runs then, on somebody's word or after the wait its kind names, begins from `state`.
   */
  readonly failure?: PlatformFailure;
  /**
   * The post waits in the platform's own app until its author finishes it there: a draft in an inbox. Nothing of it is
   * live by us, and this step looks again after `waitMs`.
   */
  readonly handedOver?: "app";
}

/** Secrets of a job's steps, by names the format chooses. */
export type Sealed = Readonly<Record<string, Secret>>;

export interface ProbeCandidate<S> extends PublishedRef {
  readonly state: S;
  readonly createdAt?: Date;
  /**
   * The platform proves that this very job made it: our record key, our container, an unpublished post or photo whose id
   * only this job knows. All jobs share the app, so the app's name proves nothing.
   */
  readonly ours: boolean;
  /** What a person would recognise it by, at most 200 characters. */
  readonly preview?: string;
}

/**
 * `found`: adopted if no other job owns it and it is young enough. `absent_authoritative`: the platform guarantees it
 * is not there, sending again is safe. `not_seen`: a list merely lacks it, look again, then ask a person. `repeat_until`: the
 * same, and until then the platform is known to refuse a second post like it, naming the first: the prepared call may be
 * made once more, so that its answer tells. It ends well before that moment.
 */
export type ProbeAnswer<S> =
  | { readonly kind: "found"; readonly candidates: readonly ProbeCandidate<S>[] }
  | { readonly kind: "absent_authoritative"; readonly because: string }
  | { readonly kind: "not_seen"; readonly looked: string }
  | { readonly kind: "repeat_until"; readonly until: Date; readonly looked: string };

export interface StepInput<S, P extends Json = Json> {
  readonly post: OutgoingPost;
  readonly state: S;
  /** What `prepare` returned, read back from the committed intent. */
  readonly prepared: P;
  /** What an earlier run kept; absent: nothing, or it was lost, and what it stood for is made anew. */
  readonly sealed?: Sealed;
  /** An earlier call of this very step may have been taken, and this one repeats it. */
  readonly repeats?: true;
}

/**
 * One thing done at the platform. The pipeline runs the first step that is not `done`, again and again, until all are.
 * For an effect step it commits an intent with `prepare`'s value first, and the answer after it. One run makes any number
 * of reads and of calls no audience sees, and at most one it sees, as its last effect; the context refuses another. States
 * and prepared values are JSON without secrets or signed URLs; those go into `sealed`.
 */
// biome-ignore lint/suspicious/noExplicitAny: a heterogeneous list of steps needs a variance escape; each step is typed where it is written.
export interface Step<S, P extends Json = any> {
  readonly name: string;
  readonly effect: Effect;
  /** The same request again has no second effect, by the platform's guarantee or because it names our own key. */
  readonly repeatable: boolean;
  /** A finishing touch (first comment, tags): without it the post is whole, so trouble with it is a remark. */
  readonly touch?: true;
  /** Longest time one run may take; the lease must outlive it. Default 30,000. */
  readonly timeoutMs?: number;
  /** How long after a lost answer the platform may still be applying it; a probe waits that long. Default 5,000. */
  readonly settleMs?: number;
  done(state: S, post: OutgoingPost): boolean;
  /** Pure. Everything a repeat must send exactly: our record key, `createdAt`, final text. */
  prepare?(input: {
    readonly post: OutgoingPost;
    readonly state: S;
    readonly account: AccountRef;
    readonly now: Date;
    readonly randomBits: (bits: number) => bigint;
  }): P;
  run(input: StepInput<S, P>, ctx: ConnectorContext): PlatformResult<Progress<S>>;
  /**
   * Required where the effect is visible, also of a repeatable step: until a look its job may be live. Of a later part of a
   * thread it names only what answers the job's own part before it, as another thread may say the same.
   */
  probe?(input: StepInput<S, P> & { readonly intentAt: Date }, ctx: ConnectorContext): PlatformResult<ProbeAnswer<S>>;
}

export interface StartInput {
  readonly post: OutgoingPost;
  readonly account: AccountRef;
  readonly now: Date;
  /** Set when the platform shall hold the clock (native scheduling). */
  readonly publishAt?: Date;
}

// biome-ignore lint/suspicious/noExplicitAny: see Step; the state type is the format's own.
export interface Format<S extends JsonObject = any> {
  /** Everyday name: "Photo", "Carousel". */
  readonly label: string;
  readonly media: MediaRule;
  /** Account kinds that have it; absent: all. */
  readonly accountKinds?: readonly string[];
  /** Text limit where it differs from the connector's. */
  readonly text?: TextLimit;
  /**
   * Raised with every change of what `S` or a prepared value means; stored beside the state. Default 1. A worker that does
   * not know a stored version leaves the job to one that does.
   */
  readonly stateVersion?: number;
  /** How states of older versions are read, by version; jobs begun before an update go on by it. */
  readonly olderStates?: Readonly<Record<number, (state: JsonObject) => S>>;
  readonly start: (input: StartInput) => S;
  readonly steps: readonly Step<S>[];
}

export interface TextLimit {
  readonly max: number;
  readonly unit: "characters" | "graphemes" | "utf16";
  readonly maxBytes?: number;
  /** Absent: needed where there is no media. False: the connector's own rules say when a post is empty. */
  readonly required?: boolean;
  /** The platform's own counting; the web learns the rule by `rule`. */
  readonly count: (text: string) => number;
  /** Name of the counting rule for clients: "graphemes", "utf16", "weighted". */
  readonly rule: string;
}

export interface MediaRule {
  readonly min: number;
  readonly max: number;
  readonly image?: {
    readonly mimeTypes: readonly string[];
    readonly maxBytes: number;
    readonly minBytes?: number;
    readonly minAspect?: number;
    readonly maxAspect?: number;
    readonly minWidth?: number;
    readonly minHeight?: number;
    readonly maxWidth?: number;
    readonly maxHeight?: number;
    readonly maxLongSide?: number;
    readonly maxShortSide?: number;
    /** Width times height. */
    readonly maxPixels?: number;
    /**
     * Where a platform's documents promise less than it was seen to do, or the other way round: pictures are cut and made
     * smaller to what is sure, and none is refused for these.
     */
    readonly sure?: { readonly minAspect?: number; readonly maxWidth?: number };
  };
  readonly video?: {
    readonly mimeTypes: readonly string[];
    readonly maxBytes: number;
    readonly minBytes?: number;
    readonly minMs?: number;
    readonly maxMs?: number;
    readonly minAspect?: number;
    readonly maxAspect?: number;
    /** Pixels as shown, after turning. */
    readonly minWidth?: number;
    readonly minHeight?: number;
    readonly maxWidth?: number;
    readonly maxHeight?: number;
    /** Names as in `VideoFacts`. */
    readonly videoCodecs?: readonly string[];
    readonly audioCodecs?: readonly string[];
    readonly maxAudioHz?: number;
    readonly maxAudioChannels?: number;
    readonly minFramesPerSecond?: number;
    readonly maxFramesPerSecond?: number;
    /** On average, over the whole file. */
    readonly maxBitsPerSecond?: number;
    /** The platform reads the file from its start and wants one index there. */
    readonly needsIndexAtStart?: boolean;
    /** The platform does not follow edit lists. */
    readonly refusesCuts?: boolean;
  };
  /** Kinds whose alt text the platform shows with this format; absent: pictures. Of others a post says that it is left out. */
  readonly altText?: readonly MediaInfo["kind"][];
  /** Sound alone. */
  readonly audio?: {
    readonly mimeTypes: readonly string[];
    readonly maxBytes: number;
    readonly minMs?: number;
    readonly maxMs?: number;
  };
  /** Files that are read, such as a PDF shown page by page; `maxPages` is told to people, as nobody here counts pages. */
  readonly document?: { readonly mimeTypes: readonly string[]; readonly maxBytes: number; readonly maxPages?: number };
}

/** A thing wrong with a post for one target, found before anything is sent. */
export interface PostProblem {
  /** text, media, media.0, media.0.altText, options.title, format. */
  readonly field: string;
  readonly code: string;
  /** What is wrong and the way out, one or two plain sentences. */
  readonly message: string;
  /** `warning` does not block. */
  readonly severity: "error" | "warning";
}

/** Native scheduling; off unless a person asks. Steps of the format get `publishAt` in `start`. */
export interface NativeSchedule {
  readonly minLeadMs: number;
  readonly maxLeadMs: number;
  readonly formats: readonly string[];
  /** Why the platform would not hold a post of this account until then: its clock's own steps, the account's plan. Pure. */
  readonly check?: (publishAt: Date, account: AccountRef) => readonly PostProblem[];
  /** Reads whether the platform has shown it. `because`: why it is gone, where the platform refused it itself. */
  verify(
    ref: PublishedRef,
    ctx: ConnectorContext,
  ): PlatformResult<{
    readonly state: "live" | "waiting" | "gone";
    readonly permalink?: string;
    readonly because?: PlatformFailure;
  }>;
  cancel(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void>;
  move(ref: PublishedRef, publishAt: Date, ctx: ConnectorContext): PlatformResult<void>;
}
