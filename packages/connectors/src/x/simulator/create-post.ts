import type { Call, Route } from "@postd/connector-kit/simulator";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { personOf, route } from "./call.ts";
import { cashtagsIn, mentionsIn, weightOf } from "./count-text.ts";
import { editsOf } from "./edits.ts";
import { Id } from "./ids.ts";
import { makePost, plainWeight } from "./make-post.ts";
import { attachedMedia } from "./post-media.ts";
import { shownText } from "./show-post.ts";
import { forbidden, invalid, notInvited, notPermitted, notVisible } from "./words.ts";
import { isPremium, type Person, type Post, type World } from "./world.ts";

// Fact sheet, sections 1, 5, 7 and 13.

const ReplySettings = z.enum(["following", "mentionedUsers", "subscribers", "verified"]);
const flag = z.boolean().optional();
const Cta = z.record(z.string(), z.record(z.string(), z.string()));

export const Body = z.strictObject({
  text: z.string().default(""),
  media: z
    .strictObject({
      media_ids: z.array(Id).min(1).max(4),
      tagged_user_ids: z.array(Id).max(10).optional(),
      title: z.string().optional(),
      description: z.string().optional(),
      embeddable: flag,
      preview_media_id: Id.optional(),
      call_to_actions: Cta.optional(),
    })
    .optional(),
  reply: z
    .strictObject({
      in_reply_to_tweet_id: Id,
      exclude_reply_user_ids: z.array(z.string()).optional(),
      auto_populate_reply_metadata: flag,
    })
    .optional(),
  quote_tweet_id: Id.optional(),
  poll: z
    .strictObject({
      options: z.array(z.string().min(1).max(25)).min(2).max(4),
      duration_minutes: z.int().min(5).max(10_080),
      reply_settings: ReplySettings.optional(),
    })
    .optional(),
  reply_settings: ReplySettings.optional(),
  community_id: Id.optional(),
  share_with_followers: flag,
  geo: z.strictObject({ place_id: z.string() }).optional(),
  made_with_ai: flag,
  paid_partnership: flag,
  edit_options: z.strictObject({ previous_post_id: Id }).optional(),
  nullcast: flag,
  for_super_followers_only: flag,
  card_uri: z.string().optional(),
  direct_message_deep_link: z.string().optional(),
});
type Body = z.output<typeof Body>;
type Created = Call<World, Body>;

const exclusive = ["media", "poll", "quote_tweet_id", "card_uri", "direct_message_deep_link"] as const;
const longWeight = 25_000;

function refuseForm(body: Body): void {
  const given = exclusive.filter((name) => body[name] !== undefined);
  if (given.length > 1) throw invalid(`$: ${given.join(", ")} are mutually exclusive`, { [given[1] ?? ""]: given });
  if (body.text.trim() === "" && body.media === undefined) throw invalid("$.text: is required without media");
}

function refuseText({ body, ...call }: Created): void {
  const max = isPremium(personOf(call)) ? longWeight : plainWeight;
  if (weightOf(body.text, body.reply !== undefined) > max) throw forbidden();
  if (cashtagsIn(body.text).length > 1) throw forbidden("Posts are limited to a maximum of one cashtag.");
}

const names = (text: string, { username }: Person): boolean =>
  mentionsIn(text).some((name) => name.toLowerCase() === username.toLowerCase());

/** Replies need an invitation where the app is not an enterprise's; one's own posts need none. */
function parentOf({ body, ...call }: Created): Post | undefined {
  if (body.reply === undefined) return undefined;
  const { settings, posts } = call.world;
  const person = personOf(call);
  const parent = posts.get(body.reply.in_reply_to_tweet_id);
  const isFresh = parent !== undefined && call.now.getTime() - parent.createdAt < settings.replicaLagMs;
  const isClosed = parent?.author.isProtected && parent.author !== person;
  if (parent === undefined || isFresh || isClosed) throw forbidden(notVisible);
  const isInvited = parent.author === person || names(parent.text, person) || parent.quoteOf?.author === person;
  if (!isInvited && !settings.enterprise) throw forbidden(notInvited);
  return parent;
}

function quotedOf({ body, ...call }: Created): Post | undefined {
  if (body.quote_tweet_id === undefined) return undefined;
  const { settings, posts } = call.world;
  const quoted = posts.get(body.quote_tweet_id);
  if (quoted === undefined) throw invalid("$.quote_tweet_id: no such post", { quote_tweet_id: [body.quote_tweet_id] });
  const isOwn = quoted.author === personOf(call) && settings.ownQuotes;
  if (!isOwn && !settings.enterprise) throw forbidden(notInvited);
  return quoted;
}

function previousOf({ body, now, world, caller }: Created): Post | undefined {
  if (body.edit_options === undefined) return undefined;
  const previous = world.posts.get(body.edit_options.previous_post_id);
  const isOther = body.poll ?? body.reply ?? body.community_id;
  if (previous === undefined || previous.author !== personOf({ world, caller }) || isOther) throw forbidden();
  if (!world.isNewest(previous) || !editsOf(world, previous, now.getTime()).isEligible) throw forbidden();
  return previous;
}

/** The same words of the same account, in the same place, soon after. */
function refuseTwin({ body, world, now, caller }: Created, parent?: Post, previous?: Post): void {
  const person = personOf({ world, caller });
  const text = body.text.normalize("NFC").trim();
  const since = now.getTime() - world.settings.duplicateWindowMs;
  const isTwin = (post: Post) =>
    post.author === person &&
    post.createdAt > since &&
    world.isNewest(post) &&
    post.history !== previous?.history &&
    post.replyTo === parent &&
    post.text.trim() === text;
  if (text !== "" && world.posts.find(isTwin))
    throw forbidden("You are not allowed to create a Tweet with duplicate content.");
}

/** What of a request nobody plays further, but somebody may look for. */
function extrasOf(body: Body): JsonObject {
  const { text, media, reply, quote_tweet_id, poll, reply_settings, community_id, edit_options, ...rest } = body;
  const { media_ids, ...about } = media ?? {};
  const all = { ...rest, ...about, exclude_reply_user_ids: reply?.exclude_reply_user_ids };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JsonObject;
}

export const createRoute: Route<World> = route("POST", "tweets", {
  limit: "create",
  scopes: ["tweet.read", "tweet.write", "users.read"],
  body: Body,
  publishes: true,
  handle(call) {
    const { body, world } = call;
    const author = personOf(call);
    refuseForm(body);
    refuseText(call);
    const [replyTo, quoteOf, previous] = [parentOf(call), quotedOf(call), previousOf(call)];
    if (body.community_id !== undefined && !author.communities.includes(body.community_id))
      throw forbidden(notPermitted);
    refuseTwin(call, replyTo, previous);
    const media = attachedMedia(call, body.media?.media_ids ?? []);
    const { poll } = body;
    const post = makePost(world, {
      author,
      text: body.text,
      media,
      poll: poll && { options: poll.options, minutes: poll.duration_minutes },
      replyTo,
      quoteOf,
      previous,
      replySettings: body.reply_settings,
      communityId: body.community_id,
      extras: extrasOf(body),
    });
    const { createdHistory, dialect } = world.settings;
    const name = dialect === "old" ? "edit_history_tweet_ids" : "edit_history_post_ids";
    const told = { ids: [...post.history], blank: [""], absent: undefined }[createdHistory];
    return {
      status: 201,
      json: { data: { id: post.id, text: shownText(world, post).text, ...(told && { [name]: told }) } },
    };
  },
});
