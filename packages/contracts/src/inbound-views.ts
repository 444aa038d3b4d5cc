import { z } from "zod";
import { PlatformId, ProviderId } from "./ids.ts";

const Instant = z.iso.datetime();

/** A request of a platform that was put aside; without what was sent, which is a tenant's. */
export const InboundRequestView = z.object({
  id: z.string(),
  provider: ProviderId,
  /** Whose app signed it: `instance`, or a tenant's own. */
  app: z.string(),
  receivedAt: Instant,
  deadAt: Instant,
  /** How often work on it was begun. */
  tries: z.number().int(),
  error: z.string().optional(),
  sizeBytes: z.number().int(),
});
export type InboundRequestView = z.infer<typeof InboundRequestView>;

/** One event of one account. */
export const InboundEventView = z.object({
  id: z.string(),
  platform: PlatformId,
  /** comment.created, post.changed, review.created, permissions.changed, lead.created and others. */
  type: z.string(),
  occurredAt: Instant.optional(),
  receivedAt: Instant,
  data: z.record(z.string(), z.unknown()),
});
export type InboundEventView = z.infer<typeof InboundEventView>;
