import {
  type SimAccount,
  type SimPost,
  type SimRequest,
  type SimulatorDefinition,
  shownMedia,
  simulator,
} from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { changeRoutes } from "./simulator/change-post.ts";
import { createRoute } from "./simulator/create-post.ts";
import { listRoutes } from "./simulator/lists.ts";
import { mediaRoutes } from "./simulator/media.ts";
import { readRoutes } from "./simulator/reads.ts";
import { scopes } from "./simulator/scopes.ts";
import { permalink } from "./simulator/show-post.ts";
import { accessSeconds, oauth, refreshSeconds, refuseState, signInRoutes } from "./simulator/sign-in.ts";
import { activityRoutes, webhookRoutes } from "./simulator/webhooks.ts";
import { xErrors } from "./simulator/words.ts";
import { app, createWorld, type Person, type Post, type World } from "./simulator/world.ts";

function livePost(world: World, post: Post): SimPost {
  const { id, author, text, createdAt, media, poll, replyTo, quoteOf } = post;
  const below = world.posts.all((other) => world.isNewest(other) && isBelow(other, post) && !other.isHidden);
  return {
    id,
    platform: "x",
    accountId: author.id,
    accountName: author.name,
    text,
    createdAt: new Date(createdAt).toISOString(),
    permalink: permalink(post),
    kind: poll ? "poll" : (media[0]?.medium.details.category.replace("tweet_", "") ?? "text"),
    media: media.flatMap(({ medium, altText }) => shownMedia(medium.media, altText)),
    replies: below.map((other) => other.text),
    details: {
      conversation: post.conversation,
      replySettings: post.replySettings,
      isHidden: post.isHidden,
      history: [...post.history],
      ...(replyTo && { replyTo: replyTo.id }),
      ...(quoteOf && { quoteOf: quoteOf.id }),
      ...(poll && { poll: { options: [...poll.options], minutes: poll.minutes } }),
      ...(post.communityId && { communityId: post.communityId }),
      ...post.extras,
    },
  };
}

function isBelow(other: Post, post: Post): boolean {
  for (let at = other.replyTo; at; at = at.replyTo) if (at.history === post.history) return true;
  return false;
}

const account = ({ id, name, username }: Person): Omit<SimAccount, "accessToken"> => ({
  platform: "x",
  id,
  kind: "profile",
  name,
  handle: username,
});

const alias = "api.twitter.com";
const renamed = (request: SimRequest): SimRequest =>
  request.host === alias ? { ...request, host: "api.x.com" } : request;

/** X API v2, written from the fact sheet of 2026-11-26. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "x",
    platforms: ["x"],
    hosts: ["api.x.com", "x.com", alias, "twitter.com"],
    appCredentials: { x: app },
    world: createWorld,
    errors: xErrors,
    oauth,
    rewrite: renamed,
    guard: ({ request }) => refuseState(request),
    accounts: {
      list: ({ people }) => [...people.values()].map((person) => ({ ...account(person), accessToken: "" })),
      /** `kind`: premium, protected, suspended, locked; any other is a plain one. */
      create(world, { kind = "plain", name = "Ida Holm", scopes: given = Object.keys(scopes) }) {
        const person = world.addPerson(name, {
          subscription: kind === "premium" ? "Premium" : "None",
          isProtected: kind === "protected",
          state: kind === "suspended" || kind === "locked" ? kind : "active",
        });
        const signedIn = world.tokens.signedIn({
          subject: person.id,
          app: app.client_id,
          scopes: given,
          accessSeconds,
          ...(given.includes("offline.access") && { refreshSeconds }),
        });
        const extra = { subject: person.id, username: person.username };
        return { ...account(person), kind, ...signedIn, appId: app.client_id, appSecret: app.client_secret, extra };
      },
    },
    routes: [
      ...signInRoutes,
      createRoute,
      ...mediaRoutes,
      ...readRoutes,
      ...listRoutes,
      ...changeRoutes,
      ...webhookRoutes,
      ...activityRoutes,
    ],
    posts: (world) => world.posts.all((post) => world.isNewest(post)).map((post) => livePost(world, post)),
    orphans: ({ uploads }) => uploads.all().filter(({ details }) => !details.isUsed).length,
    media: ({ uploads }, sha256) => uploads.bytesOf(sha256),
    inspect: (world) => ({
      settings: { ...world.settings },
      hidden: world.posts.all(({ isHidden }) => isHidden).map(({ id }) => id),
      subscriptions: world.subscriptions.all().map(({ id, type, filter }) => ({ id, type, filter })),
    }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
