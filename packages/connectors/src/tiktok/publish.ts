import {
  type ConnectorContext,
  type Format,
  matchRecent,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Step,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, inData } from "./api.ts";
import { checkCreator } from "./creator.ts";
import { photoRule, photoText, piecesOf, videoRule, videoText } from "./limits.ts";
import { optionsOf } from "./options.ts";
import { recentPosts } from "./posts.ts";
import { DRAFTS, LIST, PUBLISH } from "./sign-in.ts";
import { awaitPublished, type PostState, probeById, startState } from "./status.ts";
import { sendFile } from "./upload.ts";

const Begun = inData(
  z.object({ publish_id: z.string().min(1).max(200), upload_url: z.url({ protocol: /^https$/ }).optional() }),
);

/** What both formats say of a direct post. Off is what nobody switched on. */
function postInfo(post: OutgoingPost) {
  const { privacyLevel, allowComment, yourBrand, brandedContent } = optionsOf(post);
  return {
    privacy_level: privacyLevel,
    disable_comment: !allowComment,
    brand_organic_toggle: yourBrand ?? false,
    brand_content_toggle: brandedContent ?? false,
  };
}

/** The file in pieces, or the address TikTok fetches it from. */
async function videoSource(post: OutgoingPost, ctx: ConnectorContext): Promise<object> {
  const [file] = post.media;
  if (file && isFetched(post))
    return { source: "PULL_FROM_URL", video_url: await ctx.media.publicUrl(file.id, FETCHED_WITHIN_MS) };
  const size = file?.sizeBytes ?? 0;
  const { chunkSize, parts } = piecesOf(size);
  return { source: "FILE_UPLOAD", video_size: size, chunk_size: chunkSize, total_chunk_count: parts.length };
}

/** TikTok fetches the files itself, photos always. */
export const isFetched = (post: Pick<OutgoingPost, "format" | "options">): boolean =>
  post.format === "photos" || optionsOf(post).fetchVideo === true;

/** A download ends within an hour; it may begin a while after it was asked for. */
const FETCHED_WITHIN_MS = 3 * 3_600_000;

/** @source platforms/tiktok.md section 5, video body */
async function videoBody(post: OutgoingPost, ctx: ConnectorContext): Promise<object> {
  const { draft, allowDuet, allowStitch, aiGenerated, coverAtMs } = optionsOf(post);
  const source_info = await videoSource(post, ctx);
  if (draft) return { source_info };
  const post_info = {
    ...postInfo(post),
    title: post.text,
    disable_duet: !allowDuet,
    disable_stitch: !allowStitch,
    is_aigc: aiGenerated ?? false,
    ...(coverAtMs !== undefined && { video_cover_timestamp_ms: coverAtMs }),
  };
  return { post_info, source_info };
}

/** Photos are only ever fetched by TikTok. @source platforms/tiktok.md section 5, photo body */
async function photoBody(post: OutgoingPost, ctx: ConnectorContext): Promise<object> {
  const { draft, title, autoAddMusic, coverIndex } = optionsOf(post);
  const photo_images: string[] = [];
  for (const { id } of post.media) photo_images.push(await ctx.media.publicUrl(id));
  return {
    media_type: "PHOTO",
    post_mode: draft ? "MEDIA_UPLOAD" : "DIRECT_POST",
    post_info: {
      ...(title && { title }),
      description: post.text,
      ...(!draft && { ...postInfo(post), auto_add_music: autoAddMusic ?? false }),
    },
    source_info: { source: "PULL_FROM_URL", photo_images, photo_cover_index: coverIndex ?? 0 },
  };
}

const pathOf = (isVideo: boolean, draft: boolean | undefined): string => {
  if (!isVideo) return "post/publish/content/init/";
  return draft ? "post/publish/inbox/video/init/" : "post/publish/video/init/";
};

/** What the creator allows is asked anew where the post waited since. */
const CHECKED_FOR_MS = 5 * 60_000;

