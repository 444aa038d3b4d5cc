import type { SimGrant, SimToken, SimTokens } from "./tokens.ts";
import type { SimEnv } from "./types.ts";

/** An authorisation that waits to be exchanged. */
export interface Code {
  readonly grant: SimGrant;
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  /** What the authorisation asked for. */
  readonly query: URLSearchParams;
  readonly expiresAt: number;
}

/** What an authorisation server keeps beside its tokens. */
export function createAuthorizationServer(env: Pick<SimEnv, "now">) {
  const codes = new Map<string, Code>();
  const pushed = new Map<string, { readonly query: URLSearchParams; readonly expiresAt: number }>();
  return {
    now: () => env.now().getTime(),
    codes,
    pushed,
    /** Successor of a rotated refresh token, and until when it may be asked for again. */
    rotated: new Map<string, { readonly next: SimToken; readonly until: number }>(),
  };
}
export type AuthorizationServer = ReturnType<typeof createAuthorizationServer>;

export interface OAuthState {
  tokens(): SimTokens;
  server(): AuthorizationServer;
}
