import { defaultFingerprint, type OutgoingPost, type PublishingPlatform } from "@postd/connector-kit";
import { health } from "./accounts.ts";
import { budgets } from "./budgets.ts";
import { summaryText } from "./limits.ts";
import { eventKey } from "./local-post.ts";
import { editPost, lookUp, remove, schedule } from "./manage.ts";
import { Extras } from "./names.ts";
import { businessNumbers } from "./numbers.ts";
import { BusinessOptions, optionFormats, optionsOf, validate } from "./options.ts";
import { eventOf } from "./post-body.ts";
import { formats } from "./publish.ts";
import { inbox } from "./reply.ts";
import { permissions } from "./sign-in.ts";

/** What the options are about; a post that has neither coupon nor dates is an update. */
function formatOf(post: Pick<OutgoingPost, "options">): string {
  const { couponCode, redeemUrl, terms, title, startDate, category } = optionsOf(post);
  if (category !== undefined) return "location_photo";
  if (couponCode !== undefined || redeemUrl !== undefined || terms !== undefined) return "offer";
  return title !== undefined || startDate !== undefined ? "event" : "standard";
}

const posts = ["standard", "event", "offer"];

/** Events of the same words, or of none, are others by their title and their time. */
function fingerprint(post: OutgoingPost): string {
  const event = post.format === "event" || post.format === "offer" ? eventKey(eventOf(optionsOf(post))) : undefined;
  return defaultFingerprint(event === undefined ? post : { ...post, parts: [{ text: event }] });
}

export const businessProfile: PublishingPlatform = {
  id: "google_business_profile",
  provider: "google",
  name: "Google Business Profile",
  icon: "business-profile/google-business-profile.svg",
  color: "#1A73E8",
  previewKind: "google_business_profile",
  accountKinds: [{ id: "location", label: "Location" }],
  extras: Extras,
  impossible: [
    {
      what: "Product posts",
      why: "The API's kinds of post are updates, events and offers; products are edited in the profile itself.",
      checkedOn: "2026-11-20",
    },
  ],
  permissions,
  budgets,
  publishing: {
    formats,
    aliases: { update: "standard" },
    options: BusinessOptions,
    optionFormats,
    limits: { text: summaryText },
    // Ten changes a minute of one profile, posts counted among them.
    leastGapMs: 6_000,
    defaultFormat: formatOf,
    validate,
    fingerprint,
    /** A button that leads there; an offer's own button leads where the offer says. */
    link: { formats: ["standard", "event"] },
    hashtags: { formats: posts },
    edit: { formats: posts, options: ["button", "buttonUrl"], run: editPost },
    remove: { formats: [...posts, "location_photo"], run: remove },
    schedule,
    lookUp,
  },
  inbox,
  numbers: businessNumbers,
  health,
};
