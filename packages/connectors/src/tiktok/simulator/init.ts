import { type Call, pullMedia, type Route, type SimAnswer, type StoredMedia } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { api, badParam, grantOf, personOf, route, takeLimit } from "./call.ts";
import { refusePublicAccount, refuseTooManyDrafts, refuseWhoMayPostNoMore } from "./caps.ts";
import { privacyOptions } from "./creator.ts";
import { arrive, downloadMs } from "./progress.ts";
import { refuseForeignUrl } from "./url-ownership.ts";
import { ok, refuse } from "./words.ts";
import type { Privacy, Publish, World } from "./world.ts";

// Fact sheet, section 5. Lengths are counted in UTF-16 units.

/** An upload address lives so long, and a download may take so long. */
const hourSeconds = 3600;
const maxChunks = 1000;
const words = (max: number) =>
  z
    .string()
    .refine(({ length }) => length <= max, `is longer than ${max}`)
    .optional();
const flag = z.boolean().optional();
const brand = { brand_content_toggle: flag, brand_organic_toggle: flag };
// An absent privacy is the same error as a wrong one, so it is looked at with the options and not here.
const privacy_level = z.string().optional();
const VideoInfo = z.strictObject({
  title: words(2200),
  privacy_level,
  disable_comment: flag,
  disable_duet: flag,
  disable_stitch: flag,
  video_cover_timestamp_ms: z.int().optional(),
  is_aigc: flag,
  ...brand,
});
const PhotoInfo = z.strictObject({
  title: words(90),
  description: words(4000),
  privacy_level,
  disable_comment: flag,
  auto_add_music: flag,
  ...brand,
});
const File = z.strictObject({
  source: z.literal("FILE_UPLOAD"),
  video_size: z.int().min(1),
  chunk_size: z.int(),
  total_chunk_count: z.int(),
});
const VideoSource = z.discriminatedUnion("source", [
  File,
  z.strictObject({ source: z.literal("PULL_FROM_URL"), video_url: z.string().min(1) }),
]);
const PhotoSource = z.strictObject({
  source: z.literal("PULL_FROM_URL"),
  photo_images: z.array(z.string().min(1)).min(1).max(35),
  photo_cover_index: z.int().min(0).default(0),
});

type Info = Partial<z.output<typeof VideoInfo> & z.output<typeof PhotoInfo>>;
type VideoSource = z.output<typeof VideoSource>;

/** Whole up to 64 MB, else in pieces of 5 to 64 MB; the count is rounded down and the last takes the rest. */
function checkPieces({ settings }: World, source: z.output<typeof File>): void {
  const { video_size: size, chunk_size: chunk, total_chunk_count: count } = source;
  const [least, most] = [5 * settings.megabyteBytes, 64 * settings.megabyteBytes];
  if (size > settings.maxVideoBytes) throw refuse("invalid_file_upload", "The video is too large");
  const isWhole = chunk === size && size <= most;
  if (!isWhole && (chunk < least || chunk > most || chunk > size)) throw badParam("The chunk size is invalid");
  if (count !== Math.floor(size / chunk) || count > maxChunks) throw badParam("The total chunk count is invalid");
}

function refuseDirectPost(call: Call<World>, info: Info): void {
  const { world } = call;
  const person = personOf(call);
  refusePublicAccount(world, person);
  if (!privacyOptions(world, person).some((option) => option === info.privacy_level))
    throw refuse(
      "privacy_level_option_mismatch",
      "Privacy level is unspecified or not among the privacy_level_options of the creator_info.",
    );
  if (info.brand_content_toggle && info.privacy_level === "SELF_ONLY")
    throw badParam("Branded content visibility cannot be set to private");
  refuseWhoMayPostNoMore(call);
}

/** Comment, duet and stitch as they apply: forced off where the account or its owner says so. */
function togglesOf(call: Call<World>, info: Info, kind: Publish["kind"]): Publish["toggles"] {
  const person = personOf(call);
  const { isPrivate } = person;
  return {
    disable_comment: info.disable_comment === true || person.commentDisabled || isPrivate,
    ...(kind === "video" && {
      disable_duet: info.disable_duet === true || person.duetDisabled || isPrivate,
      disable_stitch: info.disable_stitch === true || person.stitchDisabled || isPrivate,
      is_aigc: info.is_aigc === true,
      video_cover_timestamp_ms: info.video_cover_timestamp_ms ?? 0,
    }),
    ...(kind === "photo" && { auto_add_music: info.auto_add_music === true }),
    brand_content_toggle: info.brand_content_toggle === true,
    brand_organic_toggle: info.brand_organic_toggle === true,
  };
}

