import type { Platform, PlatformFailure } from "@postd/connector-kit";
import type { ConnectionStatus, JsonObject, ServiceError } from "@postd/contracts";
import type { StatusReason } from "../../ports/connection-record.ts";

/** The sign-in itself has ended, not what one account may do. */
export const signedOut = "signed_out";

/** Why a connection needs a person after this failure; undefined: the failure says nothing about the sign-in. */
export function brokenReason(failure: PlatformFailure, now: Date): StatusReason | undefined {
  const since = now.toISOString();
  switch (failure.kind) {
    case "auth_expired":
    case "auth_revoked":
      return { code: signedOut, message: failure.message, actor: "account_owner", since };
    case "scope_missing":
      return { ...missingScopesReason(failure.scopes, now), message: failure.message };
    case "rate_limited":
    case "content_rejected":
    case "unavailable":
    case "outcome_unknown":
    case "unexpected_response":
    case "operator_must_act":
      return undefined;
    case "account_blocked":
      return { code: "account_blocked", message: failure.message, actor: "account_owner", since };
    default:
      failure satisfies never;
      throw new Error("a failure kind has no meaning for the connection");
  }
}

/** The status that goes with `brokenReason`. */
export const brokenStatus = (failure: PlatformFailure): "attention" | "revoked" =>
  failure.kind === "auth_revoked" && failure.withdrawn ? "revoked" : "attention";

/** A person has to act before anything goes out. */
export const isBroken = ({ status }: { readonly status: ConnectionStatus }): boolean =>
  status === "attention" || status === "revoked";

/** A failure as the health log keeps it. */
export const failureJson = ({ kind, message, platformCode, requestId }: PlatformFailure): JsonObject => ({
  kind,
  message,
  ...(platformCode === undefined ? {} : { platformCode }),
  ...(requestId === undefined ? {} : { requestId }),
});

/** Nobody knows how the account is, since the platform's answers changed or POSTD reads them wrongly. */
export const unreadReason = (now: Date): StatusReason => ({
  code: "check_not_understood",
  message: "The platform's answers about this account are not understood. Its posts are held until they are.",
  actor: "operator",
  since: now.toISOString(),
});

export function missingScopesReason(scopes: readonly string[], now: Date): StatusReason {
  return {
    code: "scope_missing",
    message: `The sign-in lacks permissions: ${scopes.join(", ")}. Sign in again and allow them.`,
    actor: "account_owner",
    since: now.toISOString(),
  };
}

/** What a platform's refusal means while connecting or managing an account. */
export function serviceErrorOf(failure: PlatformFailure, { name }: Pick<Platform, "name">): ServiceError {
  const { message } = failure;
  switch (failure.kind) {
    case "auth_expired":
    case "auth_revoked":
    case "scope_missing":
      return {
        code: "account_needs_attention",
        detail: message,
        next: `Sign in at ${name} again and allow everything that is asked for.`,
      };
    case "content_rejected":
      return { code: "invalid_input", detail: message, field: failure.field };
    case "rate_limited":
      return {
        code: "platform_unavailable",
        detail: message,
        next: "Wait a little, then try again.",
        ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
      };
    case "unavailable":
    case "outcome_unknown":
      return { code: "platform_unavailable", detail: message, next: "Try again in a few minutes." };
    case "account_blocked":
      return {
        code: "account_needs_attention",
        detail: message,
        next: `See at ${name} what it says about the account; signing in again does not help.`,
      };
    case "operator_must_act":
      return {
        code: "platform_refused",
        detail: message,
        actor: "operator",
        next: `Tell the operator of this server: ${failure.what}.`,
      };
    case "unexpected_response":
      return { code: "platform_refused", detail: message, actor: "operator" };
    default:
      failure satisfies never;
      throw new Error("a failure kind has no service error");
  }
}
