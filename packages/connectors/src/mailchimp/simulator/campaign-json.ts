import { segmentText } from "./audience.ts";
import { suffix, textOf } from "./call.ts";
import { countOf } from "./checklist.ts";
import type { Campaign, Recipients } from "./model.ts";
import type { World } from "./world.ts";

// How the API shows a campaign; names as the swagger contract has them.

export const isOut = ({ status }: Campaign): boolean => ["sending", "sent", "canceled"].includes(status);

/** Its page in the public archive, once it went out. */
export const archiveOf = (world: World, { id, account, status }: Campaign): string =>
  world.settings.hasArchive && status === "sent"
    ? `https://${account.dc}.campaign-archive.com/?u=${account.id}&id=${id}`
    : "";

export function deliveryOf(world: World, campaign: Campaign) {
  if (!world.settings.tellsDelivery || !isOut(campaign)) return { enabled: false };
  const { status, emailsSent, addressees, account } = campaign;
  return {
    enabled: true,
    can_cancel: status === "sending" && account.isPremium,
    status: { sending: "delivering", canceled: "canceled" }[status as string] ?? "delivered",
    emails_sent: emailsSent,
    emails_canceled: status === "canceled" ? addressees - emailsSent : 0,
  };
}

export function campaignJson(world: World, campaign: Campaign) {
  const { id, webId, type, status, recipients, settings, tracking, socialCard, engagement, account } = campaign;
  const long = archiveOf(world, campaign);
  return {
    id,
    web_id: webId,
    type,
    create_time: textOf(campaign.createdAt),
    archive_url: long && `http://eepurl.com/${id}`,
    long_archive_url: long,
    status,
    emails_sent: campaign.emailsSent,
    send_time: campaign.sendAt === undefined ? undefined : textOf(campaign.sendAt),
    content_type: campaign.contentType,
    needs_block_refresh: false,
    resendable: status === "sent",
    recipients: {
      list_id: recipients?.audience.id ?? "",
      list_is_active: recipients !== undefined,
      list_name: recipients?.audience.name ?? "",
      segment_text: recipients ? segmentText(recipients) : "",
      recipient_count: isOut(campaign) ? campaign.addressees : countOf(world, campaign),
      segment_opts: recipients && segmentJson(recipients),
    },
    settings: {
      subject_line: "",
      preview_text: "",
      title: "",
      from_name: "",
      reply_to: "",
      use_conversation: false,
      to_name: "",
      folder_id: "",
      authenticate: true,
      auto_footer: false,
      inline_css: false,
      timewarp: campaign.timewarp,
      drag_and_drop: false,
      ...settings,
    },
    tracking: {
      opens: true,
      html_clicks: true,
      text_clicks: false,
      goal_tracking: false,
      ecomm360: false,
      google_analytics: "",
      clicktale: "",
      ...tracking,
    },
    social_card: socialCard,
    report_summary: status === "sent" ? summaryOf(campaign) : undefined,
    delivery_status: deliveryOf(world, campaign),
    _links: [{ rel: "self", href: `https://${account.dc}${suffix}/3.0/campaigns/${id}`, method: "GET" }],
  };

  function summaryOf({ emailsSent }: Campaign) {
    const clicks = engagement.clicks.reduce((sum, { total }) => sum + total, 0);
    const unique = engagement.clicks.reduce((sum, one) => sum + one.unique, 0);
    return {
      opens: engagement.opens,
      unique_opens: engagement.uniqueOpens,
      open_rate: emailsSent === 0 ? 0 : engagement.uniqueOpens / emailsSent,
      clicks,
      subscriber_clicks: unique,
      click_rate: emailsSent === 0 ? 0 : unique / emailsSent,
    };
  }
}

const segmentJson = ({ saved, match, conditions }: Recipients) =>
  saved || conditions
    ? {
        saved_segment_id: saved && Number(saved.id),
        match: match ?? saved?.match,
        conditions: conditions ?? saved?.conditions,
      }
    : undefined;
