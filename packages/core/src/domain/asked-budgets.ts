import { type Budget, type BudgetDeed, countsCalls, defaultReadUpTo, unitsOf } from "@postd/connector-kit";
import type { AskedBudget } from "../ports/budgets.ts";

/**
 * From a claim to the platform's own count of the call it takes a moment, so a span that rolls is taken to be longer by so
 * much: two bursts that are a span apart here are never closer there.
 */
export const travelMs = 10_000;
const minuteMs = 60_000;
/** A platform's word without an end holds for a part of the span: a day's for an hour, as its windows roll. */
const saidForMs = (windowMs: number): number => Math.max(minuteMs, Math.min(60 * minuteMs, windowMs / 24));
const dayMs = 24 * 60 * minuteMs;

/** Budgets as operators set them: a number, or `none` where there is no such limit for their app. */
export type BudgetLimits = ReadonlyMap<string, number | "none">;

export interface BudgetsOf {
  readonly platform: string;
  readonly provider: string;
  readonly budgets: readonly Budget[];
  readonly limits: BudgetLimits;
}

/** What a budget is called in the ledger and by operators: those of an app are one for all platforms of its provider. */
export const ledgerName = ({ platform, provider }: Pick<BudgetsOf, "platform" | "provider">, { id, scope }: Budget) =>
  `${scope === "app" ? provider : platform}.${id}`;

/** A budget with the operator's own limit; undefined: they say that there is none, or it has no span. */
export function ruledBy(of: BudgetsOf, budget: Budget): Budget | undefined {
  const set = of.limits.get(ledgerName(of, budget));
  if (set === "none" || budget.window === "at_once") return undefined;
  if (set === undefined) return budget;
  const { unsure: _told, ...sure } = budget;
  return { ...sure, limit: set };
}

export const askedOf = (of: BudgetsOf, budget: Budget, upTo: number, units: number): AskedBudget => {
  const { window, limit, authKinds, scope } = budget;
  if (window === "at_once") throw new Error("calls at once are not kept in the ledger");
  const windowMs = "rollingMs" in window ? window.rollingMs : dayMs;
  return {
    budget: ledgerName(of, budget),
    scope,
    ...("rollingMs" in window ? { windowMs: window.rollingMs + travelMs } : { zone: window.day }),
    ...(limit !== undefined && { limit }),
    upTo,
    units,
    saidForMs: saidForMs(windowMs),
    ...(authKinds && { authKinds }),
  };
};

/** A budget that is spent by what goes out, and not by single calls. */
const isSpentBy = (budget: Budget, deed: BudgetDeed): boolean => unitsOf(budget, deed) > 0;

/**
 * What a job asks before it goes out: budgets it spends, and those of calls, which it must find room in. One whose number is
 * unsure holds back nothing that goes out.
 */
export function askedToSend(
  of: BudgetsOf,
  deed: BudgetDeed,
  job: { readonly jobId: string; readonly connectionId: string; readonly spentAt: Date | undefined },
): readonly AskedBudget[] {
  return of.budgets.flatMap((declared) => {
    const budget = ruledBy(of, declared);
    if (!budget || budget.unsure !== undefined) return [];
    const isSpent = isSpentBy(budget, deed);
    const isTold = Object.keys(budget.costs).length === 0;
    if (!isSpent && !isTold && !countsCalls(budget)) return [];
    const asked = askedOf(of, budget, budget.sendUpTo ?? 1, isSpent ? unitsOf(budget, deed) : isTold ? 0 : 1);
    if (!isSpent) return [asked];
    const again = deed.kind === "post" && !budget.perTry && job.spentAt ? { spentAt: job.spentAt.toISOString() } : {};
    return [{ ...asked, con: job.connectionId, job: job.jobId, ...again }];
  });
}

/** What reading by the clock asks: every budget of calls, up to the share that is not kept for posts. */
export const askedToRead = (of: BudgetsOf, onlySure = false): readonly AskedBudget[] =>
  of.budgets.flatMap((declared) => {
    const budget = ruledBy(of, declared);
    const isOfCalls = budget && (countsCalls(budget) || Object.keys(budget.costs).length === 0);
    if (onlySure && budget?.unsure !== undefined) return [];
    return isOfCalls ? [askedOf(of, budget, budget.readUpTo ?? defaultReadUpTo, 1)] : [];
  });

/** Every budget as it is shown. */
export const askedToShow = (of: BudgetsOf, connectionId: string): readonly AskedBudget[] =>
  of.budgets.flatMap((declared) => {
    const budget = ruledBy(of, declared);
    if (!budget) return [];
    const { posts, parts, replies } = budget.costs;
    const isOfPosts = posts !== undefined || parts !== undefined || replies !== undefined;
    const units = Object.keys(budget.costs).length === 0 ? 0 : 1;
    return [{ ...askedOf(of, budget, budget.sendUpTo ?? 1, units), ...(isOfPosts && { con: connectionId }) }];
  });
