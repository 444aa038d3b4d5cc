import { type Acts, actsOf, randomWord } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { app, type World } from "../world.ts";
import type { Account, Location, Review } from "./model.ts";
import { type NotificationType, notificationTypes, send, tell } from "./notifications.ts";
import { dailyMetrics } from "./performance.ts";

const act = actsOf<World>();

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new RangeError(`there is no ${what}`);
  return thing;
}

/** A resource name's last id counts, so that whole names and bare ones do. */
const idIn = (name: string): string => name.split("/").at(-1) ?? "";
const accountIn = ({ profiles }: World, name: string): Account =>
  found(profiles.accounts.get(idIn(name)), `account ${name}`);
const reviewIn = ({ profiles }: World, name: string): Review =>
  found(profiles.reviews.get(idIn(name)), `review ${name}`);
const locationIn = ({ profiles }: World, name: string): Location =>
  found(profiles.locations.get(idIn(name)), `location ${name}`);

const placeActs: Acts<World> = {
  addAccounts: act(
    z.strictObject({
      person: z.string(),
      names: z.array(z.string()).min(1),
      type: z.enum(["PERSONAL", "LOCATION_GROUP", "USER_GROUP", "ORGANIZATION"]).default("LOCATION_GROUP"),
      role: z.enum(["PRIMARY_OWNER", "OWNER", "MANAGER", "SITE_MANAGER"]).default("MANAGER"),
    }),
    ({ profiles }, { person, names, ...more }) => ({
      accounts: names.map((accountName) => `accounts/${profiles.addAccount(person, { accountName, ...more }).id}`),
    }),
  ),
  addLocations: act(
    z.strictObject({ account: z.string(), titles: z.array(z.string()).min(1), hasVoice: z.boolean().default(true) }),
    (world, { account, titles, hasVoice }) => {
      const at = accountIn(world, account);
      const made = titles.map((title) => world.profiles.addLocation(at, title, { hasVoice }).id);
      return { locations: made.map((id) => `accounts/${at.id}/locations/${id}`) };
    },
  ),
  setLocation: act(
    z.strictObject({
      location: z.string(),
      title: z.string().optional(),
      isChain: z.boolean().optional(),
      /** A second account it sits under. */
      alsoUnder: z.string().optional(),
      /** It is moved there, and away from all others. */
      movedTo: z.string().optional(),
    }),
    (world, { location, title, isChain, alsoUnder, movedTo }) => {
      const place = locationIn(world, location);
      if (title !== undefined) place.title = title;
      if (isChain !== undefined) place.isChain = isChain;
      if (movedTo !== undefined) place.accounts.clear();
      for (const under of [alsoUnder, movedTo]) if (under !== undefined) place.accounts.add(accountIn(world, under).id);
      return { title: place.title, isChain: place.isChain, accounts: [...place.accounts] };
    },
  ),
  /** The owner wins or loses the say over the place. */
  setVoice: act(z.strictObject({ location: z.string(), hasVoice: z.boolean() }), (world, { location, hasVoice }) => {
    const place = locationIn(world, location);
    place.hasVoice = hasVoice;
    tell(world, { type: "VOICE_OF_MERCHANT_UPDATED", location: place });
    return { hasVoice };
  }),
  /** The person loses the role at an account. */
  removeMember: act(z.strictObject({ account: z.string(), person: z.string() }), (world, { account, person }) => {
    const at = accountIn(world, account);
    if (!at.members.delete(person)) throw new RangeError(`${person} has no role at ${account}`);
    at.former.add(person);
    return { members: [...at.members.keys()] };
  }),
};

const postActs: Acts<World> = {
  /** What a post's review ends with, or the next one's, whatever its words. */
  decide: act(
    z.strictObject({ verdict: z.enum(["LIVE", "REJECTED"]), post: z.string().optional() }),
    (world, input) => {
      const { posts } = world.profiles;
      if (input.post === undefined) world.profiles.nextPost = input.verdict;
      else {
        const post = found(posts.get(idIn(input.post)), `post ${input.post}`);
        post.decided = input.verdict;
        post.reviewEndsAt ??= world.env.now().getTime();
      }
      return { verdict: input.verdict };
    },
  ),
  /** Somebody takes it down by hand. */
  removePost: act(z.strictObject({ post: z.string() }), ({ profiles }, { post }) => ({
    removed: profiles.posts.remove(found(profiles.posts.get(idIn(post)), `post ${post}`).id),
  })),
};

