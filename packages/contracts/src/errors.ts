import { z } from "zod";
import { type Actor, actors } from "./job-states.ts";

/** Every error code the API answers, with its HTTP status and who can usually do something about it. */
export const errorCodes = {
  invalid_input: { status: 400, actor: "you" },
  idempotency_keys_differ: { status: 400, actor: "you" },
  unauthenticated: { status: 401, actor: "you" },
  forbidden: { status: 403, actor: "you" },
  not_found: { status: 404, actor: "you" },
  method_not_allowed: { status: 405, actor: "you" },
  too_slow: { status: 408, actor: "you" },
  conflict: { status: 409, actor: "you" },
  idempotency_conflict: { status: 409, actor: "you" },
  state_conflict: { status: 409, actor: "you" },
  expired: { status: 410, actor: "you" },
  payload_too_large: { status: 413, actor: "you" },
  unsupported_media: { status: 415, actor: "you" },
  post_has_problems: { status: 422, actor: "you" },
  account_needs_attention: { status: 422, actor: "account_owner" },
  rate_limited: { status: 429, actor: "you" },
  internal: { status: 500, actor: "operator" },
  platform_refused: { status: 502, actor: "platform" },
  platform_unavailable: { status: 502, actor: "platform" },
  platform_planned: { status: 501, actor: "operator" },
  not_configured: { status: 501, actor: "operator" },
  unavailable: { status: 503, actor: "operator" },
} as const satisfies Record<string, { status: number; actor: Actor }>;

export type ErrorCode = keyof typeof errorCodes;

/** One thing wrong with one field, found together with all others. */
export const FieldProblem = z.object({
  field: z.string(),
  code: z.string(),
  message: z.string(),
  severity: z.enum(["error", "warning"]),
});
export type FieldProblem = z.infer<typeof FieldProblem>;

/** What services answer when they say no. `detail` is for people: what happened and what it means. */
export interface ServiceError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly actor?: Actor;
  /** The way out, one sentence. */
  readonly next?: string;
  readonly field?: string;
  readonly problems?: readonly FieldProblem[];
  readonly retryAfterMs?: number;
}

/** RFC 9457 problem document. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  actor: z.enum(actors),
  next: z.string().optional(),
  field: z.string().optional(),
  problems: z.array(FieldProblem).optional(),
  requestId: z.string(),
});
export type Problem = z.infer<typeof Problem>;
