import type {
  ConnectorContext,
  Metric,
  Numbers,
  PlatformFailure,
  PlatformResult,
  PostNumbers,
  PublishedRef,
} from "@postd/connector-kit";
import { ok, type Result } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "./failures.ts";
import { type GraphCall, graph } from "./graph.ts";

type Call = Pick<GraphCall<z.ZodType>, "host" | "path" | "params" | "about" | "needs">;

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
/** Both documented forms. @source platforms/meta.md section 10 */
const Row = z.object({
  name: z.string(),
  values: z.array(z.object({ value: Value.optional().catch(undefined) })).optional(),
  total_value: z.object({ value: Value.optional().catch(undefined) }).optional(),
});
const Insights = z.object({ data: z.array(z.unknown()) });

const number = (value: z.output<typeof Value> | undefined): number | undefined =>
  typeof value === "object" ? Object.values(value).reduce((sum, part) => sum + part, 0) : value;

/** The metrics of an answer by plan; one that Meta leaves out is left out. Pure. */
export function readInsights(data: readonly unknown[], plans: readonly MetricPlan[], when: When): readonly Metric[] {
  const rows = data.flatMap((row) => Row.safeParse(row).data ?? []);
  return plans.flatMap((plan): Metric[] => {
    const row = rows.find((it) => it.name === plan.platformName);
    const series = (row?.values ?? []).flatMap((it) => number(it.value) ?? []);
    const total = number(row?.total_value?.value);
    const value =
      total ?? (plan.take === "sum" ? (series.length ? series.reduce((a, b) => a + b, 0) : undefined) : series.at(-1));
    if (value === undefined) return [];
    const counted = when.since && (plan.take === "sum" || total !== undefined) ? { since: when.since } : {};
    return [{ name: plan.name, value, platformName: plan.platformName, at: when.at, ...counted }];
  });
}

/**
 * Asks for all metrics at once. One metric that Meta does not know here fails the whole call (code 100), so they are
 * then asked one by one and the refused ones left out. Code 10 means too few viewers to tell: no numbers. So do the codes
 * for a Page with few followers and for a post that has none.
 */
export async function askInsights(
  ctx: ConnectorContext,
  call: Call,
  plans: readonly MetricPlan[],
  when: When = { at: ctx.clock.now() },
): Promise<Result<readonly Metric[], PlatformFailure>> {
  const together = await ask(ctx, call, plans, when);
  if (!together.ok && meaningOf(together.error) === "no_numbers") return ok([]);
  if (together.ok || !isRefusedMetric(together.error)) return together;
  const metrics: Metric[] = [];
  for (const plan of plans) {
    const alone = await ask(ctx, call, [plan], when);
    if (alone.ok) metrics.push(...alone.value);
    else if (!isRefusedMetric(alone.error)) return alone;
    else ctx.log.debug({ metric: plan.platformName }, "Meta does not give this metric here");
  }
  return ok(metrics);
}

async function ask(
  ctx: ConnectorContext,
  call: Call,
  plans: readonly MetricPlan[],
  when: When,
): Promise<Result<readonly Metric[], PlatformFailure>> {
  const answer = await graph(ctx, ctx.credentials.accessToken, {
    ...call,
    method: "GET",
    path: [...call.path, "insights"],
    params: { ...call.params, metric: plans.map((plan) => plan.platformName).join(",") },
    answer: Insights,
    mayWait: true,
  });
  if (answer.ok) return ok(readInsights(answer.value.data, plans, when));
  return answer.error.platformCode === "10" && call.about === "object" && mayRead(ctx, call) ? ok([]) : answer;
}

/** Code 10 is also what a missing permission answers; then the numbers are not "too few". */
const mayRead = ({ credentials }: ConnectorContext, { needs = [] }: Call): boolean =>
  needs.every((scope) => credentials.scopes?.includes(scope) ?? true);

const isRefusedMetric = (failure: PlatformFailure): boolean =>
  failure.kind === "content_rejected" && /^100(\/(?!33$)|$)/.test(failure.platformCode ?? "");

type Ref = PublishedRef & { readonly format: string };

/** Meta has no call for the numbers of several posts, so each is asked by itself; the first failure ends it. */
export const oneByOne =
  (metricsOf: (ref: Ref, ctx: ConnectorContext) => PlatformResult<readonly Metric[]>): NonNullable<Numbers["posts"]> =>
  async (refs, ctx) => {
    const found: PostNumbers[] = [];
    for (const ref of refs) {
      const metrics = await metricsOf(ref, ctx);
      if (!metrics.ok) return metrics;
      found.push({ externalId: ref.externalId, metrics: metrics.value });
    }
    return ok(found);
  };
