import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { answer, api, campaignOf, fieldQuery, route, textOf } from "./call.ts";
import { deliveryOf } from "./campaign-json.ts";
import type { Campaign } from "./model.ts";
import { notFound } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Analytics": rates are 0 to 1 here, those of list_stats percentages.

const share = (value: number, of: number): number => (of === 0 ? 0 : value / of);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function reportJson(world: World, campaign: Campaign) {
  const { id, type, settings, recipients, emailsSent, engagement, sendAt = 0 } = campaign;
  const { opens, uniqueOpens, clicks, at } = engagement;
  const uniqueClicks = sum(clicks.map(({ unique }) => unique));
  const seenAt = at === undefined ? undefined : textOf(at);
  return {
    id,
    campaign_title: settings.title ?? "",
    type,
    list_id: recipients?.audience.id ?? "",
    list_is_active: true,
    list_name: recipients?.audience.name ?? "",
    subject_line: settings.subject_line ?? "",
    preview_text: settings.preview_text ?? "",
    emails_sent: emailsSent,
    abuse_reports: engagement.abuseReports,
    unsubscribed: engagement.unsubscribed,
    send_time: textOf(sendAt),
    bounces: { hard_bounces: engagement.hardBounces, soft_bounces: engagement.softBounces, syntax_errors: 0 },
    forwards: { forwards_count: engagement.forwards, forwards_opens: 0 },
    opens: {
      opens_total: opens,
      unique_opens: uniqueOpens,
      open_rate: share(uniqueOpens, emailsSent),
      last_open: opens > 0 ? seenAt : undefined,
    },
    clicks: {
      clicks_total: sum(clicks.map(({ total }) => total)),
      unique_clicks: uniqueClicks,
      unique_subscriber_clicks: uniqueClicks,
      click_rate: share(uniqueClicks, emailsSent),
      last_click: uniqueClicks > 0 ? seenAt : undefined,
    },
    industry_stats: {
      type: "Retail",
      open_rate: 0.21,
      click_rate: 0.02,
      bounce_rate: 0.01,
      unopen_rate: 0.78,
      unsub_rate: 0.002,
      abuse_rate: 0,
    },
    list_stats: {
      sub_rate: 0,
      unsub_rate: 0,
      open_rate: 100 * share(uniqueOpens, emailsSent),
      click_rate: 100 * share(uniqueClicks, emailsSent),
    },
    timeseries: [
      {
        timestamp: textOf(sendAt - (sendAt % 3_600_000)),
        emails_sent: emailsSent,
        unique_opens: uniqueOpens,
        recipients_clicks: uniqueClicks,
      },
    ],
    ecommerce: { total_orders: 0, total_spent: 0, total_revenue: 0, currency_code: "SEK" },
    delivery_status: deliveryOf(world, campaign),
    _links: [],
  };
}

/** There is none until the campaign was sent. */
function reported(call: Parameters<typeof campaignOf>[0]): Campaign {
  const campaign = campaignOf(call);
  if (campaign.status !== "sent") throw notFound();
  return campaign;
}

export const reportRoutes: readonly Route<World>[] = [
  route("GET", api("reports/:campaign"), {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, reportJson(call.world, reported(call))),
  }),
];
