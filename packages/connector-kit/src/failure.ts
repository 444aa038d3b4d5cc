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
}

/** A platform saying no. Each kind means exactly one thing to do; `decide` in core switches on it. */
export type PlatformFailure =
  | (FailureDetail & { readonly kind: "auth_expired" })
  | (FailureDetail & { readonly kind: "auth_revoked" })
  | (FailureDetail & { readonly kind: "scope_missing"; readonly scopes: readonly string[] })
  /** Not now. `retryAfterMs` absent: the pipeline's own schedule. `quota`: a daily allowance is used up, held until then. */
  | (FailureDetail & { readonly kind: "rate_limited"; readonly retryAfterMs?: number; readonly quota?: boolean })
  /** This post will never pass. `field` is a field of the post or an option: text, media, options.title. */
  | (FailureDetail & { readonly kind: "content_rejected"; readonly field: string; readonly reason: string })
  /** Surely had no effect: before sending, a read, or a call that may be repeated. */
  | (FailureDetail & { readonly kind: "unavailable"; readonly retryAfterMs?: number })
  /** May have had effect: cut answer, time-out after sending, 5xx or an "unknown error" code on a changing call. */
  | (FailureDetail & { readonly kind: "outcome_unknown" })
  /** The platform changed or we are wrong: stop and tell the operator. */
  | (FailureDetail & { readonly kind: "unexpected_response"; readonly status: number });

export type PlatformFailureKind = PlatformFailure["kind"];
