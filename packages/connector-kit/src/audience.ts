import type { ConnectorContext, PlatformResult } from "./context.ts";

/** A person of a list, as the platform keeps them. */
export interface Contact {
  readonly externalId: string;
  readonly email?: string;
  readonly name?: string;
  readonly tags: readonly string[];
}

/** Contacts and campaigns of marketing platforms. An absent function is something the platform does not offer. */
export interface Audience {
  /** Contacts that match; at most a page of them. */
  find(
    input: { readonly email?: string; readonly name?: string; readonly cursor?: string },
    ctx: ConnectorContext,
  ): PlatformResult<{ readonly contacts: readonly Contact[]; readonly cursor?: string }>;
  /** Makes a contact, or brings the one with this address up to date; may be repeated. */
  readonly upsert?: (
    contact: { readonly email: string; readonly name?: string },
    ctx: ConnectorContext,
  ) => PlatformResult<Contact>;
  /** Sets and takes away tags; may be repeated. */
  readonly tag?: (
    change: { readonly externalId: string; readonly add: readonly string[]; readonly remove: readonly string[] },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
  /** Notes at a campaign which post it belongs to; may be repeated. */
  readonly link?: (
    input: { readonly campaignId: string; readonly permalink: string },
    ctx: ConnectorContext,
  ) => PlatformResult<void>;
}
