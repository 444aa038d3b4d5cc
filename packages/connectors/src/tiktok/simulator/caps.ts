import type { Call } from "@postd/connector-kit/simulator";
import { grantOf, personOf } from "./call.ts";
import { refuse } from "./words.ts";
import type { Person, Publish, World } from "./world.ts";

// Fact sheet, sections 2 and 11.

const dayMs = 86_400_000;
type Caller = Pick<Call<World>, "caller" | "world" | "now">;

/** Direct posts of the last 24 hours that did not fail, of all apps. */
const postsToday = ({ world, now }: Caller, which: (publish: Publish) => boolean): readonly Publish[] =>
  world.publishes.all(
    (publish) =>
      !publish.isDraft && publish.status !== "FAILED" && now.getTime() - publish.createdAt < dayMs && which(publish),
  );

/** Throws where this creator can publish no further post now: banned, the day's posts used up, the app's people. */
export function refuseWhoMayPostNoMore(call: Caller, status?: number): void {
  const { settings } = call.world;
  const person = personOf(call);
  if (person.isBanned)
    throw refuse("spam_risk_user_banned_from_posting", "The user is banned from making new posts.", status);
  if (postsToday(call, (publish) => publish.person === person).length >= settings.postsPerDay)
    throw refuse(
      "spam_risk_too_many_posts",
      "The daily post cap from the API is reached for the current user.",
      status,
    );
  const { app } = grantOf(call);
  const active = new Set(postsToday(call, ({ grant }) => grant.app === app).map((publish) => publish.person));
  if (!settings.audited && !active.has(person) && active.size >= settings.activeUserCap)
    throw refuse(
      "reached_active_user_cap",
      "The daily quota for active publishing users from your client is reached.",
      status,
    );
}

/** Drafts that wait for their person to post or discard them. */
export function refuseTooManyDrafts({ world, now, ...call }: Caller): void {
  const person = personOf({ world, ...call });
  const { pendingOf, pendingCap } = world.settings;
  const isPending = (publish: Publish) =>
    publish.isDraft && publish.person === person && !isOver(publish) && !publish.isDiscarded;
  const pending = world.publishes.all(
    (publish) => isPending(publish) && (pendingOf === "held" || now.getTime() - publish.createdAt < dayMs),
  );
  if (person.isBanned) throw refuse("spam_risk_user_banned_from_posting", "The user is banned from making new posts.");
  if (pending.length >= pendingCap)
    throw refuse("spam_risk_too_many_pending_share", "There are at most 5 pending shares within any 24-hour period.");
}

export const isOver = ({ status }: Pick<Publish, "status">): boolean =>
  status === "PUBLISH_COMPLETE" || status === "FAILED";

/** Only posts to private accounts where the app has no audit; the post's own privacy is another thing. */
export function refusePublicAccount({ settings }: Pick<World, "settings">, { isPrivate }: Person): void {
  if (!settings.audited && !isPrivate)
    throw refuse(
      "unaudited_client_can_only_post_to_private_accounts",
      "Unaudited clients can only post to a private account. The publish attempt will be blocked when calling /publish/ on a public account.",
    );
}
