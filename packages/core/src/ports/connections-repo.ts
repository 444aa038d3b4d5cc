import type { ConnectionId, ConnectionStatus, GrantId, JsonObject, TenantId } from "@postd/contracts";
import type { Slice } from "./slice.ts";
import type { SealedSecret, StoredSecret } from "./vault.ts";

/** Why an account needs a person; kept as JSON. */
export interface StatusReason {
  readonly code: string;
  readonly message: string;
  readonly actor: "you" | "account_owner" | "platform" | "operator";
  /** ISO 8601. */
  readonly since: string;
}

export interface ConnectionRecord {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly platform: string;
  readonly authKind: string;
  readonly externalId: string;
  readonly accountKind: string;
  readonly name: string;
  readonly handle: string | undefined;
  readonly pictureUrl: string | undefined;
  readonly profileUrl: string | undefined;
  readonly extras: JsonObject;
  readonly scopes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly status: ConnectionStatus;
  readonly statusReason: StatusReason | undefined;
  readonly tokenExpiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  readonly refreshLeaseUntil: Date | undefined;
  readonly refreshFence: number;
  readonly refreshIntentAt: Date | undefined;
  readonly credentialVersion: number;
  readonly blockedUntil: Date | undefined;
  /** When somebody asked to disconnect it; the sign-in is withdrawn when nothing is in doubt, or a minute later. */
  readonly endingAt: Date | undefined;
  readonly pausedAt: Date | undefined;
  readonly simulated: boolean;
  readonly checkedAt: Date | undefined;
  readonly checkLatencyMs: number | undefined;
  readonly createdAt: Date;
  readonly disconnectedAt: Date | undefined;
}

/** A connection read together with its sealed credentials; `credentials` is absent once they are deleted. */
export interface ConnectionWithSecret {
  readonly record: ConnectionRecord;
  readonly credentials: StoredSecret | undefined;
  /** Domain time of the read, so that leases and ends are judged by the clock that set them. */
  readonly now: Date;
}

/** Who did what, for the append-only record of a connection. `detail` holds no secrets. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly detail: JsonObject;
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
  readonly scopes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly status: ConnectionStatus;
  readonly statusReason: StatusReason | undefined;
  readonly tokenExpiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  readonly simulated: boolean;
  readonly createdBy: string;
}

/** Fields a check or refresh may have learned; absent ones keep their value. */
export interface ConnectionChange {
  readonly name?: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly scopes?: readonly string[];
  readonly missingScopes?: readonly string[];
  readonly tokenExpiresAt?: Date;
  readonly status?: ConnectionStatus;
  /** null: nothing is wrong any more. */
  readonly statusReason?: StatusReason | null;
}

export interface TimelineEntry {
  readonly id: string;
  readonly at: Date;
  readonly kind: "audit" | "check";
  readonly data: JsonObject;
}

