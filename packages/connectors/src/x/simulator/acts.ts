import { type Acts, actsOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { resend, tell, tellRevoked } from "./events.ts";
import { makePost, removePost } from "./make-post.ts";
import { Settings } from "./settings.ts";
import { wholeUser } from "./show-post.ts";
import { provesItself } from "./webhooks.ts";
import type { Person, Post, World } from "./world.ts";

const act = actsOf<World>();

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new RangeError(`there is no ${what}`);
  return thing;
}
const personIn = (world: World, name: string): Person => found(world.personBy(name), `person ${name}`);
const postIn = (world: World, id: string): Post => found(world.posts.get(id), `post ${id}`);

/** Names without a value are left as they are. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

export const acts: Acts<World> = {
  set: act(Settings.partial(), (world, changes) => {
    world.settings = { ...world.settings, ...given(changes) };
    return { ...world.settings };
  }),
  setPerson: act(
    z.strictObject({
      person: z.string(),
      name: z.string().optional(),
      subscription: z.enum(["None", "Basic", "Premium", "PremiumPlus"]).optional(),
      isProtected: z.boolean().optional(),
      state: z.enum(["active", "suspended", "locked"]).optional(),
      followers: z.int().min(0).optional(),
      following: z.int().min(0).optional(),
      communities: z.array(z.string()).optional(),
    }),
    (world, { person, ...changes }) => {
      Object.assign(personIn(world, person), given(changes));
      return given(changes);
    },
  ),
  /** Numbers of a post, a person or, by its key, a medium; by the names of the API. */
  engage: act(
    z.strictObject({ id: z.string(), counts: z.record(z.string(), z.int().min(0)) }),
    (world, { id, counts }) => {
      const key = world.posts.get(id)?.history[0] ?? id;
      world.counts.set(key, { ...world.counts.get(key), ...counts });
      return counts;
    },
  ),
  /** Somebody posts in X itself. */
  postAs: act(
    z.strictObject({
      person: z.string(),
      text: z.string().default("Hello"),
      reply_to: z.string().optional(),
      quote: z.string().optional(),
    }),
    (world, { person, text, reply_to, quote }) => {
      const post = makePost(world, {
        author: personIn(world, person),
        text,
        replyTo: reply_to === undefined ? undefined : postIn(world, reply_to),
        quoteOf: quote === undefined ? undefined : postIn(world, quote),
      });
      return { id: post.id };
    },
  ),
  takeDown: act(z.strictObject({ id: z.string() }), (world, { id }) => {
    removePost(world, postIn(world, id));
    return { removed: id };
  }),
  /** The next films are worked on and fail. */
  failMedia: act(z.strictObject({ times: z.int().min(0).default(1) }), (world, { times }) => {
    world.failing = times;
    return { times };
  }),
  follow: act(
    z.strictObject({ follower: z.string(), followed: z.string(), isOver: z.boolean().default(false) }),
    (world, { follower, followed, isOver }) => {
      const [source, target] = [personIn(world, follower), personIn(world, followed)];
      const step = isOver ? -1 : 1;
      target.followers = Math.max(0, target.followers + step);
      source.following = Math.max(0, source.following + step);
      const type = isOver ? "follow.unfollow" : "follow.follow";
      const users = [source, target].map((person) => JSON.parse(JSON.stringify(wholeUser(world, person, "old"))));
      const payload = { source: users[0], target: users[1] };
      tell(world, { type, person: target, direction: "inbound", payload });
      tell(world, { type, person: source, direction: "outbound", payload });
      return { followers: target.followers };
    },
  ),
  /** The hourly check of every webhook; one that fails gets nothing any more. */
  checkWebhooks: act(z.strictObject({}), async (world) => {
    for (const webhook of world.webhooks.all()) webhook.isValid = await provesItself(world, webhook.url);
    return { valid: world.webhooks.all(({ isValid }) => isValid).length };
  }),
  /** The newest events once more, as after an answer X did not get. */
  redeliver: act(z.strictObject({ last: z.int().min(1).default(1) }), (world, { last }) => {
    const again = world.sent.slice(-last);
    for (const event of again) resend(world, event);
    return { sent: again.map(({ type }) => type) };
  }),
  /** The person ends the app's access in the settings of X. */
  withdraw: act(z.strictObject({ subject: z.string(), app: z.string().optional() }), (world, { subject, app }) => {
    const { id } = personIn(world, subject);
    const withdrawn = world.tokens.endSubject(id, app);
    if (withdrawn > 0) tellRevoked(world, id);
    return { withdrawn };
  }),
};
