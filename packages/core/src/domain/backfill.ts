import type { BackfillAction } from "@postd/contracts";

/** A post that missed its time, as far as planning it anew goes. */
export interface LatePost {
  readonly id: string;
  readonly connectionId: string;
  readonly plannedFor: Date;
  /** The platform wants this long between two posts of one account. */
  readonly leastGapMs: number;
}

export interface PlanInput<P extends LatePost> {
  readonly now: Date;
  readonly posts: readonly P[];
  /** Absent: as fast as their accounts take them. Else the time between the first and the last post of an account. */
  readonly overMs?: number;
  /** Times at which posts of an account go out anyway, in order; nothing comes nearer to one than the least gap. */
  readonly taken?: ReadonlyMap<string, readonly Date[]>;
}

export interface Planned<P extends LatePost> {
  readonly post: P;
  readonly at: Date;
}

/** Posts of one account are begun this far apart even where the platform asks for nothing, so that they arrive in their order. */
const orderGapMs = 5_000;

/** In the order they were planned; of one moment, in the order they were written. */
const byPlan = (a: LatePost, b: LatePost): number =>
  a.plannedFor.getTime() - b.plannedFor.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * New times for posts that missed theirs: whatever the order they are named in, each account's go out in the order they
 * were planned, none before now and none nearer to another one than the platform wants. Spread, an account's first goes
 * out at once and its last at the end, the others evenly between, to the second; where the least gap takes longer than
 * that, it wins. The same input plans the same. Pure.
 */
export function planBackfill<P extends LatePost>({ now, posts, overMs, taken }: PlanInput<P>): readonly Planned<P>[] {
  const planned: Planned<P>[] = [];
  for (const [connectionId, own] of Map.groupBy([...posts].sort(byPlan), (post) => post.connectionId)) {
    const others = taken?.get(connectionId) ?? [];
    let next = 0;
    let before = Number.NEGATIVE_INFINITY;
    for (const [index, post] of own.entries()) {
      const gapMs = Math.max(post.leastGapMs, orderGapMs);
      const share = overMs === undefined || own.length === 1 ? 0 : (overMs * index) / (own.length - 1);
      let at = Math.max(now.getTime() + Math.floor(share / 1_000) * 1_000, before + gapMs);
      for (; next < others.length; next += 1) {
        const other = others[next]?.getTime() ?? 0;
        if (other >= at + gapMs) break;
        at = Math.max(at, other + gapMs);
      }
      before = at;
      planned.push({ post, at: new Date(at) });
    }
  }
  return planned.sort((a, b) => a.at.getTime() - b.at.getTime() || byPlan(a.post, b.post));
}

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** Nobody minds as many at once. */
const fewPosts = 3;
/** Of what was planned longer ago than this most is no news any more. */
const staleAfterMs = 7 * dayMs;

/** Hours over which an account's late posts are spread unless somebody says otherwise: one every ten minutes. */
export const suggestedHours = (posts: number): number => Math.min(72, Math.max(1, Math.ceil(posts / 6)));

export interface Suggestion {
  readonly action: BackfillAction;
  /** Hours, where it spreads. */
  readonly over?: number;
  readonly why: string;
}

/** What may be done with what waits, best first. `most`: posts of the account that has most of them. Pure. */
export function suggestBackfill(waits: {
  readonly now: Date;
  readonly count: number;
  readonly most: number;
  readonly newestAt: Date | undefined;
}): readonly Suggestion[] {
  const { now, count, most, newestAt } = waits;
  if (count === 0) return [];
  const send: Suggestion = { action: "send_now", why: "All of them now, in the order they were planned." };
  const over = suggestedHours(most);
  const spread: Suggestion = {
    action: "spread",
    over,
    why: "One post an account every ten minutes, the oldest first.",
  };
  const drop: Suggestion = { action: "drop", why: "None of them goes out; each is canceled with a reason." };
  if (newestAt && now.getTime() - newestAt.getTime() > staleAfterMs) return [drop, spread, send];
  return most <= fewPosts ? [send, spread, drop] : [spread, send, drop];
}
