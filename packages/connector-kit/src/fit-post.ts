import { fitPicture, type PictureFit } from "./fit-picture.ts";
import { nameOfMedium } from "./media-words.ts";
import type { PictureBox, PictureCrop } from "./picture-change.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostProblem } from "./publish.ts";

export interface FittedPost {
  /** The post as it would go out; its files carry what is known of them before they are made. */
  readonly post: OutgoingPost;
  /** By the place of each file in the post. */
  readonly fits: readonly PictureFit[];
  /** What will be done to which file, as warnings, and crops that nobody can make. */
  readonly problems: readonly PostProblem[];
}

/**
 * A post with its pictures as its format takes them. `crops`: parts of pictures the author chose, by the file's id. Tags in
 * a picture move with it. Pure; nothing is made.
 */
export function fitPost(
  { name: platform, publishing }: PublishingPlatform,
  post: OutgoingPost,
  crops: ReadonlyMap<string, PictureCrop>,
): FittedPost {
  const format = Object.hasOwn(publishing.formats, post.format) ? publishing.formats[post.format] : undefined;
  const rule = format?.media.image;
  const fits = post.media.map((item, index): PictureFit => {
    const name = nameOfMedium(post.media, index);
    return rule ? fitPicture({ platform, name, rule }, item, crops.get(item.id)) : { as: item, notes: [] };
  });
  const problems = fits.flatMap(({ as: { id, kind, width, madeFrom }, notes }, index): PostProblem[] => {
    if (crops.has(id) && !madeFrom && (kind !== "image" || !width))
      return [
        {
          field: `media.${index}.crop`,
          code: "crop_not_possible",
          message: `${nameOfMedium(post.media, index)} cannot be cropped; only still pictures can. Leave crop out.`,
          severity: "error",
        },
      ];
    return notes.map(([code, message]) => ({ field: `media.${index}`, code, message, severity: "warning" }));
  });
  const moved = moveTags(post, fits);
  return {
    post: { ...post, media: fits.map(({ as }) => as), ...(moved ? { productTags: moved.tags } : {}) },
    fits,
    problems: [...problems, ...(moved?.problems ?? [])],
  };
}

/** Tags are of a picture that stands alone; `position` is in parts of what is left of it. */
function moveTags({ productTags, media }: OutgoingPost, fits: readonly PictureFit[]) {
  const [fit] = fits;
  const box = fit?.change?.crop ?? fit?.as.madeFrom?.change.crop;
  if (!productTags || !box || media.length !== 1) return undefined;
  const tags = productTags.map((tag) => ({ ...tag, position: moved(tag.position, box) }));
  const problems = tags.flatMap(({ position: { x, y } }, index): PostProblem[] =>
    x >= 0 && x <= 1 && y >= 0 && y <= 1
      ? []
      : [
          {
            field: `productTags.${index}.position`,
            code: "tag_cut_away",
            message:
              "The picture is cropped, and this tag lies outside of what is left. Move the tag, or choose another part with media[].crop.",
            severity: "error",
          },
        ],
  );
  return { tags, problems };
}

const moved = ({ x, y }: { readonly x: number; readonly y: number }, { of, ...box }: PictureBox) => ({
  x: rounded((x * of.width - box.left) / box.width),
  y: rounded((y * of.height - box.top) / box.height),
});

const rounded = (part: number): number => Math.round(part * 10_000) / 10_000;
