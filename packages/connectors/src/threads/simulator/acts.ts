import { type Acts, actsOf, randomDigits } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { app } from "./app.ts";
import { callBack, tell, tellMention, tellPublished, tellReply } from "./events.ts";
import { mediaMetrics } from "./insights.ts";
import { mentions } from "./media-fields.ts";
import type { Draft, Person, Post } from "./model.ts";
import { addPost, plainDraft } from "./publish.ts";
import type { World } from "./world.ts";

const act = actsOf<World>();

const Settings = z.strictObject({
  spreadMs: z.int().min(0),
  imageProcessingMs: z.int().min(0),
  videoProcessingMs: z.int().min(0),
  postsPerDay: z.int().min(0),
  repliesPerDay: z.int().min(0),
  deletesPerDay: z.int().min(0),
  locationSearchesPerDay: z.int().min(0),
  usagePercent: z.int().min(0).max(100),
  maxLinks: z.int().min(0),
  userIdAs: z.enum(["number", "text"]),
  revokedCode: z.literal([190, 100]),
  textKeepsTag: z.boolean(),
  privateMayRefresh: z.boolean(),
  tokenErrors: z.enum(["error_code", "code", "graph"]),
});

const Changes = z.object({
  name: z.string(),
  bio: z.string(),
  isVerified: z.boolean(),
  isPrivate: z.boolean(),
  hasInstagram: z.boolean(),
  followers: z.int().min(0),
  isEligibleForGeoGating: z.boolean(),
  /** null: none any more. */
  restriction: z.enum(["restricted", "blocked"]).nullable(),
});

const errorNames = [
  "FAILED_DOWNLOADING_VIDEO",
  "FAILED_PROCESSING_AUDIO",
  "FAILED_PROCESSING_VIDEO",
  "INVALID_ASPEC_RATIO",
  "INVALID_BIT_RATE",
  "INVALID_DURATION",
  "INVALID_FRAME_RATE",
  "INVALID_AUDIO_CHANNELS",
  "INVALID_AUDIO_CHANNEL_LAYOUT",
  "UNKNOWN",
] as const;

function personIn({ people }: World, name: string): Person {
  const found = people.get(name) ?? people.find(({ username }) => username === name);
  if (found === undefined) throw new RangeError(`there is no person ${name}`);
  return found;
}

/** Somebody without an app writes a post, or answers one; who is mentioned or answered hears of it. */
function writeByHand(world: World, person: Person, draft: Draft): Post {
  const post = addPost(world, person, { draft, mediaType: "TEXT_POST" });
  if (!person.isOutsider) tellPublished(world, post);
  if (!post.isPending) tellReply(world, post);
  for (const { id, username } of world.people.all(({ isOutsider }) => !isOutsider))
    if (id !== person.id && mentions(draft.text, username)) tellMention(world, post, id);
  return post;
}

const outsider = (world: World, name: string): Person =>
  world.people.find((person) => person.name === name) ?? world.addPerson(name, { isOutsider: true });

/** What other people and the owner do in the app itself. */
const audienceActs: Acts<World> = {
  reply: act(
    z.strictObject({ to: z.string(), text: z.string(), name: z.string().default("Mara Lind") }),
    (world, { to, text, name }) => {
      if (world.posts.get(to) === undefined) throw new RangeError(`there is no post ${to}`);
      return { id: writeByHand(world, outsider(world, name), plainDraft(text, { replyToId: to })).id };
    },
  ),
  /** Somebody else posts; a mention where the text has a handle. */
  post: act(z.strictObject({ text: z.string(), name: z.string().default("Mara Lind") }), (world, { text, name }) => ({
    id: writeByHand(world, outsider(world, name), plainDraft(text)).id,
  })),
  /** A person with a connected account posts in the app itself: a twin no container stands behind. */
  postByHand: act(z.strictObject({ person: z.string(), text: z.string() }), (world, { person, text }) => ({
    id: writeByHand(world, personIn(world, person), plainDraft(text)).id,
  })),
};

