import {
  type ConnectorContext,
  defaultFingerprint,
  grantHealth,
  type HealthAnswer,
  type OutgoingPost,
  type PlatformResult,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { budgets } from "./budgets.ts";
import { accountLimits } from "./creator.ts";
import { videoText } from "./limits.ts";
import { tiktokNumbers } from "./numbers.ts";
import { TiktokOptions, validate } from "./options.ts";
import { lookUp } from "./posts.ts";
import { formats, isFetched } from "./publish.ts";
import { readUser, scopes, tiktokApp } from "./sign-in.ts";

const formatOf = ({ media }: Pick<OutgoingPost, "media">): string | undefined => {
  if (media.length === 0) return undefined;
  if (media.every(({ kind }) => kind === "image")) return "photos";
  return media.length === 1 && media[0]?.kind === "video" ? "video" : undefined;
};

async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const read = await readUser(ctx, ctx.credentials);
  if (!read.ok) return read;
  const { open_id, display_name, username, avatar_large_url, avatar_url } = read.value;
  if (open_id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The sign-in belongs to another TikTok account. Connect again." });
  const pictureUrl = avatar_large_url ?? avatar_url;
  return ok({
    ...grantHealth(ctx.credentials, scopes.required),
    ...(display_name && { name: display_name }),
    ...(username && { handle: username }),
    ...(pictureUrl && { pictureUrl }),
  });
}

export const tiktok: PublishingPlatform = {
  id: "tiktok",
  provider: "tiktok",
  name: "TikTok",
  icon: "tiktok.svg",
  color: "#FE2C55",
  previewKind: "tiktok",
  accountKinds: [{ id: "creator", label: "Creator" }],
  extras: z.record(z.string(), z.json()),
  impossible: [
    {
      what: "Deleting a post",
      why: "The Content Posting API has no such call; its author deletes it in the app.",
      checkedOn: "2026-11-20",
    },
    { what: "Product tags", why: "No field of a post names products.", checkedOn: "2026-11-20" },
    {
      what: "Tracks of the Commercial Music Library",
      why: "No field of a post names a track; a photo post may only ask TikTok to add music of its own choice.",
      checkedOn: "2026-11-20",
    },
  ],
  budgets,
  publishing: {
    formats,
    options: TiktokOptions,
    limits: { text: videoText },
    // Six posts a minute begun by one person.
    leastGapMs: 10_000,
    defaultFormat: formatOf,
    validate,
    pulls: {
      when: isFetched,
      app: tiktokApp.id,
      verified: "verified_urls",
      shownAt: "in the app's page at TikTok, under URL properties",
    },
    fingerprint: defaultFingerprint,
    accountLimits,
    mentions: {
      write: (handle) => `@${handle.replace(/^@/, "")}`,
      handle: { form: /^@?[\w.]{1,24}$/, like: "ida.holm" },
    },
    hashtags: {},
    trendingAudio: "limited",
    lookUp,
  },
  numbers: tiktokNumbers,
  health,
};
