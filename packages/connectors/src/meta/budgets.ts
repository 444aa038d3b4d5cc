import { appUsageOf, type Budget, businessUsageOf, quotaUsage, type UsageReader } from "@postd/connector-kit";

const checkedOn = "2026-11-20";
const day = { rollingMs: 86_400_000 } as const;

/** Meta tells the used part in percent, once enough calls were made. @source platforms/meta.md section 13 */
const appCalls: Budget = {
  id: "app_calls",
  label: "percent of the app's calls",
  scope: "app",
  window: { rollingMs: 3_600_000 },
  limit: 100,
  costs: {},
  sendUpTo: 0.95,
  checkedOn,
};
const accountCalls: Budget = {
  id: "calls",
  label: "percent of the account's calls",
  scope: "account",
  window: day,
  limit: 100,
  costs: {},
  sendUpTo: 0.95,
  checkedOn,
};

export const facebookBudgets: readonly Budget[] = [
  {
    id: "reels_day",
    label: "reels in 24 hours",
    scope: "account",
    window: day,
    limit: 30,
    costs: { posts: 1 },
    formats: ["reel"],
    checkedOn,
  },
  accountCalls,
  appCalls,
];

/** Meta's pages disagree on the number of posts (50, 100), so it is the account's own that counts. */
export const instagramBudgets: readonly Budget[] = [
  { id: "posts_day", label: "posts in 24 hours", scope: "account", window: day, costs: { posts: 1 }, checkedOn },
  accountCalls,
  appCalls,
];

export const facebookUsage: UsageReader = (answer) => [
  ...businessUsageOf(answer, "calls"),
  ...appUsageOf(answer, "app_calls"),
];

export const instagramUsage: UsageReader = (answer, { url }) => [
  ...(new URL(url).pathname.endsWith("/content_publishing_limit") ? quotaUsage(answer, { quota: "posts_day" }) : []),
  ...businessUsageOf(answer, "calls"),
  ...appUsageOf(answer, "app_calls"),
];
