import type { JsonObject, PlatformId } from "@postd/contracts";
import type { AuthContext, ConnectorContext, PlatformResult } from "./context.ts";
import type { Secret } from "./secret.ts";

export interface InboundRequest {
  readonly method: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** By lower-case name; none that says where the request was sent, since its sender may say anything. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
}

export type InboundAnswer =
  /** Answered and done: a handshake. */
  | { readonly kind: "handshake"; readonly status: number; readonly body: string; readonly contentType: string }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "accepted"; readonly answer?: { readonly status: number; readonly json: JsonObject } };

export interface InboundEvent {
  /** Our name: post.changed, comment.created, permissions.changed, account.deauthorized, data_deletion.requested; docs/guides/events.md has all. */
  readonly type: string;
  readonly platform: PlatformId;
  readonly accountExternalId: string;
  /** For removing repeats; the same event always gives the same key. */
  readonly dedupeKey: string;
  readonly occurredAt?: Date;
  /** A post of the account went live, whoever sent it: one that is in doubt is looked for at once. */
  readonly isNewPost?: boolean;
  readonly data: JsonObject;
}

export interface VerifyInput {
  readonly request: InboundRequest;
  /**
   * What a genuine request may be signed with, newest first: the signing fields of the app that the address names, one of
   * which may be on its way out, and the secret of the subscription it names. Empty: none is known.
   */
  readonly keys: readonly Secret[];
  readonly now: Date;
  /** Where people and platforms reach this instance, without a slash at the end: what answers must build addresses from. */
  readonly publicUrl: string;
}

/** A subscription as the platform calls it. `secret` signs its events; `expiresAt`: it ends by itself unless renewed. */
export interface WebhookSubscription {
  readonly id: string;
  readonly secret?: Secret;
  readonly expiresAt?: Date;
}

/** Events the platform kept for us. `cursor` is stored and given to the next look; `more`: look again at once. */
export interface PulledEvents {
  readonly events: readonly InboundEvent[];
  readonly cursor: string;
  readonly more?: boolean;
}

/** What a provider sends to `/api/webhooks/:provider`, for all its platforms. */
export interface Webhooks {
  /**
   * Whether a request is genuine: signature over raw bytes in constant time, age, handshakes. `ctx.app` holds every set of
   * the app, a field of a set other than the first as `set.field`.
   */
  verify(input: VerifyInput, ctx: AuthContext): InboundAnswer | Promise<InboundAnswer>;
  /** Pure: events in a verified body; unknown parts are left out, never thrown on. */
  parse(request: Pick<InboundRequest, "headers" | "rawBody" | "query">): readonly InboundEvent[];
  /** Types of body it sends; absent: JSON. Others are refused before anything is checked. */
  readonly contentTypes?: readonly string[];
  /** Parameters of an address that prove who sends: looked at by `verify`, and neither stored nor told to `parse`. */
  readonly secretQuery?: readonly string[];
  /** Kinds of account that have events to subscribe; absent: all. */
  readonly accountKinds?: readonly string[];
  /** Subscribes one account's events at the platform; they are sent to `address`, where the platform lets one say it. */
  readonly subscribe?: (ctx: ConnectorContext, to: { readonly address: string }) => PlatformResult<WebhookSubscription>;
  /** Makes a subscription last longer, before it ends; a new secret replaces the old one. */
  readonly renew?: (
    ctx: ConnectorContext,
    subscription: { readonly id: string; readonly address: string },
  ) => PlatformResult<WebhookSubscription>;
  /** Ends one; gone already is fine. `id` is absent where it was made before ids were kept. */
  readonly unsubscribe?: (ctx: ConnectorContext, subscription: { readonly id?: string }) => PlatformResult<void>;
  /** Whether the platform still has it; absent: it cannot be asked. Changes nothing. */
  readonly isSubscribed?: (ctx: ConnectorContext, subscription: { readonly id: string }) => PlatformResult<boolean>;
  /** Reads events of one account that a notification only announced. No cursor: from now on. */
  readonly pull?: (ctx: ConnectorContext, cursor: string | undefined) => PlatformResult<PulledEvents>;
}
