import {
  edgeField,
  type Field,
  fieldValues,
  graphTime,
  pick,
  steadyNumber,
} from "@postd/connector-kit/simulator/graph";
import type { Answer, Call } from "./call.ts";
import { permalinkOf } from "./events.ts";
import type { Person, Place, Post } from "./model.ts";
import { shownText } from "./text-rules.ts";
import { dayMs, type World } from "./world.ts";

// Fact sheet, sections 4, 5 and 8; names of fields as in the stored collection.

/** A ghost is gone after a day. */
export const isOver = (world: World, { draft, at }: Post): boolean => draft.isGhost && world.nowMs() >= at + dayMs;

/** Whether readers may see it: not deleted, not over, not held back. */
export const isLive = (world: World, post: Post): boolean => !post.isPending && !isOver(world, post);

export const repliesTo = (world: World, id: string): readonly Post[] =>
  world.posts.all((post) => post.draft.replyToId === id && isLive(world, post));

export const mentions = (text: string, username: string): boolean =>
  [...text.matchAll(/@([\w.]*\w)/g)].some(([, handle]) => handle?.toLowerCase() === username.toLowerCase());

/** Signed and over after a day: whoever wants to keep it copies it (section 4). */
export const pictureUrl = (world: World, { id }: Person): string =>
  `https://scontent.cdninstagram.com/v/${id}.svg?oe=${Math.floor(world.nowMs() / 1000 + 86_400).toString(16)}`;

type Read<T> = (call: Call, value: T, field: Field) => unknown;
type Table<T> = Readonly<Record<string, Read<T>>>;

export const userFields: Table<Person> = {
  id: (_, { id }) => id,
  username: (_, { username }) => username,
  name: (_, { name }) => name,
  threads_profile_picture_url: ({ world }, person) => pictureUrl(world, person),
  threads_biography: (_, { bio }) => bio,
  is_verified: (_, { isVerified }) => isVerified,
  is_eligible_for_geo_gating: (_, { isEligibleForGeoGating }) => isEligibleForGeoGating,
  recently_searched_keywords: () => [],
};

export const placeFields: Table<Place> = {
  id: (_, { id }) => id,
  name: (_, { name }) => name,
  address: (_, { name }) => `1 ${name}`,
  city: (_, { city }) => city,
  country: (_, { country }) => country,
  latitude: (_, { id }) => steadyNumber(id, "latitude", 90),
  longitude: (_, { id }) => steadyNumber(id, "longitude", 180),
  postal_code: (_, { id }) => String(10_000 + steadyNumber(id, "postal", 80_000)),
};

const mediaUrl = ({ media }: Post) =>
  media && `https://scontent.cdninstagram.com/m/${media.sha256}.${media.mimeType.split("/")[1]}`;

const named = (id: string | undefined) => (id === undefined ? undefined : { id });
const author = ({ world }: Call, { personId }: Post): Person | undefined => world.people.get(personId);

function pollOf({ id, at, draft: { poll } }: Post, { fields }: Field): Answer | undefined {
  if (poll === undefined) return undefined;
  const votes = Object.keys(poll).map((name) => [`${name}_votes_percentage`, 1 / Object.keys(poll).length]);
  return pick(
    { ...poll, ...Object.fromEntries(votes), expiration_timestamp: graphTime(at + dayMs), total_votes: id.length },
    fields,
  );
}

/** Fields of posts and replies alike; a published post has no `status` (section 5). */
export const mediaFields: Table<Post> = {
  id: (_, { id }) => id,
  media_product_type: () => "THREADS",
  media_type: (_, { mediaType }) => mediaType,
  media_url: (_, post) => mediaUrl(post),
  thumbnail_url: (_, post) => (post.mediaType === "VIDEO" ? mediaUrl(post) : undefined),
  gif_url: (_, { draft: { gif } }) => gif && `https://media.giphy.com/media/${gif.gif_id}/giphy.gif`,
  permalink: ({ world }, post) => permalinkOf(world, post),
  owner: ({ person }, post) => (post.personId === person.id ? { id: post.personId } : undefined),
  username: (call, post) => author(call, post)?.username,
  text: ({ world }, { draft: { text, topic, isTopicFromText } }) =>
    text === "" ? undefined : shownText(text, isTopicFromText && !world.settings.textKeepsTag ? topic : undefined),
  timestamp: (_, { at }) => graphTime(at),
  shortcode: (_, { shortcode }) => shortcode,
  children: (call, post, field) =>
    post.childIds.length === 0
      ? undefined
      : edgeField(
          call,
          field,
          { id: post.id, edge: "children" },
          post.childIds.flatMap((id) => call.world.posts.get(id) ?? []),
          (child) => mediaAnswer(call, child, field.fields.length > 0 ? field.fields : onlyId),
        ),
  is_quote_post: (_, { draft }) => draft.quoteId !== undefined,
  quoted_post: (_, { draft }) => named(draft.quoteId),
  reposted_post: (_, { repostOfId }) => named(repostOfId),
  has_replies: ({ world }, { id }) => repliesTo(world, id).length > 0,
  alt_text: (_, { draft }) => draft.altText,
  link_attachment_url: (_, { draft }) => draft.link,
  poll_attachment: (_, post, field) => pollOf(post, field),
  location_id: (_, { draft }) => draft.locationId,
  topic_tag: (_, { draft }) => draft.topic,
  is_verified: (call, post) => author(call, post)?.isVerified,
  profile_picture_url: (call, post) => {
    const person = author(call, post);
    return person && pictureUrl(call.world, person);
  },
  is_reply: (_, { rootId }) => rootId !== undefined,
  is_reply_owned_by_me: ({ person }, { rootId, personId }) =>
    rootId === undefined ? undefined : personId === person.id,
  root_post: (_, { rootId }) => named(rootId),
  replied_to: (_, { draft }) => named(draft.replyToId),
  hide_status: (_, { isHidden }) => (isHidden ? "HIDDEN" : "NOT_HUSHED"),
  reply_audience: (_, { draft }) => draft.replyControl.toUpperCase(),
};

const onlyId: readonly Field[] = [{ name: "id", modifiers: {}, fields: [] }];

const answerOf =
  <T extends { readonly id: string }>(type: string, table: Table<T>, defaults: readonly string[]) =>
  (call: Call, value: T, fields?: readonly Field[]): Answer => ({
    ...fieldValues({ type, table, defaults }, fields, (read, field) => read(call, value, field)),
    id: value.id,
  });

export const userAnswer = answerOf("ThreadsUser", userFields, ["id"]);
export const mediaAnswer = answerOf("ThreadsMedia", mediaFields, ["id"]);
export const placeAnswer = answerOf("ThreadsLocation", placeFields, ["id", "name"]);
