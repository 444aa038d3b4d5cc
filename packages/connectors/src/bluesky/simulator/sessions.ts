import {
  type Caller,
  randomId,
  type SimEnv,
  type SimRefusal,
  type SimRequest,
  simJwts,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { Account } from "./model.ts";
import { tokenProblem, xrpcError } from "./words.ts";

/** Fact sheet, "Session login"; seen on a real PDS: exp - iat = 7200. */
const accessSeconds = 120 * 60;
const refreshSeconds = 90 * 86_400;
/** A rotated refresh token stays usable for up to two hours (fact sheet; seen: an immediate repeat answers 200). */
const graceSeconds = 2 * 3600;

const Claims = z.object({
  scope: z.string(),
  sub: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string(),
});
type Claims = z.infer<typeof Claims>;

interface Refresh {
  readonly did: string;
  readonly passwordName: string;
  /** Seconds since 1970. */
  expiresAt: number;
  /** The token that replaced it; a repeat within the grace gives this one again. */
  next?: string;
}

/** What a token is presented for; an account that is not active may still do some of it. */
export type Use = "write" | "upload" | "read" | "session" | "refresh";

/** What a deactivated, taken down or deleted account is refused, as seen on a real PDS. Reads go on to the AppView. */
export function refusalFor({ did, status }: Account, use: Use): SimRefusal | undefined {
  switch (status) {
    case "active":
      return undefined;
    case "deactivated":
      return use === "write" ? xrpcError(401, "AccountDeactivated", "Account is deactivated") : undefined;
    case "takendown":
      if (use === "read") return undefined;
      return use === "session"
        ? xrpcError(400, "InvalidRequest", `Could not find user info for account: ${did}`)
        : xrpcError(401, "AccountTakedown", "Account has been taken down");
    case "suspended":
      return xrpcError(401, "AccountSuspended", "Account has been suspended");
    case "deleted":
      return xrpcError(403, "AccountNotFound", "Account not found");
    default:
      return status satisfies never;
  }
}

/** Access and refresh tokens in the shape of a PDS: JWTs of the scopes com.atproto.appPass and com.atproto.refresh. */
export function createSessions(env: Pick<SimEnv, "now">, find: (did: string) => Account | undefined) {
  const jwts = simJwts();
  const refreshes = new Map<string, Refresh>();
  /** Counts what ended access tokens before their time, by DID; they carry the count of their own time in `jti`. */
  const epochs = new Map<string, number>();
  const epoch = (did: string) => epochs.get(did) ?? 0;
  const seconds = () => Math.floor(env.now().getTime() / 1000);
  const sign = (claims: Claims) =>
    jwts.sign({ typ: claims.scope.endsWith("refresh") ? "refresh+jwt" : "at+jwt", alg: "HS256" }, claims);

  function verify(token: string, scope: string): Claims | "tokenInvalid" | "tokenExpired" {
    const claims = Claims.safeParse(jwts.read(token)).data;
    if (claims === undefined || claims.scope !== scope || find(claims.sub) === undefined) return "tokenInvalid";
    return claims.exp <= seconds() ? "tokenExpired" : claims;
  }

  /** The claims of the refresh token a request brings; refuses by throwing. */
  function presented(request: SimRequest): Claims {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const claims = token === undefined ? "tokenMissing" : verify(token, "com.atproto.refresh");
    if (typeof claims === "string") throw tokenProblem(request, claims);
    return claims;
  }

  function issue(account: Account, passwordName: string, jti: string) {
    const { did: sub, pdsHost } = account;
    const iat = seconds();
    const exp = refreshes.get(jti)?.expiresAt ?? iat + refreshSeconds;
    if (!refreshes.has(jti)) refreshes.set(jti, { did: sub, passwordName, expiresAt: exp });
    const access = { scope: "com.atproto.appPass", sub, aud: `did:web:${pdsHost}`, iat, exp: iat + accessSeconds };
    const refresh = { scope: "com.atproto.refresh", sub, aud: "did:web:bsky.social", iat: exp - refreshSeconds, exp };
    return {
      accessJwt: sign({ ...access, jti: `${epoch(sub)}.${randomId()}` }),
      refreshJwt: sign({ ...refresh, jti }),
    };
  }

  /** Ends every refresh token of an account, as revoking its app passwords and taking it down do. */
  function endRefreshes(account: Account): void {
    for (const [jti, { did }] of refreshes) if (did === account.did) refreshes.delete(jti);
  }

  return {
    jwts,
    endRefreshes,
    start: (account: Account, passwordName: string) => issue(account, passwordName, randomId()),
    /** Whom an access token acts for at this host: an account server knows only its own, the login host passes them on. */
    check(token: string, host: string): Caller | "tokenInvalid" | "tokenExpired" {
      const claims = verify(token, "com.atproto.appPass");
      if (typeof claims === "string") return claims;
      if (host.endsWith(".host.bsky.network") && claims.aud !== `did:web:${host}`) return "tokenInvalid";
      if (!claims.jti.startsWith(`${epoch(claims.sub)}.`)) return "tokenExpired";
      return { subject: claims.sub, accounts: [claims.sub], scopes: new Set([claims.scope]) };
    },
    refresh(request: SimRequest) {
      const { sub, jti } = presented(request);
      const account = find(sub);
      const refusal = account && refusalFor(account, "refresh");
      if (refusal) throw refusal;
      const known = refreshes.get(jti);
      // Name and words of the PDS: a revoked refresh token is called expired.
      if (account === undefined || known === undefined || known.expiresAt <= seconds())
        throw xrpcError(400, "ExpiredToken", "Token has been revoked");
      known.next ??= randomId();
      known.expiresAt = Math.min(known.expiresAt, seconds() + graceSeconds);
      return { account, tokens: issue(account, known.passwordName, known.next) };
    },
    end: (request: SimRequest): void => void refreshes.delete(presented(request).jti),
    /** Whose token it is, used up or not; nobody's when it is not one of ours. */
    accountsOf: (token: string): readonly string[] => Claims.safeParse(jwts.read(token)).data?.sub.split(" ") ?? [],
    /** What revoking app passwords does: access tokens go on until their two hours are over (fact sheet). */
    revoke(account: Account): void {
      account.appPasswords.clear();
      endRefreshes(account);
    },
    /** The same two hours later: access tokens given out so far are over as well. */
    revokeLongAgo(account: Account): void {
      account.appPasswords.clear();
      endRefreshes(account);
      epochs.set(account.did, epoch(account.did) + 1);
    },
  };
}
