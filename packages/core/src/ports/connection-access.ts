import type { AccountRef, AppCredentials, Credentials, PlatformFailure } from "@postd/connector-kit";
import type { ConnectionId, ConnectionStatus, Result, TenantId } from "@postd/contracts";
import type { ConnectionWithSecret } from "./connections-repo.ts";

/** What the pipeline needs to act for a connection. Tokens live only inside this value, for one call. */
export interface OpenConnection {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly platform: string;
  readonly account: AccountRef;
  readonly credentials: Credentials;
  readonly credentialVersion: number;
  readonly status: ConnectionStatus;
  readonly simulated: boolean;
  /** The tenant's own app it was signed in to with; absent: this server's. */
  readonly app?: AppCredentials;
  readonly appId?: string;
  /** What the provider calls the app, its own or this server's; absent: not known. */
  readonly clientId?: string;
}

/**
 * `busy`: somebody else renews. `failed`: nothing was learned about the sign-in. `refused`: a person must act, and it is marked.
 * `impossible`: these credentials cannot be renewed without a person.
 */
export type RenewOutcome =
  | { readonly kind: "stored" | "busy" | "impossible" | "gone" }
  | { readonly kind: "failed" | "refused"; readonly failure: PlatformFailure };

/** Renewing by the clock. */
export interface SignInRenewal {
  /**
   * Renews the sign-in a connection acts with, near its end or not, once and single-flight like `open`. With newer credentials
   * in store than these somebody else was first: `stored`.
   */
  renew(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly credentialVersion: number;
  }): Promise<RenewOutcome>;
}

/** Opening, refreshing and marking connections, as the pipeline sees it. */
export interface ConnectionAccess {
  /**
   * Reads the connection and opens its credentials. A token that ends within the connector's margin is refreshed
   * first, single-flight: lease by compare-and-set, intent recorded, HTTP outside any transaction, the rotated pair
   * stored before it is used; waiters poll the row. `undefined`: gone.
   */
  open(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly fresh: boolean /** Force a refresh unless a newer version than this is already stored. */;
    readonly newerThan?: number;
    /** The row as it was read a moment ago, with something else; absent: it is read. */
    readonly found?: ConnectionWithSecret;
  }): Promise<Result<OpenConnection, PlatformFailure> | undefined>;
  /** Sets attention or revoked after a failure seen with this credential version; an older version changes nothing. Audited. */
  markBroken(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly credentialVersion: number;
    readonly failure: PlatformFailure;
  }): Promise<void>;
  /** The platform asked to wait: nothing of this connection, or of all accounts of our app, starts before. */
  blockUntil(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly until: Date;
    readonly allOfApp?: boolean;
  }): Promise<void>;
}
