import type { HttpRequest, HttpResponse } from "./http.ts";
import type { OutgoingPost } from "./publish.ts";

/**
 * The span in which a platform counts. `rollingMs`: the time before any moment. `day`: from midnight to midnight there.
 * `at_once`: no span; so many calls may be under way together.
 */
export type BudgetWindow = { readonly rollingMs: number } | { readonly day: "UTC" | "America/Los_Angeles" } | "at_once";

/** What spends a budget, and how many units of it; what is absent costs nothing. */
export interface BudgetCosts {
  /** A post that goes out. */
  readonly posts?: number;
  /** Each further part of a thread. */
  readonly parts?: number;
  /** An answer to somebody. */
  readonly replies?: number;
  readonly edits?: number;
  readonly removals?: number;
  /** Any call of the account, counted as it leaves; reads are among them. */
  readonly calls?: number;
}

/** One allowance of a platform: data, from its fact sheet. */
export interface Budget {
  /** Unique within the platform; of scope `app` the same name means the same budget at all platforms of a provider. */
  readonly id: string;
  /** In everyday words, as it stands in "25 of 25 ...": "posts in 24 hours". */
  readonly label: string;
  /** Whose it is: all that use our app, one person's sign-in at it, or the account, whoever posts to it. */
  readonly scope: "app" | "sign_in" | "account";
  readonly window: BudgetWindow;
  /** Units; absent: the platform tells it itself, or nobody knows it. What the platform tells goes before it. */
  readonly limit?: number;
  readonly costs: BudgetCosts;
  /** Formats that spend it; absent: all. */
  readonly formats?: readonly string[];
  /** Sign-ins it holds for; absent: all. */
  readonly authKinds?: readonly string[];
  /** It is the tries that are counted, and not what went out: a second try of a post costs again. */
  readonly perTry?: true;
  /** Reading by the clock stops at this part of it, so that posts still go out. Default 0.7. */
  readonly readUpTo?: number;
  /** Posts wait from this part of it. Default 1. */
  readonly sendUpTo?: number;
  /** Why the number may be another one. Then it holds back reading alone, and posts go on until the platform says no. */
  readonly unsure?: string;
  /** ISO 8601 day. */
  readonly checkedOn: string;
}

/** What an answer says of a budget. */
export interface BudgetSaid {
  readonly budget: string;
  readonly used: number;
  readonly limit?: number;
  readonly resetsAt?: Date;
}

/** Reads budgets off an answer: its headers, or the body of a call that asks for them. Pure; never throws. */
export type UsageReader = (answer: HttpResponse, request: Pick<HttpRequest, "method" | "url">) => readonly BudgetSaid[];

export type BudgetDeed =
  | { readonly kind: "post"; readonly post: Pick<OutgoingPost, "format" | "parts"> }
  | { readonly kind: "edit" | "removal"; readonly format: string };

/** Units a deed costs by this budget; 0: none of its. Pure. */
export function unitsOf({ costs, formats }: Budget, deed: BudgetDeed): number {
  const format = deed.kind === "post" ? deed.post.format : deed.format;
  if (formats && !formats.includes(format)) return 0;
  if (deed.kind !== "post") return (deed.kind === "edit" ? costs.edits : costs.removals) ?? 0;
  const own = format === "reply" ? (costs.replies ?? 0) : (costs.posts ?? 0);
  return own + (deed.post.parts?.length ?? 0) * (costs.parts ?? 0);
}

/** Calls count against it, whatever they are for. */
export const countsCalls = ({ costs }: Budget): boolean => costs.calls !== undefined;

export const defaultReadUpTo = 0.7;

/** What types cannot check of a platform's budgets. */
export function* budgetProblems(budgets: readonly Budget[]): Generator<string> {
  const seen = new Set<string>();
  for (const { id, limit, window, costs, checkedOn, readUpTo = defaultReadUpTo, sendUpTo = 1 } of budgets) {
    if (seen.has(id)) yield `two budgets are named ${id}`;
    seen.add(id);
    if (!/^[a-z][a-z0-9_]{1,40}$/.test(id)) yield `${id} is no name of a budget`;
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
      yield `the limit of ${id} is no whole number`;
    if (typeof window === "object" && "rollingMs" in window && !(window.rollingMs >= 1_000))
      yield `the window of ${id} is shorter than a second`;
    if (Object.values(costs).some((units) => !Number.isSafeInteger(units) || units < 1))
      yield `a cost of ${id} is no whole number`;
    if (!(readUpTo > 0 && readUpTo <= sendUpTo && sendUpTo <= 1)) yield `the shares of ${id} are not between 0 and 1`;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(checkedOn)) yield `${id} has no day on which it was checked`;
  }
}
