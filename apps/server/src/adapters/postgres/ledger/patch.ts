import { forgetsSealed, type JobPatch } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { storedWish } from "./stored-wish.ts";

/** A patch of the rules as assignments of `publish_jobs`. Used wherever a person's word or a settled wish is written. */
export function patchAssignments(patch: JobPatch): SQL[] {
  const set: SQL[] = [sql`updated_at = domain_now()`];
  if (patch.state !== undefined) set.push(sql`state = ${patch.state}`);
  if (patch.heldReason !== undefined) set.push(sql`held_reason = ${patch.heldReason}`);
  if (patch.wakeAt !== undefined) set.push(sql`wake_at = ${instant(patch.wakeAt)}`);
  if (patch.scheduledFor !== undefined) set.push(sql`scheduled_for = ${instant(patch.scheduledFor)}`);
  if (patch.releasedAt !== undefined) set.push(sql`released_at = ${instant(patch.releasedAt)}`);
  if (patch.tries !== undefined) set.push(sql`tries = ${patch.tries}`);
  if (patch.failure !== undefined) set.push(sql`failure = ${json(patch.failure)}`);
  if (patch.forgetProbe) set.push(sql`probe = null`);
  if (patch.needsPerson !== undefined) set.push(sql`needs_person = ${patch.needsPerson}`);
  if (patch.mayBeLive === false) set.push(sql`may_be_live = false`);
  if (patch.wish !== undefined) set.push(sql`wish = ${json(storedWish(patch.wish))}`);
  if (patch.wishOutcome !== undefined) set.push(sql`wish_outcome = ${json(patch.wishOutcome)}`);
  if (patch.post !== undefined) set.push(sql`content = ${json(patch.post)}`);
  if (patch.fingerprint !== undefined) set.push(sql`fingerprint = ${patch.fingerprint}`);
  if (forgetsSealed(patch)) set.push(sql`has_sealed = false`);
  if (patch.forgetSteps) set.push(sql`step_state = null`, sql`open_attempt_id = null`);
  else if (patch.mayBeLive === false) set.push(sql`step_state = step_state - 'visible'`);
  if (patch.forgetPost) set.push(sql`external_post_id = null`, sql`permalink = null`);
  if (patch.externalPostId !== undefined) set.push(sql`external_post_id = ${patch.externalPostId}`);
  if (patch.permalink !== undefined) set.push(sql`permalink = ${patch.permalink}`);
  if (patch.publishedAt !== undefined)
    set.push(sql`published_at = coalesce(published_at, ${instant(patch.publishedAt)})`);
  if (patch.holdsClock) set.push(sql`native_schedule = false`);
  if (patch.inFlight !== undefined) set.push(sql`in_flight = ${patch.inFlight ? sql`fingerprint` : sql`null`}`);
  if (patch.raiseFence) set.push(sql`fence = fence + 1`, sql`lease_until = null`);
  return set;
}

/** With a patch that ends a job, or lets its steps begin anew, what was kept for the steps goes. */
export const dropsSealed = (row: { readonly has_sealed: boolean }, patch: JobPatch): boolean =>
  row.has_sealed && forgetsSealed(patch);

export const forgetSealed = (jobId: string): SQL => sql`delete from encrypted_secrets where owner_id = ${jobId}`;

export const json = (value: object | null): SQL => (value === null ? sql`null` : sql`${JSON.stringify(value)}::jsonb`);

const instant = (at: Date | null): SQL => (at === null ? sql`null` : sql`${at.toISOString()}::timestamptz`);
