import type { JobState } from "@postd/contracts";
import { type MemoryJob, nowOf, type Tables } from "./rows.ts";

const unsettled: readonly JobState[] = [
  "scheduled",
  "publishing",
  "processing",
  "retrying",
  "held",
  "handed_over",
  "unknown",
  "partly_published",
];

/** What a person left is in doubt for good. */
const isOpen = (job: MemoryJob): boolean => job.may_be_live && job.state !== "published" && job.state !== "discarded";

/** A post somebody wants deleted goes when nothing of it is in doubt, planned, or asked for any more. */
export function endDeletion(tables: Tables, jobId: string): void {
  const post = tables.posts.get(tables.jobs.get(jobId)?.post_id ?? "");
  if (!post?.deleting || post.deletedAt) return;
  for (const job of tables.jobs.values())
    if (job.post_id === post.id && (isOpen(job) || job.wish !== null || unsettled.includes(job.state))) return;
  tables.posts.set(post.id, { ...post, deletedAt: nowOf(tables), deleting: false, updatedAt: nowOf(tables) });
}
