import { fail, type JsonObject, ok, type PlatformId, type Result } from "@postd/contracts";
import type { AuthContext, Credentials, PlatformResult, SignInContext } from "./context.ts";
import type { PlatformFailure } from "./failure.ts";
import type { HealthAnswer } from "./platform.ts";
import { type Secret, secret } from "./secret.ts";

/** An account a grant opens, before a person chooses it; words and addresses as they were told, which core makes fit to show. */
export interface FoundAccount {
  readonly platform: PlatformId;
  readonly externalId: string;
  readonly kind: string;
  readonly name: string;
  readonly handle?: string;
  readonly pictureUrl?: string;
  readonly profileUrl?: string;
  readonly extras: JsonObject;
  /** The credentials this connection will own: a page token, or the grant's own. */
  readonly credentials: Credentials;
  /** Scopes this account lacks for what we do; empty: none. */
  readonly missingScopes: readonly string[];
  /** Why it cannot be connected, in plain words; absent: it can. */
  readonly blocked?: string;
}

export interface Granted {
  /** Who signed in, for "signed in as Ida Holm". */
  readonly subject: { readonly externalId: string; readonly name: string };
  readonly credentials: Credentials;
  readonly scopes: readonly string[];
  /** What `accounts`, `refresh` and `revoke` have to know besides, such as the account's own server. Never a secret: those are credentials. */
  readonly extras?: JsonObject;
}

interface SignInCommon {
  /** Stored as `auth_kind`: "facebook_login", "instagram_login", "app_password". Never inferred later. */
  readonly id: string;
  readonly label: string;
  /** Platforms of the provider whose accounts it opens; absent: all of them. */
  readonly platforms?: readonly PlatformId[];
  /** All scopes asked for. Without a required one nothing works; a platform may require more, `Platform.requiredScopes`. */
  readonly scopes: { readonly required: readonly string[]; readonly optional: readonly string[] };
  /** Accounts behind a grant, of every platform. `wanted`: the one a person came for, for the words where it has none. */
  accounts(granted: Granted, ctx: AuthContext, wanted?: PlatformId): PlatformResult<readonly FoundAccount[]>;
  /** New credentials for the sign-in; absent: they cannot be renewed without a person. */
  readonly refresh?: (ctx: SignInContext) => PlatformResult<Credentials>;
  /** How long before the end a token is renewed; default 5 minutes when it is used, and days before where it lives for weeks. */
  readonly refreshBeforeMs?: number;
  /** Each renewal brings a refresh token with a life of its own, so that renewing in time keeps the sign-in for ever. */
  readonly rotates?: true;
  /** Whether these credentials hold what `refresh` needs; absent: they always do. */
  canRefresh?(credentials: Credentials): boolean;
  /** Withdraws at the platform; absent: the person is told to do it there. */
  readonly revoke?: (ctx: SignInContext) => PlatformResult<void>;
}

/** `accounts` of a sign-in where whoever signs in is the account itself, one on each of these platforms. */
export const ownAccounts =
  (kind: string, ...platforms: readonly PlatformId[]): SignInCommon["accounts"] =>
  async ({ subject, credentials, extras = {} }) =>
    ok(platforms.map((platform) => ({ ...subject, platform, kind, extras, credentials, missingScopes: [] })));

/** What a provider keeps from `start` to `finish`, and what a person typed. Sealed in between, deleted after use. */
export type Kept = Readonly<Record<string, Secret>>;

export interface OAuth2SignIn extends SignInCommon {
  readonly kind: "oauth2";
  /** Id of the app credentials set it uses. */
  readonly app: string;
  /** Field of the app that is its id at the provider; default `client_id`. One app may be registered here more than once. */
  readonly clientIdField?: string;
  /** Typed by a person first: a shop, an instance, a data centre. */
  readonly fields?: readonly KeyField[];
  /**
   * Where the provider sends the browser back, as a path of this server. Registered addresses match exactly, so it never
   * changes. `:platform` is the platform a person came for. Default `/api/oauth/<provider>/callback`.
   */
  readonly redirectPath?: string;
  /** Where the browser goes. May talk to the provider first (a pushed request, an app registered on the fly). */
  start(
    input: {
      readonly redirectUri: string;
      readonly state: string;
      readonly scopes: readonly string[];
      /** True when asking again for declined scopes. */
      readonly again?: boolean;
      /** A language tag such as "da" or "pt-BR"; a provider that does not know it shows its own choice. */
      readonly locale?: string;
      readonly fields: Kept;
    },
    ctx: AuthContext,
  ): PlatformResult<{ readonly url: URL; readonly keep?: Kept }>;
  /**
   * Ends it with every parameter the browser came back with. One that carries `error` (RFC 6749, 4.1.2.1) was refused and
   * never gets here; a refusal in a provider's own words does.
   */
  finish(
    input: {
      readonly callback: Readonly<Record<string, string>>;
      readonly redirectUri: string;
      readonly state: string;
      readonly fields: Kept;
      readonly keep: Kept;
    },
    ctx: AuthContext,
  ): PlatformResult<Granted>;
}

/** A field a person types: a key, or what an authorisation has to know first. */
export interface KeyField {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
  readonly required: boolean;
  readonly help?: string;
  readonly defaultValue?: string;
}

export interface KeysSignIn extends SignInCommon {
  readonly kind: "keys";
  readonly fields: readonly KeyField[];
  /** Signs in with what was typed. A wrong value is `content_rejected` with the field, or `auth_revoked`. */
  connect(input: Readonly<Record<string, Secret>>, ctx: AuthContext): PlatformResult<Granted>;
}

/** Those of the needed scopes that were not granted. */
export const missingScopes = (granted: readonly string[], needed: readonly string[]): readonly string[] =>
  needed.filter((scope) => !granted.includes(scope));

/** The part of an account's health that its sign-in tells; where no scopes are kept, none is known to be missing. */
export const grantHealth = ({ scopes, expiresAt }: Credentials, needed: readonly string[]): HealthAnswer => ({
  ...(scopes && { scopes }),
  missingScopes: scopes ? missingScopes(scopes, needed) : [],
  ...(expiresAt && { expiresAt }),
});

/** The authorisation code a browser came back with; one without it says so in plain words. */
export function codeIn(callback: Readonly<Record<string, string>>): Result<Secret, PlatformFailure> {
  if (callback.code) return ok(secret(callback.code));
  const message = "The sign-in page sent the browser back without a code. Start again.";
  return fail({ kind: "content_rejected", field: "code", reason: "missing", message });
}

export type SignInMethod = OAuth2SignIn | KeysSignIn;
