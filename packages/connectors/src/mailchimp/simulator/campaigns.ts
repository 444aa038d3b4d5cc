import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import {
  accountOf,
  answer,
  api,
  campaignOf,
  done,
  fieldQuery,
  instant,
  page,
  pageQuery,
  route,
  sortDirection,
  success,
} from "./call.ts";
import { ChangedSettings, change, more, NewSettings } from "./campaign-input.ts";
import { campaignJson, isOut } from "./campaign-json.ts";
import type { Campaign } from "./model.ts";
import { badAction } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Publishing a campaign" and "Edit / Delete".

const ListQuery = z.strictObject({
  ...pageQuery,
  type: z.enum(["regular", "plaintext", "absplit", "rss", "variate"]).optional(),
  status: z.enum(["save", "paused", "schedule", "sending", "sent"]).optional(),
  list_id: z.string().optional(),
  folder_id: z.string().optional(),
  since_create_time: instant.optional(),
  before_create_time: instant.optional(),
  since_send_time: instant.optional(),
  before_send_time: instant.optional(),
  sort_field: z.enum(["create_time", "send_time"]).optional(),
  sort_dir: sortDirection.optional(),
});

export function listed(campaigns: readonly Campaign[], query: z.output<typeof ListQuery>): readonly Campaign[] {
  const { sort_field: by, sort_dir: direction = "ASC" } = query;
  const timeOf = (one: Campaign) => (by === "send_time" ? (one.sendAt ?? 0) : one.createdAt);
  const found = campaigns.filter(
    (one) =>
      (query.type === undefined || one.type === query.type) &&
      (query.status === undefined || one.status === query.status) &&
      (query.list_id === undefined || one.recipients?.audience.id === query.list_id) &&
      (query.folder_id === undefined || one.settings.folder_id === query.folder_id) &&
      one.createdAt > (query.since_create_time ?? -1) &&
      one.createdAt < (query.before_create_time ?? Number.POSITIVE_INFINITY) &&
      (query.since_send_time === undefined || (one.sendAt ?? 0) > query.since_send_time) &&
      (query.before_send_time === undefined || (one.sendAt ?? Number.POSITIVE_INFINITY) < query.before_send_time),
  );
  const sorted = by === undefined ? found : found.toSorted((left, right) => timeOf(left) - timeOf(right));
  return direction === "DESC" ? sorted.toReversed() : sorted;
}

const one = api("campaigns/:campaign");

export const campaignRoutes: readonly Route<World>[] = [
  route("POST", api("campaigns"), {
    body: z.strictObject({
      // Only these two are played: nobody here makes tests of variants or feeds.
      type: z.enum(["regular", "plaintext"]),
      settings: NewSettings.optional(),
      content_type: z.enum(["template", "multichannel"]).optional(),
      ...more,
    }),
    handle(call) {
      const { type, content_type: contentType } = call.body;
      const campaign = call.world.newCampaign(accountOf(call), { type, ...(contentType && { contentType }) });
      change(call, campaign, call.body);
      call.world.campaigns.put(campaign);
      return success(campaignJson(call.world, campaign));
    },
  }),
  route("GET", api("campaigns"), {
    query: ListQuery,
    handle(call) {
      const account = accountOf(call);
      const all = call.world.campaigns.all((campaign) => campaign.account === account);
      const seen = call.listed(all, ({ createdAt }) => createdAt);
      return page(call, "campaigns", listed(seen, call.query), (campaign) => campaignJson(call.world, campaign));
    },
  }),
  route("GET", one, {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, campaignJson(call.world, campaignOf(call))),
  }),
  route("PATCH", one, {
    body: z.strictObject({ settings: ChangedSettings.optional(), ...more }),
    handle(call) {
      const campaign = campaignOf(call);
      if (campaign.status !== "save") throw badAction();
      change(call, campaign, call.body);
      return success(campaignJson(call.world, campaign));
    },
  }),
  route("DELETE", one, {
    handle(call) {
      const campaign = campaignOf(call);
      if (["sending", "schedule"].includes(campaign.status)) throw badAction();
      call.world.campaigns.remove(campaign.id);
      // Mail is not recalled: whoever got it still has it.
      if (isOut(campaign)) call.world.recalled.push(campaign);
      return done;
    },
  }),
];
