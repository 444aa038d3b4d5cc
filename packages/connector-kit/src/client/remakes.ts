/** In a job's state: how often in a row what nobody sees was made anew, and when it was last made or seen at work. */
export type Remakes = { readonly remakes: number; readonly remadeAt?: string };

const MOST = 2;
const REST_MS = 10 * 60_000;

const hasRested = ({ remadeAt }: Remakes, now: Date): boolean =>
  remadeAt !== undefined && now.getTime() - Date.parse(remadeAt) > REST_MS;

/** Whether what broke may be made anew; after a rest, as when a person sends the post again, tries count anew. */
export const mayRemake = (state: Remakes, now: Date, most = MOST): boolean =>
  hasRested(state, now) || state.remakes < most;

/** Notes one more try. */
export const countRemake = <S extends Remakes>(state: S, now: Date): S => ({
  ...state,
  remakes: hasRested(state, now) ? 1 : state.remakes + 1,
  remadeAt: now.toISOString(),
});

/** The platform works on it, which is no rest: what breaks only after long work is not made anew without end. */
export const stillAtWork = <S extends Remakes>(state: S, now: Date): S =>
  state.remadeAt === undefined ? state : { ...state, remadeAt: now.toISOString() };
