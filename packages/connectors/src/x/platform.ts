import {
  type ConnectorContext,
  defaultFingerprint,
  grantHealth,
  type HealthAnswer,
  type OutgoingPost,
  type PlatformResult,
  type Publishing,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { budgets, usage } from "./budgets.ts";
import { xInbox } from "./inbox.ts";
import { altLimit, MOST_PARTS, textLimit } from "./limits.ts";
import { editPost, partsOf, removePost } from "./manage.ts";
import { xNumbers } from "./numbers.ts";
import { optionsOf, validate, XOptions } from "./options.ts";
import { lookUp } from "./posts.ts";
import { isPremium, limitsOf, premiumLimits } from "./premium.ts";
import { prices } from "./prices.ts";
import { formats } from "./publish.ts";
import { extrasOf, pictureOf, readMe, scopes } from "./sign-in.ts";

/** A moving picture goes alone; pictures and videos together are not known to be taken. @source platforms/x.md section 5 */
function formatOf({ media, options }: Pick<OutgoingPost, "media" | "options">): string | undefined {
  if (media.length === 0) return optionsOf({ options }).poll ? "poll" : "text";
  const isGif = media.some(({ kind, mimeType }) => kind === "gif" || mimeType === "image/gif");
  if (!isGif && media.every(({ kind }) => kind === "image")) return "images";
  if (media.length > 1) return undefined;
  return isGif ? "gif" : media[0]?.kind === "video" ? "video" : undefined;
}

async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const read = await readMe(ctx, ctx.credentials);
  if (!read.ok) return read;
  const { id, name, username } = read.value;
  if (id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The sign-in belongs to another X account. Connect again." });
  const pictureUrl = pictureOf(read.value);
  return ok({
    ...grantHealth(ctx.credentials, scopes.required),
    name: name || username,
    handle: username,
    ...(pictureUrl && { pictureUrl }),
    extras: extrasOf(read.value, ctx),
  });
}

const accountLimits: NonNullable<Publishing["accountLimits"]> = async (ctx) => {
  const read = await readMe(ctx, ctx.credentials);
  if (!read.ok) return read;
  return ok(isPremium(extrasOf(read.value, ctx)) ? premiumLimits : { textMax: textLimit.max });
};

export const x: PublishingPlatform = {
  id: "x",
  provider: "x",
  name: "X",
  icon: "x.svg",
  color: "#000000",
  previewKind: "microblog",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: z.record(z.string(), z.json()),
  prices,
  budgets,
  usage,
  publishing: {
    formats,
    options: XOptions,
    optionFormats: { poll: ["poll"], quote: ["text"] },
    limits: { text: textLimit, altText: altLimit },
    limitsOf,
    accountLimits,
    defaultFormat: formatOf,
    validate,
    fingerprint: defaultFingerprint,
    mentions: {
      write: (handle) => `@${handle.replace(/^@/, "")}`,
      handle: { form: /^@?\w{1,15}$/, like: "ida_holm" },
    },
    hashtags: {},
    parts: { max: MOST_PARTS, text: { ...textLimit, required: true } },
    edit: { formats: ["text", "images", "gif", "video"], replaces: true, run: editPost },
    remove: { formats: Object.keys(formats), run: removePost, parts: partsOf },
    lookUp,
  },
  numbers: xNumbers,
  inbox: xInbox,
  health,
};
