import { type SimulatorDefinition, simulator } from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { accountRoutes } from "./simulator/business-profile/accounts.ts";
import { livePosts, mediaHeld } from "./simulator/business-profile/live-posts.ts";
import { localPostRoutes } from "./simulator/business-profile/local-posts.ts";
import { mediaRoutes } from "./simulator/business-profile/media.ts";
import { nameOf } from "./simulator/business-profile/model.ts";
import { notificationRoutes } from "./simulator/business-profile/notifications.ts";
import { performanceRoutes } from "./simulator/business-profile/performance.ts";
import { hosts } from "./simulator/business-profile/places.ts";
import { passPosts } from "./simulator/business-profile/post-progress.ts";
import { passReplies, reviewRoutes } from "./simulator/business-profile/reviews.ts";
import { guard } from "./simulator/call.ts";
import { accessSeconds, endOldConsents, oauth, scopes, signInRoutes } from "./simulator/sign-in.ts";
import { googleErrors } from "./simulator/words.ts";
import { app, createWorld, type World } from "./simulator/world.ts";

const platform = "google_business_profile";

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
      list: ({ people }) =>
        people
          .all()
          .map(({ id, name, email }) => ({ platform, id, kind: "person", name, handle: email, accessToken: "" })),
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
    routes: [
      ...signInRoutes,
      ...accountRoutes,
      ...localPostRoutes,
      ...reviewRoutes,
      ...mediaRoutes,
      ...performanceRoutes,
      ...notificationRoutes,
    ],
    pass(world) {
      endOldConsents(world);
      passPosts(world);
      passReplies(world);
    },
    posts: (world) => livePosts(world, platform),
    orphans: ({ profiles }) => profiles.uploads.all().filter(({ details }) => !details.isUsed).length,
    media: mediaHeld,
    inspect: ({ settings, profiles }) => ({
      settings: { ...settings },
      posts: profiles.posts.all().map((post) => ({ name: nameOf(post), state: post.state })),
      notifications: profiles.accounts.all().map(({ id, notifications }) => ({
        account: `accounts/${id}`,
        topic: notifications.pubsubTopic ?? null,
        types: [...(notifications.notificationTypes ?? [])],
      })),
    }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
