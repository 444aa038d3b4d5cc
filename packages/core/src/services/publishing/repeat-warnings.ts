import type { FieldProblem, TenantId } from "@postd/contracts";
import type { RepeatsReader } from "../../ports/repeats.ts";
import type { PreparedTarget } from "./prepared-target.ts";

/** Posts of one account closer than this take each other's readers. */
const nearMs = 15 * 60_000;

/**
 * What a person may want to know before an account gets a post: that the same went out there before, and that another one is
 * planned within a quarter of an hour. Warnings for each of `prepared`, in their order; none refuses anything.
 */
export async function repeatWarnings(
  repeats: RepeatsReader,
  tenantId: TenantId,
  prepared: readonly Pick<PreparedTarget, "target" | "fingerprint">[],
  at: Date,
): Promise<readonly (readonly FieldProblem[])[]> {
  const posts = prepared.map(({ target, fingerprint }) => ({ connectionId: target.connectionId, fingerprint, at }));
  const found = await repeats.alike(tenantId, posts, nearMs);
  return prepared.map(({ target }, index) => {
    const { publishedAt, nearestAt } = found[index] ?? {};
    const { name } = target.account;
    return [
      ...(publishedAt
        ? [warning("text", "went_out_before", `The same went out on ${dayOf(publishedAt)} to ${name}.`)]
        : []),
      ...(nearestAt ? [warning("scheduledFor", "near_another", nearWords(name, at, nearestAt))] : []),
    ];
  });
}

const warning = (field: string, code: string, message: string): FieldProblem => ({
  field,
  code,
  message,
  severity: "warning",
});

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const dayOf = (date: Date): string => `${day.format(date)} (UTC)`;

function nearWords(name: string, at: Date, nearest: Date): string {
  const minutes = Math.round(Math.abs(nearest.getTime() - at.getTime()) / 60_000);
  const when = minutes === 0 ? "for the same minute" : `${minutes} min ${nearest < at ? "before" : "after"} this one`;
  return `Another post to ${name} is planned ${when}.`;
}
