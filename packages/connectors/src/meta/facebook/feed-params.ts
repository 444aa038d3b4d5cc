import type { OutgoingPost } from "@postd/connector-kit";
import { facebookLink, facebookOptions } from "../options.ts";

/** Everything of the post but how it is shown; `attached_media` and `link` never together, as one would win silently. */
export function feedParams(
  post: OutgoingPost,
  photoIds: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const options = facebookOptions(post.options);
  return {
    message: post.text || undefined,
    link: photoIds.length === 0 ? facebookLink(post) : undefined,
    attached_media: photoIds.length > 0 ? JSON.stringify(photoIds.map((id) => ({ media_fbid: id }))) : undefined,
    targeting: options.countries?.length
      ? JSON.stringify({ geo_locations: { countries: options.countries } })
      : undefined,
  };
}
