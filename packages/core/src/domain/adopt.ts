import type { ProbeCandidate } from "@postd/connector-kit";

/** Clocks of platforms and ours may differ by this much. */
const clockSkewMs = 5_000;
/** A post made by our lost call cannot be younger than this after the call must have ended. */
const slackMs = 60_000;

export type Adoption<S> =
  | { readonly adopt: ProbeCandidate<S> }
  | { readonly ask: readonly ProbeCandidate<S>[] }
  | { readonly none: true };

/**
 * Picks the post our lost call made, if it is certain. Candidates other jobs own are out; so are ones too old or too
 * young. One proven ours wins; one unproven candidate in the time of the call is taken; anything else is a person's
 * question, because a human may have posted a twin.
 */
export function chooseAdoption<S>(input: {
  readonly candidates: readonly ProbeCandidate<S>[];
  readonly ownedElsewhere: ReadonlySet<string>;
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
  const [first] = ours.length > 0 ? ours : possible;
  if (!first) return { none: true };
  if (ours.length === 1 || (ours.length === 0 && possible.length === 1)) return { adopt: first };
  return { ask: possible };
}
