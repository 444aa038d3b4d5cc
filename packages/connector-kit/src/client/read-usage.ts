import { z } from "zod";
import type { BudgetSaid } from "../budget.ts";
import type { HttpResponse } from "../http.ts";
import { usedPercents } from "./graph-usage.ts";

type Headers = Pick<HttpResponse, "headers">;

const farthestSeconds = 32_503_680_000; // the year 3000: what lies beyond is no moment a platform means

/**
 * A budget of three headers: `<prefix>limit`, `<prefix>remaining` and `<prefix>reset`, the last in seconds since 1970. Nothing
 * where one of the first two is missing or is no number.
 */
export function headerUsage({ headers }: Headers, budget: string, prefix: string): readonly BudgetSaid[] {
  const [limit, left, reset] = ["limit", "remaining", "reset"].map((name) => wholeNumber(headers[`${prefix}${name}`]));
  if (limit === undefined || left === undefined || limit === 0) return [];
  const isMoment = reset !== undefined && reset > 0 && reset < farthestSeconds;
  return [{ budget, limit, used: Math.max(0, limit - left), ...(isMoment && { resetsAt: new Date(reset * 1_000) }) }];
}

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;

const Quota = z.object({ data: z.array(z.record(z.string(), z.unknown())).min(1) });
const Count = z.number().min(0).max(1e9);
const Config = z.object({ quota_total: Count });

/**
 * Graph's answer about what an account published: `quota_usage` beside `config`, and the same with a name before it for
 * other deeds. `budgets` maps the name (`quota`, `reply_quota`) to the budget's.
 * @source platforms/meta.md section 13, platforms/threads.md section 12
 */
export function quotaUsage(
  { json, status }: Pick<HttpResponse, "json" | "status">,
  budgets: Readonly<Record<string, string>>,
): readonly BudgetSaid[] {
  const told = status === 200 ? Quota.safeParse(json).data?.data[0] : undefined;
  if (!told) return [];
  return Object.entries(budgets).flatMap(([name, budget]) => {
    const used = Count.safeParse(told[`${name}_usage`]);
    const config = Config.safeParse(told[name.replace(/quota$/, "config")]);
    if (!used.success) return [];
    return [
      {
        budget,
        used: used.data,
        ...(config.success && config.data.quota_total > 0 && { limit: config.data.quota_total }),
      },
    ];
  });
}

/** `X-App-Usage` in percent. */
export const appUsageOf = (answer: Headers, budget: string): readonly BudgetSaid[] => {
  const { app } = usedPercents(answer);
  return app === undefined ? [] : [{ budget, used: app, limit: 100 }];
};

/** `X-Business-Use-Case-Usage` in percent. */
export const businessUsageOf = (answer: Headers, budget: string): readonly BudgetSaid[] => {
  const { account } = usedPercents(answer);
  return account === undefined ? [] : [{ budget, used: account, limit: 100 }];
};
