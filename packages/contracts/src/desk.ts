import { z } from "zod";

const Instant = z.iso.datetime();

/**
 * Why a post ended at the desk, as a person sees it who settles it: `account_lost`, nobody could or would sign in again;
 * `content_rejected`, the platform would not have it; `duplicate`, the same stands there already; `no_longer_needed`, its
 * moment has passed; `sent_elsewhere`, somebody posted it by hand; `platform_fault` and `our_fault`, whose mistake it was.
 */
export const deskReasons = [
  "account_lost",
  "content_rejected",
  "duplicate",
  "no_longer_needed",
  "sent_elsewhere",
  "platform_fault",
  "our_fault",
  "other",
] as const;
export type DeskReason = (typeof deskReasons)[number];

/** What a person decided: it is live, it is not and is sent again, it is left (discarded), it was dropped before it was sent. */
export const deskOutcomes = ["live", "not_live", "leave", "drop"] as const;
export type DeskOutcome = (typeof deskOutcomes)[number];

/** Why, and a line for whoever reads it later. Both may be left out. */
export const deskWords = {
  reason: z.enum(deskReasons).optional(),
  note: z.string().trim().min(1).max(500).optional(),
};

/** One decision about a job, as it was made. */
export const DeskDecisionView = z.object({
  at: Instant,
  by: z.string(),
  outcome: z.enum(deskOutcomes),
  /** Cause under which it stood at the desk. */
  cause: z.string(),
  reason: z.enum(deskReasons).optional(),
  note: z.string().optional(),
});
export type DeskDecisionView = z.infer<typeof DeskDecisionView>;

/** How often a reason was given. */
export const DeskReasonCount = z.object({
  /** `not_given` where somebody decided without one. */
  reason: z.enum([...deskReasons, "not_given"]),
  count: z.number().int(),
  lastAt: Instant,
  byOutcome: z.partialRecord(z.enum(deskOutcomes), z.number().int()),
});
export type DeskReasonCount = z.infer<typeof DeskReasonCount>;

/** The desk of a workspace as it was once a day. */
export const DeskAuditView = z.object({
  /** Day in the workspace's time zone. */
  day: z.iso.date(),
  at: Instant,
  jobs: z.number().int(),
  /** When the one that waits longest came; absent: the desk was empty. */
  oldestAt: Instant.optional(),
  causes: z.array(
    z.object({
      cause: z.string(),
      count: z.number().int(),
      /** Against the audit before; the whole count where there was none. */
      change: z.number().int(),
    }),
  ),
  /** Reasons people gave since the audit before. */
  decided: z.partialRecord(z.enum([...deskReasons, "not_given"]), z.number().int()),
});
export type DeskAuditView = z.infer<typeof DeskAuditView>;
