import type { JsonObject } from "@postd/contracts";
import type { z } from "zod";
import type { AccountRef, ConnectorContext, PlatformResult } from "./context.ts";
import { type Inbox, replyFormat } from "./inbox.ts";
import type { OptionMediaRule } from "./option-media.ts";
import type {
  Format,
  NativeSchedule,
  OutgoingPost,
  PostMention,
  PostProblem,
  PublishedRef,
  TextLimit,
} from "./publish.ts";

/** A place below an account: board, channel, audience, blog. */
export interface Destination {
  readonly id: string;
  readonly name: string;
  readonly kind?: string;
  readonly pictureUrl?: string;
  /** What publishing has to know besides; never a secret. */
  readonly extras?: JsonObject;
}

export interface Destinations {
  /** What the platform calls them: "Board", "Channel". */
  readonly label: string;
  /** A post without one is refused. */
  readonly required: boolean;
  /** Those a person may choose, at most a few hundred; `query`: words they typed. */
  list(query: string | undefined, ctx: ConnectorContext): PlatformResult<readonly Destination[]>;
}

/** Limits that are the account's own and not the platform's; what is absent is as the platform's description says. */
export interface AccountLimits {
  /** Who posts, as the platform shows it now, where its rules ask for that beside the form. */
  readonly author?: { readonly name: string; readonly handle?: string; readonly pictureUrl?: string };
  readonly textMax?: number;
  readonly video?: { readonly maxMs?: number; readonly maxBytes?: number };
  readonly image?: { readonly maxBytes?: number };
  readonly maxMedia?: number;
  /** Posts the account may still make, and until when that holds. */
  readonly postsLeft?: { readonly count: number; readonly until?: Date };
  /** Choices of an option that only the account knows, by the option's name: who may see a post, for instance. */
  readonly options?: Readonly<Record<string, readonly { readonly value: string; readonly label: string }[]>>;
}

/** A live post as it shall read. Hashtags stand in the text, unless the platform takes them `apart`. */
export type PostEdit = Pick<OutgoingPost, "format" | "text" | "mentions" | "hashtags" | "options">;

/** A post after an edit; `state` takes the place of the format's, where its steps left one. */
export interface EditedPost extends PublishedRef {
  readonly state?: JsonObject;
}

/** A part of a post that only some platforms know; absent at a platform: a post with it is refused by name. */
export interface PartRule {
  /** Formats that take it; absent: all. */
  readonly formats?: readonly string[];
  /** At most so many; absent: as many as fit. */
  readonly max?: number;
}

export interface PullRule {
  when(post: Pick<OutgoingPost, "format" | "media" | "options">): boolean;
  /** The set of app credentials, and its field that says which addresses were verified; see `checkPull`. */
  readonly app: string;
  readonly verified: string;
  /** Where the platform is shown an address is ours. */
  readonly shownAt: string;
}

