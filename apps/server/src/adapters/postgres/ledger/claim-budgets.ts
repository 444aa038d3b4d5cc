import type { BudgetDeed } from "@postd/connector-kit";
import { asId, type HeldReason, type JsonObject } from "@postd/contracts";
import {
  type AskedBudget,
  type BudgetBook,
  type BudgetLedger,
  type ClaimedJob,
  storedTrouble,
  takesDown,
} from "@postd/core";
import { databaseErrorDetail } from "../database-error.ts";
import type { ClaimRow } from "./claim-row.ts";
import { visibleOf } from "./job-row.ts";
import { wishOf } from "./stored-wish.ts";

/** What a claim spends at the platform, and whether it may. */
export interface ClaimBudgets {
  readonly book: BudgetBook;
  readonly ledger: Pick<BudgetLedger, "standings">;
}

/** Places a job takes with its claim. */
export interface Places {
  /** In the claim's transaction. */
  readonly spends: readonly AskedBudget[];
  readonly isSpent: boolean;
  /** Counts the others, once the claim is written. */
  taken(): void;
}

const none: Places = { spends: [], isSpent: false, taken() {} };

/** spend_budgets: one of them has no room. */
export const isUsedUp = (error: unknown): boolean => databaseErrorDetail(error, "PD002") !== undefined;

/**
 * Whether the budgets of the job's account have room for what it is about to do, or until when it waits. Budgets of few units
 * are asked, and spent in the claim's transaction; big ones far from their end are counted by the process.
 */
export async function placesFor(
  row: ClaimRow,
  go: ClaimedJob["admission"],
  budgets: ClaimBudgets | undefined,
): Promise<Places | { readonly until: Date; readonly says: string }> {
  const deed = budgets && deedOf(row, go);
  if (!deed) return none;
  const { book, ledger } = budgets;
  const { id: jobId, connection_id: connectionId, platform } = row;
  const asked = book.asked({ jobId, connectionId, platform, deed, spentAt: row.spent_at ?? undefined });
  const near = asked.filter((one) => !book.isFar(connectionId, one));
  if (near.length > 0) {
    const of = { tenantId: asId("tenant", row.tenant_id), connectionId: asId("connection", connectionId) };
    const standings = await ledger.standings(of, near);
    book.learn(connectionId, standings);
    const [full] = standings
      .flatMap((one) => (one.freeAt ? [{ ...one, freeAt: one.freeAt }] : []))
      .sort((a, b) => b.freeAt.getTime() - a.freeAt.getTime());
    if (full) return { until: full.freeAt, says: book.waits(platform, full) };
  }
  const own = asked.filter((one) => one.con !== undefined && !hasPlace(row, one));
  const far = own.filter((one) => book.isFar(connectionId, one));
  return {
    spends: own.filter((one) => !far.includes(one)),
    isSpent: own.length > 0,
    taken: () => book.count(connectionId, far),
  };
}

/** What the job is about to do that a platform counts; undefined: nothing, or it was counted and taken already. */
function deedOf(row: ClaimRow, go: ClaimedJob["admission"]): BudgetDeed | undefined {
  const { format } = row.content;
  if (go === "grant") {
    const wish = wishOf(row.wish);
    if (wish?.kind === "edit") return { kind: "edit", format };
    return wish && takesDown(wish) ? { kind: "removal", format } : undefined;
  }
  const visible = visibleOf(row);
  if (go !== "publish" || row.external_post_id !== null || (visible && !visible.open)) return undefined;
  return { kind: "post", post: row.content };
}

/** Its place in a budget that rolls is kept for the budget's span; of a day's budget the database knows. */
const hasPlace = (
  { now, spent_at }: ClaimRow,
  { windowMs, spentAt }: Pick<AskedBudget, "windowMs" | "spentAt">,
): boolean =>
  spentAt !== undefined && windowMs !== undefined && spent_at !== null && now.getTime() - spent_at.getTime() < windowMs;

/** Why a job waits whose platform takes no more for now, as it is stored on it. */
export const waitingFor = (says: string, row: ClaimRow, heldReason: HeldReason | undefined): JsonObject =>
  storedTrouble(
    {
      failure: { kind: "rate_limited", message: says },
      step: "wait",
      post: row.may_be_live ? "may_be_live" : "not_sent",
    },
    { at: row.now, heldReason },
  );
