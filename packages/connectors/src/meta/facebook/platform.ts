import { defaultFingerprint, type OutgoingPost, type PublishingPlatform } from "@postd/connector-kit";
import { z } from "zod";
import { facebookBudgets, facebookUsage } from "../budgets.ts";
import { facebookHealth } from "../health.ts";
import { commentInbox } from "../inbox.ts";
import { commentText, facebookText } from "../limits.ts";
import { lookUpFacebook } from "../look-up.ts";
import { FacebookOptions, facebookLink } from "../options.ts";
import { pagePermissions } from "../permissions.ts";
import { businessScope, pageScopes } from "../scopes.ts";
import { link, multiPhoto, photo, text } from "./feed.ts";
import { facebookNumbers } from "./insights.ts";
import { editText, facebookSchedule, removePost } from "./manage.ts";
import { reel } from "./reel.ts";
import { photoStory, videoStory } from "./stories.ts";
import { validateFacebook } from "./validate.ts";
import { video } from "./video.ts";

const formatOf = (post: Pick<OutgoingPost, "media" | "options" | "link">): string | undefined => {
  const { media } = post;
  if (media.length === 0) return facebookLink(post) ? "link" : "text";
  const videos = media.filter((item) => item.kind === "video").length;
  if (videos === 0) return media.length === 1 ? "photo" : "multi_photo";
  return videos === 1 && media.length === 1 ? "video" : undefined;
};

/** What stands on the Page and stays; stories show no text and take no comments. */
const shown = ["text", "link", "photo", "multi_photo", "video", "reel"];

export const facebook: PublishingPlatform = {
  id: "facebook",
  provider: "meta",
  name: "Facebook",
  icon: "facebook.svg",
  color: "#0866FF",
  previewKind: "facebook",
  accountKinds: [{ id: "page", label: "Page" }],
  extras: z.object({ personId: z.string().optional() }).catchall(z.json()),
  requiredScopes: { facebook_login: pageScopes.required },
  optionalScopes: { facebook_login: [...pageScopes.optional, businessScope] },
  impossible: [
    {
      what: "Photos of a person (user_photos)",
      why: "It is a right on people's own photos; POSTD posts to Pages, which are not people.",
      checkedOn: "2026-11-20",
    },
  ],
  permissions: pagePermissions,
  budgets: facebookBudgets,
  usage: facebookUsage,
  publishing: {
    formats: {
      text,
      link,
      photo,
      multi_photo: multiPhoto,
      video,
      reel,
      photo_story: photoStory,
      video_story: videoStory,
    },
    options: FacebookOptions,
    limits: { text: facebookText },
    defaultFormat: formatOf,
    validate: validateFacebook,
    fingerprint: defaultFingerprint,
    aliases: { article: "link" },
    link: { formats: ["text", "link"] },
    hashtags: { formats: shown },
    firstComment: { formats: shown, text: commentText },
    schedule: facebookSchedule,
    edit: { formats: shown, run: editText },
    remove: { formats: shown, run: removePost },
    lookUp: lookUpFacebook,
  },
  numbers: facebookNumbers,
  inbox: commentInbox,
  health: facebookHealth,
};
