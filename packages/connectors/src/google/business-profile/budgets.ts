import type { Budget } from "@postd/connector-kit";

const checkedOn = "2026-11-26";

/** Google tells nothing of them in its answers. @source platforms/google-business-profile.md "Rate limits" */
export const budgets: readonly Budget[] = [
  {
    id: "edits_minute",
    label: "changes of the profile in a minute",
    scope: "account",
    window: { rollingMs: 60_000 },
    limit: 10,
    costs: { posts: 1, edits: 1, removals: 1, replies: 1 },
    perTry: true,
    checkedOn,
  },
  {
    id: "app_calls_minute",
    label: "calls of all accounts in a minute",
    scope: "app",
    window: { rollingMs: 60_000 },
    limit: 300,
    costs: { calls: 1 },
    unsure: "300 for each of Google's APIs; here all calls are counted together. Google raises it on request",
    checkedOn,
  },
];
