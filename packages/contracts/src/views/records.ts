import { z } from "zod";

const Instant = z.iso.datetime();
const Data = z.record(z.string(), z.unknown());

/** One change of the workspace, as it was written down with it. */
export const AuditEntryView = z.object({
  id: z.string(),
  at: Instant,
  /** `unknown`: a version of POSTD from before this record, or a statement by hand. */
  actor: z.object({
    kind: z.enum(["person", "api_key", "link", "system", "operator", "platform", "unknown"]),
    id: z.string().optional(),
    /** As it is now; absent: gone. */
    name: z.string().optional(),
  }),
  /** Kind and verb: `api_key.revoked`. */
  action: z.string(),
  subject: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  before: Data.optional(),
  after: Data.optional(),
  reason: z.string().optional(),
  requestId: z.string().optional(),
});
export type AuditEntryView = z.infer<typeof AuditEntryView>;

/** A workspace that is being erased, or was. Ids and counts only. */
export const ErasureView = z.object({
  id: z.string(),
  tenantId: z.string(),
  /** What is under way: its accounts are disconnected, its files removed, its rows; or all of it is done. */
  stage: z.enum(["accounts", "files", "rows", "done"]),
  requestedAt: Instant,
  finishedAt: Instant.optional(),
  report: z
    .object({
      /** Access withdrawn at each platform; `notWithdrawn` counts the rest by reason. */
      accounts: z.array(
        z.object({
          platform: z.string(),
          withdrawn: z.number().int(),
          notWithdrawn: z.record(z.string(), z.number().int()),
        }),
      ),
      files: z.number().int(),
      /** By table, as many as there were. */
      rows: z.record(z.string(), z.number().int()),
      rowsLeft: z.number().int(),
    })
    .optional(),
});
export type ErasureView = z.infer<typeof ErasureView>;
