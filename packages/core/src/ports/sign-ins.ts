import type { SignInRef } from "@postd/connector-kit";
import type { ConnectionId, JsonObject, SignInId, TenantId } from "@postd/contracts";
import type { AuditEntry, CheckRecord, ConnectionRecord, NewConnection } from "./connection-record.ts";
import type { SealedSecret, StoredSecret } from "./vault.ts";

/** Registration of the instance itself; a tenant's own app has an id. */
export const instanceApp = "instance";

/** What connecting writes of the sign-in; the id is only used when this subject has none yet. */
export interface NewSignIn {
  readonly id: SignInId;
  readonly provider: string;
  readonly authKind: string;
  readonly appId: string;
  /** What the provider calls the app; undefined: keys without an app, or one that has no such id here. */
  readonly clientId: string | undefined;
  readonly simulated: boolean;
  readonly subject: string;
  readonly subjectName: string;
  /** What it told of itself besides; undefined: from a grant made before that was kept. */
  readonly extras: JsonObject | undefined;
  readonly scopes: readonly string[];
  readonly tokenExpiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  /** When the consent was given, or before that. */
  readonly grantedAt: Date;
}

export interface ConnectingInput {
  readonly connection: NewConnection;
  readonly signIn: NewSignIn;
  /**
   * Seals for the ids that count. `before`: what the sign-in has now, whose refresh token is kept where the new consent
   * brought none. `members`: other connections that act with its tokens. `holder`: whichever of them holds its secret, from
   * before sign-ins had a table; what it acts with is its own where accounts of this method have secrets of their own.
   * `lent`: other sign-ins whose secret this account held until now, and which others need: they get it under their own id.
   */
  readonly seal: (places: {
    readonly connectionId: ConnectionId;
    readonly signInId: SignInId;
    readonly members: readonly string[];
    readonly holder: string | undefined;
    readonly before: StoredSecret | undefined;
    readonly isNewest: boolean;
    readonly lent: readonly LentSecret[];
  }) => Promise<SealedForConnecting>;
  readonly actor: string;
}

export interface LentSecret {
  readonly signInId: SignInId;
  readonly stored: StoredSecret;
}

export interface SealedForConnecting {
  /** The sign-in's; left out where a newer consent than this one is in store. */
  readonly signIn?: SealedSecret;
  /** Those of other sign-ins that the account held, under their own ids. */
  readonly lent: readonly SealedSecret[];
  /** What connections hold under their ids: a secret of its own, or for one release copies of the sign-in's. */
  readonly held: readonly SealedSecret[];
  /** The account acts with a secret of its own. */
  readonly isOwn: boolean;
}

export interface RefreshClaim {
  readonly signInId: SignInId;
  readonly signIn: SignInRef;
  readonly version: number;
  readonly fence: number;
  readonly leaseUntil: Date;
  /** When an earlier refresh began whose answer was never stored. */
  readonly cutBefore: Date | undefined;
  /** Owners the new pair is sealed for: the sign-in, and for one release every connection that acts with its tokens. */
  readonly owners: readonly string[];
}

export interface StoredRefresh {
  readonly signInId: SignInId;
  readonly version: number;
  readonly sealed: readonly SealedSecret[];
  readonly tokenExpiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly audit: AuditEntry;
  readonly check: CheckRecord;
}

/** A sign-in as withdrawing sees it. */
export interface SignInStanding {
  readonly id: SignInId;
  readonly ref: SignInRef;
  readonly credentials: StoredSecret | undefined;
  /** Other live connections that live on it. */
  readonly sharers: readonly ConnectionRecord[];
  /** Other sign-ins of the tenant from before sign-ins had a table, which may be the same one. */
  readonly unjoined: readonly { readonly record: ConnectionRecord; readonly credentials: StoredSecret }[];
}

/** A live sign-in with its secret, as joining compares it; `connection`: the one it was made of. */
export interface ComparedSignIn {
  readonly id: SignInId;
  readonly platform: string;
  readonly provider: string;
  readonly authKind: string;
  readonly appId: string;
  readonly simulated: boolean;
  readonly subject: string;
  readonly unjoined: boolean;
  readonly isTwin: boolean;
  readonly version: number;
  readonly secretOwner: string;
  readonly credentials: StoredSecret | undefined;
}

/** Sign-ins from before they had a table, which SQL alone could not join. Each step is one short transaction. */
export interface TenantSignIns {
  /** All live ones, oldest first. */
  all(): Promise<readonly ComparedSignIn[]>;
  /** It is the sign-in of its subject. false: another one is, or it changed. */
  promote(id: SignInId, provider: string): Promise<boolean>;
  /** It stays beside the one of its subject, as their secrets differ. */
  keepApart(id: SignInId, provider: string): Promise<void>;
  /**
   * Moves the connections of `from` to `to`, unless either changed or is being renewed. `keepOwn`: what they acted with
   * stays theirs. `sealed`: the secret of `to` under its own id, where a connection held it until now.
   */
  join(input: {
    readonly from: Pick<ComparedSignIn, "id" | "version">;
    readonly to: Pick<ComparedSignIn, "id" | "version">;
    readonly keepOwn: boolean;
    readonly sealed: SealedSecret | undefined;
  }): Promise<boolean>;
  /** Removes ended ones whose secret a broken-off disconnect left for a day. Answers how many. */
  removeEnded(): Promise<number>;
}

export interface SignInsRepo {
  /** Tenants with something to join or to remove; ids only. */
  waiting(): Promise<readonly TenantId[]>;
  forTenant(tenantId: TenantId): TenantSignIns;
}
