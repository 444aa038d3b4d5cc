import { isPremium, type Post, type World } from "./world.ts";

// Fact sheet, section 7.

const editsAllowed = 5;

/** Whether a post can still be edited, and how often. */
export function editsOf({ settings }: Pick<World, "settings">, post: Post, now: number) {
  const until = post.firstAt + settings.editWindowMs;
  const left = Math.max(0, editsAllowed - (post.history.length - 1));
  const isPlain = !post.poll && !post.replyTo && !post.communityId;
  return { until, left, isEligible: isPremium(post.author) && isPlain && left > 0 && now < until };
}