const fields = z.enum(["replies", "delete", "mentions", "publish"]);

const eventActs: Acts<World> = {
  /** What the app's dashboard names: where events go, of which fields. */
  setWebhook: act(
    z.strictObject({ address: z.url().nullable(), fields: z.array(fields).default([...fields.options]) }),
    (world, { address, fields: chosen }) => {
      world.webhook = address === null ? undefined : { address, fields: chosen };
      return { address };
    },
  ),
  setCallbacks: act(
    z.strictObject({ uninstall: z.url().optional(), deletion: z.url().optional() }),
    (world, { uninstall, deletion }) => {
      world.uninstallUrl = uninstall;
      world.deletionUrl = deletion;
      return { uninstall: uninstall ?? null, deletion: deletion ?? null };
    },
  ),
  /** Which secret signs is not documented: that of the app, or one of the Meta app behind it. */
  signWith: act(z.strictObject({ secret: z.string().min(1).default(app.app_secret) }), (world, { secret }) => {
    world.signingSecret = secret;
    return { changed: true };
  }),
  /** The dashboard's check of an address; answers whether the raw challenge came back. */
  handshake: act(
    z.strictObject({ address: z.url().optional(), verifyToken: z.string().default(app.webhook_verify_token) }),
    async (world, { address = world.webhook?.address, verifyToken }) => {
      if (address === undefined) throw new RangeError("set an address with setWebhook first");
      const challenge = randomDigits(10);
      const asked = { "hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verifyToken };
      return { verified: (await world.hooks.challenge(address, asked))?.text === challenge };
    },
  ),
  /** Any event of a field, as it is. */
  emit: act(
    z.strictObject({ field: fields, target: z.string(), value: z.record(z.string(), z.json()) }),
    (world, { field, target, value }) => {
      if (world.webhook === undefined) throw new RangeError("set an address with setWebhook first");
      tell(world, field, target, value);
      return { field };
    },
  ),
  /** The person removes the app: tokens end and the uninstall callback is called. */
  removeApp: act(z.strictObject({ person: z.string() }), (world, { person }) => {
    const { id } = personIn(world, person);
    const ended = world.tokens.endSubject(id, app.app_id);
    if (ended > 0) callBack(world, world.uninstallUrl, id, app.app_secret);
    return { ended };
  }),
  /** The person asks for their data to be deleted. */
  askDeletion: act(z.strictObject({ person: z.string() }), (world, { person }) => {
    callBack(world, world.deletionUrl, personIn(world, person).id, app.app_secret);
    return { asked: true };
  }),
};

/** Changes from outside the API. */
export const acts: Acts<World> = {
  ...audienceActs,
  ...eventActs,
  set: act(Settings.partial(), (world, changes) => {
    Object.assign(world.settings, changes);
    return { ...world.settings };
  }),
  /** The next containers are never found by a publish, whatever their status says. */
  loseContainers: act(z.strictObject({ times: z.int().min(0).default(1) }), (world, { times }) => {
    world.losesNext = times;
    return { times };
  }),
  /** How the next container with a medium ends. */
  failNext: act(z.strictObject({ error: z.enum(errorNames) }), (world, { error }) => {
    world.nextError = error;
    return { error };
  }),
  setPerson: act(
    z.strictObject({
      person: z.string(),
      ...Changes.partial().shape,
    }),
    (world, { person, ...changes }) => {
      Object.assign(personIn(world, person), changes);
      return z.record(z.string(), z.json()).parse(changes);
    },
  ),
  engage: act(
    z.strictObject({ post: z.string(), counts: z.partialRecord(z.enum(mediaMetrics), z.int().min(0)) }),
    (world, { post, counts }) => {
      world.engagement.set(post, z.record(z.string(), z.number()).parse({ ...world.engagement.get(post), ...counts }));
      return { post };
    },
  ),
};
