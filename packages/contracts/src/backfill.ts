import { z } from "zod";
import { InstantInput } from "./bounded.ts";
import { deskReasons, deskWords } from "./desk.ts";
import { idSchema, PlatformId } from "./ids.ts";
import { heldReasons } from "./job-states.ts";

const Instant = z.iso.datetime();

/** What may become of posts that missed their time: out now, over some hours, or not at all. */
export const backfillActions = ["send_now", "spread", "drop"] as const;
export type BackfillAction = (typeof backfillActions)[number];

/** What a workspace wants done with posts that missed their time, where nobody is to be asked. */
export const afterReconnectRules = ["ask", "send", "spread", "drop"] as const;
export type AfterReconnectRule = (typeof afterReconnectRules)[number];

/** Posts one request decides on; the oldest first. */
export const mostAtOnce = 500;

const which = {
  /** Only these; default: all that wait. */
  jobs: z.array(idSchema("publishJob")).min(1).max(mostAtOnce).optional(),
  /** Only those planned before this moment. */
  olderThan: InstantInput.optional(),
};

/** A person's word on posts that wait: `over` is in hours. */
export const BackfillInput = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("send_now"), ...which, note: deskWords.note }),
  z.strictObject({
    action: z.literal("spread"),
    ...which,
    /** Hours between the first and the last post of an account; default: as the offer suggests. */
    over: z.number().int().min(1).max(72).optional(),
    note: deskWords.note,
  }),
  z.strictObject({
    action: z.literal("drop"),
    ...which,
    /** Default no_longer_needed. */
    reason: z.enum(deskReasons).optional(),
    note: deskWords.note,
  }),
]);
export type BackfillInput = z.infer<typeof BackfillInput>;

/** One post that waits for somebody's word. */
export const WaitingView = z.object({
  jobId: idSchema("publishJob"),
  postId: idSchema("post"),
  connectionId: idSchema("connection"),
  platform: PlatformId,
  format: z.string(),
  /** Its beginning. */
  text: z.string(),
  plannedFor: Instant,
  reason: z.enum(heldReasons),
  /** Its account works, so it may be sent. */
  canGo: z.boolean(),
  simulated: z.boolean(),
});
export type WaitingView = z.infer<typeof WaitingView>;

export const BackfillSuggestion = z.object({
  action: z.enum(backfillActions),
  /** Hours, where it spreads. */
  over: z.number().int().optional(),
  /** When the first and the last of them would go out. */
  firstAt: Instant.optional(),
  lastAt: Instant.optional(),
  why: z.string(),
});
export type BackfillSuggestion = z.infer<typeof BackfillSuggestion>;

/** What waits and what may be done with it; best suggestion first, none where nothing waits. */
export const BackfillOffer = z.object({
  count: z.number().int(),
  /** Those of them whose account works. */
  canGo: z.number().int(),
  oldestAt: Instant.optional(),
  newestAt: Instant.optional(),
  /** Posts whose time is still ahead: they go on by themselves. */
  ahead: z.number().int(),
  /** Posts that may be live: POSTD looks for them, and nothing sends them again. */
  inDoubt: z.number().int(),
  suggestions: z.array(BackfillSuggestion),
  /** What the workspace wants done without being asked. */
  afterReconnect: z.enum(afterReconnectRules),
  /** In the order they were planned. */
  items: z.array(WaitingView),
  nextCursor: z.string().optional(),
  simulated: z.boolean(),
});
export type BackfillOffer = z.infer<typeof BackfillOffer>;

/** What was decided. `left` still wait, more than one request decides on; ask again. */
export const BackfillDone = z.object({
  action: z.enum(backfillActions),
  decided: z.number().int(),
  left: z.number().int(),
  /** When the first and the last of them go out. */
  firstAt: Instant.optional(),
  lastAt: Instant.optional(),
  /** In the order they were planned. */
  jobs: z.array(
    z.object({
      jobId: idSchema("publishJob"),
      postId: idSchema("post"),
      connectionId: idSchema("connection"),
      plannedFor: Instant,
      /** Its new time; absent: dropped. */
      at: Instant.optional(),
    }),
  ),
  refused: z.array(z.object({ jobId: idSchema("publishJob"), reason: z.string() })),
  simulated: z.boolean(),
  /** The same key and request were seen before; this is what was answered then. */
  cached: z.literal(true).optional(),
});
export type BackfillDone = z.infer<typeof BackfillDone>;
