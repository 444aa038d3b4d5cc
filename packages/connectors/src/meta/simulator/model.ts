import type { StoredMedia } from "@postd/connector-kit/simulator";

/** What the simulated Meta keeps. Instants are milliseconds since the epoch; ids are numeric strings (meta.md §4). */

export interface Person {
  readonly id: string;
  readonly name: string;
}

export interface Business {
  readonly id: string;
  readonly name: string;
  readonly personId: string;
}

export type TokenKind = "user" | "page" | "instagram";

export interface Page {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly category: string;
  readonly personId: string;
  readonly igId?: string;
  readonly fans: number;
  tasks: readonly string[];
  /** Owned or served through a business: missing from /me/accounts (meta.md §4). */
  readonly business?: { readonly id: string; readonly relation: "owned" | "client" };
  /** The person lost the role; every token of the Page dies with 190/492 (§12). */
  roleLost: boolean;
}

export interface IgAccount {
  /** The professional account id, used in paths and webhooks (§3b). */
  readonly id: string;
  /** The app-scoped `id` of /me on graph.instagram.com; not usable in paths (§3b). */
  readonly appScopedId: string;
  readonly username: string;
  readonly name: string;
  readonly accountType: "BUSINESS" | "MEDIA_CREATOR";
  readonly personId: string;
  readonly pageId?: string;
  readonly followers: number;
}

export interface FbPost {
  /** "{page}_{post}" (§5). */
  readonly id: string;
  readonly pageId: string;
  readonly kind: "text" | "photo" | "video" | "reel";
  message: string;
  readonly link?: string;
  photoIds: readonly string[];
  readonly videoId?: string;
  state: "live" | "unpublished" | "scheduled";
  scheduledAt?: number;
  readonly createdAt: number;
  updatedAt: number;
  liveAt?: number;
  isHidden: boolean;
  /** Absent: written by a person on facebook.com. */
  readonly appId?: string;
}

export interface FbPhoto {
  readonly id: string;
  readonly pageId: string;
  readonly media: StoredMedia;
  readonly altText?: string;
  readonly caption?: string;
  readonly temporary: boolean;
  readonly createdAt: number;
  postId?: string;
  storyId?: string;
}

export interface FbVideo {
  readonly id: string;
  readonly pageId: string;
  readonly use: "video" | "reel" | "story";
  readonly createdAt: number;
  /** Its bytes come under this id; absent: under its own. */
  readonly sessionId?: string;
  media?: StoredMedia;
  uploadError?: string;
  description: string;
  title: string;
  /** What the finish call asked for; absent: not finished yet. */
  wanted?: "published" | "scheduled" | "draft" | "unpublished";
  readyAt?: number;
  scheduledAt?: number;
  postId?: string;
}

export interface FbStory {
  /** Answered as post_id (§5). */
  readonly id: string;
  readonly pageId: string;
  readonly mediaId: string;
  readonly mediaType: "photo" | "video";
  readonly media: StoredMedia;
  readonly liveAt: number;
}

export interface Comment {
  readonly id: string;
  readonly network: "facebook" | "instagram";
  /** Post, photo, video or media it hangs on. */
  readonly objectId: string;
  readonly parentId?: string;
  message: string;
  readonly attachment?: string;
  readonly from: { readonly id: string; readonly name: string };
  /** Who wrote it is not told. */
  readonly isUnnamed: boolean;
  readonly createdAt: number;
  hidden: boolean;
  answeredPrivately: boolean;
  /** Pages that like it. */
  readonly likedBy: Set<string>;
  /** What the Page may not do with it. */
  readonly cannot: readonly CommentDeed[];
}
export const commentDeeds = ["like", "comment", "hide"] as const;
export type CommentDeed = (typeof commentDeeds)[number];

export type ContainerKind = "IMAGE" | "VIDEO" | "REELS" | "CAROUSEL" | "STORIES";

export interface Container {
  readonly id: string;
  readonly igId: string;
  readonly kind: ContainerKind;
  readonly isChild: boolean;
  readonly caption: string;
  readonly altText?: string;
  readonly shareToFeed: boolean;
  readonly childIds: readonly string[];
  readonly details: Readonly<Record<string, string>>;
  readonly createdAt: number;
  media?: StoredMedia;
  /** Absent: bytes are still awaited. */
  readyAt?: number;
  error?: { readonly subcode: number; readonly message: string };
  mediaId?: string;
  /** Child of a parent that has been published. */
  consumed: boolean;
}

export interface IgMedia {
  readonly id: string;
  readonly igId: string;
  readonly containerId?: string;
  readonly mediaType: "IMAGE" | "VIDEO" | "CAROUSEL_ALBUM";
  readonly productType: "FEED" | "REELS" | "STORY";
  readonly caption: string;
  readonly altText?: string;
  readonly shortcode: string;
  readonly media?: StoredMedia;
  readonly childIds: readonly string[];
  readonly parentId?: string;
  readonly liveAt: number;
  readonly shareToFeed: boolean;
  readonly details: Readonly<Record<string, string>>;
  commentEnabled: boolean;
}
