import type { ConnectionId, SignInId, TenantId } from "@postd/contracts";

export interface DueSignIn {
  readonly tenantId: TenantId;
  readonly signInId: SignInId;
}

export interface DueCheck {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
}

/** A sign-in as planning its renewal sees it. */
export interface SignInUpkeep {
  readonly issuedAt: Date;
  readonly expiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  /** Renewals in a row that taught nothing. */
  readonly tries: number;
  /** Of posts planned on accounts that act with it. */
  readonly nextDueAt: Date | undefined;
  /** When the platform last confirmed one of these accounts. */
  readonly provenAt: Date | undefined;
  /**
   * A connection it can be renewed for: one that acts with its tokens and is neither disabled, nor ending, nor signed out;
   * undefined: there is none, and it is left alone.
   */
  readonly connection:
    | {
        readonly id: ConnectionId;
        readonly platform: string;
        readonly authKind: string;
        readonly renews: boolean | undefined;
        readonly credentialVersion: number;
      }
    | undefined;
}

export interface TenantUpkeep {
  /** undefined: it has ended. */
  signIn(id: SignInId): Promise<SignInUpkeep | undefined>;
  /** When it is looked at next; undefined: not by itself. A change of its ends since `seen` wins and is planned anew. */
  plan(
    id: SignInId,
    next: { readonly at: Date | undefined; readonly tries: number; readonly seen: SignInUpkeep },
  ): Promise<void>;
  /** Its accounts are not renewed without a person. */
  renewsNot(id: SignInId): Promise<void>;
  /** The look at an account broke: it is looked at again then. */
  putOffCheck(id: ConnectionId, until: Date): Promise<void>;
}

/** What falls due by the clock, over all tenants. */
export interface UpkeepRepo {
  /** Sign-ins whose renewal is to be looked at, longest due first. */
  dueSignIns(limit: number): Promise<readonly DueSignIn[]>;
  /**
   * Accounts to look at, longest due first; of one platform no more than `perPlatform`, so that one that hangs does not take
   * every place.
   */
  dueChecks(limit: number, perPlatform: number): Promise<readonly DueCheck[]>;
  forTenant(tenantId: TenantId): TenantUpkeep;
}
