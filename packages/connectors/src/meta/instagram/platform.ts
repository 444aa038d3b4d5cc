import { defaultFingerprint, type OutgoingPost, type PublishingPlatform } from "@postd/connector-kit";
import { z } from "zod";
import { instagramBudgets, instagramUsage } from "../budgets.ts";
import { instagramHealth } from "../health.ts";
import { commentInbox } from "../inbox.ts";
import { commentText, hashtagMax, instagramCaption, mentionMax } from "../limits.ts";
import { lookUpInstagram } from "../look-up.ts";
import { InstagramOptions } from "../options.ts";
import { pagePermissions } from "../permissions.ts";
import { businessScope, linkedInstagramScopes } from "../scopes.ts";
import { carousel, image, reel, story } from "./formats.ts";
import { instagramNumbers } from "./insights.ts";
import { removeMedia } from "./remove.ts";
import { validateInstagram } from "./validate.ts";

/** A single video is a reel at Instagram since 2023-11-09. */
const formatOf = ({ media }: Pick<OutgoingPost, "media">): string | undefined => {
  if (media.length === 0) return undefined;
  if (media.length > 1) return "carousel";
  return media[0]?.kind === "video" ? "reel" : "image";
};

/** Stories have neither a caption nor comments. */
const captioned = ["image", "carousel", "reel"];

export const instagram: PublishingPlatform = {
  id: "instagram",
  provider: "meta",
  name: "Instagram",
  icon: "instagram.svg",
  color: "#FF0069",
  previewKind: "instagram",
  accountKinds: [{ id: "professional", label: "Business or Creator account" }],
  extras: z
    .object({ pageId: z.string().optional(), pageName: z.string().optional(), personId: z.string().optional() })
    .catchall(z.json()),
  requiredScopes: { facebook_login: linkedInstagramScopes.required },
  optionalScopes: { facebook_login: [...linkedInstagramScopes.optional, businessScope] },
  impossible: [
    {
      what: "Scheduling by Instagram's own clock",
      why: "Its API publishes at once and a container ends after a day; POSTD's clock holds the post.",
      checkedOn: "2026-11-20",
    },
    {
      what: "Changing a caption",
      why: "Of a live post the API changes nothing but whether it may be commented.",
      checkedOn: "2026-11-20",
    },
  ],
  permissions: pagePermissions,
  budgets: instagramBudgets,
  usage: instagramUsage,
  publishing: {
    formats: { image, carousel, reel, story },
    options: InstagramOptions,
    limits: { text: instagramCaption },
    defaultFormat: formatOf,
    validate: validateInstagram,
    fingerprint: defaultFingerprint,
    mentions: { formats: captioned, max: mentionMax, write: (handle) => `@${handle.replace(/^@/, "")}` },
    hashtags: { formats: captioned, max: hashtagMax },
    productTags: { formats: ["image"] },
    firstComment: { formats: captioned, text: commentText },
    remove: { formats: ["image", "carousel", "reel", "story"], authKinds: ["facebook_login"], run: removeMedia },
    lookUp: lookUpInstagram,
  },
  numbers: instagramNumbers,
  inbox: commentInbox,
  health: instagramHealth,
};
