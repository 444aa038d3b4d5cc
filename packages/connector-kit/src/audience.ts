import type { ConnectorContext, PlatformResult } from "./context.ts";

/** A person of a list, as the platform keeps them. */
export interface Contact {
  /** Names the person within their list, so one who is on two lists is two contacts. */
  readonly externalId: string;
  readonly email?: string;
  readonly name?: string;
  /** The list they are on, where the platform has several. */
  readonly list?: string;
  /** Whether mail reaches them, in the platform's own word: subscribed, unsubscribed, archived. */
  readonly status?: string;
  readonly tags: readonly string[];
}

/** What is written of a contact. What is absent stays as it is. */
export interface ContactChange {
  readonly email: string;
  readonly name?: string;
  /** A place as `publishing.destinations` lists them; absent: the only one the account has. */
  readonly list?: string;
  readonly tags?: readonly string[];
  /**
   * What somebody new becomes, who did agree to it; `pending`: the platform asks them first. Default `subscribed`. Nobody who
   * left is brought back by it.
   */
  readonly status?: "subscribed" | "pending";
}

/** A contact of a batch the platform did not take, and why in one plain sentence. */
export interface RefusedContact {
  readonly email: string;
  readonly message: string;
}

/** Contacts and campaigns of marketing platforms. An absent function is something the platform does not offer. */
export interface Audience {
  /** Contacts that match; at most a page of them. `list`: of that list only. */
  find(
    input: { readonly email?: string; readonly name?: string; readonly list?: string; readonly cursor?: string },
    ctx: ConnectorContext,
  ): PlatformResult<{ readonly contacts: readonly Contact[]; readonly cursor?: string }>;
  /** Makes a contact, or brings the one with this address up to date; may be repeated. */
  readonly upsert?: (contact: ContactChange, ctx: ConnectorContext) => PlatformResult<Contact>;
  /** `upsert` of at most `max` at once, all of one list; may be repeated. One that is refused keeps no other out. */
  readonly upsertMany?: {
    readonly max: number;
    readonly run: (
      input: { readonly list?: string; readonly contacts: readonly Omit<ContactChange, "list">[] },
      ctx: ConnectorContext,
    ) => PlatformResult<{ readonly saved: readonly Contact[]; readonly refused: readonly RefusedContact[] }>;
  };
  /** Sets and takes away tags; may be repeated. */
  readonly tag?: (
    change: { readonly externalId: string; readonly add: readonly string[]; readonly remove: readonly string[] },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
  /** Takes a contact off its list; what the platform knows of them stays, and gone already is fine. */
  readonly archive?: (contact: { readonly externalId: string }, ctx: ConnectorContext) => PlatformResult<void>;
  /** Notes at a campaign which post it belongs to; may be repeated. */
  readonly link?: (
    input: { readonly campaignId: string; readonly permalink: string },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
}
