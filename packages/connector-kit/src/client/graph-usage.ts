import { z } from "zod";
import type { HttpResponse } from "../http.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const Uses = z.array(
  z.object({
    call_count: z.number().optional(),
    total_cputime: z.number().optional(),
    total_time: z.number().optional(),
    estimated_time_to_regain_access: z.number().optional(),
  }),
);
const Usage = z.record(z.string(), Uses);

/** The wait `X-Business-Use-Case-Usage` names, in minutes there. @source platforms/meta.md section 13 */
export function regainAccessMs(res: Pick<HttpResponse, "headers">): number | undefined {
  const minutes = businessUsage(res).map((use) => use.estimated_time_to_regain_access ?? 0);
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? Math.min(longest * MINUTE_MS, DAY_MS) : undefined;
}

/** Highest used share in percent that the usage headers report, and whose it is; undefined where they are absent. */
export function usedPercent(
  res: Pick<HttpResponse, "headers">,
): { readonly percent: number; readonly scope: "app" | "account" } | undefined {
  const { app, account } = usedPercents(res);
  if (app === undefined && account === undefined) return undefined;
  return (app ?? 0) > (account ?? 0)
    ? { percent: app ?? 0, scope: "app" }
    : { percent: account ?? 0, scope: "account" };
}

/** Highest used share of each in percent; one whose header is absent is absent. */
export const usedPercents = (
  res: Pick<HttpResponse, "headers">,
): { readonly app: number | undefined; readonly account: number | undefined } => ({
  account: highest(businessUsage(res)),
  app: highest(Uses.safeParse([json(res.headers["x-app-usage"])]).data ?? []),
});

function highest(uses: z.output<typeof Uses>): number | undefined {
  const shares = uses.flatMap((use) => [use.call_count ?? 0, use.total_cputime ?? 0, use.total_time ?? 0]);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

function businessUsage(res: Pick<HttpResponse, "headers">): z.output<typeof Uses> {
  const business = Usage.safeParse(json(res.headers["x-business-use-case-usage"]));
  return business.success ? Object.values(business.data).flat() : [];
}

function json(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A header we cannot read tells us nothing, and nothing depends on it.
  }
}