/** One tenant's connections; a connection of another tenant is simply not there. */
export interface TenantConnections {
  find(id: ConnectionId): Promise<ConnectionRecord | undefined>;
  findWithSecret(id: ConnectionId): Promise<ConnectionWithSecret | undefined>;
  findAccount(account: {
    readonly platform: string;
    readonly externalId: string;
    readonly authKind: string;
  }): Promise<ConnectionRecord | undefined>;
  /** Newest first, as many as a page holds; `afterId` is the last one of the page before. */
  list(input: {
    readonly limit: number;
    readonly afterId?: string;
    readonly platform?: string;
  }): Promise<Slice<ConnectionRecord>>;
  /** Live connections to the same accounts through another login, by connection id. */
  twins(records: readonly ConnectionRecord[]): Promise<ReadonlyMap<string, readonly ConnectionRecord[]>>;
  /** Live connections with this kind of login, for telling whether a sign-in is shared. */
  liveWithAuth(input: {
    readonly platforms: readonly string[];
    readonly authKind: string;
  }): Promise<readonly ConnectionWithSecret[]>;
  /**
   * Inserts, or renews the account's row keeping its id; credentials, row and audit entry in one transaction. `seal`
   * is asked for the id that counts. Answers the row and whether it was there before. `withdrawing`: it was disconnected a
   * moment ago and its old sign-in is still being withdrawn at the platform, which may take a new one with it.
   */
  connect(input: {
    readonly connection: NewConnection;
    readonly seal: (id: ConnectionId) => Promise<SealedSecret>;
    readonly actor: string;
  }): Promise<{ readonly record: ConnectionRecord; readonly existed: boolean } | "withdrawing">;
  /**
   * Takes the refresh lease and records the intent, if the credentials are still this version and nobody holds it.
   * undefined: somebody else does, or was faster.
   */
  claimRefresh(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly leaseMs: number;
  }): Promise<{ readonly fence: number; readonly leaseUntil: Date; readonly cutBefore: Date | undefined } | undefined>;
  /**
   * Stores a renewed pair, its version and its ends in one transaction, and ends lease and intent. Compares the version
   * the refresh began with, not the lease: a platform that rotates has already spent the old pair, so a late answer to
   * those credentials is the only one that still works. false: another version is stored; "key_gone": seal again.
   */
  storeRefreshed(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly sealed: SealedSecret;
    readonly tokenExpiresAt: Date | undefined;
    readonly refreshExpiresAt: Date | undefined;
    readonly scopes: readonly string[] | undefined;
    readonly audit: AuditEntry;
  }): Promise<boolean | "key_gone">;
  /** Ends the lease without new credentials. `keepIntent`: the platform may have answered and we do not know what. */
  endRefresh(input: { readonly id: ConnectionId; readonly fence: number; readonly keepIntent: boolean }): Promise<void>;
  /** Writes a status unless newer credentials are stored or it is disconnected; audited. false: nothing changed. */
  setStatus(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly status: ConnectionStatus;
    readonly statusReason: StatusReason | undefined;
    readonly audit: AuditEntry;
  }): Promise<boolean>;
  /** Nothing of the connection starts before; `allOfApp`: nor of any account of the same app, of whatever tenant. */
  blockUntil(id: ConnectionId, until: Date, allOfApp: boolean): Promise<void>;
  /** Writes a health-log row and what was learned; status changes are audited. */
  recordCheck(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly ok: boolean;
    readonly latencyMs: number;
    readonly result: JsonObject;
    readonly change: ConnectionChange;
    readonly audit: AuditEntry | undefined;
  }): Promise<void>;
  /** Somebody disconnects it while posts may be live: nothing new goes out; looking goes on. undefined: it was so already. */
  markEnding(id: ConnectionId, audit: AuditEntry): Promise<ConnectionRecord | undefined>;
  /**
   * From here on nothing opens it; credentials stay until `eraseCredentials`, for revoking at the platform. With
   * `onlyEnding` nothing is done to one that somebody connected again since it was marked as ending, with
   * `unlessSignedInSince` to one that somebody signed in for after that time.
   */
  markDisconnected(
    id: ConnectionId,
    audit: AuditEntry,
    options?: { readonly onlyEnding?: boolean; readonly unlessSignedInSince?: Date | undefined },
  ): Promise<ConnectionRecord | undefined>;
  /** Whether somebody connected it, or signed in for it again, after that time. */
  signedInSince(id: ConnectionId, at: Date): Promise<boolean>;
  eraseCredentials(id: ConnectionId, audit: AuditEntry): Promise<void>;
  /**
   * Removes what describes the account and its person (name, handle, addresses, extras, events, grants) from a
   * disconnected connection. The row stays under an id of its own, so connecting again makes a new connection.
   */
  eraseAccount(input: {
    readonly id: ConnectionId;
    readonly personId: string;
    /** Sign-ins of the person made after this, whose accounts are not chosen yet, stay; undefined: all go. */
    readonly grantsUntil: Date | undefined;
    readonly audit: AuditEntry;
  }): Promise<void>;
  audit(id: ConnectionId, entry: AuditEntry): Promise<void>;
  /** Health log and audit merged, newest first. */
  timeline(input: {
    readonly id: ConnectionId;
    readonly limit: number;
    readonly before?: { readonly at: Date; readonly id: string };
  }): Promise<Slice<TimelineEntry>>;
}

export interface ConnectionsRepo {
  forTenant(tenantId: TenantId): TenantConnections;
}

/** A pending authorisation; what its sign-in keeps is in the vault under `stateOwner(stateHash)`. */
export interface PendingAuthorization {
  readonly stateHash: string;
  readonly tenantId: TenantId;
  readonly userId: string;
  readonly sessionHash: string;
  readonly platform: string;
  readonly authKind: string;
  readonly redirectUri: string;
  readonly connectionId: ConnectionId | undefined;
  readonly returnTo: string | undefined;
  readonly expiresAt: Date;
}

/** An account behind a grant, without its credentials. */
export interface GrantAccount {
  readonly platform: string;
  readonly externalId: string;
  readonly kind: string;
  readonly name: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly profileUrl?: string;
  readonly extras: JsonObject;
  readonly missingScopes: readonly string[];
  readonly blocked?: string;
}

export interface GrantRecord {
  readonly id: GrantId;
  readonly platform: string;
  readonly authKind: string;
  readonly subject: { readonly externalId: string; readonly name: string };
  readonly scopes: readonly string[];
  readonly accounts: readonly GrantAccount[];
  readonly simulated: boolean;
  readonly connectionId: ConnectionId | undefined;
  readonly createdBy: string;
  readonly expiresAt: Date;
}

export interface GrantsRepo {
  /** Stores a pending authorisation with what its sign-in keeps, and clears the tenant's expired ones. */
  addPending(pending: PendingAuthorization, kept: SealedSecret | undefined): Promise<void>;
  /** Takes it away and answers it; a second call finds nothing. Looked up before a tenant is known. */
  takePending(stateHash: string): Promise<PendingAuthorization | undefined>;
  /** Stores a grant with its accounts' sealed credentials, and clears the tenant's expired ones. */
  addGrant(tenantId: TenantId, grant: GrantRecord, sealed: readonly SealedSecret[]): Promise<void>;
  findGrant(tenantId: TenantId, id: GrantId): Promise<GrantRecord | undefined>;
}
