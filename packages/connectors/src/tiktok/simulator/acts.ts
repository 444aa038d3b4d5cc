import { type Acts, actsOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { send, setAddress, tell, tellPublish } from "./events.ts";
import { fail, goLive } from "./progress.ts";
import { Settings } from "./settings.ts";
import { endReasons, tellRemoved } from "./sign-in.ts";
import { app, type Person, type Post, type Publish, type World } from "./world.ts";

const act = actsOf<World>();
const privacy = z.enum(["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]);
const failReason = z.enum([
  "file_format_check_failed",
  "duration_check_failed",
  "frame_rate_check_failed",
  "picture_size_check_failed",
  "video_pull_failed",
  "photo_pull_failed",
  "internal",
  "publish_cancelled",
  "auth_removed",
  "spam_risk_too_many_posts",
  "spam_risk_user_banned_from_posting",
  "spam_risk",
  "spam_risk_text",
]);

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new RangeError(`there is no ${what}`);
  return thing;
}
const personIn = (world: World, name: string): Person => found(world.personBy(name), `person ${name}`);
const publishIn = (world: World, id: string): Publish => found(world.publishes.get(id), `publish ${id}`);
const postIn = (world: World, id: string): Post => found(world.posts.get(id), `post ${id}`);

function draftIn(world: World, id: string): Publish {
  const publish = publishIn(world, id);
  const isThere = publish.isDraft && publish.isDiscarded !== true;
  if (!isThere || !["SEND_TO_USER_INBOX", "PUBLISH_COMPLETE"].includes(publish.status))
    throw new RangeError(`no draft ${id} is in the inbox`);
  return publish;
}

/** Names without a value are left as they are. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const settingActs: Acts<World> = {
  set: act(Settings.partial(), (world, changes) => {
    world.settings = { ...world.settings, ...given(changes) };
    return { ...world.settings };
  }),
  setPerson: act(
    z.strictObject({
      person: z.string(),
      nickname: z.string().optional(),
      bio: z.string().optional(),
      isVerified: z.boolean().optional(),
      isPrivate: z.boolean().optional(),
      isBanned: z.boolean().optional(),
      commentDisabled: z.boolean().optional(),
      duetDisabled: z.boolean().optional(),
      stitchDisabled: z.boolean().optional(),
      maxVideoSeconds: z.int().min(1).optional(),
      followers: z.int().min(0).optional(),
      following: z.int().min(0).optional(),
    }),
    (world, { person, ...changes }) => {
      Object.assign(personIn(world, person), given(changes));
      return given(changes);
    },
  ),
  /** A domain, with all below it, or a prefix that ends with "/". */
  verify: act(z.strictObject({ address: z.string().min(1) }), ({ verified }, { address }) => {
    verified.add(address);
    return { verified: [...verified] };
  }),
  unverify: act(z.strictObject({ address: z.string() }), ({ verified }, { address }) => {
    verified.delete(address);
    return { verified: [...verified] };
  }),
};

const publishActs: Acts<World> = {
  /** How a publish ends, or the next one. One that waits in the inbox or is over stays as it is. */
  fail: act(z.strictObject({ reason: failReason, publish_id: z.string().optional() }), (world, input) => {
    if (input.publish_id === undefined) world.next = input.reason;
    else publishIn(world, input.publish_id).decided = input.reason;
    return { reason: input.reason };
  }),
  /** The person posts the draft, once or several times; again later for more posts of it. */
  finishDraft: act(
    z.strictObject({
      publish_id: z.string(),
      times: z.int().min(1).max(20).default(1),
      title: z.string().optional(),
      privacy: privacy.default("PUBLIC_TO_EVERYONE"),
    }),
    (world, input) => {
      const draft = draftIn(world, input.publish_id);
      const at = world.env.now().getTime();
      const words = { privacy: input.privacy, ...(input.title !== undefined && { title: input.title }) };
      const posts = Array.from({ length: input.times }, (_, nth) => goLive(world, draft, at + nth, words).id);
      if (draft.status !== "PUBLISH_COMPLETE") {
        draft.status = "PUBLISH_COMPLETE";
        tellPublish(world, draft, "complete", at);
      }
      return { posts };
    },
  ),
  discardDraft: act(z.strictObject({ publish_id: z.string() }), (world, { publish_id }) => {
    draftIn(world, publish_id).isDiscarded = true;
    return { discarded: publish_id };
  }),
  /** Moderation ends now, or never lets the posts of a publish be seen. */
  moderate: act(z.strictObject({ publish_id: z.string(), isAllowed: z.boolean().default(true) }), (world, input) => {
    const publish = publishIn(world, input.publish_id);
    const waiting = world.posts.all((post) => post.publish === publish && !post.isTold && post.publicAt !== undefined);
    for (const post of waiting)
      if (input.isAllowed) post.publicAt = world.env.now().getTime();
      else delete post.publicAt;
    return { posts: waiting.map(({ id }) => id) };
  }),
  /** A post is taken down, by its owner or by TikTok. */
  takeDown: act(z.strictObject({ post_id: z.string() }), (world, { post_id }) => {
    const post = postIn(world, post_id);
    world.posts.remove(post_id);
    if (post.publish && post.isTold)
      tellPublish(world, post.publish, "no_longer", world.env.now().getTime(), { post_id });
    return { removed: post_id };
  }),
  /** Something the person posts in the app, without any app of ours. */
  postInApp: act(
    z.strictObject({
      person: z.string(),
      title: z.string().default(""),
      kind: z.enum(["video", "photo"]).default("video"),
      privacy: privacy.default("PUBLIC_TO_EVERYONE"),
    }),
    (world, { person, title, kind, privacy: seenBy }) => {
      const at = world.env.now().getTime();
      const owner = personIn(world, person);
      const isPublic = seenBy === "PUBLIC_TO_EVERYONE" && !owner.isPrivate;
      const post: Post = {
        id: world.newPostId(),
        person: owner,
        kind,
        title,
        description: "",
        privacy: seenBy,
        media: [],
        createdAt: at,
        isTold: isPublic,
        ...(isPublic && { publicAt: at }),
        counts: {},
      };
      return { post_id: world.posts.put(post).id };
    },
  ),
  engage: act(
    z.strictObject({
      post_id: z.string(),
      counts: z.partialRecord(z.enum(["like_count", "comment_count", "share_count", "view_count"]), z.number().min(0)),
    }),
    (world, { post_id, counts }) => {
      const post = postIn(world, post_id);
      post.counts = { ...post.counts, ...given(counts) } as Post["counts"];
      return { ...post.counts };
    },
  ),
  /** A pull breaks off now. */
  breakPull: act(z.strictObject({ publish_id: z.string() }), (world, { publish_id }) => {
    const publish = publishIn(world, publish_id);
    if (publish.status !== "PROCESSING_DOWNLOAD") throw new RangeError(`${publish_id} is not downloading`);
    const reason = publish.kind === "photo" ? "photo_pull_failed" : "video_pull_failed";
    fail(world, publish, reason, world.env.now().getTime());
    return { reason };
  }),
};

const eventActs: Acts<World> = {
  /** The callback address of the portal; null: none. */
  setWebhook: act(z.strictObject({ address: z.url().nullable() }), (world, { address }) => {
    setAddress(world, address);
    return { address };
  }),
  /** From now on events are kept, until `releaseEvents` lets them go in the order they are named. */
  holdEvents: act(z.strictObject({}), (world) => {
    world.holdsEvents = true;
    return { held: world.events.filter(({ isHeld }) => isHeld).length };
  }),
  releaseEvents: act(
    z.strictObject({ order: z.union([z.enum(["made", "reversed"]), z.array(z.int().min(0))]).default("made") }),
    (world, { order }) => {
      world.holdsEvents = false;
      const held = world.events.filter(({ isHeld }) => isHeld);
      const chosen =
        order === "made"
          ? held
          : order === "reversed"
            ? held.toReversed()
            : order.map((index) => found(world.events[index], `event ${index}`));
      for (const event of chosen) send(world, event);
      return { sent: chosen.map(({ event }) => event) };
    },
  ),
  /** The same event once more, as after an answer TikTok did not get; without an index the newest. */
  redeliver: act(z.strictObject({ index: z.int().min(0).optional() }), (world, { index }) => {
    const event = found(world.events.at(index ?? -1), `event ${index}`);
    send(world, event);
    return { event: event.event };
  }),
  /** Any event of any name, for those the platform may yet send. */
  event: act(
    z.strictObject({
      person: z.string(),
      event: z.string().min(1),
      content: z.record(z.string(), z.json()).default({}),
      agoMs: z.int().min(0).default(0),
    }),
    (world, { person, event, content, agoMs }) => {
      const at = world.env.now().getTime() - agoMs;
      tell(world, { app: app.client_key, person: personIn(world, person).id, event, content, at });
      return { event };
    },
  ),
  /** The person, or TikTok, ends the app's access. */
  withdraw: act(
    z.strictObject({
      subject: z.string(),
      app: z.string().optional(),
      reason: z.enum(Object.keys(endReasons) as [keyof typeof endReasons]).default("disconnected"),
    }),
    (world, { subject, app: key, reason }) => {
      const person = personIn(world, subject);
      const withdrawn = world.tokens.endSubject(person.id, key);
      if (withdrawn > 0) tellRemoved(world, person.id, reason);
      return { withdrawn };
    },
  ),
};

export const acts: Acts<World> = { ...settingActs, ...publishActs, ...eventActs };
