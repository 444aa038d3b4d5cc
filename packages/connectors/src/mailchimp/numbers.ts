import {
  type AccountPost,
  type ConnectorContext,
  metrics,
  type Numbers,
  type PlatformResult,
  type PostNumbers,
  type PublishedRef,
  rowsOf,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Campaign, campaignFields, refOf } from "./api.ts";
import { readAccount } from "./sign-in.ts";

const Part = z.record(z.string(), z.unknown()).optional();
const Report = z.object({
  emails_sent: z.number().optional(),
  unsubscribed: z.number().optional(),
  abuse_reports: z.number().optional(),
  opens: Part,
  clicks: Part,
  bounces: Part,
  forwards: Part,
});

/** Opens are counted by a picture, which some mail programs fetch by themselves. @source platforms/mailchimp.md "Analytics" */
const names = {
  emails_sent: "recipients",
  "opens.opens_total": "opens",
  "opens.unique_opens": "uniqueOpens",
  "clicks.clicks_total": "clicks",
  "clicks.unique_subscriber_clicks": "uniqueClicks",
  "bounces.hard_bounces": "hardBounces",
  "bounces.soft_bounces": "softBounces",
  "forwards.forwards_count": "forwards",
  unsubscribed: "unsubscribes",
  abuse_reports: "abuseReports",
};

const flat = ({ opens, clicks, bounces, forwards, ...own }: z.output<typeof Report>): Record<string, unknown> => ({
  ...own,
  ...Object.fromEntries(
    Object.entries({ opens, clicks, bounces, forwards }).flatMap(([part, values = {}]) =>
      Object.entries(values).map(([name, value]) => [`${part}.${name}`, value]),
    ),
  ),
});

/** There is no report of what was not sent, or is not there. */
async function posts(refs: readonly PublishedRef[], ctx: ConnectorContext): PlatformResult<readonly PostNumbers[]> {
  const found: PostNumbers[] = [];
  for (const { externalId } of refs) {
    const read = await api.get(ctx, ["reports", externalId], Report, { about: "object" });
    if (!read.ok && read.error.status === 404) continue;
    if (!read.ok) return read;
    found.push({ externalId, metrics: metrics(flat(read.value), names, { at: ctx.clock.now() }) });
  }
  return ok(found);
}

const PAGE_ROWS = 50;
const Campaigns = z.object({ campaigns: rowsOf(Campaign) });

function toPost(campaign: Campaign): AccountPost[] {
  const { send_time, create_time, settings } = campaign;
  const createdAt = new Date(send_time || create_time || Number.NaN);
  const text = settings?.subject_line || settings?.title;
  if (Number.isNaN(createdAt.getTime())) return [];
  return [{ ...refOf(campaign), createdAt, format: "campaign", ...(text && { text }) }];
}

export const mailchimpNumbers: Numbers = {
  delayMs: 60 * 60_000,
  batchSize: 10,
  posts,
  async recent({ since, cursor = "0" }, ctx) {
    const offset = /^\d{1,9}$/.test(cursor) ? Number(cursor) : 0;
    const read = await api.get(ctx, "campaigns", Campaigns, {
      query: {
        status: "sent",
        since_send_time: since.toISOString(),
        sort_field: "send_time",
        sort_dir: "DESC",
        count: PAGE_ROWS,
        offset,
        fields: campaignFields.map((field) => `campaigns.${field}`).join(","),
      },
    });
    if (!read.ok) return read;
    const { campaigns } = read.value;
    const isMore = campaigns.length === PAGE_ROWS;
    return ok({ posts: campaigns.flatMap(toPost), ...(isMore && { cursor: String(offset + PAGE_ROWS) }) });
  },
  async account(_range, ctx) {
    const read = await readAccount(ctx);
    return read.ok ? ok(metrics(read.value, { total_subscribers: "subscribers" }, { at: ctx.clock.now() })) : read;
  },
};
