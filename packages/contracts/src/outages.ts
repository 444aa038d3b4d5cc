import { z } from "zod";

const Instant = z.iso.datetime();

/** A platform, or one server of it, that does not answer: POSTD asks it now and then, and what is due there waits. */
export const OutageView = z.object({
  /** `half_open`: it is being asked. */
  state: z.enum(["open", "half_open"]),
  since: Instant,
  /** When it is asked again, if anything waits for it then. */
  nextLookAt: Instant.optional(),
  /** Of a platform whose accounts live on servers of their own: which one. */
  server: z.string().optional(),
  /** Posts that wait for it. */
  waiting: z.number().int(),
});
export type OutageView = z.infer<typeof OutageView>;
