import type { ConnectorContext, OutgoingPost, PostLink } from "@postd/connector-kit";
import { addressLastsMs } from "./limits.ts";
import { topicTypes } from "./local-post.ts";
import { type BusinessOptions, optionsOf } from "./options.ts";

const numbersIn = (text: string): readonly number[] => text.split(/[-:]/).map(Number);

function dateOf(text = "") {
  const [year, month, day] = numbersIn(text);
  return { year, month, day };
}
function timeOf(text = "") {
  const [hours, minutes] = numbersIn(text);
  return { hours, minutes };
}

/** What the wall of the location says, part by part: Google knows no time zone there. */
export const eventOf = ({ title, startDate, startTime, endDate, endTime }: BusinessOptions) => ({
  title,
  schedule: {
    startDate: dateOf(startDate),
    startTime: timeOf(startTime),
    endDate: dateOf(endDate),
    endTime: timeOf(endTime),
  },
});

/** A link of its own stands behind a button here; what is said of the button itself counts before it. */
export function buttonOf({ button, buttonUrl }: BusinessOptions, link?: PostLink) {
  const actionType = button ?? (link && "LEARN_MORE");
  const url = actionType === "CALL" ? undefined : (buttonUrl ?? link?.url);
  return actionType && { actionType, ...(url !== undefined && { url }) };
}

/** Google ignores a button at an offer, or refuses it; both are told of. */
function offerOf({ couponCode, redeemUrl, terms }: BusinessOptions) {
  return {
    ...(couponCode && { couponCode }),
    ...(redeemUrl && { redeemOnlineUrl: redeemUrl }),
    ...(terms && { termsConditions: terms }),
  };
}

/** A post as it is created; Google fetches its photo from here. @source platforms/google-business-profile.md "Publishing" */
export async function postBody(post: OutgoingPost, publishAt: string | undefined, ctx: ConnectorContext) {
  const { format, text, media, link } = post;
  const options = optionsOf(post);
  const [photo] = media;
  const sourceUrl = photo && (await ctx.media.publicUrl(photo.id, addressLastsMs(publishAt !== undefined)));
  const callToAction = format === "offer" ? undefined : buttonOf(options, link);
  return {
    topicType: topicTypes[format],
    ...(text && { summary: text }),
    ...(options.language && { languageCode: options.language }),
    ...(sourceUrl && { media: [{ mediaFormat: "PHOTO", sourceUrl }] }),
    ...(callToAction && { callToAction }),
    ...(format !== "standard" && { event: eventOf(options) }),
    ...(format === "offer" && { offer: offerOf(options) }),
    ...(publishAt && { scheduledTime: publishAt }),
  };
}