const stars = z.int().min(1).max(5);

const reviewActs: Acts<World> = {
  addReview: act(
    z.strictObject({
      location: z.string(),
      stars: stars.default(5),
      comment: z.string().default(""),
      reviewer: z.string().default("Ada Lind"),
      isAnonymous: z.boolean().default(false),
    }),
    (world, { location, reviewer, isAnonymous, ...words }) => {
      const place = locationIn(world, location);
      const at = world.env.now().getTime();
      const who = { displayName: isAnonymous ? "A Google user" : reviewer, isAnonymous };
      const made = { id: randomWord(40), location: place, reviewer: who, createdAt: at, updatedAt: at };
      const review = world.profiles.reviews.put({ ...made, ...words });
      tell(world, { type: "NEW_REVIEW", location: place, review });
      return { reviewId: review.id };
    },
  ),
  changeReview: act(
    z.strictObject({ review: z.string(), stars: stars.optional(), comment: z.string().optional() }),
    (world, input) => {
      const review = reviewIn(world, input.review);
      review.stars = input.stars ?? review.stars;
      review.comment = input.comment ?? review.comment;
      review.updatedAt = world.env.now().getTime();
      tell(world, { type: "UPDATED_REVIEW", location: review.location, review });
      return { stars: review.stars, comment: review.comment };
    },
  ),
  removeReview: act(z.strictObject({ review: z.string() }), (world, { review }) => ({
    removed: world.profiles.reviews.remove(reviewIn(world, review).id),
  })),
  /** Why a reply is refused, or the next one; a reply that is shown already is taken down again. */
  refuseReply: act(z.strictObject({ policyViolation: z.string(), review: z.string().optional() }), (world, input) => {
    const { policyViolation } = input;
    if (input.review === undefined) world.profiles.nextReply = policyViolation;
    else {
      const reply = found(reviewIn(world, input.review).reply, `reply to ${input.review}`);
      reply.violation = policyViolation;
      reply.reviewEndsAt ??= world.env.now().getTime();
    }
    return { policyViolation };
  }),
  /** A reply vanishes without a word. */
  dropReply: act(z.strictObject({ review: z.string() }), (world, { review }) => {
    delete reviewIn(world, review).reply;
    return { dropped: review };
  }),
};

const numberActs: Acts<World> = {
  setMetric: act(
    z.strictObject({ location: z.string(), metric: z.enum(dailyMetrics), day: z.iso.date(), value: z.int().min(0) }),
    (world, { location, metric, day, value }) => {
      world.profiles.metrics.set(`${locationIn(world, location).id} ${metric} ${day}`, value);
      return { value };
    },
  ),
};

const pushActs: Acts<World> = {
  /** The topic's push subscription; one that nobody should trust has another audience, mail or issuer. */
  pushTo: act(
    z.strictObject({
      address: z.url(),
      topic: z.string().default(app.pubsub_topic),
      audience: z.string().default(app.pubsub_audience),
      email: z.string().default(app.pubsub_push_service_account),
      emailVerified: z.boolean().optional(),
      issuer: z.string().optional(),
    }),
    ({ profiles }, { address, topic, ...identity }) => {
      const subscription = `${topic.replace("/topics/", "/subscriptions/")}-push`;
      profiles.pushes.put({ id: topic, subscription, address, identity: JSON.stringify(identity) });
      return { subscription };
    },
  ),
  /** Any kind of notification, for what nothing else here brings about. */
  notify: act(
    z.strictObject({ location: z.string(), type: z.enum(notificationTypes) }),
    (world, { location, type }: { location: string; type: NotificationType }) => {
      tell(world, { type, location: locationIn(world, location) });
      return { type };
    },
  ),
  /** A message of any form, as of another publisher to the topic. */
  publish: act(
    z.strictObject({ message: z.record(z.string(), z.json()), topic: z.string().default(app.pubsub_topic) }),
    (world, { message, topic }) => {
      send(world, { topic, type: "other", message });
      return { topic };
    },
  ),
  /** The same message once more, as after an answer Pub/Sub did not get; without an index the newest. */
  redeliver: act(z.strictObject({ index: z.int().min(0).optional() }), (world, { index }) => {
    const message = found(world.profiles.messages.at(index ?? -1), `message ${index}`);
    send(world, message);
    return { type: message.type };
  }),
};

export const profileActs: Acts<World> = { ...placeActs, ...postActs, ...reviewActs, ...numberActs, ...pushActs };
