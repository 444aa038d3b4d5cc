import { ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Progress, Step, StepInput } from "../publish.ts";
import { type Pace, type Polled, pollUntil } from "./poll-until.ts";

/**
 * What a look at something the platform works on says: how it goes on, or that it is asked again, at the latest then; `state`
 * where the look itself is to be noted.
 */
export type Awaited<S> =
  | Progress<S>
  | { readonly working: true; readonly toldMs?: number | undefined; readonly state?: S };

export interface AwaitFacts<S> {
  readonly name: string;
  readonly done: Step<S>["done"];
  /** One look; a read. What the platform gave up on is a failure. */
  readonly look: (input: StepInput<S>, ctx: ConnectorContext) => PlatformResult<Awaited<S>>;
  readonly pace: Pace;
  /** What is said when it works on it for longer than `pace.endMs`. */
  readonly atEnd: (state: S) => PlatformFailure;
}

/** A step that asks until the platform is done with something: a file it converts, a container, a post it has yet to show. */
export const awaitStep = <S extends { readonly polled?: Polled }>(facts: AwaitFacts<S>): Step<S> => ({
  name: facts.name,
  effect: "none",
  repeatable: true,
  done: facts.done,
  async run(input, ctx) {
    const { state } = input;
    const seen = await facts.look(input, ctx);
    if (!seen.ok) return seen;
    if (!("working" in seen.value)) return ok({ ...seen.value, state: unpolled(seen.value.state) });
    const { pace, atEnd } = facts;
    const told = { polled: state.polled, clock: ctx.clock, pace, toldMs: seen.value.toldMs, atEnd: atEnd(state) };
    const next = pollUntil(told);
    if (!next.ok) return next;
    return ok({ state: { ...(seen.value.state ?? state), polled: next.value.polled }, waitMs: next.value.waitMs });
  },
});

/** The next thing that is waited for begins its own count. */
export function unpolled<S extends { readonly polled?: Polled }>(state: S): S {
  const next: { -readonly [K in keyof S]: S[K] } = { ...state };
  delete next.polled;
  return next;
}
