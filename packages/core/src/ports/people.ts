import type {
  AfterReconnectRule,
  ApiKeyId,
  ApiKeyView,
  CreatedApiKeyView,
  InvitationId,
  InvitationSummary,
  InvitationView,
  MemberId,
  MemberView,
  Result,
  Role,
  Scope,
  ServiceError,
  TenantId,
  TenantView,
  UserId,
} from "@postd/contracts";
import type { ServiceResult } from "./services.ts";

/** The tenant a request works in, and the role the asker has there. */
export interface TenantAccess {
  readonly id: TenantId;
  readonly name: string;
  readonly slug: string;
  readonly timeZone: string;
  readonly role: Role;
  /**
   * Nothing may be done there now: the tenant wants a second factor, of the session or of the key's maker, or this session
   * was ended there. Absent: open.
   */
  readonly closed?: "second_factor" | "signed_out";
}

/** What a session showed and where it was ended. */
export interface SessionStanding {
  readonly secondFactor: boolean;
  readonly endedIn: readonly string[];
}

/** A tenant of somebody's, with what only its members see. */
export interface MemberTenant extends TenantAccess {
  readonly createdAt: Date;
  /** Posts wait for an approver, but those of who owns or administers it. */
  readonly requiresApproval: boolean;
  readonly requiresTwoFactor: boolean;
  /** The person has codes or a passkey, whatever this session showed. */
  readonly hasSecondFactor: boolean;
  readonly afterReconnect: AfterReconnectRule;
}

/** A signed-in person. `tenant` is absent while the person belongs to none. */
export interface SessionPrincipal {
  readonly kind: "session";
  readonly userId: UserId;
  readonly name: string;
  readonly email: string;
  /** The person opened a mail sent to this address. */
  readonly emailVerified: boolean;
  /** Runs this instance; may pause all of it. */
  readonly operator: boolean;
  readonly image?: string;
  readonly sessionId: string;
  /** Ties an authorisation to this session; not a secret. */
  readonly sessionHash: string;
  /** It showed more than a password. */
  readonly secondFactor: boolean;
  readonly tenant?: TenantAccess;
}

/**
 * A program with an API key of one tenant. Its role is the weakest that has its scopes. Never an operator: a key is of one
 * tenant, and an operator acts on all of them.
 */
export interface KeyPrincipal {
  readonly kind: "key";
  readonly keyId: ApiKeyId;
  readonly name: string;
  /** What it may do now. */
  readonly scopes: readonly Scope[];
  readonly sessionHash: string;
  readonly tenant: TenantAccess;
}

export type Principal = SessionPrincipal | KeyPrincipal;

export interface MemberRow {
  readonly id: MemberId;
  readonly userId: UserId;
  readonly name: string;
  readonly email: string;
  readonly image?: string;
  readonly role: Role;
  readonly joinedAt: Date;
  readonly lastSeenAt?: Date;
}

