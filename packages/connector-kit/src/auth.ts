import type { JsonObject, PlatformId } from "@postd/contracts";
import type { AppCredentials, AuthContext, ConnectorContext, Credentials, PlatformResult } from "./context.ts";
import type { Secret } from "./secret.ts";

/** An account a grant opens, before a person chooses it. */
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
  /** What `accounts` has to know besides, such as the account's own server. Never a secret: those are credentials. */
  readonly extras?: JsonObject;
}

interface AuthCommon {
  /** Stored as `auth_kind`: "facebook_login", "instagram_login", "app_password". Never inferred later. */
  readonly id: string;
  readonly label: string;
  /** Scopes by what they are for; `required` decides whether a connection works at all. */
  readonly scopes: { readonly required: readonly string[]; readonly optional: readonly string[] };
  /** Accounts behind a grant, also of sibling platforms of the same family. */
  accounts(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]>;
  /** New credentials for a connection; absent: they cannot be renewed without a person. */
  readonly refresh?: (ctx: ConnectorContext) => PlatformResult<Credentials>;
  /** How long before the end a token is renewed; default 5 minutes. */
  readonly refreshBeforeMs?: number;
  /** Withdraws at the platform; absent: the person is told to do it there. */
  readonly revoke?: (ctx: ConnectorContext) => PlatformResult<void>;
}

export interface OAuth2Auth extends AuthCommon {
  readonly kind: "oauth2";
  readonly pkce: "S256" | "none";
  /** Id of the app credentials set this login uses. */
  readonly appCredentials: string;
  authorizationUrl(input: {
    readonly app: AppCredentials;
    readonly apiVersion: string;
    readonly redirectUri: string;
    readonly state: string;
    readonly codeChallenge?: string;
    readonly scopes: readonly string[];
    /** True when asking again for declined scopes. */
    readonly again?: boolean;
  }): URL;
  exchange(
    input: { readonly code: Secret; readonly redirectUri: string; readonly codeVerifier?: Secret },
    ctx: AuthContext,
  ): PlatformResult<Granted>;
}

/** A field a person types to connect without a redirect. */
export interface KeyField {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
  readonly required: boolean;
  readonly help?: string;
  readonly defaultValue?: string;
}

export interface KeysAuth extends AuthCommon {
  readonly kind: "keys";
  readonly fields: readonly KeyField[];
  /** Signs in with what was typed. A wrong value is `content_rejected` with the field, or `auth_revoked`. */
  connect(input: Readonly<Record<string, Secret>>, ctx: AuthContext): PlatformResult<Granted>;
}

export type Auth = OAuth2Auth | KeysAuth;

/** One app registered at a platform; env names are POSTD_<SET>_<FIELD>. */
export interface AppCredentialsSet {
  readonly id: string;
  readonly fields: readonly {
    readonly name: string;
    readonly secret: boolean;
    readonly required: boolean;
    readonly help: string;
  }[];
}
