import { type Field, pick, plainFields, requestedFields } from "@postd/connector-kit/simulator/graph";
import { type Operation, operation } from "./call.ts";
import { usedToday, type World } from "./world.ts";

// Fact sheet, section 12.

/** Percentages, and minutes until access is regained: the only usage header of this host. */
export const usageHeader = (personId: string, percent: number, minutes = 0): Record<string, string> => {
  const load = { call_count: percent, total_cputime: Math.floor(percent / 2), total_time: Math.floor(percent / 4) };
  const usage = { [personId]: [{ type: "threads", ...load, estimated_time_to_regain_access: minutes }] };
  return { "x-business-use-case-usage": JSON.stringify(usage) };
};

const quotas = [
  ["posts", "quota_usage", "config", "postsPerDay"],
  ["replies", "reply_quota_usage", "reply_config", "repliesPerDay"],
  ["deletes", "delete_quota_usage", "delete_config", "deletesPerDay"],
  ["searches", "location_search_quota_usage", "location_search_config", "locationSearchesPerDay"],
] as const;

export type Counted = (typeof quotas)[number][0];

/** Whether a daily limit is used up. */
export function isUsedUp(world: World, name: Counted, personId: string): boolean {
  const [, , , setting] = quotas.find(([one]) => one === name) ?? quotas[0];
  return usedToday(world, name, personId) >= world.settings[setting];
}

function quotaOf(world: World, personId: string, fields: readonly Field[]) {
  const all = quotas.flatMap(([name, usage, config, setting]) => [
    [usage, usedToday(world, name, personId)],
    [config, { quota_total: world.settings[setting], quota_duration: 86_400 }],
  ]);
  return pick(Object.fromEntries(all), fields);
}

export const limitOperations: readonly Operation[] = [
  operation("user", "GET", "threads_publishing_limit", { scopes: ["threads_content_publish"] }, (call, { id }) => ({
    data: [quotaOf(call.world, id, requestedFields(call) ?? plainFields("quota_usage", "config"))],
  })),
];
