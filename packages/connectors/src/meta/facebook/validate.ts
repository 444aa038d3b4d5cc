import type { OutgoingPost, PostProblem } from "@postd/connector-kit";
import { facebookLink, facebookOptions } from "../options.ts";
import { error, storyText, warning } from "../problems.ts";

/** Rules of a Page beyond text, media and the options' own shape. Pure. */
export function validateFacebook(post: OutgoingPost): readonly PostProblem[] {
  const options = facebookOptions(post.options);
  const problems: PostProblem[] = [];
  const isVideo = post.format === "video" || post.format === "reel";
  if (post.format === "link" && !facebookLink(post))
    problems.push(
      error({
        field: "link",
        code: "link_required",
        message: "A link post needs a link. Add one or choose Text.",
      }),
    );
  if (options.link && post.format !== "link" && post.format !== "text")
    problems.push(
      error({
        field: "options.link",
        code: "link_with_media",
        message: "Facebook shows either the link or the media, and does not say which. Put the link into the text.",
      }),
    );
  if (post.link && (post.link.title ?? post.link.description) !== undefined)
    problems.push(
      warning({
        field: "link",
        code: "card_words_unused",
        message: "Facebook takes the card's words from the page itself; yours are left out.",
      }),
    );
  if (options.title && !isVideo)
    problems.push(
      warning({
        field: "options.title",
        code: "title_unused",
        message: "Only videos and reels have a title; it is left out.",
      }),
    );
  if (options.countries?.length && (isVideo || post.format.endsWith("_story")))
    problems.push(
      error({
        field: "options.countries",
        code: "countries_unsupported",
        message: "Videos and stories go to everyone. Remove the countries or choose another format.",
      }),
    );
  if (options.firstComment && post.format.endsWith("_story"))
    problems.push(
      error({
        field: "options.firstComment",
        code: "comment_on_story",
        message: "Stories take no comments. Remove the first comment.",
      }),
    );
  return [...problems, ...storyText(post, post.format.endsWith("_story"))];
}
