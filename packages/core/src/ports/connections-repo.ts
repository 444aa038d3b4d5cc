import type { FoundAccount } from "@postd/connector-kit";
import type { ConnectionId, ConnectionStatus, GrantId, JsonObject, TenantId } from "@postd/contracts";
import type {
  AuditEntry,
  CheckRecord,
  ConnectionRecord,
  HealthCheckRecord,
  StatusReason,
} from "./connection-record.ts";
import type { ConnectingInput, RefreshClaim, SignInStanding, StoredRefresh } from "./sign-ins.ts";
import type { Slice } from "./slice.ts";
import type { SealedSecret, StoredSecret } from "./vault.ts";

/** A connection read together with the sealed credentials it acts with; `credentials` is absent once they are deleted. */
export interface ConnectionWithSecret {
  readonly record: ConnectionRecord;
  readonly credentials: StoredSecret | undefined;
  /** Domain time of the read, so that leases and ends are judged by the clock that set them. */
  readonly now: Date;
}

/** Fields a check or refresh may have learned; absent ones keep their value. */
export interface ConnectionChange {
  readonly name?: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly extras?: JsonObject;
  readonly scopes?: readonly string[];
  readonly missingScopes?: readonly string[];
  readonly tokenExpiresAt?: Date;
  readonly status?: ConnectionStatus;
  /** null: nothing is wrong any more. */
  readonly statusReason?: StatusReason | null;
  readonly renews?: boolean;
  readonly signInAgainBy?: Date;
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
  /** The sign-in behind a connection, also a disconnected one whose tokens are still there, and who else lives on it. */
  standing(id: ConnectionId): Promise<SignInStanding | undefined>;
  /**
   * Inserts, or renews the account's row keeping its id, and stores the sign-in it lives on; secrets, rows and audit entry
   * in one transaction. `seal` is asked for the ids that count. Answers the row, whether it was there before, and the
   * other connections that were signed out and work again.
   * `withdrawing`: it, or its sign-in in whatever tenant, is being withdrawn at the platform, or was after this consent,
   * which may have taken it along. `app_gone`: the tenant's own app of the sign-in was removed.
   */
  connect(
    input: ConnectingInput,
  ): Promise<
    | { readonly record: ConnectionRecord; readonly existed: boolean; readonly healed: readonly ConnectionId[] }
    | "withdrawing"
    | "app_gone"
  >;
  /**
   * Takes the refresh lease of the connection's sign-in and records the intent, if the credentials are still this version
   * and nobody holds it. undefined: somebody else does, or was faster.
   */
  claimRefresh(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    /** `refreshFence` as the caller read it: another refresh begun since then, even one that ended, wins. */
    readonly fence: number;
    readonly leaseMs: number;
  }): Promise<RefreshClaim | undefined>;
  /**
   * Stores a renewed pair, its version and its ends in one transaction, and ends lease and intent. Compares the version
   * the refresh began with, not the lease: a platform that rotates has already spent the old pair, so a late answer to
   * those credentials is the only one that still works. false: another version is stored; "key_gone": seal again.
   */
  storeRefreshed(input: StoredRefresh): Promise<boolean | "key_gone">;
  /**
   * Ends the lease without new credentials; the try goes to the health log of every account that acts with them.
   * `keepIntent`: the platform may have answered and we do not know what.
   */
  endRefresh(
    input: Pick<RefreshClaim, "signInId" | "fence"> & { readonly keepIntent: boolean; readonly check: CheckRecord },
  ): Promise<void>;
  /**
   * Writes a status unless newer credentials are stored or it is disconnected; audited. Where it is about the sign-in
   * (signed out, or works again), all connections that act with its tokens follow. Answers those that changed.
   */
  setStatus(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly status: ConnectionStatus;
    readonly statusReason: StatusReason | undefined;
    readonly audit: AuditEntry;
    readonly wholeSignIn?: boolean;
  }): Promise<readonly ConnectionId[]>;
  /**
   * Changes what is the tenant's own about a connection that is not disconnected, audited; null takes a word away. Jobs
   * held while it was disabled wake. undefined: there is none, or it is disconnected.
   */
  describe(
    id: ConnectionId,
    change: { readonly name?: string | null; readonly label?: string | null; readonly disabled?: boolean },
    audit: AuditEntry,
  ): Promise<ConnectionRecord | undefined>;
  /** Nothing of the connection starts before; `allOfApp`: nor of any account of the same app, of whatever tenant. */
  blockUntil(id: ConnectionId, until: Date, allOfApp: boolean): Promise<void>;
  /**
   * Writes a health-log row, what was learned, and when it is looked at next; status changes are audited. What was learned
   * with older credentials than those in store is not written.
   */
  recordCheck(input: {
    readonly id: ConnectionId;
    readonly credentialVersion: number;
    readonly check: CheckRecord;
    readonly change: ConnectionChange;
    /** Answers in a row that were not understood. */
    readonly unread: number;
    readonly audit: AuditEntry | undefined;
  }): Promise<void>;
  /** A health-log row alone. */
  logCheck(id: ConnectionId, check: CheckRecord): Promise<void>;
  /** The health log, newest first. */
  healthLog(input: {
    readonly id: ConnectionId;
    readonly limit: number;
    readonly before?: { readonly at: Date; readonly id: string };
  }): Promise<Slice<HealthCheckRecord>>;
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
  /**
   * Begins or goes on with ending what a disconnected connection was signed in with: until the time it answers nobody
   * stores new credentials for it, and every call it makes ends before. Of two at once neither ends that time early. undefined: somebody connected it again.
   */
  beginWithdrawing(id: ConnectionId, forMs: number): Promise<Date | undefined>;
  /**
   * The same for its sign-in, over all tenants: until then no consent of the same subject to the same app is stored, nor
   * one given before. `shared`: others of the tenant live on it; `elsewhere`: somebody else on this server does, or has
   * just signed in. Nothing else is told. `begun`: what `beginWithdrawing` answered.
   */
  claimWithdrawal(
    id: ConnectionId,
    begun: Date,
    forMs: number,
  ): Promise<{ readonly until: Date } | "shared" | "elsewhere">;
  /**
   * Deletes its own secret, and its sign-in with that one's when nothing lives on it any more; then also the grant it came
   * from. `withdrawn`: the platform took the person's access back, so whatever the person granted goes. `until`: the mark of
   * this withdrawal, which ends with it.
   */
  eraseCredentials(
    id: ConnectionId,
    audit: AuditEntry,
    options?: { readonly withdrawn?: boolean; readonly until?: Date },
  ): Promise<void>;
  /**
   * Removes what describes the account and its person (name, handle, addresses, extras, events, grants) from a
   * disconnected connection. The row stays under an id of its own, so connecting again makes a new connection.
   */
  eraseAccount(input: {
    readonly id: ConnectionId;
    readonly personId: string;
    /** The app whose provider asked; consents to other apps are not what it is about. */
    readonly appId: string;
    readonly clientId: string | undefined;
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
  readonly appId: string;
  readonly connectionId: ConnectionId | undefined;
  readonly returnTo: string | undefined;
  readonly expiresAt: Date;
}

/** An account behind a grant, without its credentials. */
export type GrantAccount = Omit<FoundAccount, "credentials">;

export interface GrantRecord {
  readonly id: GrantId;
  readonly provider: string;
  readonly platform: string;
  readonly authKind: string;
  readonly subject: { readonly externalId: string; readonly name: string };
  /** What the sign-in told of itself besides; undefined: made before that was kept. */
  readonly extras: JsonObject | undefined;
  readonly scopes: readonly string[];
  readonly accounts: readonly GrantAccount[];
  readonly simulated: boolean;
  readonly appId: string;
  readonly clientId: string | undefined;
  readonly connectionId: ConnectionId | undefined;
  readonly createdBy: string;
  /** Before the provider was asked for it. */
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface GrantsRepo {
  /** Stores a pending authorisation with what its sign-in keeps, and clears the tenant's expired ones. */
  addPending(pending: PendingAuthorization, kept: SealedSecret | undefined): Promise<void>;
  /** Takes it away and answers it; a second call finds nothing. Looked up before a tenant is known. */
  takePending(stateHash: string): Promise<PendingAuthorization | undefined>;
  /**
   * Stores a grant with its accounts' sealed credentials, and clears the tenant's expired ones. false: a withdrawal at the
   * platform may have taken it back, so nothing is stored.
   */
  addGrant(tenantId: TenantId, grant: GrantRecord, sealed: readonly SealedSecret[]): Promise<boolean>;
  findGrant(tenantId: TenantId, id: GrantId): Promise<GrantRecord | undefined>;
  /** With what was sealed for it. */
  removeGrant(tenantId: TenantId, id: GrantId): Promise<void>;
}
