import type { Credentials, SignInContext } from "../context.ts";
import type { OAuth2SignIn } from "../sign-in.ts";
import type { OAuth2Facts } from "./facts.ts";
import { refresh, revoke } from "./renew.ts";
import { finish, start } from "./sign-in.ts";

/**
 * A sign-in method from a provider's facts: `start` (with PKCE, pushed requests and a DPoP key where the facts say so),
 * `finish`, `refresh` and `revoke`. The library oauth4webapi does the protocol; state, issuer and id token are checked
 * by it. Failures: `auth_revoked` where a person must sign in again, `operator_must_act` where our app is at fault,
 * `outcome_unknown` where a lost answer may have spent a token.
 */
export const oauth2 = (facts: OAuth2Facts): OAuth2SignIn => ({
  kind: "oauth2",
  id: facts.id,
  label: facts.label,
  app: facts.app,
  scopes: facts.scopes,
  accounts: facts.accounts,
  ...(facts.appFields && { clientIdField: facts.appFields.id }),
  ...(facts.platforms && { platforms: facts.platforms }),
  ...(facts.fields && { fields: facts.fields }),
  ...(facts.redirectPath !== undefined && { redirectPath: facts.redirectPath }),
  ...(facts.refreshBeforeMs !== undefined && { refreshBeforeMs: facts.refreshBeforeMs }),
  start: (input, ctx) => start(facts, input, ctx),
  finish: (input, ctx) => finish(facts, input, ctx),
  ...(facts.refresh === "rotates" && { rotates: true }),
  ...(facts.refresh && { canRefresh: ({ refreshToken }: Credentials) => refreshToken !== undefined }),
  ...(facts.refresh && { refresh: (ctx: SignInContext) => refresh(facts, ctx) }),
  ...(facts.revoke && { revoke: (ctx: SignInContext) => revoke(facts, ctx) }),
});
