import type { Call, SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { isApp, personOf } from "./call.ts";
import { type Dialect, wholeMedium, wholePost, wholeUser } from "./show-post.ts";
import { fieldError, invalid } from "./words.ts";
import type { Person, Post, World } from "./world.ts";

// Names as in the two stored descriptions; each dialect has fields and expansions of its own.

const bothFields =
  "article attachments card_uri community_id context_annotations conversation_id created_at display_text_range edit_controls entities geo id lang media_metadata non_public_metrics organic_metrics possibly_sensitive promoted_metrics public_metrics reply_settings scopes source suggested_source_links suggested_source_links_with_counts text withheld";
const bothExpansions =
  "article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet attachments.poll_ids author_id entities.mentions.username geo.place_id in_reply_to_user_id";
const words = (text: string): readonly string[] => text.split(" ");

export const postFields: Readonly<Record<Dialect, readonly string[]>> = {
  old: words(`${bothFields} author_id edit_history_tweet_ids in_reply_to_user_id note_tweet referenced_tweets`),
  new: words(`${bothFields} article_title matched_media_notes note_post note_request_suggestions paid_partnership`),
};
export const expansionNames: Readonly<Record<Dialect, readonly string[]>> = {
  old: words(
    `${bothExpansions} edit_history_tweet_ids entities.note.mentions.username referenced_tweets.id referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id`,
  ),
  new: words(`${bothExpansions} edit_history_post_ids referenced_posts username`),
};
export const userFields = words(
  "affiliation confirmed_email connection_status created_at description entities id is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription subscription_type url username verified verified_followers_count verified_type withheld",
);
export const mediaFields = words(
  "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics public_metrics type url variants width",
);

const list = z
  .string()
  .min(1)
  .transform((text) => text.split(","))
  .optional();
export const fieldsQuery = {
  "tweet.fields": list,
  "post.fields": list,
  expansions: list,
  "user.fields": list,
  "media.fields": list,
  "poll.fields": list,
  "place.fields": list,
};
const FieldsQuery = z.object(fieldsQuery);
export type FieldsQuery = z.output<typeof FieldsQuery>;
type Reading<Q> = Call<World, unknown, Q & FieldsQuery>;

/** The names a question speaks; where it tells none, the platform's choice. */
export function dialectOf({ query, world }: Pick<Reading<unknown>, "query" | "world">): Dialect {
  if (query["post.fields"]) return "new";
  if (query["tweet.fields"]) return "old";
  const isNew = query.expansions?.some((name) => !expansionNames.old.includes(name));
  const isOld = query.expansions?.some((name) => !expansionNames.new.includes(name));
  return isNew ? "new" : isOld ? "old" : world.settings.dialect;
}

function chosen(given: readonly string[] | undefined, known: readonly string[], parameter: string): readonly string[] {
  const wrong = given?.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw invalid(`The \`${parameter}\` query parameter value [${wrong}] is not one of [${known.join(",")}]`, {
      [parameter]: given,
    });
  return given ?? [];
}

const pick = (whole: object, names: Iterable<string>) => {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(whole).filter(([name, value]) => wanted.has(name) && value !== undefined));
};

export function shownUser(call: Reading<unknown>, person: Person, fields: readonly string[]) {
  return pick(wholeUser(call.world, person, dialectOf(call)), ["id", "name", "username", ...fields]);
}
export const chosenUserFields = (query: FieldsQuery): readonly string[] =>
  chosen(query["user.fields"], userFields, "user.fields");

const private_ = ["non_public_metrics", "organic_metrics", "promoted_metrics"];
const privateMs = 30 * 86_400_000;
/** In the new names these come with an expansion of the same name, and no field. */
const byExpansion = ["author_id", "referenced_posts", "edit_history_post_ids", "in_reply_to_user_id"];

