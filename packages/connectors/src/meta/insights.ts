import {
  askInsights as ask,
  type ConnectorContext,
  type GraphCall,
  GraphInsights,
  type Metric,
  type MetricPlan,
  type PlatformResult,
  type When,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import type { z } from "zod";
import { meaningOf } from "./failures.ts";
import { graph } from "./graph.ts";
import type { GraphHost } from "./graph-url.ts";

type Call = Pick<GraphCall<z.ZodType, GraphHost>, "host" | "path" | "params" | "about" | "needs">;

/**
 * Numbers of one object. Code 10 means too few viewers to tell: no numbers. So do the codes for a Page with few followers
 * and for a post that has none.
 */
export const askInsights = (
  ctx: ConnectorContext,
  call: Call,
  plans: readonly MetricPlan[],
  when: When = { at: ctx.clock.now() },
): PlatformResult<readonly Metric[]> =>
  ask(ctx, plans, when, {
    async ask(names) {
      const answer = await graph(ctx, ctx.credentials.accessToken, {
        ...call,
        method: "GET",
        path: [...call.path, "insights"],
        params: { ...call.params, metric: names.join(",") },
        answer: GraphInsights,
        mayWait: true,
      });
      return answer.ok ? ok(answer.value.data) : answer;
    },
    hasNone: (failure) =>
      meaningOf(failure) === "no_numbers" ||
      (failure.platformCode === "10" && call.about === "object" && mayRead(ctx, call)),
  });

/** Code 10 is also what a missing permission answers; then the numbers are not "too few". */
const mayRead = ({ credentials }: ConnectorContext, { needs = [] }: Call): boolean =>
  needs.every((scope) => credentials.scopes?.includes(scope) ?? true);
