import { type SimPost, type SimulatorDefinition, shownMedia, simulator } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { acts } from "./simulator/acts.ts";
import { accountRoutes } from "./simulator/business-profile/accounts.ts";
import { localPostRoutes, searchUrl } from "./simulator/business-profile/local-posts.ts";
import { type LocalPost, nameOf } from "./simulator/business-profile/model.ts";
import { hosts } from "./simulator/business-profile/places.ts";
import { passPosts } from "./simulator/business-profile/post-progress.ts";
import { guard } from "./simulator/call.ts";
import { accessSeconds, endOldConsents, oauth, scopes, signInRoutes } from "./simulator/sign-in.ts";
import { googleErrors } from "./simulator/words.ts";
import { app, createWorld, type World } from "./simulator/world.ts";

const platform = "google_business_profile";
const Details = z.record(z.string(), z.json());

function livePost(post: LocalPost): SimPost {
  const { location, account, content, createdAt, photo } = post;
  const { summary = "", media: _, ...rest } = content;
  return {
    id: nameOf(post),
    platform,
    accountId: `accounts/${account}/locations/${location.id}`,
    accountName: location.title,
    text: summary,
    createdAt: new Date(createdAt).toISOString(),
    permalink: searchUrl(post),
    kind: (content.topicType ?? "STANDARD").toLowerCase(),
    media: shownMedia(photo),
    details: Details.parse(JSON.parse(JSON.stringify(rest))),
  };
}

/** Google and its Business Profile, written from the fact sheet of 2026-11-26. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "google",
    platforms: [platform],
    hosts: [
      "accounts.google.com",
      "oauth2.googleapis.com",
      "openidconnect.googleapis.com",
      "www.googleapis.com",
      "local.google.com",
      ...Object.values(hosts),
    ],
    appCredentials: { google: app },
    world: createWorld,
    errors: googleErrors,
    oauth,
    guard,
    accounts: {
      of(world, token) {
        const grant = world.tokens.find(token)?.grant;
        return grant ? world.profiles.namesOf(grant.subject) : [];
      },
      /** A person with a personal account and a group of one location; `kind` "unverified": nobody may act for it yet. */
      create(world, { kind = "location", name = "Holm Coffee", scopes: given = Object.keys(scopes) }) {
        const { profiles } = world;
        const person = world.addPerson("Ida Holm");
        profiles.addAccount(person.id, { accountName: person.name, type: "PERSONAL" });
        const account = profiles.addAccount(person.id, { accountName: name });
        const location = profiles.addLocation(account, name, { hasVoice: kind !== "unverified" });
        const signedIn = world.tokens.signedIn({
          subject: person.id,
          app: app.client_id,
          scopes: given,
          accessSeconds,
        });
        const grant = world.tokens.find(signedIn.accessToken)?.grant;
        if (grant === undefined) throw new Error("the token was just made");
        world.usedAt.set(grant.id, world.env.now().getTime());
        const refresh = world.tokens.issue(grant, { kind: "refresh", prefix: "1//" });
        return {
          ...signedIn,
          refreshToken: refresh.value,
          platform,
          id: `accounts/${account.id}/locations/${location.id}`,
          kind,
          name,
          appSecret: app.client_secret,
          extra: { subject: person.id, email: person.email, account: `accounts/${account.id}` },
        };
      },
    },
    routes: [...signInRoutes, ...accountRoutes, ...localPostRoutes],
    pass(world) {
      endOldConsents(world);
      passPosts(world);
    },
    posts: ({ profiles }) => profiles.posts.all(({ state }) => state === "LIVE").map(livePost),
    media: ({ profiles }, sha256) => {
      const photo = profiles.posts.find((post) => post.photo?.sha256 === sha256)?.photo;
      return photo?.bytes && { bytes: photo.bytes, contentType: photo.mimeType };
    },
    inspect: ({ settings, profiles }) => ({
      settings: { ...settings },
      posts: profiles.posts.all().map((post) => ({ name: nameOf(post), state: post.state })),
    }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
