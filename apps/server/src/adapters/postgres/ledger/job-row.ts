import type { OutgoingPost } from "@postd/connector-kit";
import { type Actor, asId, type HeldReason, type JobState, type JsonObject } from "@postd/contracts";
import type { PendingIntent, ProbeRecord } from "@postd/core";

/** Columns of publish_jobs as the driver gives them. */
export interface JobRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly post_id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly state: JobState;
  readonly held_reason: HeldReason | null;
  readonly scheduled_for: Date;
  readonly wake_at: Date | null;
  readonly lease_until: Date | null;
  readonly fence: string;
  readonly tries: number;
  readonly content: OutgoingPost;
  readonly step_state: StoredState | null;
  readonly fingerprint: string;
  readonly external_post_id: string | null;
  readonly permalink: string | null;
  readonly published_at: Date | null;
  readonly failure: (JsonObject & { readonly actor: Actor }) | null;
  readonly probe: ProbeRecord | null;
  readonly needs_person: boolean;
  readonly native_schedule: boolean;
  readonly simulated: boolean;
  readonly first_claimed_at: Date | null;
  readonly released_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The `step_state` column: the connector's own state beside the pipeline's pending intent. */
export interface StoredState {
  readonly connector?: JsonObject;
  readonly pending?: Omit<PendingIntent, "intentAt"> & { readonly intentAt: string };
}

export function pendingOf(row: Pick<JobRow, "step_state">): PendingIntent | undefined {
  const pending = row.step_state?.pending;
  return pending && { ...pending, intentAt: new Date(pending.intentAt) };
}

export const jobKeyOf = (row: Pick<JobRow, "tenant_id" | "id">) => ({
  tenantId: asId("tenant", row.tenant_id),
  jobId: asId("publishJob", row.id),
});
