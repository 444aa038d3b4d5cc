import {
  escapeHtml,
  routesOf,
  type SimAccount,
  type SimPost,
  SimRefusal,
  type SimulatorDefinition,
  shownMedia,
  simulator,
} from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { app } from "./simulator/app.ts";
import { statusOf } from "./simulator/container-status.ts";
import { permalinkOf } from "./simulator/events.ts";
import { graphRoutes } from "./simulator/graph.ts";
import { isLive, repliesTo } from "./simulator/media-fields.ts";
import type { Person, Post } from "./simulator/model.ts";
import { longSeconds, oauth, reshape, rewrite, scopes, tokenRoutes } from "./simulator/sign-in.ts";
import { linksIn, shownText } from "./simulator/text-rules.ts";
import { threadsErrors } from "./simulator/words.ts";
import { createWorld, type World } from "./simulator/world.ts";

const kinds = {
  TEXT_POST: "text",
  IMAGE: "image",
  VIDEO: "video",
  CAROUSEL_ALBUM: "carousel",
  REPOST_FACADE: "repost",
};

/** A post as an audience sees it. What the platform made of the text is in `details`. */
function livePost(world: World, post: Post): SimPost {
  const { draft, childIds } = post;
  const parts = childIds.length === 0 ? [post] : childIds.flatMap((id) => world.posts.get(id) ?? []);
  const { poll, gif, textAttachment, spoilers, countries } = draft;
  // Without a link of its own a text shows the first address in it.
  const link = draft.kind === "TEXT" ? (draft.link ?? linksIn(draft.text)[0]) : undefined;
  const about = { link, topic: draft.topic, replyTo: draft.replyToId, quoted: draft.quoteId };
  return {
    id: post.id,
    platform: "threads",
    accountId: post.personId,
    accountName: world.people.get(post.personId)?.name ?? "",
    text: wordsOf(post),
    createdAt: new Date(post.at).toISOString(),
    permalink: permalinkOf(world, post),
    kind: kinds[post.mediaType],
    media: parts.flatMap((part) => shownMedia(part.media, part.draft.altText)),
    replies: repliesTo(world, post.id)
      .filter(({ isHidden }) => !isHidden)
      .map(wordsOf),
    details: {
      ...Object.fromEntries(
        Object.entries(about).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
      ...(draft.locationId !== undefined && { location: world.places.get(draft.locationId)?.name ?? "" }),
      ...(post.repostOfId !== undefined && { reposted: post.repostOfId }),
      ...(poll && { poll: { ...poll } }),
      ...(gif && { gif: gif.gif_id }),
      ...(textAttachment && { textAttachment: { ...textAttachment } }),
      ...(spoilers.length > 0 && { spoilers: spoilers.map((span) => ({ ...span })) }),
      ...(countries.length > 0 && { countries: [...countries] }),
      isTopicFromText: draft.isTopicFromText === true,
      isSpoilerMedia: draft.isSpoilerMedia,
      isGhost: draft.isGhost,
      replyControl: draft.replyControl,
      needsApproval: draft.needsApproval,
      isSharedToInstagram: draft.isSharedToInstagram,
    },
  };
}

const wordsOf = ({ draft }: Post): string => shownText(draft.text, draft.isTopicFromText ? draft.topic : undefined);

const account = ({ id, name, username }: Person): Omit<SimAccount, "accessToken"> => ({
  platform: "threads",
  id,
  kind: "profile",
  name,
  handle: username,
});

/** A tile with the first letter, until the address is over (fact sheet, section 4). */
const pictureRoute = routesOf<World>()("GET", "scontent.cdninstagram.com/v/:file", {
  token: "none",
  handle({ world, params: { file = "" }, request: { query }, now }) {
    const person = world.people.get(file.replace(/\.svg$/, ""));
    const endsAt = Number.parseInt(query.get("oe") ?? "0", 16) * 1000;
    if (person === undefined || endsAt <= now.getTime())
      throw new SimRefusal({ status: 403, text: "URL signature expired" });
    const letter = escapeHtml([...person.name][0]?.toUpperCase() ?? "?");
    const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 50"><rect width="50" height="50"/><text x="25" y="34" font-size="26" text-anchor="middle" fill="#fff">${letter}</text></svg>`;
    return { status: 200, headers: { "content-type": "image/svg+xml", "x-content-type-options": "nosniff" }, text };
  },
});

/** Threads, written from the fact sheet of 2026-11-26 and the Postman collection of its makers. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "threads",
    platforms: ["threads"],
    hosts: [
      "graph.threads.net",
      "graph.threads.com",
      "threads.net",
      "www.threads.net",
      "threads.com",
      "www.threads.com",
      "scontent.cdninstagram.com",
    ],
    appCredentials: { threads: app },
    world: createWorld,
    rewrite,
    finish: reshape,
    errors: threadsErrors,
    oauth,
    accounts: {
      list: ({ people }) =>
        people.all(({ isOutsider }) => !isOutsider).map((person) => ({ ...account(person), accessToken: "" })),
      /** `kind`: "profile", "private", or "no_instagram" for one without a linked Instagram. */
      create(world, { kind = "profile", name = "Made-up Bakery", scopes: given = Object.keys(scopes) }) {
        const person = world.addPerson(name, {
          isPrivate: kind === "private",
          hasInstagram: kind !== "no_instagram",
        });
        const signedIn = world.tokens.signedIn({
          subject: person.id,
          app: app.app_id,
          scopes: given,
          accessSeconds: longSeconds,
          prefix: "THAA",
        });
        world.aged.add(signedIn.accessToken);
        return { ...account(person), ...signedIn, appSecret: app.app_secret, extra: { personId: person.id } };
      },
    },
    routes: [...tokenRoutes, pictureRoute, ...graphRoutes],
    posts: (world) =>
      world.posts
        .all(
          (post) => post.parentId === undefined && isLive(world, post) && !world.people.get(post.personId)?.isOutsider,
        )
        .map((post) => livePost(world, post)),
    orphans: (world) =>
      world.containers.all(
        (container) => !container.isUsed && ["IN_PROGRESS", "FINISHED", "ERROR"].includes(statusOf(world, container)),
      ).length,
    media(world, sha256) {
      const medium = world.posts.find(({ media }) => media?.sha256 === sha256)?.media;
      return medium?.bytes && { bytes: medium.bytes, contentType: medium.mimeType };
    },
    inspect: ({ passedOver, settings }) => ({ passedOver: [...passedOver], settings: { ...settings } }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
