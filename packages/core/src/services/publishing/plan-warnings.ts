import { type Budget, unitsOf } from "@postd/connector-kit";
import type { ConnectionId, FieldProblem, TenantId } from "@postd/contracts";
import { askedOf, type BudgetsOf, ruledBy, travelMs } from "../../domain/asked-budgets.ts";
import type { BudgetLedger, PlannedPost } from "../../ports/budgets.ts";
import type { Budgets } from "../budgets/budget-book.ts";
import type { PreparedTarget } from "./prepared-target.ts";

export interface PlanDeps {
  readonly book: Pick<Budgets, "ofPlatform">;
  readonly ledger: Pick<BudgetLedger, "planned" | "standings">;
}

/** Plans are looked at for budgets of this span and longer; a shorter one only paces what goes out. */
const leastSpanMs = 60 * 60_000;

/**
 * Where a post would be one more than its account's platform takes in the time before it: a warning with the moment it goes
 * out at instead. Nothing is refused; the plan may change, and so may the platform's number.
 */
export async function planWarnings(
  { book, ledger }: PlanDeps,
  tenantId: TenantId,
  { target, platform, post }: Pick<PreparedTarget, "target" | "platform" | "post">,
  at: Date,
): Promise<readonly FieldProblem[]> {
  const of = book.ofPlatform(platform.id);
  if (!of) return [];
  const connection = { tenantId, connectionId: target.connectionId };
  const problems: FieldProblem[] = [];
  for (const declared of of.budgets) {
    const budget = ruledBy(of, declared);
    const isOfAccount = budget?.scope === "account" || budget?.scope === "sign_in";
    if (!budget || !isOfAccount || budget.unsure !== undefined || isShort(budget)) continue;
    if (budget.authKinds && !budget.authKinds.includes(target.account.authKind)) continue;
    const units = unitsOf(budget, { kind: "post", post });
    if (units === 0) continue;
    const limit = await limitOf(ledger, connection, of, budget);
    if (limit === undefined) continue;
    const asked = askedOf(of, budget, 1, units);
    const windowMs = asked.windowMs === undefined ? undefined : asked.windowMs - travelMs;
    const span = { at, ...(windowMs === undefined ? { zone: asked.zone ?? "UTC" } : { windowMs }) };
    const { posts, endsAt } = await ledger.planned(connection, span);
    const spent = posts.map((planned) => ({ at: planned.at, units: unitsOf(budget, deedOf(planned)) }));
    const used = spent.reduce((sum, one) => sum + one.units, 0);
    if (used + units <= limit) continue;
    const goesAt = windowMs === undefined ? endsAt : roomAt(spent, used + units - limit, windowMs);
    problems.push(warning(budget, { place: used + units, limit, goesAt }));
  }
  return problems;
}

const isShort = ({ window }: Budget): boolean =>
  window === "at_once" || ("rollingMs" in window && window.rollingMs < leastSpanMs);

const deedOf = ({ format, parts }: PlannedPost) =>
  ({ kind: "post", post: { format, parts: Array.from({ length: parts }, () => ({ text: "" })) } }) as const;

/** The platform's own number for this account, if it told one. */
async function limitOf(
  ledger: PlanDeps["ledger"],
  connection: { readonly tenantId: TenantId; readonly connectionId: ConnectionId },
  of: BudgetsOf,
  budget: Budget,
): Promise<number | undefined> {
  const [standing] = await ledger.standings(connection, [askedOf(of, budget, 1, 0)]);
  return standing?.limit ?? budget.limit;
}

/** When so many units are older than the span. */
function roomAt(
  spent: readonly { readonly at: Date; readonly units: number }[],
  needed: number,
  windowMs: number,
): Date | undefined {
  let freed = 0;
  for (const one of spent) {
    freed += one.units;
    if (freed >= needed) return new Date(one.at.getTime() + windowMs);
  }
  return undefined;
}

function warning(
  { label }: Budget,
  { place, limit, goesAt }: { readonly place: number; readonly limit: number; readonly goesAt: Date | undefined },
): FieldProblem {
  const when = goesAt ? `at about ${goesAt.toISOString()}` : "when there is room";
  return {
    field: "scheduledFor",
    code: "budget_full",
    message: `This would be ${place} of ${limit} ${label} of this account. It goes out ${when}; plan it later, or move another.`,
    severity: "warning",
  };
}
