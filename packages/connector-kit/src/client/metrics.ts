import type { Metric } from "../numbers.ts";

/**
 * Numbers of an answer by the platform's names, each with ours; what is absent, null or no number is left out and never
 * 0. Numbers written as text are read. `since`: they count a period that ended `at`; absent: running totals.
 */
export function metrics(
  values: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
  when: { readonly at: Date; readonly since?: Date },
): readonly Metric[] {
  return Object.entries(names).flatMap(([platformName, name]) => {
    const told = Object.hasOwn(values, platformName) ? values[platformName] : undefined;
    const value = typeof told === "string" && /^-?\d+(\.\d+)?$/.test(told) ? Number(told) : told;
    return typeof value === "number" && Number.isFinite(value) ? [{ name, value, platformName, ...when }] : [];
  });
}
