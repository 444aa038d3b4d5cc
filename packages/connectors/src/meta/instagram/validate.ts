import {
  type AccountRef,
  type MediaInfo,
  nameOfMedium,
  type OutgoingPost,
  type PostProblem,
} from "@postd/connector-kit";
import {
  altTextMax,
  hashtagMax,
  hashtagWarn,
  instagramCommentWarn,
  instagramMedia,
  instagramSureAspect,
  mentionMax,
} from "../limits.ts";
import { firstCommentOf, instagramOptions } from "../options.ts";
import { error, storyText, warning } from "../problems.ts";

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
/**
 * `#` and `@` only where a word begins, so addresses and headings are not counted; `#1` counts too.
 * @source platforms/meta.md section 14, IG caption
 */
const hashtags = (text: string): number => count(text, /(?<![\p{L}\p{N}_#&/])#[\p{L}\p{N}_]+/gu);
const mentions = (text: string): number => count(text, /(?<![\p{L}\p{N}_.@])@[A-Za-z0-9_.]+/gu);

/** Rules of an Instagram account beyond text, media and the options' own shape. Pure. */
export function validateInstagram(post: OutgoingPost, account: Pick<AccountRef, "authKind">): readonly PostProblem[] {
  return [
    ...productProblems(post, account),
    ...captionProblems(post),
    ...post.media.flatMap(altTextProblems),
    ...post.media.flatMap((_, index) => tallImage(post, index)),
    ...optionProblems(post),
    ...storyText(post, post.format === "story"),
  ];
}

/** @source platforms/meta.md section 1: product tags mostly are not there with Instagram's own login */
function productProblems({ productTags }: OutgoingPost, account: Pick<AccountRef, "authKind">): readonly PostProblem[] {
  if (!productTags || productTags.length === 0 || account.authKind !== "instagram_login") return [];
  return [
    error({
      field: "productTags",
      code: "not_for_sign_in",
      message:
        "Instagram takes product tags only from accounts connected through Facebook. Leave them out, or connect it so.",
    }),
  ];
}

function captionProblems({ text, format }: OutgoingPost): readonly PostProblem[] {
  if (format === "story") return [];
  const problems: PostProblem[] = [];
  const tags = hashtags(text);
  const named = mentions(text);
  if (tags > hashtagMax)
    problems.push(
      error({
        field: "text",
        code: "too_many_hashtags",
        message: `${tags} hashtags; Instagram takes ${hashtagMax}. Remove ${tags - hashtagMax}.`,
      }),
    );
  else if (tags > hashtagWarn)
    problems.push(
      warning({
        field: "text",
        code: "many_hashtags",
        message: `${tags} hashtags; some accounts are held to ${hashtagWarn}. Fewer are safer.`,
      }),
    );
  if (named > mentionMax)
    problems.push(
      error({
        field: "text",
        code: "too_many_mentions",
        message: `${named} mentions; Instagram takes ${mentionMax}. Remove ${named - mentionMax}.`,
      }),
    );
  return problems;
}

function altTextProblems(item: MediaInfo, index: number): readonly PostProblem[] {
  const field = `media.${index}.altText`;
  const length = item.altText?.length ?? 0;
  if (length > altTextMax)
    return [
      error({
        field,
        code: "alt_text_too_long",
        message: `The description is ${length} characters; Instagram takes ${altTextMax}. Shorten it.`,
      }),
    ];
  return [];
}

/** The check against the limit has refused what is narrower still. */
function tallImage({ media, format }: OutgoingPost, index: number): readonly PostProblem[] {
  const item = media[index];
  if (item?.kind !== "image" || format === "story" || !item.width || !item.height) return [];
  const ratio = item.width / item.height;
  if (ratio >= instagramSureAspect - 0.001 || ratio < instagramMedia.image.image.minAspect - 0.001) return [];
  return [
    warning({
      field: `media.${index}`,
      code: "media_aspect_unsure",
      message: `${nameOfMedium(media, index)} is narrower than 4:5. Instagram takes 3:4 from many accounts and promises 4:5; crop it to be sure.`,
    }),
  ];
}

function optionProblems(post: OutgoingPost): readonly PostProblem[] {
  const options = instagramOptions(post.options);
  const isStory = post.format === "story";
  const isReel = post.format === "reel";
  const problems: PostProblem[] = [];
  const notFor = (field: string, used: boolean, fits: boolean, where: string) => {
    if (used && !fits)
      problems.push(
        error({
          field: `options.${field}`,
          code: "option_not_for_format",
          message: `This is for ${where} only. Remove it.`,
        }),
      );
  };
  notFor("shareToFeed", options.shareToFeed !== undefined, isReel, "reels");
  notFor("thumbOffsetMs", options.thumbOffsetMs !== undefined, isReel, "reels");
  notFor("coverMediaId", options.coverMediaId !== undefined, isReel, "reels");
  notFor("collaborators", Boolean(options.collaborators?.length), !isStory, "images, carousels and reels");
  notFor("locationId", options.locationId !== undefined, !isStory, "images, carousels and reels");
  notFor("userTags", Boolean(options.userTags?.length), !isStory, "images, carousels and reels");
  notFor("firstComment", options.firstComment !== undefined, !isStory, "images, carousels and reels");
  notFor("isAiGenerated", options.isAiGenerated === true, !isStory, "images, carousels and reels");
  if ((firstCommentOf(post)?.length ?? 0) > instagramCommentWarn)
    problems.push(
      warning({
        field: post.firstComment === undefined ? "options.firstComment" : "firstComment",
        code: "long_comment",
        message: `Instagram may refuse comments over ${instagramCommentWarn} characters; the post would go out without it.`,
      }),
    );
  const length = post.media[0]?.durationMs;
  if (isReel && options.thumbOffsetMs !== undefined && length !== undefined && options.thumbOffsetMs > length)
    problems.push(
      error({
        field: "options.thumbOffsetMs",
        code: "cover_outside",
        message: `The video lasts ${length} ms. Choose an earlier frame.`,
      }),
    );
  for (const [index, tag] of (options.userTags ?? []).entries())
    if ((tag.item ?? 0) >= Math.max(1, post.media.length))
      problems.push(
        error({
          field: `options.userTags.${index}.item`,
          code: "no_such_item",
          message: `There is no item ${tag.item}; the first is 0.`,
        }),
      );
  return problems;
}