/** Posts as they were asked for, with what they refer to and what could not be shown. */
export function answerPosts<Q>(call: Reading<Q>, posts: readonly Post[]) {
  const { query, world, now } = call;
  const dialect = dialectOf(call);
  const parameter = dialect === "old" ? "tweet.fields" : "post.fields";
  const fields = chosen(query[parameter], postFields[dialect], parameter);
  const expansions = chosen(query.expansions, expansionNames[dialect], "expansions");
  const fieldsOfUsers = chosenUserFields(query);
  const fieldsOfMedia = chosen(query["media.fields"], mediaFields, "media.fields");
  const me = isApp(call) ? undefined : personOf(call);
  const errors: unknown[] = [];
  const always = dialect === "old" ? ["id", "text", "edit_history_tweet_ids"] : ["id", "text"];
  const names = [
    ...always,
    ...fields,
    ...(dialect === "new" ? byExpansion.filter((one) => expansions.includes(one)) : []),
  ];
  const isPrivate = (post: Post) => post.author === me && now.getTime() - post.createdAt <= privateMs;

  const show = (post: Post) => {
    const refused = isPrivate(post) ? ["promoted_metrics"] : private_;
    const missing = fields.filter((name) => refused.includes(name));
    errors.push(...missing.map((name) => fieldError(name, post.id)));
    if (missing.length > 0 && world.settings.hiddenNumbers === "post") return [];
    return [
      pick(
        wholePost(world, post, dialect),
        names.filter((name) => !missing.includes(name)),
      ),
    ];
  };
  const data = posts.flatMap(show);
  const wants = (...any: readonly string[]) => any.some((name) => expansions.includes(name));
  const media = wants("attachments.media_keys")
    ? posts.flatMap((post) => post.media.map((one) => ({ one, post })))
    : [];
  const users = [
    ...(wants("author_id") ? posts.map(({ author }) => author) : []),
    ...(wants("in_reply_to_user_id") ? posts.flatMap(({ replyTo }) => replyTo?.author ?? []) : []),
  ];
  const referenced = wants("referenced_tweets.id", "referenced_posts")
    ? posts.flatMap(({ replyTo, quoteOf }) => [replyTo, quoteOf].filter((other) => other !== undefined))
    : [];
  const polls = wants("attachments.poll_ids")
    ? posts.flatMap(({ poll, createdAt }) => (poll ? [{ poll, createdAt }] : []))
    : [];
  const includes = {
    media: media.map(({ one, post }) => {
      const own = isPrivate(post) ? fieldsOfMedia : fieldsOfMedia.filter((name) => !private_.includes(name));
      return pick(wholeMedium(world, one), ["media_key", "type", ...own]);
    }),
    users: [...new Set(users)].map((person) => shownUser(call, person, fieldsOfUsers)),
    [dialect === "old" ? "tweets" : "posts"]: [...new Set(referenced)].map((post) =>
      pick(
        wholePost(world, post, dialect),
        names.filter((name) => !private_.includes(name)),
      ),
    ),
    polls: polls.map(({ poll, createdAt }) => ({
      id: poll.id,
      options: poll.options.map((label, index) => ({ position: index + 1, label, votes: 0 })),
      duration_minutes: poll.minutes,
      end_datetime: new Date(createdAt + poll.minutes * 60_000).toISOString(),
      voting_status: now.getTime() < createdAt + poll.minutes * 60_000 ? "open" : "closed",
    })),
  };
  const given = Object.entries(includes).filter(([, some]) => some.length > 0);
  return { data, errors, ...(given.length > 0 && { includes: Object.fromEntries(given) }) };
}

/** Lists leave out what they have none of. */
export function listAnswer({ data, errors, includes }: ReturnType<typeof answerPosts>, meta?: object): SimResponse {
  const json = {
    ...((data.length > 0 || (meta === undefined && errors.length === 0)) && { data }),
    ...(includes && { includes }),
    ...(errors.length > 0 && { errors }),
    ...(meta && { meta }),
  };
  return { status: 200, json };
}
