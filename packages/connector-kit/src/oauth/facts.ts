import type { JsonObject } from "@postd/contracts";
import type { FailureTable } from "../client/failure-table.ts";
import type { AuthContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import type { KeyField, OAuth2SignIn } from "../sign-in.ts";

/** What an address or a parameter may depend on: what a person typed first (shop, instance) and the API version. */
export interface OAuthAt {
  readonly fields: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly app: AuthContext["app"];
}

export type OAuthStart = Parameters<OAuth2SignIn["start"]>[0];
export type OAuthFinish = Parameters<OAuth2SignIn["finish"]>[0];

/** A token endpoint's answer, in standard words. */
export interface TokenAnswer {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  readonly expiresAt?: Date;
  readonly refreshExpiresAt?: Date;
  readonly scopes: readonly string[];
  /** Everything else the answer held, such as `open_id` or `instance_url`; never a token. */
  readonly rest: JsonObject;
  /** Claims of the id token, where `subject` is `"id_token"`. */
  readonly claims?: JsonObject;
}

export interface OAuthSubject {
  readonly externalId: string;
  readonly name: string;
  /** Kept with the grant for `accounts`; never a secret. */
  readonly extras?: JsonObject;
  /** What was granted, where the provider tells it elsewhere than in the token's answer. */
  readonly scopes?: readonly string[];
}

type Address = string | ((at: OAuthAt) => string);
/** Undefined takes away a parameter that would be sent otherwise. */
type Params = Readonly<Record<string, string | undefined>>;

/** A provider's OAuth 2 in facts; `oauth2` makes a sign-in method of them. */
export interface OAuth2Facts {
  /** Stored as `auth_kind`. */
  readonly id: string;
  readonly label: string;
  /** Platforms it opens; absent: all of the provider. */
  readonly platforms?: OAuth2SignIn["platforms"];
  /** Id of the app credentials set, and its fields that are the client's id and secret. */
  readonly app: string;
  readonly appFields?: { readonly id: string; readonly secret: string };
  readonly scopes: { readonly required: readonly string[]; readonly optional: readonly string[] };
  readonly scopeSeparator?: "," | " ";
  /** Typed by a person before the redirect. They are kept with the credentials, as refreshing needs them too. */
  readonly fields?: readonly KeyField[];
  /** Puts what was typed into the form it is used in; a failure names the field. Runs before anything is sent. */
  readonly checkFields?: (
    fields: Readonly<Record<string, string>>,
  ) => Readonly<Record<string, string>> | PlatformFailure;
  readonly redirectPath?: string;
  readonly authorizeAt: Address;
  readonly tokenAt: Address;
  /** Pushed authorisation requests (RFC 9126): the parameters are sent here first. */
  readonly pushAt?: Address;
  /** Checked in the callback and the id token where it is given. */
  readonly issuer?: Address;
  readonly pkce: "S256" | "none";
  readonly dpop?: true;
  /** Where the client's secret goes: `post` (default) into the body, `basic` into the header, `none` nowhere. */
  readonly clientAuth?: "post" | "basic" | "none";
  /** Standard parameter name to the provider's: `{ client_id: "client_key" }`. */
  readonly names?: Readonly<Record<string, string>>;
  readonly authorizeParams?: Params | ((input: OAuthStart, at: OAuthAt) => Params);
  readonly finishParams?: Params;
  readonly refreshParams?: Params;
  /** How token calls are sent; default `form`. `query`: as a GET. */
  readonly encoding?: "form" | "json" | "query";
  /** Looks at the callback before its code is used: signatures and stamps of the provider's own. */
  readonly checkCallback?: (
    callback: Readonly<Record<string, string>>,
    at: OAuthAt,
    ctx: AuthContext,
  ) => PlatformFailure | undefined;
  readonly answer?: {
    /** Member of the answer that holds the tokens, such as `data`. */
    readonly within?: string;
    /** Standard name to the provider's: `{ refresh_token_expires_in: "refresh_expires_in" }`. */
    readonly names?: Readonly<Record<string, string>>;
    /** Unit of all lifetimes; default seconds. */
    readonly unit?: "seconds" | "minutes";
    /** What neither names nor units say. */
    readonly read?: (body: JsonObject) => JsonObject;
  };
  /** How long a token lives where the answer does not say; absent: such a token does not end. */
  readonly lifeMs?: number;
  /** Error words of the token endpoint that mean something else than the standard says. */
  readonly errors?: Readonly<Record<string, "auth_revoked" | "operator_must_act" | "unavailable">>;
  /** Errors that are not in the standard's form: the provider's API has its own. */
  readonly failures?: FailureTable;
  /** A short-lived token for a long-lived one, before anybody is asked whose it is. */
  readonly lengthen?: (
    token: TokenAnswer,
    at: OAuthAt,
    ctx: AuthContext,
  ) => PlatformResult<Pick<TokenAnswer, "accessToken" | "expiresAt">>;
  /** Who signed in: the id token, the userinfo address, or a function that asks. */
  readonly subject:
    | "id_token"
    | { readonly userinfo: string }
    | ((token: TokenAnswer, at: OAuthAt, ctx: AuthContext) => PlatformResult<OAuthSubject>);
  readonly accounts: OAuth2SignIn["accounts"];
  /**
   * `rotates`: a refresh token is good once, so a lost answer leaves open whether it is spent. `repeatable`: the same one
   * may be sent again. Absent: there is nothing to refresh with.
   */
  readonly refresh?: "rotates" | "repeatable";
  readonly refreshBeforeMs?: number;
  /** `send`: which token; default the refresh token where there is one. `bare`: the token and nothing else. */
  readonly revoke?: { readonly at: Address; readonly send?: "access" | "refresh"; readonly bare?: true };
}
