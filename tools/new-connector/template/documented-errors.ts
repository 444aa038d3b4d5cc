import type { DocumentedError } from "@postd/connector-kit/conformance";

/**
 * Every row of the platform's own list of errors, as it answers them, and who has to act. Written from the documentation and
 * not from failures.ts, so that a slip there meets another reading.
 */
export const documentedErrors: readonly DocumentedError[] = [
  { name: "token_expired", status: 401, body: { code: "token_expired" }, who: "sign_in" },
  { name: "token_invalid", status: 401, body: { code: "token_invalid" }, who: "sign_in" },
  { name: "not_allowed", status: 403, body: { code: "not_allowed" }, who: "permission" },
  { name: "text_too_long", status: 422, body: { code: "text_too_long" }, who: "content", at: "change" },
  { name: "slow_down", status: 429, body: { code: "slow_down" }, who: "wait" },
  { name: "internal", status: 500, body: { code: "internal" }, who: "transient" },
];
