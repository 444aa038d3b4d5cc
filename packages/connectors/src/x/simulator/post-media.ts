import type { Call } from "@postd/connector-kit/simulator";
import { personOf } from "./call.ts";
import { mediumOf } from "./media.ts";
import { forbidden, invalid } from "./words.ts";
import { isPremium, type Medium, type Person, type Post, type World } from "./world.ts";

// Fact sheet, sections 5 and 13.

const maxSeconds = (person: Person): number => (isPremium(person) ? 125 : 20) * 60;

const kindOf = ({ details }: Medium): "photo" | "gif" | "video" | undefined => {
  switch (details.category) {
    case "tweet_image":
      return "photo";
    case "tweet_gif":
      return "gif";
    case "tweet_video":
    case "amplify_video":
      return "video";
    default:
      return undefined;
  }
};

/** The media of a new post: whole, worked on, the caller's own, of kinds that go together. Length is looked at again. */
export function attachedMedia(call: Call<World>, ids: readonly string[]): Post["media"] {
  const { world } = call;
  const person = personOf(call);
  const media = ids.map((id) => {
    const medium = mediumOf(call, id);
    const isReady = medium !== undefined && world.uploads.progress(medium) === "ready" && !medium.details.fails;
    if (!isReady || kindOf(medium) === undefined)
      throw invalid("Your media IDs are invalid.", { "media.media_ids": [id] });
    return medium;
  });
  const films = media.filter((medium) => kindOf(medium) !== "photo");
  if (films.length > 0 && media.length > 1 && !world.settings.mixedMedia)
    throw invalid("$.media.media_ids: one GIF or one video stands alone", { "media.media_ids": ids });
  const seconds = maxSeconds(person);
  if (films.some((film) => (film.media?.durationMs ?? 0) > seconds * 1000))
    throw forbidden(`This user is not allowed to post a video longer than ${seconds / 60} minutes.`);
  return media.map((medium) => ({ medium, altText: medium.details.altText }));
}
