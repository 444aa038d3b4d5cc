import type {
  AccountLimits,
  ConnectorContext,
  OutgoingPost,
  PlatformFailure,
  PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { ask } from "./api.ts";
import { optionsOf, type PrivacyLevel, privacyLevels } from "./options.ts";
import { PUBLISH } from "./sign-in.ts";

const CreatorInfo = z.object({
  creator_avatar_url: z.string().optional(),
  creator_username: z.string().default(""),
  creator_nickname: z.string().default(""),
  privacy_level_options: z.array(z.string()),
  comment_disabled: z.boolean().default(false),
  duet_disabled: z.boolean().default(false),
  stitch_disabled: z.boolean().default(false),
  max_video_post_duration_sec: z.number().positive().optional(),
});
export type CreatorInfo = z.output<typeof CreatorInfo>;

/** Who posts and what they allow: read whenever a form opens and right before each direct post. @source platforms/tiktok.md section 4 */
export const readCreator = (ctx: ConnectorContext): PlatformResult<CreatorInfo> =>
  ask(ctx, "post/publish/creator_info/query/", {}, CreatorInfo, { needs: [PUBLISH], about: "account" });

const switches = {
  allowComment: "comment_disabled",
  allowDuet: "duet_disabled",
  allowStitch: "stitch_disabled",
} as const;
type Switch = keyof typeof switches;
const switchNames = Object.keys(switches) as Switch[];
const labelOf = (level: string): string =>
  Object.hasOwn(privacyLevels, level) ? privacyLevels[level as PrivacyLevel] : level;

/** What a form has to show: the creator, the audiences to choose from, what is switched off, the longest video. */
export async function accountLimits(ctx: ConnectorContext): PlatformResult<AccountLimits> {
  const read = await readCreator(ctx);
  if (!read.ok) return read;
  const info = read.value;
  const { creator_nickname, creator_username, creator_avatar_url, max_video_post_duration_sec: longest } = info;
  const disabled = switchNames.filter((name) => info[switches[name]]);
  return ok({
    author: {
      name: creator_nickname || creator_username,
      ...(creator_username && { handle: creator_username }),
      ...(creator_avatar_url && { pictureUrl: creator_avatar_url }),
    },
    ...(longest !== undefined && { video: { maxMs: longest * 1000 } }),
    options: {
      privacyLevel: info.privacy_level_options.map((value) => ({ value, label: labelOf(value) })),
      ...Object.fromEntries(
        disabled.map((name) => [name, [{ value: "false", label: "Off: the creator switched it off in TikTok" }]]),
      ),
    },
  });
}

const rejected = (field: string, reason: string, message: string): PlatformFailure => ({
  kind: "content_rejected",
  field,
  reason,
  message,
});

/** The post against what the creator allows now. Pure. */
export function againstCreator(post: OutgoingPost, info: CreatorInfo): PlatformFailure | undefined {
  const options = optionsOf(post);
  const { privacyLevel = "" } = options;
  if (!info.privacy_level_options.includes(privacyLevel)) {
    const choices = info.privacy_level_options.join(", ");
    const message = `This account does not offer "${privacyLevel}" for who can see the post. Choose one of: ${choices}.`;
    return rejected("options.privacyLevel", "privacy_not_allowed", message);
  }
  for (const name of switchNames)
    if (options[name] && info[switches[name]])
      return rejected(
        `options.${name}`,
        "switched_off",
        "The creator switched this off in the TikTok app. Switch it off here too.",
      );
  const longest = info.max_video_post_duration_sec;
  const length = post.media[0]?.durationMs;
  if (longest !== undefined && length !== undefined && length > longest * 1000)
    return rejected(
      "media.0",
      "duration",
      `The video lasts ${length / 1000} s; this account may post up to ${longest} s. Cut it.`,
    );
  return undefined;
}

/** `againstCreator` with the creator read now; answers the user name, which addresses of posts have in them. */
export async function checkCreator(ctx: ConnectorContext, post: OutgoingPost): PlatformResult<string> {
  const read = await readCreator(ctx);
  if (!read.ok) return read;
  const failure = againstCreator(post, read.value);
  return failure ? fail(failure) : ok(read.value.creator_username);
}
