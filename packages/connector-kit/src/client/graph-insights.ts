import { ok } from "@postd/contracts";
import { z } from "zod";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Metric, Numbers, PostNumbers } from "../numbers.ts";
import type { PublishedRef } from "../publish.ts";

/** How one of Meta's numbers is read: a series is summed, or its last point taken, or the parts of an object summed. */
export interface MetricPlan {
  readonly platformName: string;
  readonly name: string;
  readonly take: "sum" | "last";
}

/** The date of the numbers: of totals when they are read, of counts the period that was asked for. */
export interface When {
  readonly at: Date;
  readonly since?: Date;
}

const Value = z.union([z.number(), z.record(z.string(), z.number())]);
const Valued = z.object({ value: Value.optional().catch(undefined) });
/** All documented forms. @source platforms/meta.md section 10, platforms/threads.md section 9 */
const Row = z.object({
  name: z.string(),
  values: z.array(Valued).optional(),
  total_value: Valued.optional(),
  link_total_values: z.array(Valued).optional(),
});
/** What an insights call answers; its rows are read by plan. */
export const GraphInsights = z.object({ data: z.array(z.unknown()) });

const number = (value: z.output<typeof Value> | undefined): number | undefined =>
  typeof value === "object" ? Object.values(value).reduce((sum, part) => sum + part, 0) : value;

/** Undefined: there is nothing to add up. */
function sumOf(list: readonly z.output<typeof Valued>[] | undefined): number | undefined {
  const all = (list ?? []).flatMap((it) => number(it.value) ?? []);
  return all.length > 0 ? all.reduce((a, b) => a + b, 0) : undefined;
}

/** The metrics of an answer by plan; one that Meta leaves out is left out. Pure. */
export function readInsights(data: readonly unknown[], plans: readonly MetricPlan[], when: When): readonly Metric[] {
  const rows = data.flatMap((row) => Row.safeParse(row).data ?? []);
  return plans.flatMap((plan): Metric[] => {
    const row = rows.find((it) => it.name === plan.platformName);
    const total = number(row?.total_value?.value) ?? sumOf(row?.link_total_values);
    const series = row?.values ?? [];
    const last = series.flatMap((it) => number(it.value) ?? []).at(-1);
    const value = total ?? (plan.take === "sum" ? sumOf(series) : last);
    if (value === undefined) return [];
    const counted = when.since && (plan.take === "sum" || total !== undefined) ? { since: when.since } : {};
    return [{ name: plan.name, value, platformName: plan.platformName, at: when.at, ...counted }];
  });
}

/**
 * Asks for all metrics at once. One metric that Meta does not know here fails the whole call (code 100), so they are
 * then asked one by one and the refused ones left out. `hasNone`: that there are no numbers is no trouble.
 */
export async function askInsights(
  { log }: Pick<ConnectorContext, "log">,
  plans: readonly MetricPlan[],
  when: When,
  {
    ask,
    hasNone,
  }: {
    /** One call for the metrics it is given, under the platform's names. */
    readonly ask: (names: readonly string[]) => PlatformResult<readonly unknown[]>;
    readonly hasNone: (failure: PlatformFailure) => boolean;
  },
): PlatformResult<readonly Metric[]> {
  const askFor = async (some: readonly MetricPlan[]): PlatformResult<readonly Metric[]> => {
    const answer = await ask(some.map(({ platformName }) => platformName));
    if (answer.ok) return ok(readInsights(answer.value, some, when));
    return hasNone(answer.error) ? ok([]) : answer;
  };
  const together = await askFor(plans);
  if (together.ok || !isRefusedMetric(together.error)) return together;
  const metrics: Metric[] = [];
  for (const plan of plans) {
    const alone = await askFor([plan]);
    if (alone.ok) metrics.push(...alone.value);
    else if (!isRefusedMetric(alone.error)) return alone;
    else log.debug({ metric: plan.platformName }, "Meta does not give this metric here");
  }
  return ok(metrics);
}

const isRefusedMetric = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" && /^100(\/(?!33$)|$)/.test(failure.platformCode ?? "");

type Ref = PublishedRef & { readonly format: string };

/**
 * Meta has no call for the numbers of several posts, so each is asked by itself; the first failure ends it. Undefined: it
 * has none.
 */
export const oneByOne =
  (
    metricsOf: (ref: Ref, ctx: ConnectorContext) => PlatformResult<readonly Metric[] | undefined>,
  ): NonNullable<Numbers["posts"]> =>
  async (refs, ctx) => {
    const found: PostNumbers[] = [];
    for (const ref of refs) {
      const metrics = await metricsOf(ref, ctx);
      if (!metrics.ok) return metrics;
      if (metrics.value) found.push({ externalId: ref.externalId, metrics: metrics.value });
    }
    return ok(found);
  };
