/** What every failure carries. Never a token, header set or whole body. */
export interface FailureDetail {
  /** One plain sentence for people: what the platform said or what happened. */
  readonly message: string;
  /** The platform's own code, "190/463" or "InvalidToken". */
  readonly platformCode?: string;
  /** The platform's request or trace id. */
  readonly requestId?: string;
  readonly status?: number;
  /** Short technical cause such as ECONNRESET; no addresses with credentials, no bodies. */
  readonly cause?: string;
  /**
   * The platform answered this very call, in an error body it documents, that it did not do what was asked. Only this
   * proves that a visible call had no effect; a bare status, a body nobody knows or a lost answer prove nothing. Set it
   * with `refusedBy`, from the answer to the call itself and never from a later read.
   */
  readonly refused?: true;
}

/** A platform saying no. Each kind means exactly one thing to do; `decide` switches on it. */
export type PlatformFailure =
  /** `retryAfterMs`: the platform may refuse a token it has just given; one that is new is tried again after that. */
  | (FailureDetail & { readonly kind: "auth_expired"; readonly retryAfterMs?: number })
  /** `withdrawn`: the platform says that the person took the access back, or that the account is gone. */
  | (FailureDetail & { readonly kind: "auth_revoked"; readonly withdrawn?: true })
  | (FailureDetail & { readonly kind: "scope_missing"; readonly scopes: readonly string[] })
  /** Not now. `retryAfterMs` absent: the pipeline's own schedule. `quota`: a daily allowance is used up, held until then. */
  | (FailureDetail & {
      readonly kind: "rate_limited";
      readonly retryAfterMs?: number;
      readonly quota?: boolean;
      /** Who has to wait: this account (default), or every account of our app. */
      readonly scope?: "account" | "app";
    })
  /** This post will never pass. `field` is a field of the post or an option: text, media, options.title. */
  | (FailureDetail & { readonly kind: "content_rejected"; readonly field: string; readonly reason: string })
  /** Surely had no effect: before sending, a read, or a call that may be repeated. */
  | (FailureDetail & { readonly kind: "unavailable"; readonly retryAfterMs?: number })
  /** May have had effect: cut answer, time-out after sending, 5xx or an "unknown error" code on a changing call. */
  | (FailureDetail & { readonly kind: "outcome_unknown" })
  /** The platform changed or we are wrong: stop and tell the operator. */
  | (FailureDetail & { readonly kind: "unexpected_response"; readonly status: number })
  /**
   * Our app, its key, version, credit or the media host is the trouble: no post is at fault and nobody has to sign in
   * again. `what` names it in a few words, `link` leads to where it is put right.
   */
  | (FailureDetail & {
      readonly kind: "operator_must_act";
      readonly what: string;
      readonly link?: string;
      readonly retryAfterMs?: number;
    })
  /** The platform restricts the account; signing in again does not help. `until` where it says when that ends. */
  | (FailureDetail & { readonly kind: "account_blocked"; readonly until?: Date });

export type PlatformFailureKind = PlatformFailure["kind"];

/** Failures after which the account cannot be called until a person has acted there, or signed in again. */
export const endsSignIn = ({ kind }: PlatformFailure): boolean =>
  kind === "auth_expired" || kind === "auth_revoked" || kind === "scope_missing" || kind === "account_blocked";
