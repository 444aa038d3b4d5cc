import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import {
  accountOf,
  answer,
  api,
  audienceOf,
  campaignOf,
  fieldQuery,
  instant,
  page,
  pageQuery,
  route,
  sortDirection,
  textOf,
} from "./call.ts";
import { deliveryOf } from "./campaign-json.ts";
import { decoded } from "./content.ts";
import type { Campaign } from "./model.ts";
import { notFound } from "./words.ts";
import { hashOf, type World } from "./world.ts";

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

/** The links of the mail, clicked or not, as the engagement tells them. */
function linksOf(campaign: Campaign) {
  const { html, emailsSent, engagement, id } = campaign;
  const inMail = [...html.matchAll(/<a\b[^>]*\bhref="(https?:[^"]*)"/gi)].map(([, url = ""]) => decoded(url));
  const urls = new Set([...inMail, ...engagement.clicks.map(({ url }) => url)]);
  const all = sum(engagement.clicks.map(({ total }) => total));
  return [...urls].map((url) => {
    const { total, unique } = engagement.clicks.find((one) => one.url === url) ?? { total: 0, unique: 0 };
    const last = total > 0 && engagement.at !== undefined ? textOf(engagement.at) : undefined;
    return {
      id: hashOf(url).slice(0, 10),
      url,
      total_clicks: total,
      click_percentage: share(total, all),
      unique_clicks: unique,
      unique_click_percentage: share(unique, emailsSent),
      last_click: last,
      campaign_id: id,
      _links: [],
    };
  });
}

const dayMs = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export const reportRoutes: readonly Route<World>[] = [
  route("GET", api("reports"), {
    query: z.strictObject({
      ...pageQuery,
      type: z.enum(["regular", "plaintext", "absplit", "rss", "variate"]).optional(),
      since_send_time: instant.optional(),
      before_send_time: instant.optional(),
    }),
    handle(call) {
      const { query, world } = call;
      const account = accountOf(call);
      const all = world.campaigns.all(
        (one) =>
          one.account === account &&
          one.status === "sent" &&
          (query.type === undefined || one.type === query.type) &&
          (one.sendAt ?? 0) > (query.since_send_time ?? -1) &&
          (one.sendAt ?? 0) < (query.before_send_time ?? Number.POSITIVE_INFINITY),
      );
      const seen = call.listed(all, ({ sendAt = 0 }) => sendAt);
      return page(call, "reports", seen, (one) => reportJson(world, one));
    },
  }),
  route("GET", api("reports/:campaign"), {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, reportJson(call.world, reported(call))),
  }),
  route("GET", api("reports/:campaign/click-details"), {
    query: z.strictObject({
      ...pageQuery,
      sort_field: z.enum(["total_clicks", "unique_clicks"]).optional(),
      sort_dir: sortDirection.optional(),
    }),
    handle(call) {
      const campaign = reported(call);
      const { sort_field: by, sort_dir: direction = "DESC" } = call.query;
      const links = linksOf(campaign);
      const rising = by === undefined ? links : links.toSorted((left, right) => left[by] - right[by]);
      const sorted = by !== undefined && direction === "DESC" ? rising.toReversed() : rising;
      return page(call, "urls_clicked", sorted, (link) => link, { campaign_id: campaign.id });
    },
  }),
  // Up to 180 days, the newest first; the simulator has those on which something happened.
  route("GET", api("lists/:list/activity"), {
    query: z.strictObject(pageQuery),
    handle(call) {
      const audience = audienceOf(call);
      const { world } = call;
      const since = call.now.getTime() - 180 * dayMs;
      const sent = world.campaigns.all((one) => one.status === "sent" && one.recipients?.audience === audience);
      const members = world.members.all((member) => member.audience === audience && member.createdAt > since);
      const days = new Set([
        ...sent.map(({ sendAt = 0 }) => dayOf(sendAt)),
        ...members.map(({ createdAt }) => dayOf(createdAt)),
      ]);
      const show = (day: string) => {
        const mails = sent.filter(({ sendAt = 0 }) => dayOf(sendAt) === day);
        const joined = members.filter(({ createdAt }) => dayOf(createdAt) === day);
        return {
          day,
          emails_sent: sum(mails.map(({ emailsSent }) => emailsSent)),
          unique_opens: sum(mails.map(({ engagement }) => engagement.uniqueOpens)),
          recipient_clicks: sum(mails.flatMap(({ engagement }) => engagement.clicks.map(({ unique }) => unique))),
          hard_bounce: sum(mails.map(({ engagement }) => engagement.hardBounces)),
          soft_bounce: sum(mails.map(({ engagement }) => engagement.softBounces)),
          subs: joined.length,
          unsubs: sum(mails.map(({ engagement }) => engagement.unsubscribed)),
          other_adds: 0,
          other_removes: 0,
          _links: [],
        };
      };
      return page(call, "activity", [...days].sort().toReversed(), show, { list_id: audience.id });
    },
  }),
  route("GET", api("lists/:list/growth-history"), {
    query: z.strictObject({
      ...pageQuery,
      sort_field: z.enum(["month"]).optional(),
      sort_dir: sortDirection.optional(),
    }),
    handle(call) {
      const audience = audienceOf(call);
      const members = call.world.members.all((member) => member.audience === audience);
      const months = [...new Set(members.map(({ createdAt }) => dayOf(createdAt).slice(0, 7)))].sort();
      const shown = call.query.sort_dir === "ASC" ? months : months.toReversed();
      const show = (month: string) => {
        const until = members.filter(({ createdAt }) => dayOf(createdAt).slice(0, 7) <= month);
        const count = (status: string) => until.filter((member) => member.status === status).length;
        return {
          list_id: audience.id,
          month,
          existing: 0,
          imports: 0,
          optins: 0,
          subscribed: count("subscribed"),
          unsubscribed: count("unsubscribed"),
          reconfirm: 0,
          cleaned: count("cleaned"),
          pending: count("pending"),
          deleted: 0,
          transactional: count("transactional"),
          _links: [],
        };
      };
      return page(call, "history", shown, show, { list_id: audience.id });
    },
  }),
];
