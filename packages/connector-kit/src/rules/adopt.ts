import type { ProbeCandidate } from "../publish.ts";

/** Clocks of platforms and ours may differ by this much. */
const clockSkewMs = 5_000;
/** A post made by our lost call cannot be younger than this after the call must have ended. */
const slackMs = 60_000;

export type Adoption<S> =
  | { readonly adopt: ProbeCandidate<S> }
  /** Several could be it, or one that could be another's just as well. A later look may tell them apart. */
  | { readonly doubt: readonly ProbeCandidate<S>[] }
  | { readonly none: true };

/**
 * Picks the post our lost call made, if it is certain. Only a job that may have sent something comes here. Candidates
 * other jobs own, of whatever tenant and sign-in, are out; so are ones made before our call or long after it. One proven
 * ours by our record key or container wins. One unproven candidate in the time of the call is taken where no other job
 * that may be live sent the same to the same account; anything else is in doubt, because a human may have posted a twin.
 */
export function chooseAdoption<S>(input: {
  readonly candidates: readonly ProbeCandidate<S>[];
  readonly ownedElsewhere: ReadonlySet<string>;
  /** Another job that may be live sent the same content to the same platform account. */
  readonly hasRival: boolean;
  readonly intentAt: Date;
  readonly callEndedBy: Date;
}): Adoption<S> {
  const from = input.intentAt.getTime() - clockSkewMs;
  const to = input.callEndedBy.getTime() + slackMs;
  const possible = input.candidates.filter((candidate) => {
    if (input.ownedElsewhere.has(candidate.externalId)) return false;
    const at = candidate.createdAt?.getTime();
    return candidate.ours || (at !== undefined && at >= from && at <= to);
  });
  const ours = possible.filter((candidate) => candidate.ours);
  const [proven] = ours;
  if (proven) return ours.length === 1 ? { adopt: proven } : { doubt: ours };
  const [first] = possible;
  if (!first) return { none: true };
  return possible.length === 1 && !input.hasRival ? { adopt: first } : { doubt: possible };
}
