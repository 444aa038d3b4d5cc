import type { CheckType, ConnectionId, ConnectionStatus, JsonObject, SignInId, TenantId } from "@postd/contracts";

/** Why an account needs a person; kept as JSON. */
export interface StatusReason {
  readonly code: string;
  readonly message: string;
  readonly actor: "you" | "account_owner" | "platform" | "operator";
  /** ISO 8601. */
  readonly since: string;
}

/** What connecting writes; the id is only used when the account is new. */
export interface NewConnection {
  readonly id: ConnectionId;
  readonly platform: string;
  readonly authKind: string;
  readonly externalId: string;
  readonly accountKind: string;
  readonly name: string;
  readonly handle: string | undefined;
  readonly pictureUrl: string | undefined;
  readonly profileUrl: string | undefined;
  readonly extras: JsonObject;
  /** The app it was signed in to with: `instance`, or a tenant's own. */
  readonly appId: string;
  readonly scopes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly status: ConnectionStatus;
  readonly statusReason: StatusReason | undefined;
  /** Ends of what it acts with. */
  readonly tokenExpiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  /** Whether its sign-in is renewed without a person; a secret of the account's own never is. */
  readonly renews: boolean;
  readonly simulated: boolean;
  readonly createdBy: string;
}

/** What the newest look at an account brought; kept as JSON. */
export interface LastCheck {
  readonly checkType: CheckType;
  /** ISO 8601. */
  readonly at: string;
  readonly ok: boolean;
  readonly latencyMs: number;
  readonly kind?: string | undefined;
  readonly message?: string | undefined;
  /** Answers in a row that were not understood. */
  readonly unread?: number | undefined;
}

export interface ConnectionRecord extends Omit<NewConnection, "createdBy" | "renews"> {
  readonly tenantId: TenantId;
  /** Whether what it acts with is renewed without a person; absent: not known, its method tells. */
  readonly renews?: boolean | undefined;
  /** When a person has to sign in again at the latest though its tokens last longer; absent: not known. */
  readonly signInAgainBy?: Date | undefined;
  /** Whose tokens it uses; absent once they are deleted. */
  readonly signInId: SignInId | undefined;
  /** What the provider calls the app it was signed in to with; absent: not known. */
  readonly clientId?: string | undefined;
  /** It acts with a secret of its own, such as a Page token; that of its sign-in is for withdrawing it. */
  readonly ownSecret: boolean;
  /** Lease, fence and version are its sign-in's, seen from here. */
  readonly refreshLeaseUntil: Date | undefined;
  readonly refreshFence: number;
  readonly refreshIntentAt: Date | undefined;
  readonly credentialVersion: number;
  readonly blockedUntil: Date | undefined;
  /** When somebody asked to disconnect it; the sign-in is withdrawn when nothing is in doubt, or a minute later. */
  readonly endingAt: Date | undefined;
  readonly pausedAt: Date | undefined;
  /** A name and a word of the tenant's own. */
  readonly ownName?: string | undefined;
  readonly label?: string | undefined;
  readonly disabledAt?: Date | undefined;
  readonly checkedAt: Date | undefined;
  readonly checkLatencyMs: number | undefined;
  readonly lastCheck?: LastCheck | undefined;
  /** When it is looked at by itself; not while it is disabled. */
  readonly nextCheckAt?: Date | undefined;
  readonly createdAt: Date;
  readonly disconnectedAt: Date | undefined;
}

/** A look that is over, as the health log keeps it. */
export interface CheckRecord {
  readonly checkType: CheckType;
  readonly ok: boolean;
  readonly latencyMs: number;
  readonly result: JsonObject;
  /** Of the account after it. */
  readonly status?: ConnectionStatus | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly quota?: { readonly left: number; readonly until?: string } | undefined;
  readonly apiVersion?: string | undefined;
  readonly nextCheckAt?: Date | undefined;
}

export interface HealthCheckRecord extends CheckRecord {
  readonly id: string;
  readonly at: Date;
}

/** Who did what, for the append-only record of a connection. `detail` holds no secrets. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly detail: JsonObject;
}
