import { cashtagsIn, hashtagsIn, mentionsIn } from "./count-text.ts";
import { editsOf } from "./edits.ts";
import type { Person, Post, World } from "./world.ts";

/** Names before the renaming of 2026, or after it: the answer follows the question (fact sheet, section 1). */
export type Dialect = "old" | "new";

export const permalink = ({ author, id }: Post): string => `https://x.com/${author.username}/status/${id}`;

/** Links are t.co's, media have one behind the text, and of a long text the beginning is shown. */
export function shownText(
  { settings }: Pick<World, "settings">,
  post: Post,
): { readonly text: string; readonly note?: string } {
  const escaped = (text: string) =>
    settings.escapes ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") : text;
  const chars = [...post.text];
  let [whole, from] = ["", 0];
  for (const { start, end, short } of post.links) {
    whole += chars.slice(from, start).join("") + short;
    from = end;
  }
  whole += chars.slice(from).join("");
  const tail = post.mediaLink ? ` ${post.mediaLink}` : "";
  if (!post.isLong) return { text: escaped(`${whole}${tail}`.trim()) };
  const begin = escaped([...whole].slice(0, 250).join(""));
  return { text: `${begin}… https://t.co/${post.id.slice(-10)}`, note: escaped(whole) };
}

function entitiesOf(post: Post, text: string) {
  const at = (needle: string) => {
    const start = [...text.slice(0, Math.max(0, text.indexOf(needle)))].length;
    return { start, end: start + [...needle].length };
  };
  const links = post.links
    .filter(({ short }) => text.includes(short))
    .map(({ url, short }) => ({
      ...at(short),
      url: short,
      expanded_url: url,
      display_url: url.replace(/^https?:\/\//, ""),
    }));
  const medium = post.media[0]?.medium;
  const ofMedia = medium &&
    post.mediaLink &&
    text.includes(post.mediaLink) && {
      ...at(post.mediaLink),
      url: post.mediaLink,
      expanded_url: `${permalink(post)}/${medium.details.category.endsWith("image") ? "photo" : "video"}/1`,
      display_url: `pic.x.com/${post.mediaLink.slice(-10)}`,
      media_key: medium.details.key,
    };
  const all = {
    urls: [...links, ...(ofMedia ? [ofMedia] : [])],
    mentions: mentionsIn(text).map((username) => ({ ...at(`@${username}`), username })),
    hashtags: hashtagsIn(text).map((tag) => ({ ...at(`#${tag}`), tag })),
    cashtags: cashtagsIn(text).map((tag) => ({ ...at(tag), tag: tag.slice(1) })),
  };
  const given = Object.entries(all).filter(([, list]) => list.length > 0);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

const countsOf = ({ counts }: World, key: string) => counts.get(key) ?? {};

export function publicMetrics(world: World, post: Post, dialect: Dialect) {
  const told = countsOf(world, post.history[0] ?? post.id);
  const newest = world.posts.all((other) => world.isNewest(other));
  const replies = newest.filter((other) => other.replyTo && post.history.includes(other.replyTo.id)).length;
  const quotes = newest.filter((other) => other.quoteOf && post.history.includes(other.quoteOf.id)).length;
  return {
    [dialect === "old" ? "retweet_count" : "repost_count"]: told.retweet_count ?? 0,
    reply_count: told.reply_count ?? replies,
    like_count: told.like_count ?? 0,
    quote_count: told.quote_count ?? quotes,
    bookmark_count: told.bookmark_count ?? 0,
    impression_count: told.impression_count ?? 0,
  };
}

export function nonPublicMetrics(world: World, post: Post) {
  const told = countsOf(world, post.history[0] ?? post.id);
  return {
    impression_count: told.impression_count ?? 0,
    url_link_clicks: told.url_link_clicks ?? 0,
    user_profile_clicks: told.user_profile_clicks ?? 0,
    engagements: told.engagements ?? 0,
  };
}

/** Everything a post has, by the names of a dialect; readers choose from it. */
export function wholePost(world: World, post: Post, dialect: Dialect): Readonly<Record<string, unknown>> {
  const old = dialect === "old";
  const { text, note } = shownText(world, post);
  const edits = editsOf(world, post, world.env.now().getTime());
  const keys = post.media.map(({ medium }) => medium.details.key);
  const attachments = {
    ...(keys.length > 0 && { media_keys: keys }),
    ...(post.poll && { poll_ids: [post.poll.id] }),
  };
  const references = [
    ...(post.replyTo ? [{ type: "replied_to", id: post.replyTo.id }] : []),
    ...(post.quoteOf ? [{ type: "quoted", id: post.quoteOf.id }] : []),
  ];
  return {
    id: post.id,
    text,
    author_id: post.author.id,
    created_at: new Date(post.createdAt).toISOString(),
    conversation_id: post.conversation,
    lang: "en",
    source: "POSTD",
    possibly_sensitive: false,
    reply_settings: post.replySettings,
    [old ? "edit_history_tweet_ids" : "edit_history_post_ids"]: [...post.history],
    edit_controls: {
      edits_remaining: edits.left,
      is_edit_eligible: edits.isEligible,
      editable_until: new Date(edits.until).toISOString(),
    },
    entities: entitiesOf(post, text),
    [old ? "note_tweet" : "note_post"]:
      note === undefined ? undefined : { text: note, entities: entitiesOf(post, note) },
    attachments: Object.keys(attachments).length > 0 ? attachments : undefined,
    community_id: post.communityId,
    in_reply_to_user_id: post.replyTo?.author.id,
    [old ? "referenced_tweets" : "referenced_posts"]: references.length > 0 ? references : undefined,
    public_metrics: publicMetrics(world, post, dialect),
    non_public_metrics: nonPublicMetrics(world, post),
    organic_metrics: { ...publicMetrics(world, post, dialect), ...nonPublicMetrics(world, post) },
    paid_partnership: old ? undefined : post.extras.paid_partnership,
  };
}

export function wholeUser(world: World, person: Person, dialect: Dialect): Readonly<Record<string, unknown>> {
  const posts = world.posts.all((post) => post.author === person && world.isNewest(post));
  const told = countsOf(world, person.id);
  return {
    id: person.id,
    name: person.name,
    username: person.username,
    created_at: new Date(person.createdAt).toISOString(),
    description: "",
    protected: person.isProtected,
    verified: person.subscription !== "None",
    verified_type: person.subscription === "None" ? "none" : "blue",
    subscription_type: person.subscription,
    profile_image_url: `https://pbs.twimg.com/profile_images/${person.id}/face_normal.jpg`,
    public_metrics: {
      followers_count: told.followers_count ?? person.followers,
      following_count: told.following_count ?? person.following,
      [dialect === "old" ? "tweet_count" : "post_count"]: told.tweet_count ?? posts.length,
      listed_count: told.listed_count ?? 0,
      like_count: told.like_count ?? 0,
      media_count: posts.filter(({ media }) => media.length > 0).length,
    },
  };
}

export function wholeMedium(world: World, { medium, altText }: Post["media"][number]) {
  const { details, media } = medium;
  const told = countsOf(world, details.key);
  const type = details.category.endsWith("image")
    ? "photo"
    : details.category.endsWith("gif")
      ? "animated_gif"
      : "video";
  const playback = ["0", "25", "50", "75", "100"].map((part) => [
    `playback_${part}_count`,
    told[`playback_${part}_count`] ?? 0,
  ]);
  return {
    media_key: details.key,
    type,
    width: media?.width ?? 0,
    height: media?.height ?? 0,
    alt_text: altText === "" ? undefined : altText,
    ...(type === "photo" && { url: `https://pbs.twimg.com/media/${medium.id}.jpg` }),
    ...(type !== "photo" && { preview_image_url: `https://pbs.twimg.com/thumb/${medium.id}.jpg` }),
    ...(type === "video" && {
      duration_ms: media?.durationMs ?? 0,
      public_metrics: { view_count: told.view_count ?? 0 },
      non_public_metrics: Object.fromEntries(playback),
    }),
  } as const;
}
