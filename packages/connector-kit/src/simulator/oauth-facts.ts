import type { SimGrant, SimTokens } from "./tokens.ts";
import type { SimResponse } from "./types.ts";

export interface OAuthApp {
  readonly id: string;
  /** Absent: a public client. */
  readonly secret?: string;
  /** Exact addresses; absent: any http(s) address. */
  readonly redirectUris?: readonly string[];
  /** What the app may ask for; absent: every scope there is. */
  readonly scopes?: readonly string[];
}

export interface OAuthPerson {
  readonly id: string;
  readonly name: string;
  /** What the person may open for an app beside being themselves: pages, locations, channels. */
  readonly accounts?: readonly { readonly id: string; readonly name: string }[];
}

/** How a platform does OAuth 2. What is not said is as RFC 6749, 7636 and 9126 have it. */
export interface OAuthFacts<W> {
  /** Routes: "www.linkedin.com/oauth/v2/authorization"; several where a path may carry a version. */
  readonly authorize: string | readonly string[];
  readonly token: string | readonly string[];
  /** The token endpoint takes GET with its parameters in the query as well. */
  readonly tokenByGet?: boolean;
  readonly revoke?: string;
  readonly introspect?: string;
  /** Pushed requests; `required`: the authorise page takes nothing else. */
  readonly par?: { readonly path: string; readonly required?: boolean; readonly seconds?: number };
  /** Heading of the consent page. */
  readonly title: string;
  /** By name, in the words of the consent page; others are refused. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly scopeSeparator?: string;
  /** Whether a person may leave single scopes out. */
  readonly scopesAreChosen?: boolean;
  /**
   * Where `scope` alone does not say what an app asks for: a saved configuration, scopes every app gets. `kept` cannot be
   * left out by the person. Text refuses the request.
   */
  asks?(
    scopes: readonly string[],
    query: URLSearchParams,
  ): { readonly scopes: readonly string[]; readonly kept?: readonly string[] } | string;
  /** A wrong request is told to the person and not to the app, which hears only of a person's no. */
  readonly tellsPerson?: boolean;
  apps(world: W): readonly OAuthApp[];
  people(world: W): readonly OAuthPerson[];
  /** Name of the client's id among the parameters. */
  readonly clientIdName?: string;
  /** How the token endpoint knows a client with a secret; `either` unless told. */
  readonly clientAuth?: "body" | "basic" | "either";
  readonly pkce?: "required" | "allowed" | "refused";
  readonly codeSeconds: number;
  /** What every code ends with, for clients that must not send it encoded as it came. */
  readonly codeEnd?: string;
  /** Absent: access tokens do not end by themselves. */
  readonly accessSeconds?: number;
  /** Absent: the platform gives no refresh tokens. */
  readonly refresh?: {
    readonly seconds?: number;
    readonly rotates?: boolean;
    /** A rotated token goes on for so long and gives the same successor. */
    readonly graceSeconds?: number;
    /** A rotated token that comes again ends everything of its grant. */
    readonly reuseEndsGrant?: boolean;
    /** Only where this scope was granted. */
    readonly scope?: string;
    /** Only where the authorisation asked for it: `access_type=offline`; some give one at the first consent alone. */
    asked?(query: URLSearchParams, at: { readonly world: W; readonly grant: SimGrant }): boolean;
  };
  readonly tokenPrefix?: string;
  /** The grant type of a token request that names none. */
  readonly impliedGrant?: string;
  /** Further grant types by name: an exchange of tokens, the client's own credentials. Undefined is `invalid_grant`. */
  readonly grants?: Readonly<
    Record<
      string,
      (input: {
        readonly world: W;
        readonly app: OAuthApp;
        readonly fields: URLSearchParams;
        readonly tokens: SimTokens;
      }) => { readonly grant: SimGrant; readonly seconds?: number } | undefined
    >
  >;
  /** The person who is signed in again without being asked, as the platform remembers an earlier consent. */
  again?(input: {
    readonly world: W;
    readonly app: string;
    readonly scopes: readonly string[];
    readonly query: URLSearchParams;
  }): string | undefined;
  /** Looks at a new consent and what there was of the person and the app before; may end or change grants. */
  consented?(input: {
    readonly world: W;
    readonly grant: SimGrant;
    readonly earlier: readonly SimGrant[];
    readonly query: URLSearchParams;
  }): void;
  /** How a callback tells a refusal; `error` is of RFC 6749. Default: `error` and `error_description`. */
  refused?(error: string, description: string): Readonly<Record<string, string>>;
  /** Further parameters of the callback. */
  callback?(input: { readonly world: W; readonly grant: SimGrant }): Readonly<Record<string, string>>;
  /** What stands behind "#" in a callback. */
  readonly callbackFragment?: string;
  /** The token endpoint's answer in the platform's own form. */
  answer?(input: {
    readonly world: W;
    readonly grant: SimGrant;
    readonly json: Readonly<Record<string, unknown>>;
  }): Readonly<Record<string, unknown>>;
  /** A refusal of the token, revocation or pushed request endpoint; `error` is of RFC 6749. */
  error?(error: string, description: string): SimResponse;
}
