import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isKnownCondition, segmentText } from "./audience.ts";
import {
  accountOf,
  answer,
  api,
  campaignOf,
  done,
  fieldQuery,
  instant,
  own,
  page,
  pageQuery,
  route,
  sortDirection,
  success,
  textOf,
} from "./call.ts";
import { countOf } from "./checklist.ts";
import { badAction, badField } from "./words.ts";
import type { Campaign, Recipients, World } from "./world.ts";

// Fact sheet, "Publishing a campaign" and "Edit / Delete"; fields as the swagger contract has them.

export const Conditions = z
  .array(
    z
      .strictObject({
        condition_type: z.string().optional(),
        field: z.string(),
        op: z.string(),
        value: z.union([z.string(), z.number()]).optional(),
      })
      .refine(isKnownCondition, "The simulator knows no such condition"),
  )
  .min(1);

const RecipientsGiven = z.strictObject({
  list_id: z.string(),
  segment_opts: z
    .strictObject({
      saved_segment_id: z.int().optional(),
      match: z.enum(["any", "all"]).optional(),
      conditions: Conditions.optional(),
    })
    .optional(),
});

const settingFields = {
  preview_text: z.string().optional(),
  title: z.string().optional(),
  use_conversation: z.boolean().optional(),
  to_name: z.string().optional(),
  folder_id: z.string().optional(),
  authenticate: z.boolean().optional(),
  auto_footer: z.boolean().optional(),
  inline_css: z.boolean().optional(),
  template_id: z.int().optional(),
};
const NewSettings = z.strictObject({
  subject_line: z.string().optional(),
  from_name: z.string().optional(),
  reply_to: z.email().optional(),
  ...settingFields,
});
/** A change of settings names these three each time (swagger). */
const ChangedSettings = z.strictObject({
  subject_line: z.string(),
  from_name: z.string(),
  reply_to: z.email(),
  ...settingFields,
});

const more = {
  recipients: RecipientsGiven.optional(),
  tracking: z
    .strictObject({
      opens: z.boolean(),
      html_clicks: z.boolean(),
      text_clicks: z.boolean(),
      goal_tracking: z.boolean(),
      ecomm360: z.boolean(),
      google_analytics: z.string().refine((text) => Buffer.byteLength(text) <= 50, "At most 50 bytes"),
      clicktale: z.string(),
    })
    .partial()
    .optional(),
  social_card: z
    .strictObject({ image_url: z.string(), title: z.string(), description: z.string() })
    .partial()
    .optional(),
};

type Call = Parameters<typeof campaignOf>[0] & { readonly now: Date; workMs(usualMs: number): number };

function recipientsOf(call: Call, given: z.output<typeof RecipientsGiven>): Recipients {
  const audience = call.world.audiences.get(given.list_id);
  if (audience === undefined || audience.account !== accountOf(call))
    throw badField("recipients.list_id", "The list does not exist");
  const { saved_segment_id: id, match, conditions } = given.segment_opts ?? {};
  if (id === undefined) {
    if ((match === undefined) !== (conditions === undefined))
      throw badField("recipients.segment_opts", "match and conditions go together");
    return { audience, ...(match && { match }), ...(conditions && { conditions }) };
  }
  const saved = call.world.segments.get(String(id));
  if (saved?.audience !== audience)
    throw badField("recipients.segment_opts.saved_segment_id", "The segment does not exist in this list");
  return { audience, saved };
}

/** What came with a value. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Puts in what a call gave; new recipients are counted anew. */
function change(
  call: Call,
  campaign: Campaign,
  body: { readonly settings?: object | undefined } & {
    readonly [K in keyof typeof more]?: z.output<(typeof more)[K]> | undefined;
  },
): void {
  if (body.recipients) {
    campaign.recipients = recipientsOf(call, body.recipients);
    campaign.countedAt = call.now.getTime() + call.workMs(call.world.settings.countMs);
  }
  if (body.settings) campaign.settings = { ...campaign.settings, ...given(body.settings) };
  if (body.tracking) campaign.tracking = { ...campaign.tracking, ...given(body.tracking) };
  if (body.social_card) campaign.socialCard = { ...campaign.socialCard, ...given(body.social_card) };
  const template = campaign.settings.template_id;
  if (campaign.html !== "" || typeof template !== "number") return;
  campaign.html = own(call, call.world.templates.get(String(template))).html;
  campaign.contentType = "template";
}

const isOut = ({ status }: Campaign): boolean => ["sending", "sent", "canceled"].includes(status);

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
    _links: [{ rel: "self", href: `https://${account.dc}.api.mailchimp.com/3.0/campaigns/${id}`, method: "GET" }],
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
