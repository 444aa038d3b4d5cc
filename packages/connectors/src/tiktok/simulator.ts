import {
  type SimAccount,
  type SimPost,
  type SimulatorDefinition,
  shownMedia,
  simulator,
} from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { creatorRoutes } from "./simulator/creator.ts";
import { displayRoutes, shareUrl } from "./simulator/display.ts";
import { initRoutes } from "./simulator/init.ts";
import { pass } from "./simulator/progress.ts";
import { accessSeconds, oauth, refreshSeconds, refuseRedirect, revokeRoute, scopes } from "./simulator/sign-in.ts";
import { statusRoutes } from "./simulator/status.ts";
import { uploadRoutes } from "./simulator/upload.ts";
import { tiktokErrors } from "./simulator/words.ts";
import { app, createWorld, openIdOf, type Person, type Post, type World } from "./simulator/world.ts";

function livePost(post: Post): SimPost {
  const { id, person, publish, kind, title, description, privacy, media, createdAt, isTold } = post;
  return {
    id,
    platform: "tiktok",
    accountId: openIdOf(publish?.grant.app ?? app.client_key, person.id),
    accountName: person.nickname,
    text: [title, description].filter((words) => words !== "").join("\n"),
    createdAt: new Date(createdAt).toISOString(),
    ...(isTold && { permalink: shareUrl(post) }),
    kind,
    media: media.flatMap((medium) => shownMedia(medium)),
    details: {
      privacy,
      title,
      description,
      isPublic: isTold,
      publishId: publish?.id ?? null,
      isDraftOfPerson: publish?.isDraft === true,
      ...publish?.toggles,
      ...(kind === "video" && { coverMs: coverMs(post) }),
    },
  };
}

/** A time outside of the film shows its first frame. */
function coverMs({ publish, media }: Post): number {
  const asked = Number(publish?.toggles.video_cover_timestamp_ms ?? 0);
  return asked >= 0 && asked <= (media[0]?.durationMs ?? 0) ? asked : 0;
}

const account = ({ id, nickname, username }: Person): Omit<SimAccount, "accessToken"> => ({
  platform: "tiktok",
  id: openIdOf(app.client_key, id),
  kind: "creator",
  name: nickname,
  handle: username,
});

/** TikTok for developers, written from the fact sheet of 2026-11-26. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "tiktok",
    platforms: ["tiktok"],
    hosts: ["www.tiktok.com", "open.tiktokapis.com", "*.tiktokapis.com"],
    appCredentials: { tiktok: app },
    world: createWorld,
    errors: tiktokErrors,
    oauth,
    guard: ({ request }) => refuseRedirect(request),
    accounts: {
      list: ({ people }) => [...people.values()].map((person) => ({ ...account(person), accessToken: "" })),
      of(world, token) {
        const grant = world.tokens.find(token)?.grant;
        return grant ? [openIdOf(grant.app, grant.subject)] : [];
      },
      /** `kind` "private": only followers see what the person posts. */
      create(world, { kind = "public", name = "Ida Holm", scopes: given = Object.keys(scopes) }) {
        const person = world.addPerson(name, { isPrivate: kind === "private" });
        const signedIn = world.tokens.signedIn({
          subject: person.id,
          app: app.client_key,
          scopes: given,
          accessSeconds,
          refreshSeconds,
        });
        const extra = { subject: person.id };
        return { ...account(person), ...signedIn, appId: app.client_key, appSecret: app.client_secret, extra };
      },
    },
    routes: [revokeRoute, ...creatorRoutes, ...initRoutes, ...uploadRoutes, ...statusRoutes, ...displayRoutes],
    pass,
    posts: (world) => world.posts.all().map(livePost),
    // A draft in the inbox has arrived where it belongs; what still misses bytes has not.
    orphans: (world) =>
      world.publishes.all(({ status, wholeAt }) => status === "PROCESSING_UPLOAD" && wholeAt === undefined).length,
    media(world, sha256) {
      const all = world.publishes.all().flatMap(({ media }) => media);
      const medium = all.find((one) => one.sha256 === sha256);
      return medium?.bytes && { bytes: medium.bytes, contentType: medium.mimeType };
    },
    inspect: (world) => ({
      settings: { ...world.settings },
      verified: [...world.verified],
      publishes: world.publishes.all().map(({ id, status, failReason = null, isDraft, isDiscarded = false }) => ({
        id,
        status,
        failReason,
        isDraft,
        isDiscarded,
      })),
      events: world.events.map(({ event, isHeld, body }) => ({ event, isHeld, body })),
    }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
