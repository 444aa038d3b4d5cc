import {
  base64UrlDecode,
  base64UrlEncode,
  constantTimeEqual,
  hmacSha256,
  randomId,
  type SimRequest,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import { XrpcError } from "./answer.ts";
import type { Account, World } from "./world.ts";

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

export interface SessionTokens {
  readonly accessJwt: string;
  readonly refreshJwt: string;
}

/** What a token is presented for; an account that is not active may still do some of it. */
export type Use = "write" | "upload" | "read" | "session" | "refresh";

/** Fact sheet, "Account states": what a deactivated, taken down or deleted account is refused. Reads go on to the AppView. */
function refusalFor({ did, status }: Account, use: Use): XrpcError | undefined {
  switch (status) {
    case "active":
      return undefined;
    case "deactivated":
      return use === "write" ? new XrpcError(401, "AccountDeactivated", "Account is deactivated") : undefined;
    case "takendown":
      if (use === "read") return undefined;
      return use === "session"
        ? new XrpcError(400, "InvalidRequest", `Could not find user info for account: ${did}`)
        : new XrpcError(401, "AccountTakedown", "Account has been taken down");
    case "suspended":
      return new XrpcError(401, "AccountSuspended", "Account has been suspended");
    case "deleted":
      return new XrpcError(403, "AccountNotFound", "Account not found");
    default:
      return status satisfies never;
  }
}

/**
 * Access and refresh tokens in the shape of a PDS: JWTs of the scopes com.atproto.appPass and com.atproto.refresh.
 * Error names and the status 400 are those seen on a real PDS (real-servers notes) and in its auth verifier.
 */
export function createSessions({ now, world }: { readonly now: () => Date; readonly world: World }) {
  const key = randomId();
  const refreshes = new Map<string, Refresh>();
  /** Counts revocations by DID; access tokens carry the count of their time in `jti`. */
  const epochs = new Map<string, number>();
  const epoch = (did: string) => epochs.get(did) ?? 0;
  const seconds = () => Math.floor(now().getTime() / 1000);

  function sign(claims: Claims): string {
    const head = base64UrlEncode(
      JSON.stringify({ typ: claims.scope.endsWith("refresh") ? "refresh+jwt" : "at+jwt", alg: "HS256" }),
    );
    const body = `${head}.${base64UrlEncode(JSON.stringify(claims))}`;
    return `${body}.${base64UrlEncode(hmacSha256(key, body))}`;
  }

  function verify(request: SimRequest, scope: string): Claims {
    const header = request.headers.authorization ?? "";
    if (!header.startsWith("Bearer ")) throw new XrpcError(401, "AuthMissing", "Authentication Required");
    const [head = "", payload = "", signature = ""] = header.slice("Bearer ".length).split(".");
    const unreadable = new XrpcError(400, "InvalidToken", "Token could not be verified");
    if (!constantTimeEqual(base64UrlEncode(hmacSha256(key, `${head}.${payload}`)), signature)) throw unreadable;
    const claims = Claims.parse(JSON.parse(new TextDecoder().decode(base64UrlDecode(payload))));
    if (claims.scope !== scope) throw new XrpcError(400, "InvalidToken", "Bad token scope");
    if (claims.exp <= seconds()) throw new XrpcError(400, "ExpiredToken", "Token has expired");
    return claims;
  }

  function accountOf(claims: Claims, use: Use): Account {
    const account = world.find(claims.sub);
    if (account === undefined) throw new XrpcError(400, "InvalidToken", "Token could not be verified");
    const refusal = refusalFor(account, use);
    if (refusal) throw refusal;
    return account;
  }

  function refreshJwt(account: Account, jti: string, expiresAt: number): string {
    return sign({
      scope: "com.atproto.refresh",
      sub: account.did,
      aud: "did:web:bsky.social",
      jti,
      iat: expiresAt - refreshSeconds,
      exp: expiresAt,
    });
  }

  function issue(account: Account, passwordName: string, jti: string): SessionTokens {
    const iat = seconds();
    const known = refreshes.get(jti);
    const expiresAt = known?.expiresAt ?? iat + refreshSeconds;
    if (known === undefined) refreshes.set(jti, { did: account.did, passwordName, expiresAt });
    const accessJwt = sign({
      scope: "com.atproto.appPass",
      sub: account.did,
      aud: `did:web:${account.pdsHost}`,
      jti: `${epoch(account.did)}.${randomId()}`,
      iat,
      exp: iat + accessSeconds,
    });
    return { accessJwt, refreshJwt: refreshJwt(account, jti, expiresAt) };
  }

  return {
    start: (account: Account, passwordName: string): SessionTokens => issue(account, passwordName, randomId()),
    /** The account behind an access token. */
    access(request: SimRequest, use: Exclude<Use, "refresh">): Account {
      const claims = verify(request, "com.atproto.appPass");
      const account = accountOf(claims, use);
      if (!claims.jti.startsWith(`${epoch(account.did)}.`))
        throw new XrpcError(400, "InvalidToken", "Token could not be verified");
      // An account server knows only its own tokens; the login host passes them on.
      if (request.host.endsWith(".host.bsky.network") && request.host !== account.pdsHost) {
        throw new XrpcError(400, "InvalidToken", "Token could not be verified");
      }
      return account;
    },
    refresh(request: SimRequest): { readonly account: Account; readonly tokens: SessionTokens } {
      const claims = verify(request, "com.atproto.refresh");
      const account = accountOf(claims, "refresh");
      const known = refreshes.get(claims.jti);
      // Name and words of the reference PDS: a revoked refresh token is called expired.
      if (known === undefined || known.expiresAt <= seconds())
        throw new XrpcError(400, "ExpiredToken", "Token has been revoked");
      known.next ??= randomId();
      known.expiresAt = Math.min(known.expiresAt, seconds() + graceSeconds);
      return { account, tokens: issue(account, known.passwordName, known.next) };
    },
    /** Whose token it is, used up or not; nobody's when it is not one of ours. */
    accountsOf(token: string): readonly string[] {
      const [head = "", payload = "", signature = ""] = token.split(".");
      if (!constantTimeEqual(base64UrlEncode(hmacSha256(key, `${head}.${payload}`)), signature)) return [];
      return [Claims.parse(JSON.parse(new TextDecoder().decode(base64UrlDecode(payload)))).sub];
    },
    end(request: SimRequest): void {
      const { jti } = verify(request, "com.atproto.refresh");
      refreshes.delete(jti);
    },
    /** What revoking app passwords does; access tokens given out so far end too. */
    revoke(account: Account): void {
      account.appPasswords.clear();
      epochs.set(account.did, epoch(account.did) + 1);
      for (const [jti, { did }] of refreshes) if (did === account.did) refreshes.delete(jti);
    },
    reset(): void {
      refreshes.clear();
      epochs.clear();
    },
  };
}
export type Sessions = ReturnType<typeof createSessions>;
