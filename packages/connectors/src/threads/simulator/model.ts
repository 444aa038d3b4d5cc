import type { StoredMedia } from "@postd/connector-kit/simulator";

/** Somebody on Threads, whether an app knows them or not. */
export interface Person {
  /** App-scoped, and beyond what a JSON number keeps (fact sheet, section 3). */
  readonly id: string;
  username: string;
  name: string;
  bio: string;
  isVerified: boolean;
  isPrivate: boolean;
  /** Without a linked Instagram there are no follower numbers (section 9). */
  hasInstagram: boolean;
  followers: number;
  isEligibleForGeoGating: boolean;
  /** 4279013 and 2207051 (section 11). */
  restriction?: "restricted" | "blocked" | null;
  /** Somebody else, who answers and mentions; cannot sign in here. */
  isOutsider?: boolean;
}

export const mediaKinds = ["TEXT", "IMAGE", "VIDEO", "CAROUSEL"] as const;
export type MediaKind = (typeof mediaKinds)[number];

export const replyControls = [
  "everyone",
  "accounts_you_follow",
  "mentioned_only",
  "parent_post_author_only",
  "followers_only",
] as const;

/** What a container says of the post it becomes (section 5). */
export interface Draft {
  readonly kind: MediaKind;
  readonly text: string;
  readonly altText?: string;
  readonly replyToId?: string;
  readonly quoteId?: string;
  readonly link?: string;
  readonly topic?: string;
  /** The topic was the first tag of the text and not named beside it. */
  readonly isTopicFromText?: boolean;
  readonly poll?: Readonly<Record<string, string>>;
  readonly gif?: { readonly gif_id: string; readonly provider: string };
  readonly textAttachment?: { readonly plaintext: string; readonly link_attachment_url?: string };
  readonly spoilers: readonly { readonly offset: number; readonly length: number }[];
  readonly isSpoilerMedia: boolean;
  readonly isGhost: boolean;
  readonly replyControl: (typeof replyControls)[number];
  readonly needsApproval: boolean;
  readonly locationId?: string;
  readonly countries: readonly string[];
  readonly isSharedToInstagram: boolean;
}

/** A medium container, invisible until it is published. */
export interface Container {
  readonly id: string;
  readonly personId: string;
  readonly draft: Draft;
  readonly isChild: boolean;
  readonly childIds: readonly string[];
  readonly createdAt: number;
  media?: StoredMedia;
  /** A name of section 5, told once the work is over. */
  error?: string;
  readyAt: number;
  /** Before that, publishing does not find it (section 11, 24/4279009). */
  readonly spreadAt: number;
  /** Never found, whatever its status says. */
  isLost: boolean;
  isUsed: boolean;
  isPublished: boolean;
}

export type MediaType = "TEXT_POST" | "IMAGE" | "VIDEO" | "CAROUSEL_ALBUM" | "REPOST_FACADE";

/** A live post, a reply included, or a part of a carousel. */
export interface Post {
  readonly id: string;
  readonly personId: string;
  readonly draft: Draft;
  readonly mediaType: MediaType;
  readonly media?: StoredMedia;
  readonly childIds: readonly string[];
  /** Of a part of a carousel: the whole. */
  readonly parentId?: string;
  readonly rootId?: string;
  readonly repostOfId?: string;
  readonly shortcode: string;
  readonly at: number;
  isHidden: boolean;
  /** A reply its reader has to let through first. */
  isPending: boolean;
}

export interface Place {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  readonly country: string;
}
