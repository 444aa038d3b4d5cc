import { z } from "zod";
import { type Acts, act } from "./act.ts";
import { audienceActs } from "./audience-acts.ts";
import { eventActs } from "./event-acts.ts";
import { nodeFields } from "./fields.ts";
import { accountTotals, demographicMetrics, mediaMetrics } from "./insight-metrics.ts";
import { operations } from "./operations.ts";
import { personActs } from "./person-acts.ts";
import { settingActs } from "./setting-acts.ts";

/** Changes from outside the API, by name, and what the simulator says of itself. */
export const acts: Acts = {
  ...settingActs,
  ...personActs,
  ...eventActs,
  ...audienceActs,

  /** What the simulator accepts and answers, to compare with the official description. */
  describe: act(z.strictObject({}), () => ({
    operations: operations.map(({ node, method, edge, params, scopes }) => ({ node, method, edge, params, scopes })),
    fields: Object.fromEntries(Object.entries(nodeFields).map(([node, { table }]) => [node, Object.keys(table)])),
    instagramMetrics: {
      media: [...new Set((["feed", "reel", "story"] as const).flatMap((kind) => mediaMetrics(kind, true)))],
      account: [...accountTotals, ...demographicMetrics],
    },
  })),
  /** Expired versions were called this often (§1). */
  expiredVersionCalls: act(z.strictObject({}), (world) => ({ calls: world.data.expiredVersionCalls })),
};
