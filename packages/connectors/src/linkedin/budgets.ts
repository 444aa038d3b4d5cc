import type { Budget } from "@postd/connector-kit";

const checkedOn = "2026-11-26";
const tier = "of an app in LinkedIn's development tier; one in the standard tier has no known limit";

/** LinkedIn tells nothing of them in its answers and counts by days in UTC. @source platforms/linkedin.md "Rate limits" */
export const budgets: readonly Budget[] = [
  {
    id: "member_posts_day",
    label: "posts of this person in a day",
    scope: "sign_in",
    window: { day: "UTC" },
    limit: 150,
    costs: { posts: 1 },
    authKinds: ["linkedin_member"],
    checkedOn,
  },
  {
    id: "member_calls_day",
    label: "calls of this person in a day",
    scope: "sign_in",
    window: { day: "UTC" },
    limit: 100,
    costs: { calls: 1 },
    authKinds: ["linkedin_page"],
    unsure: `100 ${tier}`,
    checkedOn,
  },
  {
    id: "app_calls_day",
    label: "calls of all accounts in a day",
    scope: "app",
    window: { day: "UTC" },
    limit: 500,
    costs: { calls: 1 },
    authKinds: ["linkedin_page"],
    unsure: `500 ${tier}`,
    checkedOn,
  },
];
