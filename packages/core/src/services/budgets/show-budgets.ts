import type { Budget } from "@postd/connector-kit";
import { type BudgetView, ok, type Result, type ServiceError } from "@postd/contracts";
import { askedToShow, type BudgetsOf, ledgerName, ruledBy } from "../../domain/asked-budgets.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectionsDeps } from "../connections/deps.ts";

/** What an account has used of its platform's budgets, as it stands in the ledger; those of other sign-ins are left out. */
export async function showBudgets(
  { budgets }: Pick<ConnectionsDeps, "budgets">,
  { id, tenantId, platform, simulated }: ConnectionRecord,
): Promise<Result<{ readonly items: BudgetView[]; readonly simulated: boolean }, ServiceError>> {
  const of = budgets?.book.ofPlatform(platform);
  if (!budgets || !of) return ok({ items: [], simulated });
  const standings = await budgets.ledger.standings({ tenantId, connectionId: id }, askedToShow(of, id));
  const items = standings.flatMap(({ budget: name, used, limit, resetsAt, freeAt, saidAt }) => {
    const declared = of.budgets.find((one) => ledgerName(of, one) === name);
    const budget = declared && ruledBy(of, declared);
    if (!budget) return [];
    const { checkedOn: _day, limit: _known, ...facts } = budgetFacts(of, budget);
    return [
      {
        ...facts,
        ...(limit !== undefined && { limit }),
        used,
        ...(resetsAt && { resetsAt: resetsAt.toISOString() }),
        source: saidAt ? ("platform" as const) : ("postd" as const),
        ...(saidAt && { saidAt: saidAt.toISOString() }),
        full: budget.unsure === undefined && freeAt !== undefined,
      },
    ];
  });
  return ok({ items, simulated });
}

/** A budget as it stands in the matrix. Pure. */
export const budgetFacts = (of: Pick<BudgetsOf, "platform" | "provider">, budget: Budget) => ({
  name: ledgerName(of, budget),
  label: budget.label,
  scope: budget.scope,
  window: budget.window === "at_once" ? { atOnce: true as const } : { ...budget.window },
  ...(budget.limit !== undefined && { limit: budget.limit }),
  counts: Object.keys(budget.costs),
  ...(budget.unsure !== undefined && { unsure: budget.unsure }),
  checkedOn: budget.checkedOn,
});
