import { type Budget, businessUsageOf, quotaUsage, type UsageReader } from "@postd/connector-kit";

const day = { rollingMs: 86_400_000 } as const;
const checkedOn = "2026-11-20";

/** @source platforms/threads.md section 12 */
export const budgets: readonly Budget[] = [
  {
    id: "posts_day",
    label: "posts in 24 hours",
    scope: "account",
    window: day,
    limit: 250,
    costs: { posts: 1 },
    checkedOn,
  },
  {
    id: "replies_day",
    label: "replies in 24 hours",
    scope: "account",
    window: day,
    limit: 1_000,
    costs: { parts: 1, replies: 1 },
    checkedOn,
  },
  {
    id: "deletes_day",
    label: "deletions in 24 hours",
    scope: "account",
    window: day,
    limit: 100,
    costs: { removals: 1 },
    checkedOn,
  },
  // Grows with how often the account is seen; Meta tells the used part in percent.
  {
    id: "calls",
    label: "percent of the account's calls",
    scope: "account",
    window: day,
    limit: 100,
    costs: {},
    sendUpTo: 0.95,
    checkedOn,
  },
];

export const usage: UsageReader = (answer, { url }) => [
  ...businessUsageOf(answer, "calls"),
  ...(new URL(url).pathname.endsWith("/threads_publishing_limit")
    ? quotaUsage(answer, { quota: "posts_day", reply_quota: "replies_day", delete_quota: "deletes_day" })
    : []),
];
