import type { ConnectorContext, PlatformResult } from "./context.ts";
import type { Format } from "./publish.ts";

/** Something a person wrote to the account, or the account's own answer in that talk: a comment, a review, a message. */
export interface InboxEntry {
  readonly externalId: string;
  readonly kind: "comment" | "review" | "message";
  /** The post it is about. */
  readonly postId?: string;
  /** The entry it answers. */
  readonly parentId?: string;
  readonly author?: {
    readonly externalId?: string;
    readonly name?: string;
    readonly handle?: string;
    readonly pictureUrl?: string;
  };
  /** The account wrote it itself. */
  readonly isOwn?: boolean;
  readonly text: string;
  /** Stars of a review, 1 to 5. */
  readonly rating?: number;
  readonly createdAt: Date;
  readonly editedAt?: Date;
  readonly permalink?: string;
  readonly isHidden?: boolean;
  readonly isLiked?: boolean;
  /** The account's answer, where the platform keeps one beside the entry and not as an entry of its own (reviews). */
  readonly answer?: InboxAnswer;
  /** What cannot be done with this very entry, though the platform has it for others. */
  readonly cannot?: readonly ("reply" | "hide" | "like")[];
}

export interface InboxAnswer {
  readonly text: string;
  readonly at?: Date;
  /** `waiting`: the platform still looks at it; nobody sees it yet. Absent: live. */
  readonly state?: "live" | "waiting" | "refused";
  /** Why it was refused, one plain sentence. */
  readonly reason?: string;
}

/** The format id an answer's job goes by; no platform may have a format of its own by this name. */
export const replyFormat = "reply";

/** What people write to an account, and what it answers. An absent function is something the platform does not offer. */
export interface Inbox {
  /** `post`: the platform lists only what belongs to one post, so `list` is asked for each recent one. */
  readonly lists: "account" | "post";
  /** Kinds of account that have it; absent: all. */
  readonly accountKinds?: readonly string[];
  /**
   * The platform's terms let what people wrote be kept no longer than this after it was last shown; absent: as long as the
   * account. It is read again well within that time.
   */
  readonly keepsMs?: number;
  /** Newest first where the platform can, a page at a time. `postId`: of that post only, and always given where `lists` is `post`. */
  list(
    input: { readonly postId?: string; readonly cursor?: string },
    ctx: ConnectorContext,
  ): PlatformResult<{ readonly entries: readonly InboxEntry[]; readonly cursor?: string }>;
  /**
   * An answer is seen by an audience, so it is a job of the ledger like a post: steps with a probe. The job's post has the
   * format `reply`, the answer as its text and the entry's id as its destination; the fingerprint holds both.
   */
  readonly reply?: Format;
  /** Hides or shows again; may be repeated. */
  readonly hide?: (
    entry: { readonly externalId: string; readonly isHidden: boolean },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
  /** Likes or takes the like back; may be repeated. */
  readonly like?: (
    entry: { readonly externalId: string; readonly isLiked: boolean },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
}
