import type { OutgoingPost } from "@postd/connector-kit";
import { type Actor, asId, type HeldReason, type JobState, type JsonObject } from "@postd/contracts";
import type { EarlierPost, PendingIntent, ProbeRecord, VisibleIntent, WishFacts, WishOutcome } from "@postd/core";
import type { StoredCircuit } from "../circuit-row.ts";
import { type StoredWish, wishOf } from "./stored-wish.ts";

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
  readonly step_version: number;
  readonly has_sealed: boolean;
  readonly fingerprint: string;
  readonly external_post_id: string | null;
  readonly permalink: string | null;
  readonly earlier_posts: readonly EarlierPost[] | null;
  readonly published_at: Date | null;
  readonly failure: (JsonObject & { readonly actor: Actor }) | null;
  readonly probe: ProbeRecord | null;
  readonly needs_person: boolean;
  readonly native_schedule: boolean;
  readonly simulated: boolean;
  readonly may_be_live: boolean;
  readonly wish: StoredWish | null;
  readonly wish_outcome: WishOutcome | null;
  readonly parts_gone: boolean;
  readonly removed_at: Date | null;
  readonly removed_by: string | null;
  readonly successor_id: string | null;
  readonly first_claimed_at: Date | null;
  readonly released_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** The circuit it waits for, where a reading brings it. */
  readonly waits_for_circuit?: StoredCircuit | null;
}

/** The `step_state` column: the connector's own state beside the pipeline's pending intent and the open visible one. */
export interface StoredState {
  readonly connector?: JsonObject;
  readonly pending?: Omit<PendingIntent, "intentAt"> & { readonly intentAt: string };
  readonly visible?: Omit<VisibleIntent, "intentAt" | "endsBy"> & {
    readonly intentAt: string;
    readonly endsBy: string;
  };
}

export function pendingOf(row: Pick<JobRow, "step_state">): PendingIntent | undefined {
  const pending = row.step_state?.pending;
  return pending && { ...pending, intentAt: new Date(pending.intentAt) };
}

/** The call that may have made the job live; undefined: none, or none of ours is known. */
export function visibleOf(row: Pick<JobRow, "step_state" | "may_be_live">): VisibleIntent | undefined {
  const visible = row.may_be_live ? row.step_state?.visible : undefined;
  return visible && { ...visible, intentAt: new Date(visible.intentAt), endsBy: new Date(visible.endsBy) };
}

/** What the rules about wishes need, read under the row's lock. */
export const factsOf = (row: JobRow, now: Date): Omit<WishFacts, "can"> => ({
  now,
  state: row.state,
  heldReason: row.held_reason ?? undefined,
  mayBeLive: row.may_be_live,
  externalPostId: row.external_post_id ?? undefined,
  firstClaimedAt: row.first_claimed_at ?? undefined,
  nativeSchedule: row.native_schedule,
  sleepsUntil: row.lease_until && row.lease_until > now ? undefined : (row.wake_at ?? undefined),
  wish: wishOf(row.wish),
});

export const jobKeyOf = (row: Pick<JobRow, "tenant_id" | "id">) => ({
  tenantId: asId("tenant", row.tenant_id),
  jobId: asId("publishJob", row.id),
});
