import {
  type AccountRef,
  type Connector,
  defaultFingerprint,
  defineConnector,
  type OutgoingPost,
} from "@postd/connector-kit";
import { z } from "zod";
import { link, multiPhoto, photo, text } from "./facebook/feed.ts";
import { facebookAnalytics } from "./facebook/insights.ts";
import { editText, facebookSchedule, removePost } from "./facebook/manage.ts";
import { reel as facebookReel } from "./facebook/reel.ts";
import { photoStory, videoStory } from "./facebook/stories.ts";
import { video } from "./facebook/video.ts";
import { facebookHealth, instagramHealth } from "./health.ts";
import { carousel, image, reel, story } from "./instagram/formats.ts";
import { instagramAnalytics } from "./instagram/insights.ts";
import { removeMedia } from "./instagram/remove.ts";
import { facebookText, instagramCaption } from "./limits.ts";
import { facebookLogin, metaApp } from "./login-facebook.ts";
import { instagramApp, instagramLogin } from "./login-instagram.ts";
import { lookUpFacebook, lookUpInstagram } from "./look-up.ts";
import { FacebookOptions, facebookOptions, InstagramOptions } from "./options.ts";
import { linkedInstagramScopes, pageScopes } from "./scopes.ts";
import { validateFacebook, validateInstagram } from "./validate.ts";
import { metaWebhooks } from "./webhooks.ts";

/** One version for every address of both platforms. @source platforms/meta.md section 1, changelog read 2026-11 */
const apiVersion = { current: "v25.0", env: "POSTD_META_GRAPH_VERSION", sunsetAt: "2028-07-29" } as const;

type Draft = Pick<OutgoingPost, "text" | "media" | "options">;

const facebookFormat = ({ media, options }: Draft): string | undefined => {
  if (media.length === 0) return facebookOptions(options).link ? "link" : "text";
  const videos = media.filter((item) => item.kind === "video").length;
  if (videos === 0) return media.length === 1 ? "photo" : "multi_photo";
  return videos === 1 && media.length === 1 ? "video" : undefined;
};

/** A single video is a reel at Instagram since 2023-11-09. */
const instagramFormat = ({ media }: Draft, _account: Pick<AccountRef, "kind" | "authKind">): string | undefined => {
  if (media.length === 0) return undefined;
  if (media.length > 1) return "carousel";
  return media[0]?.kind === "video" ? "reel" : "image";
};

export const facebook: Connector = defineConnector({
  id: "facebook",
  name: "Facebook",
  family: "meta",
  icon: "facebook.svg",
  color: "#0866FF",
  previewKind: "facebook",
  auth: [facebookLogin(pageScopes.required)],
  appCredentials: [metaApp],
  hosts: ["graph.facebook.com", "rupload.facebook.com", "www.facebook.com"],
  apiVersion,
  accountKinds: [{ id: "page", label: "Page" }],
  options: FacebookOptions,
  extras: z.object({ personId: z.string().optional() }).catchall(z.json()),
  limits: { text: facebookText },
  publish: {
    text,
    link,
    photo,
    multi_photo: multiPhoto,
    video,
    reel: facebookReel,
    photo_story: photoStory,
    video_story: videoStory,
  },
  defaultFormat: facebookFormat,
  validate: validateFacebook,
  fingerprint: defaultFingerprint,
  schedule: facebookSchedule,
  edit: { formats: ["text", "link", "photo", "multi_photo", "video", "reel"], run: editText },
  remove: { formats: ["text", "link", "photo", "multi_photo", "video", "reel"], run: removePost },
  lookUp: lookUpFacebook,
  analytics: facebookAnalytics,
  webhooks: metaWebhooks("facebook"),
  health: facebookHealth,
});

export const instagram: Connector = defineConnector({
  id: "instagram",
  name: "Instagram",
  family: "meta",
  icon: "instagram.svg",
  color: "#FF0069",
  previewKind: "instagram",
  auth: [facebookLogin(linkedInstagramScopes.required, "instagram"), instagramLogin],
  appCredentials: [metaApp, instagramApp],
  hosts: ["graph.facebook.com", "graph.instagram.com", "api.instagram.com", "www.instagram.com", "www.facebook.com"],
  apiVersion,
  accountKinds: [{ id: "professional", label: "Business or Creator account" }],
  options: InstagramOptions,
  extras: z
    .object({ pageId: z.string().optional(), pageName: z.string().optional(), personId: z.string().optional() })
    .catchall(z.json()),
  limits: { text: instagramCaption },
  publish: { image, carousel, reel, story },
  defaultFormat: instagramFormat,
  validate: validateInstagram,
  fingerprint: defaultFingerprint,
  remove: { formats: ["image", "carousel", "reel", "story"], authKinds: ["facebook_login"], run: removeMedia },
  lookUp: lookUpInstagram,
  analytics: instagramAnalytics,
  webhooks: metaWebhooks("instagram"),
  health: instagramHealth,
});

export const connectors = [facebook, instagram];
