import { z } from "zod";
import { isKnownCondition } from "./audience.ts";
import { accountOf, type campaignOf, own } from "./call.ts";
import type { Campaign, Recipients } from "./model.ts";
import { badField } from "./words.ts";

// What a call may say of a campaign; fields as the swagger contract has them.

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
export const NewSettings = z.strictObject({
  subject_line: z.string().optional(),
  from_name: z.string().optional(),
  reply_to: z.email().optional(),
  ...settingFields,
});
/** A change of settings names these three each time (swagger). */
export const ChangedSettings = z.strictObject({
  subject_line: z.string(),
  from_name: z.string(),
  reply_to: z.email(),
  ...settingFields,
});

export const more = {
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
export function change(
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
