import type { ConnectorContext, PlatformResult } from "./context.ts";

/** Something a person wrote to the account: a comment, a review, a message. */
export interface InboxEntry {
  readonly externalId: string;
  readonly kind: "comment" | "review" | "message";
  /** The post it is about. */
  readonly postId?: string;
  /** The entry it answers. */
  readonly parentId?: string;
  readonly author?: { readonly externalId?: string; readonly name?: string; readonly handle?: string };
  readonly text: string;
  readonly createdAt: Date;
  readonly permalink?: string;
  readonly isHidden?: boolean;
}

/** What people write to an account, and what it answers. An absent function is something the platform does not offer. */
export interface Inbox {
  /** Newest first, a page at a time. `postId`: of that post only. */
  list(
    input: { readonly postId?: string; readonly cursor?: string },
    ctx: ConnectorContext,
  ): PlatformResult<{ readonly entries: readonly InboxEntry[]; readonly cursor?: string }>;
  /** Seen by an audience, so it is a job of the ledger: never called twice for one answer without a look in between. */
  readonly reply?: (
    to: { readonly externalId: string },
    text: string,
    ctx: ConnectorContext,
  ) => PlatformResult<{ readonly externalId: string }>;
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