/** A step of its own, so that whatever ends this read leaves no doubt about the post. @source platforms/tiktok.md section 4 */
const check: Step<PostState> = {
  name: "check_creator",
  effect: "none",
  repeatable: true,
  done: ({ publishId, checkedAt }, post) =>
    publishId !== undefined || checkedAt !== undefined || optionsOf(post).draft === true,
  async run({ state, post }, ctx) {
    const creator = await checkCreator(ctx, post);
    if (!creator.ok) return creator;
    const checkedAt = ctx.clock.now().toISOString();
    return ok({ state: { ...state, checkedAt, ...(creator.value && { username: creator.value }) } });
  },
};

/**
 * Begins the post. Whatever becomes of the answer, this is never said twice: TikTok knows no key of ours.
 * @source platforms/tiktok.md section 14
 */
const create: Step<PostState> = {
  name: "create_post",
  effect: "visible",
  repeatable: false,
  timeoutMs: 60_000,
  settleMs: 60_000,
  done: ({ publishId }) => publishId !== undefined,
  async run({ state, post }, ctx) {
    const { draft } = optionsOf(post);
    const isVideo = post.format === "video";
    const { checkedAt, ...unchecked } = state;
    if (checkedAt !== undefined && ctx.clock.now().getTime() - Date.parse(checkedAt) > CHECKED_FOR_MS)
      return ok({ state: unchecked });
    const json = isVideo ? await videoBody(post, ctx) : await photoBody(post, ctx);
    const call = {
      method: "POST",
      path: pathOf(isVideo, draft),
      json,
      needs: [draft ? DRAFTS : PUBLISH],
    } as const;
    const begun = await api.read(ctx, call, Begun);
    if (!begun.ok) return fail(namingDomain(begun.error, json));
    const { publish_id: publishId, upload_url: uploadUrl } = begun.value;
    const next: PostState = { ...state, publishId };
    // What is fetched needs nothing more of us. Nobody sees a post whose bytes are not there yet.
    if (isFetched(post)) return ok({ state: { ...next, isWhole: true } });
    return ok({ state: next, unseen: true, ...(uploadUrl && { sealed: { uploadUrl: secret(uploadUrl) } }) });
  },
  probe: (input, ctx) => (input.state.publishId === undefined ? amongNewest(input, ctx) : probeById(input, ctx)),
};

/** Which domain has to be verified is what the operator has to know. */
function namingDomain(failure: PlatformFailure, json: object): PlatformFailure {
  if (failure.platformCode !== "url_ownership_unverified") return failure;
  const { photo_images = [], video_url } = Fetched.safeParse(json).data?.source_info ?? {};
  const first = video_url ?? photo_images[0] ?? "";
  const host = URL.canParse(first) ? new URL(first).hostname : "";
  return { ...failure, message: `${failure.message} The domain is ${host}.` };
}
const Fetched = z.object({
  source_info: z.object({ photo_images: z.array(z.string()).optional(), video_url: z.string().optional() }),
});

/** An answer that was lost took the publish id with it: only the list of public posts is left. */
async function amongNewest(
  { state, post, intentAt }: { readonly state: PostState; readonly post: OutgoingPost; readonly intentAt: Date },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  if (!ctx.credentials.scopes?.includes(LIST))
    return ok({ kind: "not_seen", looked: "nowhere, as this sign-in may not list the account's posts" });
  const recent = await recentPosts(ctx);
  if (!recent.ok) return recent;
  return ok(
    matchRecent({
      recent: recent.value,
      wanted: { text: post.text, since: intentAt },
      state: ({ externalId, permalink }): PostState => {
        const live = { externalId, ...(permalink && { permalink }) };
        return { ...state, publishId: externalId, isWhole: true, live };
      },
      looked: "the newest 20 public posts of the account",
    }),
  );
}

export const formats: Readonly<Record<string, Format<PostState>>> = {
  video: {
    label: "Video",
    media: videoRule,
    text: videoText,
    start: startState,
    steps: [check, create, sendFile, awaitPublished],
  },
  photos: {
    label: "Photos",
    media: photoRule,
    text: photoText,
    start: startState,
    steps: [check, create, awaitPublished],
  },
};
