import type { AuthContext, Credentials, PlatformResult } from "../context.ts";
import type { Granted, KeyField } from "../sign-in.ts";
import type { OAuth2Facts, OAuthFinish, OAuthStart, SignedIn } from "./facts.ts";
import { refresh, revoke } from "./renew.ts";
import { finish, type Started, start } from "./sign-in.ts";

/** The sign-in method `oauth2` makes. */
export interface OAuth2Method {
  readonly kind: "oauth2";
  readonly id: string;
  readonly label: string;
  readonly app: string;
  readonly scopes: OAuth2Facts["scopes"];
  readonly accounts: OAuth2Facts["accounts"];
  readonly fields?: readonly KeyField[];
  readonly redirectPath?: string;
  readonly refreshBeforeMs?: number;
  start(input: OAuthStart, ctx: AuthContext): PlatformResult<Started>;
  finish(input: OAuthFinish, ctx: AuthContext): PlatformResult<Granted>;
  readonly refresh?: (ctx: SignedIn) => PlatformResult<Credentials>;
  readonly revoke?: (ctx: SignedIn) => PlatformResult<void>;
}

/**
 * A sign-in method from a provider's facts: `start` (with PKCE, pushed requests and a DPoP key where the facts say so),
 * `finish`, `refresh` and `revoke`. The library oauth4webapi does the protocol; state, issuer and id token are checked
 * by it. Failures: `auth_revoked` where a person must sign in again, `operator_must_act` where our app is at fault,
 * `outcome_unknown` where a lost answer may have spent a token.
 */
export const oauth2 = (facts: OAuth2Facts): OAuth2Method => ({
  kind: "oauth2",
  id: facts.id,
  label: facts.label,
  app: facts.app,
  scopes: facts.scopes,
  accounts: facts.accounts,
  ...(facts.fields && { fields: facts.fields }),
  ...(facts.redirectPath !== undefined && { redirectPath: facts.redirectPath }),
  ...(facts.refreshBeforeMs !== undefined && { refreshBeforeMs: facts.refreshBeforeMs }),
  start: (input, ctx) => start(facts, input, ctx),
  finish: (input, ctx) => finish(facts, input, ctx),
  ...(facts.refresh && { refresh: (ctx: SignedIn) => refresh(facts, ctx) }),
  ...(facts.revoke && { revoke: (ctx: SignedIn) => revoke(facts, ctx) }),
});
