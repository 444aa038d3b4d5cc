import type { JsonObject } from "@postd/contracts";
import { linksIn, weightOf } from "./count-text.ts";
import { tellDeleted, tellPosted } from "./events.ts";
import type { Person, Post, World } from "./world.ts";

export const plainWeight = 280;

/** A post, through the API or by a person in X itself. */
export function makePost(
  world: World,
  input: {
    readonly author: Person;
    readonly text: string;
    readonly media?: Post["media"];
    readonly poll?: { readonly options: readonly string[]; readonly minutes: number } | undefined;
    readonly replyTo?: Post | undefined;
    readonly quoteOf?: Post | undefined;
    readonly previous?: Post | undefined;
    readonly replySettings?: string | undefined;
    readonly communityId?: string | undefined;
    readonly extras?: JsonObject;
  },
): Post {
  const { author, media = [], poll, replyTo, quoteOf, previous, communityId, replySettings = "everyone" } = input;
  const text = input.text.normalize("NFC");
  const id = world.newId();
  const createdAt = world.env.now().getTime();
  const history = previous?.history ?? [];
  history.push(id);
  const chars = (end: number) => [...text.slice(0, end)].length;
  const post: Post = {
    id,
    author,
    text,
    links: linksIn(text).map(({ start, end, url }) => ({
      start: chars(start),
      end: chars(end),
      url,
      short: world.newShort(),
    })),
    createdAt,
    media,
    ...(media.length > 0 && { mediaLink: world.newShort() }),
    ...(poll && { poll: { id: world.newId(), ...poll } }),
    ...(replyTo && { replyTo }),
    ...(quoteOf && { quoteOf }),
    conversation: replyTo?.conversation ?? previous?.conversation ?? id,
    replySettings,
    ...(communityId && { communityId }),
    isLong: weightOf(text, replyTo !== undefined) > plainWeight,
    extras: input.extras ?? {},
    history,
    firstAt: previous?.firstAt ?? createdAt,
    isHidden: false,
  };
  for (const { medium } of media) medium.details.isUsed = true;
  world.posts.put(post);
  tellPosted(world, post);
  return post;
}

/** All versions go. */
export function removePost(world: World, post: Post): void {
  for (const id of post.history) world.posts.remove(id);
  tellDeleted(world, post);
}
