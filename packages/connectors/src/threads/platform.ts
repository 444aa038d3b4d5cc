import { countUtf16, defaultFingerprint, formatByMedia, type PublishingPlatform } from "@postd/connector-kit";
import { z } from "zod";
import { budgets, usage } from "./budgets.ts";
import { threadsInbox } from "./inbox.ts";
import { threadsNumbers } from "./numbers.ts";
import { ThreadsOptions, validate } from "./options.ts";
import { lookUp, partsOf, removePost } from "./posts.ts";
import { formats } from "./publish.ts";
import { accountLimits } from "./quota.ts";
import { health } from "./sign-in.ts";
import { textLimit } from "./words.ts";

export const threads: PublishingPlatform = {
  id: "threads",
  provider: "threads",
  name: "Threads",
  icon: "threads.svg",
  color: "#000000",
  previewKind: "short",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: z.record(z.string(), z.json()),
  budgets,
  usage,
  publishing: {
    formats,
    options: ThreadsOptions,
    optionFormats: {
      poll: ["text"],
      longText: ["text"],
      gifId: ["text"],
      ghost: ["text"],
      spoiler: ["image", "video", "carousel"],
    },
    limits: {
      text: textLimit,
      altText: { max: 1_000, unit: "utf16", count: countUtf16, rule: "utf16", required: false },
    },
    defaultFormat: formatByMedia({
      text: "text",
      image: "image",
      video: "video",
      images: "carousel",
      videos: "carousel",
      mixed: "carousel",
    }),
    validate,
    fingerprint: defaultFingerprint,
    accountLimits,
    parts: { text: textLimit },
    link: { formats: ["text"] },
    mentions: {
      write: (handle) => `@${handle.replace(/^@/, "")}`,
      handle: { form: /^@?[\w.]{1,30}$/, like: "ida.holm" },
    },
    hashtags: {},
    remove: { formats: Object.keys(formats), run: removePost, parts: partsOf },
    lookUp,
  },
  numbers: threadsNumbers,
  inbox: threadsInbox,
  health,
};
