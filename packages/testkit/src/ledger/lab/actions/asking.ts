import type { ServiceResult } from "@postd/core";
import type { StoredJob } from "../../ledger-world.ts";
import type { Lab, LabAccount } from "../lab.ts";
import type { Random } from "../random.ts";

export const minute = 60_000;

export const shown = (lab: Lab, row: StoredJob) => lab.oracle.truthOf(row).name;

export async function anyJob(lab: Lab, random: Random): Promise<StoredJob | undefined> {
  const rows = await lab.world.rows();
  // The younger ones, where more is under way.
  return rows.length === 0 ? undefined : random.pick(rows.slice(-6));
}

/** Asks a service; slowly, when the person's request may be overtaken by others. */
export async function ask<T>(
  lab: Lab,
  random: Random,
  what: string,
  work: () => ServiceResult<T>,
  tell?: (value: T) => string,
) {
  const settled = async () => {
    const answer = await work();
    lab.tell(
      `  ${what}: ${answer.ok ? (tell?.(answer.value) ?? "done") : `${answer.error.code}, ${answer.error.detail}`}`,
    );
    return answer;
  };
  if (random.chance(0.25)) {
    await lab.stage.begin(`a person (${what})`, settled);
    return undefined;
  }
  return settled();
}

export function whenOf(lab: Lab, random: Random): string | undefined {
  const inMs = random.pick([0, 0, 0, 0, 2 * minute, 20 * minute, 90 * minute]);
  return inMs === 0 ? undefined : new Date(lab.nowMs + inMs).toISOString();
}

export const nameOf = (lab: Lab, account: LabAccount) => `${account.externalId}#${lab.accounts.indexOf(account)}`;
