import { type Budget, headerUsage, type UsageReader } from "@postd/connector-kit";

const costs = { posts: 1, parts: 1, replies: 1 } as const;
const checkedOn = "2026-11-20";

/** Posts by person and by app; what reading may cost is in the prices. @source platforms/x.md section 12 */
export const budgets: readonly Budget[] = [
  {
    id: "posts_quarter_hour",
    label: "posts in 15 minutes",
    scope: "sign_in",
    window: { rollingMs: 15 * 60_000 },
    limit: 100,
    costs,
    checkedOn,
  },
  // What a person may post in a day X tells with its answers, where it tells it at all.
  {
    id: "posts_day",
    label: "posts in 24 hours",
    scope: "sign_in",
    window: { rollingMs: 86_400_000 },
    costs,
    checkedOn,
  },
  {
    id: "app_posts_day",
    label: "posts of all accounts in 24 hours",
    scope: "app",
    window: { rollingMs: 86_400_000 },
    limit: 10_000,
    costs,
    checkedOn,
  },
];

export const usage: UsageReader = (answer, { method, url }) =>
  method === "POST" && new URL(url).pathname === "/2/tweets"
    ? [
        ...headerUsage(answer, "posts_quarter_hour", "x-rate-limit-"),
        ...headerUsage(answer, "posts_day", "x-user-limit-24hour-"),
        ...headerUsage(answer, "app_posts_day", "x-app-limit-24hour-"),
      ]
    : [];
