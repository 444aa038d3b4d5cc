import type { JsonObject, PlatformId, ProviderId } from "@postd/contracts";
import type { z } from "zod";
import type { Audience } from "./audience.ts";
import type { Budget, UsageReader } from "./budget.ts";
import type { AccountRef, ConnectorContext, PlatformResult } from "./context.ts";
import type { Inbox } from "./inbox.ts";
import type { Numbers } from "./numbers.ts";
import type { Impossible } from "./planned.ts";
import type { Price } from "./price.ts";
import type { Publishing } from "./publishing.ts";
import type { Source } from "./source.ts";

export interface HealthAnswer {
  /** Everything granted now; absent: the platform does not tell. */
  readonly scopes?: readonly string[];
  readonly missingScopes: readonly string[];
  readonly name?: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly expiresAt?: Date;
  /** When the person has to sign in again at the latest, though tokens last longer or are renewed. */
  readonly signInAgainBy?: Date;
  readonly notes?: readonly string[];
  /** What is known anew of the account's extras; the others stay. */
  readonly extras?: JsonObject;
}

/** What the platform lets the person who connected an account do there, by its own names: tasks, roles. */
export interface AccountPermissions {
  readonly granted: readonly string[];
  /** What is lacking, and what POSTD cannot do there without it; without one for publishing nothing is posted. */
  readonly missing: readonly MissingPermission[];
}

export interface MissingPermission {
  readonly name: string;
  readonly facet: "publishing" | "numbers" | "inbox";
  /** What is wrong and the way out, one or two plain sentences. */
  readonly message: string;
}

/**
 * One place people know, with any of five facets. A facet that is absent is something the platform does not do: the
 * capability matrix is derived from this object and nothing else.
 */
export interface Platform {
  readonly id: PlatformId;
  /** Whose app, hosts, API version, sign-ins and webhooks it uses. */
  readonly provider: ProviderId;
  readonly name: string;
  readonly icon: string;
  readonly color: string;
  readonly previewKind: string;
  readonly accountKinds: readonly { readonly id: string; readonly label: string }[];
  /** Per-connection extras. */
  readonly extras: z.ZodType<JsonObject>;
  /** Scopes without which this platform does not work, by sign-in; absent: those the sign-in itself requires. */
  readonly requiredScopes?: Readonly<Record<string, readonly string[]>>;
  /** What it makes use of besides, by sign-in, where that opens other platforms too; absent: all the sign-in knows. */
  readonly optionalScopes?: Readonly<Record<string, readonly string[]>>;
  /**
   * Rights on this very account, read from what `accounts` and `health` keep in its extras; undefined: the platform does not
   * tell. Pure.
   */
  readonly permissions?: (account: Pick<AccountRef, "kind" | "authKind" | "extras">) => AccountPermissions | undefined;
  /** What the platform bills for calls; each kind of call once. */
  readonly prices?: readonly Price[];
  /** What the platform lets an app, a sign-in or an account do in some time. */
  readonly budgets?: readonly Budget[];
  /** Reads what answers say of them; absent: nothing. */
  readonly usage?: UsageReader;
  /** What people ask for and the platform rules out. */
  readonly impossible?: readonly Impossible[];
  readonly publishing?: Publishing;
  readonly source?: Source;
  readonly numbers?: Numbers;
  readonly inbox?: Inbox;
  readonly audience?: Audience;
  health(ctx: ConnectorContext): PlatformResult<HealthAnswer>;
}

/** A platform that can be posted to. */
export type PublishingPlatform = Platform & { readonly publishing: Publishing };

export const canPublish = (platform: Platform): platform is PublishingPlatform => platform.publishing !== undefined;
