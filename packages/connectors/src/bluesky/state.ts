import type { JsonObject } from "@postd/contracts";

/** What names one version of a record. */
export type StrongRef = { readonly uri: string; readonly cid: string };

/** A card made from the page a post links to. */
export type FoundCard = {
  readonly uri: string;
  readonly title: string;
  readonly description: string;
  /** Address of the page's picture. */
  readonly image?: string;
};

/** How far a post has come; stored between steps. Blob references are kept exactly as the server gave them. */
export type PostState = {
  readonly blobs: readonly JsonObject[];
  /** The card of the first link; null: there is none, and `cardRemark` says why. Absent until looked for. */
  readonly card?: FoundCard | null;
  readonly cardRemark?: string;
  /** The card's picture; null: it goes without one. Absent until uploaded. */
  readonly thumb?: JsonObject | null;
  /** How often files were sent anew because the server had dropped them. */
  readonly reuploads?: number;
  /** DIDs of mentioned handles that were looked up; empty where nobody has the handle. */
  readonly dids?: { readonly [handle: string]: string };
  /** Records that are live: the post, then its replies. */
  readonly records: readonly StrongRef[];
};

/** A record ready to be put under our own key; committed before it is sent. */
export type PreparedRecord = { readonly rkey: string; readonly record: JsonObject };

export const startState = (): PostState => ({ blobs: [], records: [] });
