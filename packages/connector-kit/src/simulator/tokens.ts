import type { JsonObject } from "@postd/contracts";
import { randomWord } from "./random.ts";
import type { SimEnv } from "./types.ts";

/** One consent, or one key: what tokens of it may do, and as whom. */
export interface SimGrant {
  readonly id: string;
  /** The person or account that consented. */
  readonly subject: string;
  /** Client id of the app; "" for keys no app stands behind. */
  readonly app: string;
  scopes: ReadonlySet<string>;
  /** What the app asked for; what `scopes` lack of it was declined, or withdrawn since. */
  asked: ReadonlySet<string>;
  /** When it was given, in milliseconds since 1970. */
  readonly madeAt: number;
  /** Accounts its calls act for, for `match.account` of faults. */
  accounts: readonly string[];
  /** What the platform remembers of it beside. */
  readonly data: JsonObject;
  ended: boolean;
}

export interface SimToken {
  readonly value: string;
  readonly kind: string;
  readonly grant: SimGrant;
  /** Absent: all accounts of its grant. */
  readonly accounts?: readonly string[];
  readonly issuedAt: number;
  /** Milliseconds since 1970; absent: it does not end by itself. */
  readonly expiresAt?: number;
  ended: boolean;
}

/** Whom a checked token acts for. */
export interface Caller {
  readonly subject: string;
  readonly accounts: readonly string[];
  readonly scopes: ReadonlySet<string>;
  /** The token itself, where the kit keeps it. */
  readonly token?: SimToken;
}

export type TokenProblem = "tokenInvalid" | "tokenExpired" | "tokenRevoked";

export interface GrantInput extends Pick<SimGrant, "subject"> {
  readonly app?: string;
  readonly scopes?: Iterable<string>;
  /** Default: what is granted. */
  readonly asked?: Iterable<string>;
  /** Default: the subject itself. */
  readonly accounts?: readonly string[];
  readonly data?: JsonObject;
}

/** Grants and their tokens. */
export function createTokens(env: Pick<SimEnv, "now" | "randomId">) {
  const grants = new Map<string, SimGrant>();
  const tokens = new Map<string, SimToken>();
  const find = (value: string) => tokens.get(value);

  const made = {
    grant(input: GrantInput): SimGrant {
      const { subject, app = "", scopes = [], asked = scopes, accounts = [subject], data = {} } = input;
      const grant: SimGrant = {
        id: env.randomId(),
        subject,
        app,
        scopes: new Set(scopes),
        asked: new Set(asked),
        madeAt: env.now().getTime(),
        accounts,
        data,
        ended: false,
      };
      grants.set(grant.id, grant);
      return grant;
    },
    /** `seconds` absent: the token does not end by itself. `value`: a key of the platform's own form. */
    issue(
      grant: SimGrant,
      input: {
        readonly kind?: string;
        readonly seconds?: number;
        readonly prefix?: string;
        readonly value?: string;
        readonly accounts?: readonly string[];
      } = {},
    ): SimToken {
      const { kind = "access", seconds, prefix = "", value = prefix + randomWord(64), accounts } = input;
      const issuedAt = env.now().getTime();
      const end = seconds === undefined ? {} : { expiresAt: issuedAt + seconds * 1000 };
      const token: SimToken = { value, kind, grant, issuedAt, ended: false, ...end, ...(accounts && { accounts }) };
      tokens.set(value, token);
      return token;
    },
    /** A consent given beforehand, as `createAccount` answers it. Seconds absent: no such token, or none that ends. */
    signedIn(
      input: GrantInput & {
        readonly accessSeconds?: number;
        readonly refreshSeconds?: number;
        readonly prefix?: string;
      },
    ) {
      const { accessSeconds, refreshSeconds, app, prefix = "" } = input;
      const grant = made.grant(input);
      const access = made.issue(grant, { prefix, ...(accessSeconds === undefined ? {} : { seconds: accessSeconds }) });
      const refresh =
        refreshSeconds === undefined
          ? undefined
          : made.issue(grant, { kind: "refresh", seconds: refreshSeconds, prefix });
      return {
        accessToken: access.value,
        ...(refresh && { refreshToken: refresh.value }),
        ...(app === undefined ? {} : { appId: app }),
      };
    },
    find,
    /** The token where it may be used now, or why not. */
    check(value: string, kind = "access"): SimToken | TokenProblem {
      const token = find(value);
      if (token === undefined || token.kind !== kind) return "tokenInvalid";
      if (token.ended || token.grant.ended) return "tokenRevoked";
      if (token.expiresAt !== undefined && token.expiresAt <= env.now().getTime()) return "tokenExpired";
      return token;
    },
    end(token: SimToken): void {
      token.ended = true;
    },
    /** Withdraws every consent of a subject, at one app or at all; answers how many. */
    endSubject(subject: string, app?: string): number {
      const found = [...grants.values()].filter(
        (grant) => !grant.ended && grant.subject === subject && (app === undefined || grant.app === app),
      );
      for (const grant of found) grant.ended = true;
      return found.length;
    },
    /** Grants in force, oldest first. */
    grants: (): readonly SimGrant[] => [...grants.values()].filter(({ ended }) => !ended),
    accountsOf(value: string): readonly string[] {
      const token = find(value);
      return token === undefined ? [] : accountsOf(token);
    },
  };
  return made;
}
export type SimTokens = ReturnType<typeof createTokens>;

const accountsOf = ({ accounts, grant }: SimToken): readonly string[] => accounts ?? grant.accounts;

export const callerOf = (token: SimToken): Caller => ({
  subject: token.grant.subject,
  accounts: accountsOf(token),
  scopes: token.grant.scopes,
  token,
});
