import type { Metric } from "@postd/connector-kit";
import type { MetricView } from "@postd/contracts";
import type { NumbersReading } from "../../ports/numbers.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";

export interface ToldDeps {
  readonly registry: ConnectorRegistry;
}

export const metricView = ({ at, since, ...metric }: Metric): MetricView => ({
  ...metric,
  at: at.toISOString(),
  ...(since && { since: since.toISOString() }),
});

/** Numbers with their age; where there are none, why. */
export function told(
  { registry }: ToldDeps,
  id: string,
  metrics: readonly Metric[],
  readAt: Date | undefined,
  otherwise?: string,
) {
  const platform = registry.get(id);
  const numbers = platform?.numbers;
  const missing =
    otherwise ??
    (numbers?.posts ? "Not read yet." : `${platform?.name ?? id} gives no numbers of single posts to programs.`);
  return {
    metrics: metrics.map(metricView),
    ...(readAt && { readAt: readAt.toISOString() }),
    ...(numbers && { delayMs: numbers.delayMs }),
    ...(metrics.length === 0 && { missing }),
  };
}

/** Why an account has no numbers, or no newer ones. */
export function whyNone({ registry }: ToldDeps, id: string, reading: NumbersReading | undefined): string {
  const message = reading?.failure?.message;
  if (typeof message === "string") return message;
  const platform = registry.get(id);
  if (!platform?.numbers?.account) return `${platform?.name ?? id} gives no numbers of accounts to programs.`;
  return reading?.readAt ? "The platform has none for this time." : "Not read yet.";
}
