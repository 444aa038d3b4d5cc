import { pullMedia } from "@postd/connector-kit/simulator";
import type { World } from "../world.ts";
import type { LocalPost } from "./model.ts";
import { photoTrouble } from "./photo.ts";
import { offends } from "./post-content.ts";

// Fact sheet, "Publishing": PROCESSING -> LIVE | REJECTED; SCHEDULED is looked at up front, -> LIVE at its time | REJECTED.

const isDue = ({ reviewEndsAt = Number.POSITIVE_INFINITY }: LocalPost, now: number): boolean => reviewEndsAt <= now;
const lacksPhoto = ({ content, photo }: LocalPost): boolean => (content.media?.length ?? 0) > 0 && photo === undefined;

/** Lets reviews end and scheduled posts come out; posts whose photo is still to be fetched wait for `fetchPhotos`. */
export function passPosts({ env, profiles }: Pick<World, "env" | "profiles">): void {
  const now = env.now().getTime();
  for (const post of profiles.posts.all()) {
    if (isDue(post, now) && !(lacksPhoto(post) && post.decided !== "REJECTED")) {
      const verdict = post.decided ?? (offends(post.content) ? "REJECTED" : "LIVE");
      delete post.reviewEndsAt;
      delete post.decided;
      if (verdict === "REJECTED") post.state = "REJECTED";
      else if (post.state !== "SCHEDULED") post.state = "LIVE";
    }
    const { scheduledTime } = post.content;
    const isTime = scheduledTime !== undefined && Date.parse(scheduledTime) <= now;
    if (post.state === "SCHEDULED" && isTime && post.reviewEndsAt === undefined) post.state = "LIVE";
  }
}

/** Photos are fetched at the end of a review, where Google does so: the address has to answer until then. */
export async function fetchPhotos(world: Pick<World, "env" | "profiles">): Promise<void> {
  const now = world.env.now().getTime();
  for (const post of world.profiles.posts.all((one) => isDue(one, now) && lacksPhoto(one))) {
    const photo = await pullMedia(world.env, post.content.media?.[0]?.sourceUrl ?? "");
    if (photo === undefined || photoTrouble(photo) !== undefined) post.decided = "REJECTED";
    else post.photo = photo;
  }
  passPosts(world);
}
