import type { JsonObject, PlatformId } from "@postd/contracts";
import type { z } from "zod";
import type { AppCredentialsSet, Auth } from "./auth.ts";
import type { AccountRef, AppCredentials, ConnectorContext, PlatformResult } from "./context.ts";
import { unmarkedMediaIds } from "./option-media.ts";
import type {
  Format,
  MediaRule,
  NativeSchedule,
  OutgoingPost,
  PostProblem,
  PublishedRef,
  TextLimit,
} from "./publish.ts";

/** One number with its meaning; a metric the platform does not give is left out, never 0. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  /** The platform's own name for it. */
  readonly platformName: string;
}

export interface Analytics {
  /** How old the platform's numbers may be. */
  readonly delayMs: number;
  readonly post?: (
    ref: PublishedRef & { readonly format: string },
    ctx: ConnectorContext,
  ) => PlatformResult<readonly Metric[]>;
  readonly account?: (
    range: { readonly since: Date; readonly until: Date },
    ctx: ConnectorContext,
  ) => PlatformResult<readonly Metric[]>;
}

export interface HealthAnswer {
  /** Everything granted now; absent: the platform does not tell. */
  readonly scopes?: readonly string[];
  readonly missingScopes: readonly string[];
  readonly name?: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly expiresAt?: Date;
  readonly notes?: readonly string[];
}

export interface InboundRequest {
  readonly method: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** By lower-case name; none that says where the request was sent, since its sender may say anything. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
  /** Where people and platforms reach this instance, without a slash at the end: what answers must build addresses from. */
  readonly publicUrl: string;
}

export type InboundAnswer =
  /** Answered and done: a handshake. */
  | { readonly kind: "handshake"; readonly status: number; readonly body: string; readonly contentType: string }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "accepted"; readonly answer?: { readonly status: number; readonly json: JsonObject } };

export interface InboundEvent {
  /** Our name: post.changed, comment.created, permissions.changed, account.deauthorized, data_deletion.requested. */
  readonly type: string;
  readonly platform: PlatformId;
  readonly accountExternalId: string;
  /** For removing repeats; the same event always gives the same key. */
  readonly dedupeKey: string;
  readonly occurredAt?: Date;
  readonly data: JsonObject;
}

export interface Webhooks {
  /** Pure: signature over raw bytes in constant time, handshakes. */
  verify(request: InboundRequest, app: AppCredentials): InboundAnswer;
  /** Pure: events in a verified body; unknown parts are left out, never thrown on. */
  parse(request: Pick<InboundRequest, "headers" | "rawBody" | "query">): readonly InboundEvent[];
  /** Subscribes one account's events at the platform. */
  readonly subscribe?: (ctx: ConnectorContext) => PlatformResult<void>;
  readonly unsubscribe?: (ctx: ConnectorContext) => PlatformResult<void>;
}

/**
 * Everything POSTD knows about one platform. What is absent is a capability that is absent: the matrix is derived from
 * this object and nothing else.
 */
export interface Connector {
  readonly id: PlatformId;
  readonly name: string;
  /** Connectors whose grants open each other's accounts share a family. */
  readonly family: string;
  readonly icon: string;
  readonly color: string;
  readonly previewKind: string;
  readonly auth: readonly Auth[];
  readonly appCredentials: readonly AppCredentialsSet[];
  /** Hosts it talks to; `*.` prefix for wildcards. A user-given host is allowed where `customHosts` is true. */
  readonly hosts: readonly string[];
  readonly customHosts?: boolean;
  readonly apiVersion: { readonly current: string; readonly env?: string; readonly sunsetAt?: string };
  readonly accountKinds: readonly { readonly id: string; readonly label: string }[];
  readonly options: z.ZodObject;
  /** Per-connection extras. */
  readonly extras: z.ZodType<JsonObject>;
  readonly limits: { readonly text: TextLimit };
  readonly publish: Readonly<Record<string, Format>>;
  /** Picks the format when the author names none; undefined: nothing fits. Pure. */
  defaultFormat(
    post: Pick<OutgoingPost, "text" | "media" | "options">,
    account: Pick<AccountRef, "kind" | "authKind">,
  ): string | undefined;
  /** Rules beyond limits, media and options; pure. */
  readonly validate?: (post: OutgoingPost, account: AccountRef) => readonly PostProblem[];
  /** What counts as the same post: normalised text and media hashes. */
  fingerprint(post: OutgoingPost): string;
  readonly schedule?: NativeSchedule;
  readonly edit?: {
    readonly formats: readonly string[];
    readonly run: (
      ref: PublishedRef,
      change: { readonly text: string; readonly format: string },
      ctx: ConnectorContext,
    ) => PlatformResult<void>;
  };
  readonly remove?: {
    readonly formats: readonly string[];
    /** Auth kinds that may; absent: all. */
    readonly authKinds?: readonly string[];
    /**
     * Takes back everything the job made; what is gone already counts as removed, so it may be repeated. `state` is where
     * the format's steps ended; absent: only the post itself is known.
     */
    readonly run: (
      ref: PublishedRef & { readonly format: string; readonly state?: JsonObject },
      ctx: ConnectorContext,
    ) => PlatformResult<void>;
  };
  /**
   * Reads one post a person names, by the platform's id or address, as it stands on this account; undefined: it is not
   * there, or not this account's.
   */
  readonly lookUp?: (
    named: { readonly externalId?: string; readonly permalink?: string },
    ctx: ConnectorContext,
  ) => PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined>;
  readonly analytics?: Analytics;
  readonly webhooks?: Webhooks;
  health(ctx: ConnectorContext): PlatformResult<HealthAnswer>;
}

export type { MediaRule };

/**
 * Checks what types cannot: visible steps that are not repeatable have a probe, step names are unique, options that name
 * files are marked as such. Throws.
 */
export function defineConnector(connector: Connector): Connector {
  const [unmarked] = unmarkedMediaIds(connector.options);
  if (unmarked) throw new Error(`${connector.id}: ${unmarked} names a file; make it with mediaIdOption`);
  for (const [formatId, format] of Object.entries(connector.publish)) {
    const seen = new Set<string>();
    for (const step of format.steps) {
      if (seen.has(step.name)) throw new Error(`${connector.id}.${formatId}: two steps are named ${step.name}`);
      seen.add(step.name);
      if (step.effect === "visible" && !step.repeatable && !step.probe)
        throw new Error(
          `${connector.id}.${formatId}.${step.name}: a visible step that may not be repeated needs a probe`,
        );
    }
    if (format.steps.length === 0) throw new Error(`${connector.id}.${formatId} has no steps`);
  }
  return connector;
}
