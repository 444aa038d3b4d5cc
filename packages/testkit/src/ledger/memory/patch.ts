import { forgetsSealed, type JobPatch } from "@postd/core";
import { storedWish } from "../../../../../apps/server/src/adapters/postgres/ledger/stored-wish.ts";
import { type MemoryJob, nowOf, type Tables } from "./rows.ts";

/** A row with a patch of the rules on it. */
export function patched(tables: Tables, row: MemoryJob, patch: JobPatch): MemoryJob {
  const next: { -readonly [K in keyof MemoryJob]: MemoryJob[K] } = { ...row, updated_at: nowOf(tables) };
  if (patch.state !== undefined) {
    next.state = patch.state;
    next.waits_for = null;
  }
  if (patch.heldReason !== undefined) next.held_reason = patch.heldReason;
  if (patch.wakeAt !== undefined) next.wake_at = patch.wakeAt;
  if (patch.scheduledFor !== undefined) next.scheduled_for = patch.scheduledFor;
  if (patch.releasedAt !== undefined) next.released_at = patch.releasedAt;
  if (patch.tries !== undefined) next.tries = patch.tries;
  if (patch.failure !== undefined) next.failure = patch.failure as MemoryJob["failure"];
  if (patch.forgetProbe) next.probe = null;
  if (patch.needsPerson !== undefined) next.needs_person = patch.needsPerson;
  if (patch.mayBeLive === false) next.may_be_live = false;
  if (patch.wish !== undefined) next.wish = storedWish(patch.wish);
  if (patch.wishOutcome !== undefined) next.wish_outcome = patch.wishOutcome;
  if (patch.post !== undefined) next.content = patch.post;
  if (patch.fingerprint !== undefined) next.fingerprint = patch.fingerprint;
  if (forgetsSealed(patch)) next.has_sealed = false;
  if (patch.forgetSteps) next.step_state = null;
  else if (patch.mayBeLive === false) next.step_state = withoutVisible(row.step_state);
  if (patch.forgetPost) {
    next.external_post_id = null;
    next.permalink = null;
  }
  if (patch.externalPostId !== undefined) next.external_post_id = patch.externalPostId;
  if (patch.permalink !== undefined) next.permalink = patch.permalink;
  if (patch.publishedAt !== undefined) next.published_at = row.published_at ?? patch.publishedAt;
  if (patch.holdsClock) next.native_schedule = false;
  // As in the statement, the fingerprint is the one the row had.
  if (patch.inFlight !== undefined) next.in_flight = patch.inFlight ? row.fingerprint : null;
  if (patch.raiseFence) {
    next.fence = String(Number(row.fence) + 1);
    next.lease_until = null;
  }
  return next;
}

export function withoutVisible(state: MemoryJob["step_state"]): MemoryJob["step_state"] {
  if (!state) return state;
  const { visible: _gone, ...rest } = state;
  return rest;
}
