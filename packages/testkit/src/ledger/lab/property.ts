import assert from "node:assert/strict";
import type { JobState } from "@postd/contracts";
import fc from "fast-check";
import type { LedgerWorld, StoredJob } from "../ledger-world.ts";
import { play } from "./actions.ts";
import { finish } from "./finish.ts";
import { Lab } from "./lab.ts";
import type { Mutation } from "./mutation.ts";

export interface Search {
  readonly sequences: number;
  readonly seed: number;
  /** Most actions of one sequence. */
  readonly longest: number;
  /** Makes a failing sequence as short as it can be, for people. */
  readonly isShrunk?: boolean;
  readonly mutation?: Mutation;
  /** Another adapter that must store the same at every turn. */
  readonly twin?: LedgerWorld;
}

export interface Found {
  /** How many were played until one broke a promise, or in all. */
  readonly sequences: number;
  /** Undefined: every promise held. */
  readonly broken: string | undefined;
  readonly counterexample: readonly number[] | undefined;
  /** Every state some job was in, so that nobody takes an idle search for a proof. */
  readonly reached: ReadonlySet<JobState>;
  /** Posts that were made at the platform, in all. */
  readonly posts: number;
}

/** Random sequences of what people, workers and the platform do, until one breaks a promise. */
export async function search(world: LedgerWorld, input: Search): Promise<Found> {
  const { mutation, twin } = input;
  const reached = new Set<JobState>();
  let posts = 0;
  const details = await fc.check(
    fc.asyncProperty(
      fc.array(fc.nat(0xffff_fffe), { minLength: 1, maxLength: input.longest, size: "max" }),
      async (sequence) => {
        const isNoted = twin !== undefined;
        const { lab, stored } = await playSequence(world, sequence, { isNoted, ...(mutation ? { mutation } : {}) });
        for (const state of lab.oracle.reached) reached.add(state);
        posts += lab.platform.posts.length;
        if (!twin) return;
        const again = await playSequence(twin, sequence, { isNoted });
        for (const [turn, rows] of again.stored.entries())
          assert.deepEqual(
            rows,
            stored[turn],
            `the two adapters differ after turn ${turn} of ${JSON.stringify(sequence)}`,
          );
      },
    ),
    { numRuns: input.sequences, seed: input.seed, endOnFailure: !input.isShrunk },
  );
  const error = details.errorInstance;
  return {
    sequences: details.numRuns,
    broken: details.failed ? (error instanceof Error ? error.message : String(error)) : undefined,
    counterexample: details.counterexample?.[0],
    reached,
    posts,
  };
}

/** Plays one sequence from an empty world to its end. Answers what was stored after each turn, where that is noted. */
async function playSequence(
  world: LedgerWorld,
  sequence: readonly number[],
  how: { readonly isNoted: boolean; readonly mutation?: Mutation },
): Promise<{ readonly lab: Lab; readonly stored: readonly (readonly object[])[] }> {
  await world.clear();
  const lab = new Lab(world, how.mutation);
  await lab.open();
  const stored: (readonly object[])[] = [];
  const note = async () => {
    if (how.isNoted) stored.push((await world.rows()).map((row) => comparable(lab, row)));
  };
  for (const seed of sequence) {
    await play(lab, seed);
    await note();
  }
  await finish(lab, sequence[0] ?? 0);
  await note();
  return { lab, stored };
}

/** A row without what differs by nature: ids, and the order of fields in what was stored as JSON. */
function comparable(lab: Lab, row: StoredJob): object {
  const { id, content, failure, probe, wish } = row;
  return {
    job: lab.oracle.nameOf(id),
    state: row.state,
    heldReason: row.held_reason,
    wakeAt: row.wake_at?.toISOString(),
    leaseUntil: row.lease_until?.toISOString(),
    scheduledFor: row.scheduled_for.toISOString(),
    releasedAt: row.released_at?.toISOString(),
    fence: Number(row.fence),
    tries: row.tries,
    text: content.text,
    fingerprint: row.fingerprint,
    inFlight: row.in_flight,
    externalPostId: row.external_post_id,
    publishedAt: row.published_at?.toISOString(),
    failure: failure && { kind: failure.kind, effect: failure.effect, step: failure.step },
    looks: probe?.looks,
    needsPerson: row.needs_person,
    nativeSchedule: row.native_schedule,
    mayBeLive: row.may_be_live,
    wish: wish?.kind,
    wishOutcome: row.wish_outcome && { kind: row.wish_outcome.kind, outcome: row.wish_outcome.outcome },
    removedAt: row.removed_at?.toISOString(),
    connectorState: row.step_state?.connector,
    pending: row.step_state?.pending && { step: row.step_state.pending.step, open: row.step_state.pending.open },
    visible: row.step_state?.visible && {
      step: row.step_state.visible.step,
      open: row.step_state.visible.open,
      intentAt: row.step_state.visible.intentAt,
      endsBy: row.step_state.visible.endsBy,
    },
  };
}