export interface InvitationRow {
  readonly id: InvitationId;
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly email: string;
  readonly role: Role;
  readonly status: string;
  readonly inviterName: string;
  /** Role the inviter has now, by the membership they had when they invited; undefined: it has ended. */
  readonly inviterRole: Role | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** A member as rules between members see one. */
export type Membership = Pick<MemberRow, "id" | "userId" | "role">;

/** What is to become of a member. */
export type MemberChange = { readonly to: "role"; readonly role: Role } | { readonly to: "leave" };

/** People and tenants. Tables here have no row-level security, so every method names the tenant or the person. */
export interface PeopleRepo {
  tenantsOf(userId: UserId): Promise<readonly MemberTenant[]>;
  /** undefined: the session has ended. Notes the use, at most once a minute. */
  sessionStanding(sessionId: string, at: Date): Promise<SessionStanding | undefined>;
  /** The session's person showed a code. */
  noteCodeShown(sessionId: string): Promise<void>;
  /**
   * Tenant and first member, together or not at all. false: the person owns `most` already; two requests at once do not
   * get past it.
   */
  createTenant(input: {
    readonly id: TenantId;
    readonly name: string;
    readonly slug: string;
    readonly timeZone: string;
    readonly ownerId: UserId;
    readonly memberId: MemberId;
    readonly most: number;
    readonly at: Date;
  }): Promise<boolean>;
  updateTenant(
    id: TenantId,
    change: {
      readonly name?: string;
      readonly timeZone?: string;
      readonly requiresApproval?: boolean;
      readonly requiresTwoFactor?: boolean;
      readonly afterReconnect?: AfterReconnectRule;
      /** Since when that rule stands. */
      readonly afterReconnectAt?: Date;
    },
  ): Promise<void>;
  setActiveTenant(sessionId: string, tenantId: TenantId): Promise<void>;
  members(tenantId: TenantId): Promise<readonly MemberRow[]>;
  /** Changes a member if `judge` says so of the members as they are; nobody else changes them meanwhile. */
  changeMember(
    input: {
      readonly tenantId: TenantId;
      readonly id: MemberId;
      readonly change: MemberChange;
      /** The links they made for owners of accounts end with the change. */
      readonly endsLinks: boolean;
      readonly at: Date;
    },
    judge: (members: readonly Membership[]) => Result<undefined, ServiceError>,
  ): Promise<Result<undefined, ServiceError>>;
  /** Everybody who runs the instance, and why, for whoever may run commands on the machine. */
  operators(
    operatorEmails: readonly string[],
  ): Promise<readonly { readonly email: string; readonly name: string; readonly by: "link" | "address" }[]>;
  /** `false`: they never opened an operator's link. */
  endOperator(email: string): Promise<boolean>;
  hasAccount(email: string): Promise<boolean>;
  /**
   * For somebody who lost the app and its backup codes: the password alone signs in again. Their sessions end with it, since
   * whoever holds the lost device may be in one. `false`: the account has no codes, or there is none; nothing changed then.
   */
  endSecondFactor(email: string): Promise<boolean>;
  /** The account with all that rests on it. Answers the workspaces nobody else owns, where nothing was deleted then. */
  deleteAccount(id: UserId, at: Date): Promise<readonly { readonly id: TenantId; readonly name: string }[]>;
  /** Opened the operator's link once. */
  isStoredOperator(userId: UserId): Promise<boolean>;
  /** How many people there are, and how many of them are operators, stored or by one of these addresses. */
  census(operatorEmails: readonly string[]): Promise<{ readonly people: number; readonly operators: number }>;
}

/** Invitations to a tenant. The row's id opens nothing; the link does. */
export interface InvitationsRepo {
  /** Not accepted and not ended by time; whether they still stand is for the service to say. */
  pending(tenantId: TenantId, now: Date): Promise<readonly InvitationRow[]>;
  find(id: InvitationId): Promise<InvitationRow | undefined>;
  /** By the hash of its link, whatever its state. */
  byLink(hash: string): Promise<InvitationRow | undefined>;
  /** Withdraws earlier open invitations of the same address. */
  create(input: {
    readonly id: InvitationId;
    readonly tenantId: TenantId;
    readonly email: string;
    readonly role: Role;
    readonly inviterId: UserId;
    readonly createdAt: Date;
    readonly expiresAt: Date;
    readonly linkHash: string;
  }): Promise<void>;
  /** `false`: it was no longer open. */
  cancel(tenantId: TenantId, id: InvitationId): Promise<boolean>;
  /** Joins if `judge` says so of the invitation as it is, and uses the link up. Nobody changes members meanwhile. */
  accept(
    input: { readonly hash: string; readonly userId: UserId; readonly memberId: MemberId; readonly at: Date },
    judge: (invitation: InvitationRow | undefined) => Result<undefined, ServiceError>,
  ): Promise<Result<TenantId, ServiceError>>;
}

export interface ApiKeyRow {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly lastCharacters: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  /** Role its maker has now, by the membership they had when they made it; undefined: it has ended. */
  readonly makerRole: Role | undefined;
}

export interface ApiKeysRepo {
  list(tenantId: TenantId): Promise<readonly ApiKeyRow[]>;
  /** `hash`: SHA-256 of the whole key, hex. */
  create(row: Omit<ApiKeyRow, "makerRole"> & { readonly hash: string }): Promise<void>;
  find(tenantId: TenantId, id: ApiKeyId): Promise<ApiKeyRow | undefined>;
  revoke(tenantId: TenantId, id: ApiKeyId, at: Date): Promise<ApiKeyRow | undefined>;
  findByHash(hash: string): Promise<
    | {
        readonly key: ApiKeyRow;
        readonly tenant: Omit<TenantAccess, "role">;
        readonly closed?: "second_factor" | undefined;
      }
    | undefined
  >;
  /** Written at most once a minute per key; `key` as it was found, so that mostly nothing is asked. */
  markUsed(key: Pick<ApiKeyRow, "id" | "lastUsedAt">, at: Date): Promise<void>;
}

/** Makes and recognises keys; randomness and hashing live in an adapter. */
export interface ApiKeySecrets {
  make(id: ApiKeyId): { readonly key: string; readonly hash: string; readonly lastCharacters: string };
  /** Hash of something that has the form of a key; undefined: it has not. */
  hash(presented: string): string | undefined;
}

/** People, tenants and keys. Who may call is checked before, by scope; rules between people are checked here. */
export interface PeopleService {
  listTenants(me: SessionPrincipal): ServiceResult<{ readonly items: readonly TenantView[] }>;
  createTenant(
    me: SessionPrincipal,
    input: { readonly name: string; readonly timeZone?: string | undefined },
  ): ServiceResult<TenantView>;
  switchTenant(me: SessionPrincipal, tenantId: TenantId): ServiceResult<TenantView>;
  updateTenant(
    me: SessionPrincipal,
    change: {
      readonly name?: string | undefined;
      readonly timeZone?: string | undefined;
      readonly requiresApproval?: boolean | undefined;
      readonly requiresTwoFactor?: boolean | undefined;
      readonly afterReconnect?: AfterReconnectRule | undefined;
    },
  ): ServiceResult<TenantView>;
  listMembers(me: Principal): ServiceResult<{
    readonly items: readonly MemberView[];
    readonly invitations: readonly InvitationView[];
  }>;
  invite(me: SessionPrincipal, input: { readonly email: string; readonly role: Role }): ServiceResult<InvitationView>;
  changeRole(me: SessionPrincipal, id: MemberId, role: Role): ServiceResult<MemberView>;
  removeMember(me: SessionPrincipal, id: MemberId): ServiceResult<MemberView>;
  revokeInvitation(me: SessionPrincipal, id: InvitationId): ServiceResult<InvitationView>;
  getInvitation(token: string): ServiceResult<InvitationSummary>;
  acceptInvitation(me: SessionPrincipal, token: string): ServiceResult<TenantView>;
  listApiKeys(me: SessionPrincipal): ServiceResult<{ readonly items: readonly ApiKeyView[] }>;
  createApiKey(
    me: SessionPrincipal,
    input: { readonly name: string; readonly scopes: readonly Scope[]; readonly expiresAt?: string | undefined },
  ): ServiceResult<CreatedApiKeyView>;
  revokeApiKey(me: SessionPrincipal, id: ApiKeyId): ServiceResult<ApiKeyView>;
  /** `passwordFits` is asked once this person may try again. */
  deleteAccount(me: SessionPrincipal, passwordFits: () => Promise<boolean>): ServiceResult<{ readonly deleted: true }>;
  becomeOperator(me: SessionPrincipal, token: string): ServiceResult<{ readonly operator: true }>;
  /** A new link for a first or another operator; older ones end. */
  makeOperatorLink(): Promise<string>;
  /** Derived at every request, so that it ends with its ground. */
  isOperator(person: {
    readonly id: UserId;
    readonly email: string;
    readonly emailVerified: boolean;
  }): Promise<boolean>;
  /** Whether anybody can act for the instance, for the start to say. */
  census(): Promise<{ readonly people: number; readonly operators: number }>;
  /**
   * Called once, after sign-up. Gives a new person a tenant of their own unless they come with an invitation, and makes
   * them an operator if they come with the operator's link.
   */
  welcome(user: {
    readonly id: UserId;
    readonly name: string;
    readonly email: string;
    readonly link?: string;
  }): Promise<void>;
}
