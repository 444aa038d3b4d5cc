import type { Result, Scope, ServiceError, TenantId, UserId } from "@postd/contracts";

/** What a link stands for. A link of one purpose opens nothing else. */
export type LinkPurpose = "invitation" | "operator" | "confirm_address" | "reconnect" | "reconnect_session";

/** Makes and recognises the secret of a link; randomness and hashing live in an adapter. */
export interface LinkSecrets {
  make(): { readonly token: string; readonly hash: string };
  hash(token: string): string;
}

/** Links that stand in for a sign-in. Only hashes are stored, and looking never changes anything. */
export interface LinksRepo {
  /** Stores a link and ends older open ones with the same purpose and subject. */
  add(link: {
    readonly hash: string;
    readonly purpose: LinkPurpose;
    /** What it is about: an invitation's id, a person's id, or `instance`. */
    readonly subject: string;
    readonly tenantId?: TenantId;
    /** Whose right it rests on, where it rests on one. */
    readonly createdBy?: string;
    readonly at: Date;
    readonly expiresAt: Date;
  }): Promise<void>;
  /** The subject of a link that is open now. */
  subjectOf(hash: string, purpose: LinkPurpose, now: Date): Promise<string | undefined>;
  /** Uses a link up and makes its holder an operator, both or neither. `false`: it was not open. */
  makeOperator(input: { readonly hash: string; readonly userId: UserId; readonly at: Date }): Promise<boolean>;
  /** Uses a link up and marks its person's address as confirmed. `false`: it was not open. */
  confirmAddress(input: { readonly hash: string; readonly at: Date }): Promise<boolean>;
}

export interface ThrottleLimit {
  readonly max: number;
  readonly windowMs: number;
}

/** Counts tries for all processes together, in windows that begin with the first try. */
export interface Throttle {
  /** Counts one try. A refused one is counted too, and does not make the wait longer. */
  take(
    key: string,
    limit: ThrottleLimit,
  ): Promise<{ readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number }>;
  /** Forgets what was counted. */
  forget(key: string): Promise<void>;
}

/** `undefined`: strong enough. `hints`: words of this person that a password must not rest on. */
export type PasswordWeakness = (password: string, hints: readonly string[]) => Promise<string | undefined>;

/** Who may make an account here: everybody, whoever holds a link, or nobody new. */
export type SignUpRule = "open" | "invite" | "closed";

/** A request of somebody who is not known yet, or changes how they are known. */
export interface SignInTry {
  readonly kind:
    | "sign_up"
    | "sign_in"
    | "ask_reset"
    | "reset"
    | "change_password"
    | "confirm_address"
    | "second_factor";
  readonly clientAddress: string;
  /** Lower case, or whatever else names whose door is tried. */
  readonly account?: string;
  readonly newPassword?: string;
  /** Name and address of the person, where they are known. */
  readonly hints?: readonly string[];
  /** Token of an invitation or of the operator's link, for signing up. */
  readonly link?: string;
}

/** Rules in front of the sign-in library. */
export interface SignInRules {
  /** Whether a request may reach the library. The answer never depends on whether an account exists. */
  admit(wish: SignInTry): Promise<Result<undefined, ServiceError>>;
  /** The library was satisfied. Where that took a password, earlier wrong tries at this account no longer count. */
  passed(wish: Pick<SignInTry, "kind" | "account">): Promise<void>;
  /** Whoever proved the mailbox may sign in at once, whatever strangers tried meanwhile. */
  openAgain(email: string): Promise<void>;
  /** Mails a new person the link that confirms their address; an older one ends. */
  sendConfirmation(user: { readonly id: UserId; readonly email: string }): Promise<void>;
  /** Whose address a link confirms. Changes nothing. */
  confirmationOf(token: string): Promise<UserId | undefined>;
  /** `false`: the link was used, ended or replaced. */
  confirmAddress(token: string): Promise<boolean>;
}

/**
 * What somebody may do in a tenant now, from their membership as it is and not from what was written down earlier. Rights
 * that rest on a person (keys, invitations, started sign-ins) are always taken through here or from the same rule.
 */
export interface StandingRights {
  /** `actorId`: a person or an API key. Empty: nothing. */
  scopesOf(tenantId: TenantId, actorId: string): Promise<readonly Scope[]>;
}