function begin(
  call: Call<World>,
  input: Pick<Publish, "kind" | "isDraft" | "isPull"> & { readonly info: Info; readonly name: string },
): Publish {
  const { world, now } = call;
  const { kind, isDraft, isPull, info, name } = input;
  const decided = world.settings.audited ? (info.privacy_level ?? "SELF_ONLY") : "SELF_ONLY";
  return world.publishes.put({
    id: world.newPublishId(name),
    grant: grantOf(call),
    person: personOf(call),
    kind,
    isDraft,
    isPull,
    title: info.title ?? "",
    description: info.description ?? "",
    // Checked for direct posts; in the inbox the person chooses anew.
    privacy: (isDraft ? "SELF_ONLY" : decided) as Privacy,
    toggles: isDraft ? {} : togglesOf(call, info, kind),
    createdAt: now.getTime(),
    status: isPull ? "PROCESSING_DOWNLOAD" : "PROCESSING_UPLOAD",
    media: [],
    ...takeDecided(world),
  });
}

/** What an act decided for whichever comes next. */
function takeDecided(world: World): Pick<Publish, "decided"> {
  const decided = world.next;
  world.next = undefined;
  return decided === undefined ? {} : { decided };
}

/** TikTok fetches right away; how long that takes is played by the clock. A medium it cannot have fails the publish. */
async function pull(call: Call<World>, publish: Publish, urls: readonly string[]): Promise<void> {
  const got: StoredMedia[] = [];
  for (const url of urls) {
    const medium = await pullMedia(call.env, url);
    if (medium) got.push(medium);
  }
  publish.media = got;
  const begunAt = call.now.getTime();
  const tookMs = call.workMs(downloadMs(got));
  const isLate = tookMs > hourSeconds * 1000;
  if (isLate || got.length < urls.length)
    publish.decided ??= publish.kind === "photo" ? "photo_pull_failed" : "video_pull_failed";
  arrive(publish, begunAt + (isLate ? hourSeconds * 1000 : tookMs));
}

async function initVideo(call: Call<World>, source: VideoSource, info: Info, isDraft: boolean): Promise<SimAnswer> {
  const { world } = call;
  const name = isDraft ? "v_inbox" : "v_pub";
  if (source.source === "PULL_FROM_URL") {
    refuseForeignUrl(world, source.video_url);
    const publish = begin(call, { kind: "video", isDraft, isPull: true, info, name: `${name}_url` });
    await pull(call, publish, [source.video_url]);
    return ok({ publish_id: publish.id });
  }
  checkPieces(world, source);
  const publish = begin(call, { kind: "video", isDraft, isPull: false, info, name: `${name}_file` });
  const token = world.newToken();
  world.uploads.open({
    id: publish.id,
    sizeBytes: source.video_size,
    seconds: hourSeconds,
    details: { publish: publish.id, token, chunkBytes: source.chunk_size },
  });
  const query = new URLSearchParams({ upload_id: publish.id, upload_token: token });
  return ok({ publish_id: publish.id, upload_url: `https://${world.settings.uploadHost}/video/?${query}` });
}

export const initRoutes: readonly Route<World>[] = [
  route("POST", api("post/publish/video/init"), {
    publishes: true,
    scopes: ["video.publish"],
    body: z.strictObject({ post_info: VideoInfo.default({}), source_info: VideoSource }),
    handle(call) {
      takeLimit(call, "init");
      refuseDirectPost(call, call.body.post_info);
      return initVideo(call, call.body.source_info, call.body.post_info, false);
    },
  }),
  route("POST", api("post/publish/inbox/video/init"), {
    publishes: true,
    scopes: ["video.upload"],
    // What a post is called and who may see it is ignored here.
    body: z.strictObject({ post_info: z.unknown().optional(), source_info: VideoSource }),
    handle(call) {
      takeLimit(call, "init");
      refuseTooManyDrafts(call);
      return initVideo(call, call.body.source_info, {}, true);
    },
  }),
  route("POST", api("post/publish/content/init"), {
    publishes: true,
    scopes: [["video.publish", "video.upload"]],
    body: z.strictObject({
      media_type: z.literal("PHOTO"),
      post_mode: z.enum(["DIRECT_POST", "MEDIA_UPLOAD"]),
      post_info: PhotoInfo.default({}),
      source_info: PhotoSource,
    }),
    async handle(call) {
      takeLimit(call, "init");
      const { post_info: info, post_mode, source_info } = call.body;
      const isDraft = post_mode === "MEDIA_UPLOAD";
      const scope = isDraft ? "video.upload" : "video.publish";
      if (!call.caller.scopes.has(scope))
        throw refuse(
          "scope_not_authorized",
          `The user did not authorize the scope required for completing this request: ${scope}`,
        );
      if (isDraft) refuseTooManyDrafts(call);
      else refuseDirectPost(call, info);
      const { photo_images: urls, photo_cover_index: cover } = source_info;
      if (cover >= urls.length) throw badParam("The photo cover index is invalid");
      for (const url of urls) refuseForeignUrl(call.world, url);
      const publish = begin(call, {
        kind: "photo",
        isDraft,
        isPull: true,
        info,
        name: isDraft ? "p_inbox_url" : "p_pub_url",
      });
      await pull(call, publish, urls);
      return ok({ publish_id: publish.id });
    },
  }),
];
