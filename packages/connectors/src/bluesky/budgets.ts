import { type Budget, headerUsage, type UsageReader } from "@postd/connector-kit";

const costs = { posts: 3, parts: 3, removals: 1 } as const;
const checkedOn = "2026-11-26";

/** Points for what changes a repository: making a record costs 3, removing one 1. @source platforms/bluesky.md "Rate limits" */
export const budgets: readonly Budget[] = [
  {
    id: "points_hour",
    label: "points for changes in an hour",
    scope: "account",
    window: { rollingMs: 3_600_000 },
    limit: 5_000,
    costs,
    checkedOn,
  },
  {
    id: "points_day",
    label: "points for changes in 24 hours",
    scope: "account",
    window: { rollingMs: 86_400_000 },
    limit: 35_000,
    costs,
    checkedOn,
  },
];

/** An answer tells the tightest of several limits; its policy, `5000;w=3600`, says which. */
const bySeconds: Readonly<Record<string, string>> = { "3600": "points_hour", "86400": "points_day" };
export const usage: UsageReader = (answer, { url }) => {
  if (!/\/xrpc\/com\.atproto\.repo\.(createRecord|putRecord|deleteRecord|applyWrites)$/.test(new URL(url).pathname))
    return [];
  const [, seconds = ""] = /;w=(\d{1,9})\b/.exec(answer.headers["ratelimit-policy"] ?? "") ?? [];
  const budget = bySeconds[seconds];
  return budget === undefined ? [] : headerUsage(answer, budget, "ratelimit-");
};
