import type { Budget } from "@postd/connector-kit";

const checkedOn = "2026-11-20";

/** TikTok tells nothing of them in its answers. @source platforms/tiktok.md sections 11 and 12 */
export const budgets: readonly Budget[] = [
  {
    id: "inits_minute",
    label: "posts begun in a minute",
    scope: "sign_in",
    window: { rollingMs: 60_000 },
    limit: 6,
    costs: { posts: 1 },
    perTry: true,
    checkedOn,
  },
  {
    id: "posts_day",
    label: "posts in 24 hours",
    scope: "account",
    window: { rollingMs: 86_400_000 },
    limit: 15,
    costs: { posts: 1 },
    unsure: "about 15, shared with all other apps; TikTok documents no number",
    checkedOn,
  },
  {
    id: "app_reads_minute",
    label: "calls of all accounts in a minute",
    scope: "app",
    window: { rollingMs: 60_000 },
    limit: 600,
    costs: { calls: 1 },
    unsure: "600 for each of the addresses that show people and their videos; here all calls are counted together",
    checkedOn,
  },
];
