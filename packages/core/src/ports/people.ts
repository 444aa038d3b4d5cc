import type {
  ApiKeyId,
  ApiKeyView,
  CreatedApiKeyView,
  InvitationId,
  InvitationSummary,
  InvitationView,
  MemberId,
  MemberView,
  Role,
  Scope,
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
}

/** A signed-in person. `tenant` is absent while the person belongs to none. */
export interface SessionPrincipal {
  readonly kind: "session";
  readonly userId: UserId;
  readonly name: string;
  readonly email: string;
  readonly image?: string;
  readonly sessionId: string;
  /** Ties an authorisation to this session; not a secret. */
  readonly sessionHash: string;
  readonly tenant?: TenantAccess;
}

/** A program with an API key of one tenant. Its role is the weakest that has its scopes. */
export interface KeyPrincipal {
  readonly kind: "key";
  readonly keyId: ApiKeyId;
  readonly name: string;
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
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** People and tenants. Tables here have no row-level security, so every method names the tenant or the person. */
export interface PeopleRepo {
  tenantsOf(userId: UserId): Promise<readonly (TenantAccess & { readonly createdAt: Date })[]>;
  /** Tenant and first member, together or not at all. */
  createTenant(input: {
    readonly id: TenantId;
    readonly name: string;
    readonly slug: string;
    readonly timeZone: string;
    readonly ownerId: UserId;
    readonly memberId: MemberId;
    readonly at: Date;
  }): Promise<void>;
  updateTenant(id: TenantId, change: { readonly name?: string; readonly timeZone?: string }): Promise<void>;
  setActiveTenant(sessionId: string, tenantId: TenantId): Promise<void>;
  members(tenantId: TenantId): Promise<readonly MemberRow[]>;
  memberByEmail(tenantId: TenantId, email: string): Promise<MemberRow | undefined>;
  /** `false`: it would leave the tenant without an owner. Decided under a lock on the tenant. */
  setRole(tenantId: TenantId, id: MemberId, role: Role): Promise<boolean>;
  /** Removes the member and revokes the keys they made. `false`: the last owner. */
  removeMember(tenantId: TenantId, id: MemberId, at: Date): Promise<boolean>;
  pendingInvitations(tenantId: TenantId, now: Date): Promise<readonly InvitationRow[]>;
  pendingInvitationFor(email: string, now: Date): Promise<InvitationRow | undefined>;
  invitation(id: InvitationId): Promise<InvitationRow | undefined>;
  /** Withdraws earlier open invitations of the same address. */
  createInvitation(input: {
    readonly id: InvitationId;
    readonly tenantId: TenantId;
    readonly email: string;
    readonly role: Role;
    readonly inviterId: UserId;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  }): Promise<void>;
  /** `false`: it was no longer open. */
  cancelInvitation(tenantId: TenantId, id: InvitationId): Promise<boolean>;
  /** Joins by an open invitation, once. `false`: it was no longer open. */
  acceptInvitation(input: {
    readonly id: InvitationId;
    readonly userId: UserId;
    readonly memberId: MemberId;
    readonly at: Date;
  }): Promise<boolean>;
  /** Whoever set the instance up; undefined before anybody has. */
  firstUserId(): Promise<UserId | undefined>;
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
}

export interface ApiKeysRepo {
  list(tenantId: TenantId): Promise<readonly ApiKeyRow[]>;
  /** `hash`: SHA-256 of the whole key, hex. */
  create(row: ApiKeyRow & { readonly hash: string }): Promise<void>;
  revoke(tenantId: TenantId, id: ApiKeyId, at: Date): Promise<ApiKeyRow | undefined>;
  findByHash(
    hash: string,
  ): Promise<{ readonly key: ApiKeyRow; readonly tenant: Omit<TenantAccess, "role"> } | undefined>;
  /** Written at most once a minute per key. */
  markUsed(id: ApiKeyId, at: Date): Promise<void>;
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
    change: { readonly name?: string | undefined; readonly timeZone?: string | undefined },
  ): ServiceResult<TenantView>;
  listMembers(me: Principal): ServiceResult<{
    readonly items: readonly MemberView[];
    readonly invitations: readonly InvitationView[];
  }>;
  invite(me: SessionPrincipal, input: { readonly email: string; readonly role: Role }): ServiceResult<InvitationView>;
  changeRole(me: SessionPrincipal, id: MemberId, role: Role): ServiceResult<MemberView>;
  removeMember(me: SessionPrincipal, id: MemberId): ServiceResult<MemberView>;
  revokeInvitation(me: SessionPrincipal, id: InvitationId): ServiceResult<InvitationView>;
  getInvitation(id: InvitationId): ServiceResult<InvitationSummary>;
  acceptInvitation(me: SessionPrincipal, id: InvitationId): ServiceResult<TenantView>;
  listApiKeys(me: SessionPrincipal): ServiceResult<{ readonly items: readonly ApiKeyView[] }>;
  createApiKey(
    me: SessionPrincipal,
    input: { readonly name: string; readonly scopes: readonly Scope[]; readonly expiresAt?: string | undefined },
  ): ServiceResult<CreatedApiKeyView>;
  revokeApiKey(me: SessionPrincipal, id: ApiKeyId): ServiceResult<ApiKeyView>;
  /** Gives a new person a tenant of their own, unless an invitation waits for them. Called once, after sign-up. */
  welcome(user: { readonly id: UserId; readonly name: string; readonly email: string }): Promise<void>;
  isOperator(me: Principal): Promise<boolean>;
}
