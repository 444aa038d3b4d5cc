const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How often an account is read, by when something last happened there: every reading costs calls. */
const paces = [
  { within: day, every: 10 * minute },
  { within: 7 * day, every: hour },
] as const;
const idleEvery = 6 * hour;

/** How long until an account is read again. */
export function nextLookMs(activeAt: Date | undefined, now: Date): number {
  const quiet = activeAt ? now.getTime() - activeAt.getTime() : Number.POSITIVE_INFINITY;
  return paces.find(({ within }) => quiet < within)?.every ?? idleEvery;
}

/** All of it is read this often, and in between only what is new. */
export const wholeEveryMs = idleEvery;
/** As far as all of it goes back, but for the first look and one somebody asked for: these go to its end. */
export const wholeBackMs = 30 * day;
/** Where the platform bills each thing that is read, all of it is read only then, and no further back than this. */
export const billedBackMs = 7 * day;
/** Posts to which people are taken to write still, where a platform lists by post. */
export const postsOfMs = 30 * day;
/** Of these, what is looked at every time. */
export const livelyMs = 3 * day;
/** What is older when it is first seen counts as read, so that connecting an account brings no pile of old news. */
export const unreadMs = 14 * day;
/** No platform's list that was read to its end forgets what is younger; what it lacks is gone. */
export const surelyListedMs = 5 * day;
