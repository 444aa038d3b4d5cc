import type { KeyField } from "@postd/connector-kit";
import type { ConnectionId, ServiceError, TenantId } from "@postd/contracts";
import type { Caller, ServiceResult } from "./services.ts";

/** A link that lets an account's owner sign in again, or the one-purpose session it was exchanged for. */
export interface OwnerLink {
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly connectionId: ConnectionId;
  /** Whose right it rests on: a person or an API key. It ends with that right. */
  readonly createdBy: string;
  readonly used: boolean;
  readonly expiresAt: Date;
}

/** Links and their sessions, by the hash of their secret. Looking changes nothing; each is taken once. */
export interface OwnerLinksRepo {
  /** Ends older ones of the same connection and recipient. `recipient`: who it was sent to by POSTD; absent: made by hand. */
  add(link: {
    readonly hash: string;
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly recipient?: string;
    readonly createdBy: string;
    readonly at: Date;
    readonly expiresAt: Date;
  }): Promise<void>;
  /** undefined: there is none, or it was replaced. */
  find(hash: string, kind: "link" | "session"): Promise<OwnerLink | undefined>;
  /** Uses the link up and begins its session, both or neither. false: it was not open. */
  exchange(input: {
    readonly hash: string;
    readonly sessionHash: string;
    readonly at: Date;
    readonly sessionEndsAt: Date;
  }): Promise<boolean>;
  /** Uses the session up. false: it was not open; of two at once one gets it. */
  takeSession(hash: string, at: Date): Promise<boolean>;
  /** What it was taken for did not come about. */
  giveSessionBack(hash: string): Promise<void>;
}

/** The secret of a link, or of the cookie it was exchanged for. */
export type OwnerDoor = { readonly token: string } | { readonly session: string };

export interface OwnerAccount {
  readonly name: string;
  readonly handle?: string;
  readonly platform: string;
  readonly workspace: string;
}

/** What whoever opens the link sees. */
export type OwnerPage =
  | { readonly state: "closed" }
  | { readonly state: "done"; readonly account: OwnerAccount }
  | {
      readonly state: "open";
      readonly account: OwnerAccount;
      /** `redirect`: at the platform's own page. `keys`: by typing the fields. */
      readonly by: "redirect" | "keys";
      readonly fields: readonly KeyField[];
      /** What the platform will be asked to allow, in its own words. */
      readonly scopes: readonly string[];
      readonly message?: string;
      readonly expiresAt: Date;
    };

export type OwnerOutcome =
  | { readonly kind: "go"; readonly authUrl: string }
  | { readonly kind: "done"; readonly account: OwnerAccount }
  | { readonly kind: "closed" }
  | { readonly kind: "refused"; readonly error: ServiceError };

/** Signing in again by a link, without an account here. The link and its cookie can do this one thing. */
export interface OwnerLinksService {
  make(
    caller: Caller,
    id: ConnectionId,
  ): ServiceResult<{
    readonly connectionId: ConnectionId;
    readonly link: string;
    readonly expiresAt: string;
    readonly simulated: boolean;
  }>;
  /** Changes nothing. */
  look(door: OwnerDoor): Promise<OwnerPage>;
  /** Begins signing in, or does it with what was typed. `session`: the secret of a new cookie, and how long it lasts. */
  use(
    door: OwnerDoor,
    fields: Readonly<Record<string, string>>,
  ): Promise<{
    readonly outcome: OwnerOutcome;
    readonly session?: { readonly secret: string; readonly lifeMs: number };
  }>;
  /** For a notice to its recipient, whose right it rests on. undefined: signing in again does not help, or they may not. */
  linkFor(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly recipient: string;
    readonly createdBy: string;
  }): Promise<string | undefined>;
}
