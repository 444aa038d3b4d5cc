import type { Budget } from "@postd/connector-kit";

/** No quota of calls is published, and no answer tells one. @source platforms/mailchimp.md "Rate limits" */
export const budgets: readonly Budget[] = [
  {
    id: "connections",
    label: "calls at once",
    scope: "sign_in",
    window: "at_once",
    limit: 10,
    costs: { calls: 1 },
    checkedOn: "2026-08-13",
  },
];
