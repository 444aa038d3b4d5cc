import type { JsonObject } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "./context.ts";
import type { HttpBody } from "./http.ts";

/** One thing of a list to choose from. */
export interface SourceEntry {
  readonly id: string;
  readonly title: string;
  /** A folder has entries of its own: `browse` takes its id as `under`. */
  readonly kind: "folder" | "text" | "media" | "product";
  readonly pictureUrl?: string;
  readonly changedAt?: Date;
}

export interface SourcePage {
  readonly entries: readonly SourceEntry[];
  readonly cursor?: string;
}

/** What an entry is made of, in the words posts are written in. */
export type SourceContent =
  | { readonly kind: "text"; readonly title?: string; readonly text: string; readonly url?: string }
  | { readonly kind: "media"; readonly fileName: string; readonly body: HttpBody; readonly altText?: string }
  | {
      readonly kind: "product";
      readonly productId: string;
      readonly name: string;
      readonly text: string;
      readonly price?: string;
      readonly url?: string;
      readonly pictureUrls: readonly string[];
      readonly extras?: JsonObject;
    };

/** Where posts come from: designs, files, rows, pages, products. */
export interface Source {
  /** Lists what is there, a page at a time. `query`: words a person typed; `under`: inside that folder. */
  browse(
    input: { readonly query?: string; readonly under?: string; readonly cursor?: string },
    ctx: ConnectorContext,
  ): PlatformResult<SourcePage>;
  /** One entry as it is now; undefined: it is gone, or not this account's. */
  read(id: string, ctx: ConnectorContext): PlatformResult<SourceContent | undefined>;
  /** Entries that changed since a cursor. No cursor: from now on. */
  readonly changes?: (
    cursor: string | undefined,
    ctx: ConnectorContext,
  ) => PlatformResult<{ readonly changed: readonly SourceEntry[]; readonly cursor: string }>;
}