/** What makes a platform a place to post to. An absent function, format or part is an absent capability. */
export interface Publishing {
  readonly formats: Readonly<Record<string, Format>>;
  readonly options: z.ZodObject;
  /** `altText`: descriptions of media. */
  /** Options that only some formats have; one given with another format is refused by name. */
  readonly optionFormats?: Readonly<Record<string, readonly string[]>>;
  readonly limits: { readonly text: TextLimit; readonly altText?: TextLimit };
  /** How far apart posts of one account must lie; absent: the platform asks for nothing. Held to where late posts are sent in a row. */
  readonly leastGapMs?: number;
  /** Picks the format when the author names none; undefined: nothing fits. Pure. */
  defaultFormat(
    post: Pick<OutgoingPost, "text" | "media" | "options" | "link">,
    account: Pick<AccountRef, "kind" | "authKind">,
  ): string | undefined;
  /** Everyday words for formats: "post" to "text". */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Rules beyond limits, media and options; pure. */
  readonly validate?: (post: OutgoingPost, account: AccountRef) => readonly PostProblem[];
  /**
   * Posts whose files the platform fetches itself, and only from addresses it was shown to be ours. Absent: none, or from
   * anywhere.
   */
  readonly pulls?: PullRule;
  /** What counts as the same post: normalised text, media hashes and the destination. */
  fingerprint(post: OutgoingPost): string;
  readonly destinations?: Destinations;
  /**
   * Limits an account is known to have by its extras or by what a person says in options; a post is checked by these in
   * place of the format's. Pure; absent, or a limit absent in it: as the description says.
   */
  readonly limitsOf?: (
    post: Pick<OutgoingPost, "format" | "options">,
    account: Pick<AccountRef, "kind" | "authKind" | "extras">,
  ) => Pick<AccountLimits, "textMax" | "video">;
  /** Limits and choices that come from the account itself. */
  readonly accountLimits?: (ctx: ConnectorContext) => PlatformResult<AccountLimits>;
  /** Further parts of a thread. */
  readonly parts?: PartRule & { readonly text?: TextLimit };
  /** `thumb`: what a picture of the author's own for the card must be; absent: it takes none. */
  readonly link?: PartRule & {
    readonly thumb?: Omit<OptionMediaRule, "label">;
    readonly title?: TextLimit;
    readonly description?: TextLimit;
  };
  /**
   * `write`: how a mention stands in the text; absent: the platform's own steps put it there. `handle`: the form of its
   * handles, and what one is `like`.
   */
  readonly mentions?: PartRule & {
    readonly write?: (handle: string, mention: PostMention) => string;
    readonly handle?: { readonly form: RegExp; readonly like: string };
  };
  /** At the end of the text, or with `apart` where the platform's own steps put them. */
  readonly hashtags?: PartRule & { readonly apart?: true };
  readonly productTags?: PartRule;
  /** Music people know, under a post: chosen by the author, or `limited` to what the platform picks by itself. */
  readonly trendingAudio?: true | "limited";
  readonly firstComment?: PartRule & { readonly text?: TextLimit };
  readonly schedule?: NativeSchedule;
  /** Shows a post to a few named people before it goes out; nobody else sees it, and nothing of it stays. */
  readonly trial?: {
    readonly formats: readonly string[];
    /** What it is sent to: mail addresses. */
    readonly to: "email";
    readonly max: number;
    /** May be repeated: they see it again. */
    readonly run: (post: OutgoingPost, to: readonly string[], ctx: ConnectorContext) => PlatformResult<void>;
  };
  /** Changes the words of a live post: its text with what stands in it. */
  readonly edit?: {
    readonly formats: readonly string[];
    /** Options by name that may be changed with them; absent: none. */
    readonly options?: readonly string[];
    /** The platform puts a new post in the old one's place, so an old one that is gone tells nothing. */
    readonly replaces?: true;
    /**
     * Asked again after a lost answer: what is done already counts as done. Answers what the post is called from now on;
     * undefined: as before.
     */
    readonly run: (
      ref: PublishedRef & { readonly state?: JsonObject },
      change: PostEdit,
      ctx: ConnectorContext,
    ) => PlatformResult<EditedPost | undefined>;
  };
  readonly remove?: {
    readonly formats: readonly string[];
    /** Sign-ins that may; absent: all. */
    readonly authKinds?: readonly string[];
    /**
     * Takes back everything the job made; what is gone already counts as removed, so it may be repeated. `state` is where
     * the format's steps ended; absent: only the post itself is known.
     */
    readonly run: (
      ref: PublishedRef & { readonly format: string; readonly state?: JsonObject },
      ctx: ConnectorContext,
    ) => PlatformResult<void>;
    /**
     * Everything the job made that an audience may see and that does not go with the post itself, which comes first. A
     * removal nobody answered is told to be done only when `lookUp` finds none of them. Pure; absent: the post alone.
     */
    readonly parts?: (
      ref: PublishedRef & { readonly format: string; readonly state?: JsonObject },
    ) => readonly PublishedRef[];
  };
  /**
   * Reads one post a person names, by the platform's id or address, as it stands on this account; undefined: it is not
   * there, or not this account's.
   */
  readonly lookUp?: (
    named: { readonly externalId?: string; readonly permalink?: string },
    ctx: ConnectorContext,
  ) => PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined>;
}

/** A format by its id, the answer to somebody included; undefined: the platform has none by that name. */
export function formatOf(
  { publishing, inbox }: { readonly publishing?: Publishing; readonly inbox?: Inbox },
  id: string,
): Format | undefined {
  if (id === replyFormat) return inbox?.reply;
  return publishing && Object.hasOwn(publishing.formats, id) ? publishing.formats[id] : undefined;
}
