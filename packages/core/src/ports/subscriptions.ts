import type { InboundEvent } from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";
import type { SealedSecret } from "./vault.ts";

/** An account's subscription; its secret and address are in the vault under its id. */
export interface SubscriptionRecord {
  readonly id: string;
  readonly connectionId: ConnectionId;
  readonly provider: string;
  /** The app it was made with, as its account then was. */
  readonly appId: string;
  readonly clientId: string | undefined;
  /** The platform's own name for it; undefined: it is being made. */
  readonly externalId: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly cursor: string | undefined;
  /** Events wait at the platform. */
  readonly isPullDue: boolean;
}

/** Whose subscription an address names. */
export interface SubscriptionOwner {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly provider: string;
}

/** One tenant's subscriptions, one for an account at most. */
export interface TenantSubscriptions {
  of(connectionId: ConnectionId): Promise<SubscriptionRecord | undefined>;
  /** A row before the platform is asked, so that its handshake finds one. One that is there already is answered. */
  begin(input: {
    readonly id: string;
    readonly connectionId: ConnectionId;
    readonly provider: string;
    readonly appId: string;
    readonly clientId: string | undefined;
  }): Promise<SubscriptionRecord>;
  /** What the platform answered, with its secret, in one transaction. `renewAt` absent: it lasts. */
  keep(input: {
    readonly id: string;
    readonly externalId: string;
    readonly expiresAt: Date | undefined;
    readonly renewAt: Date | undefined;
    /** A new secret; undefined: it has none, or goes on with its old one. */
    readonly sealed: SealedSecret | undefined;
  }): Promise<void>;
  /** The platform was away; again at `until`. */
  putOff(id: string, what: "renew" | "pull", until: Date): Promise<void>;
  /** Events that were fetched and how far, in one transaction; repeats are kept once. `again`: more waits. */
  keepPulled(input: {
    readonly id: string;
    readonly connectionId: ConnectionId;
    readonly events: readonly InboundEvent[];
    /** What people wrote to the account is read at once, where one of these is new. */
    readonly readInbox: boolean;
    readonly cursor: string;
    readonly again: boolean;
  }): Promise<void>;
  /** Whether another connected account, of whatever tenant, hears by the very same subscription at the platform. */
  isShared(connectionId: ConnectionId): Promise<boolean>;
  /** With its secret. */
  remove(id: string): Promise<void>;
}

export interface SubscriptionsRepo {
  forTenant(tenantId: TenantId): TenantSubscriptions;
  /** Found before a tenant is known. */
  owner(id: string): Promise<SubscriptionOwner | undefined>;
  /** Those to renew or to fetch events for, over all tenants, longest due first. */
  due(limit: number): Promise<readonly SubscriptionOwner[]>;
}
